"""A browser, and the demo company that its tests look at."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.servers import browser as chromium
from tests.servers.fixtures import require
from tests.web.company import Company, make_company
from tests.web.company import running as serving

if TYPE_CHECKING:
    from playwright.sync_api import Browser

    from tests.browser.visitor import Visitor


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """For one module: while it is open an event loop runs, beside which others can't begin one."""
    require(chromium.available)
    with chromium.running() as started:
        yield started


@pytest.fixture(scope="session")
def made_company(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_company(tmp_path_factory.mktemp("company") / "site", customers=300)


@pytest.fixture(scope="module")
def shared_company(
    made_company: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Company]:
    """A company for tests that change nothing."""
    with serving(made_company, tmp_path_factory.mktemp("shared") / "company") as started:
        yield started


@pytest.fixture
def company(made_company: Path, tmp_path: Path) -> Iterator[Company]:
    """A company of the test's own."""
    with serving(made_company, tmp_path / "company") as started:
        yield started


@pytest.fixture
def steward(browser: Browser, company: Company) -> Iterator[Visitor]:
    """A steward whose console stays silent."""
    from tests.browser.visitor import visiting

    with visiting(browser, company) as visitor:
        yield visitor
        assert visitor.complaints == []
