"""Session-scoped pytest fixtures for the real servers; `tests/conftest.py` may list this module.

A server that cannot run here skips its tests and says why. In CI it fails them: there, a test that
did not run must not look like one that passed.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator

import pytest

from tests.servers import cyrus, dovecot, postgres, radicale, request_tracker, roundup, tryton
from tests.servers.cyrus import CyrusServer
from tests.servers.dovecot import DovecotServer
from tests.servers.postgres import PostgresServer
from tests.servers.radicale import RadicaleServer
from tests.servers.request_tracker import RequestTrackerServer
from tests.servers.roundup import RoundupServer
from tests.servers.tryton import TrytonServer


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    """An empty cluster; call `fresh_database()` for a database of the test's own.

    It ends with the tests, so nothing of it is forced to the disk; fault tests have another.
    """
    require(postgres.available)
    with postgres.running(fsync=False) as server:
        yield server


@pytest.fixture(scope="session")
def rt_server() -> Iterator[RequestTrackerServer]:
    """One help desk for the whole session: tests make users and tickets of their own."""
    require(request_tracker.available)
    with request_tracker.running() as server:
        yield server


@pytest.fixture(scope="session")
def dovecot_server() -> Iterator[DovecotServer]:
    """One mail server with the users `anna` and `bruno`."""
    require(dovecot.available)
    with dovecot.running() as server:
        yield server


@pytest.fixture(scope="session")
def cyrus_server() -> Iterator[CyrusServer]:
    """One JMAP server with the users `anna` and `bruno`."""
    require(cyrus.available)
    with cyrus.running() as server:
        yield server


@pytest.fixture(scope="session")
def tryton_server() -> Iterator[TrytonServer]:
    """One ERP for the whole session: tests make parties of their own."""
    require(tryton.available)
    with tryton.running() as server:
        yield server


@pytest.fixture(scope="session")
def radicale_server() -> Iterator[RadicaleServer]:
    """One CardDAV server for the whole session: tests make address books of their own."""
    require(radicale.available)
    with radicale.running() as server:
        yield server


@pytest.fixture(scope="session")
def roundup_server() -> Iterator[RoundupServer]:
    """One issue tracker for the whole session: tests make users and issues of their own."""
    require(roundup.available)
    with roundup.running() as server:
        yield server


def require(available: Callable[[], str | None]) -> None:
    """Skip, or fail in CI, when `available` gives a reason why a server cannot run."""
    reason = available()
    if reason is None:
        return
    if os.environ.get("CI") == "true":
        pytest.fail(f"CI must run the real servers: {reason}")
    pytest.skip(f"real server missing: {reason}")
