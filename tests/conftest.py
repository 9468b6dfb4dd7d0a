"""Fixtures for all tests: the store on each database, and the real servers."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from hub.store.database import Engine, open_store
from hub.store.schema import migrate
from tests.servers.postgres import PostgresServer

pytest_plugins = ["tests.servers.fixtures", "tests.faults.tally"]

DATABASES = ("sqlite", "postgresql")
CHECKED = {Path(__file__).with_name(name) for name in ("architecture", "docs")}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what `make check` runs, which CI need not run twice."""
    for item in items:
        if item.path.parent in CHECKED and item.get_closest_marker("servers") is None:
            item.add_marker("checked")


@pytest.fixture(params=DATABASES)
def store_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The URL of an empty store of the test's own: a test that asks for it runs on both databases.

    Its tables are there, as a first command makes them; they are copied, which takes less time.
    """
    yield from _database(request, tmp_path, migrated=True)


@pytest.fixture(params=DATABASES)
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The URL of a database of the test's own in which there is no table."""
    yield from _database(request, tmp_path, migrated=False)


@pytest.fixture
def store(store_url: str) -> Iterator[Engine]:
    """A migrated, empty store."""
    engine = open_store(store_url)
    migrate(engine)
    yield engine
    engine.dispose()


def _database(request: pytest.FixtureRequest, folder: Path, *, migrated: bool) -> Iterator[str]:
    if request.param == "sqlite":
        path = folder / "hub.db"
        if migrated:
            path.write_bytes(_sqlite_store())
        yield f"sqlite:///{path}"
        return
    server = request.getfixturevalue("postgres_server")
    url = server.fresh_database(_postgresql_store(server) if migrated else None)
    yield url
    server.drop_database(url)


@lru_cache
def _sqlite_store() -> bytes:
    with TemporaryDirectory() as folder:
        path = Path(folder, "hub.db")
        _make_tables(f"sqlite:///{path}")
        return path.read_bytes()


@lru_cache
def _postgresql_store(server: PostgresServer) -> str:
    url = server.fresh_database()
    _make_tables(url)
    return url


def _make_tables(url: str) -> None:
    engine = open_store(url)
    migrate(engine)
    engine.dispose()
