import pytest

from hub.demo.company import Company, generate


@pytest.fixture(scope="session")
def company() -> Company:
    return generate(seed=7, customers=300)
