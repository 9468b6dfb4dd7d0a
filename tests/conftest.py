"""Fixtures for all tests: the store on each database, and the real servers."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from hub.store.database import Engine, open_store
from hub.store.schema import migrate

pytest_plugins = ["tests.servers.fixtures", "tests.faults.tally"]

DATABASES = ("sqlite", "postgresql")


@pytest.fixture(params=DATABASES)
def store_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The URL of an empty database of the test's own: a test that asks for it runs on both."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'hub.db'}"
        return
    server = request.getfixturevalue("postgres_server")
    url = server.fresh_database()
    yield url
    server.drop_database(url)


@pytest.fixture
def store(store_url: str) -> Iterator[Engine]:
    """A migrated, empty store."""
    engine = open_store(store_url)
    migrate(engine)
    yield engine
    engine.dispose()
