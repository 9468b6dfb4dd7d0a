"""What the fault runs share: a launcher, a company's systems, and sites to start from."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.faults.harness import IN_A_ROW, Hub, Systems
from tests.faults.helpdesk import Desk
from tests.servers import postgres
from tests.servers.fixtures import require
from tests.servers.postgres import PostgresServer


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    """A cluster that forces to the disk what it says is committed, as a company's does."""
    require(postgres.available)
    with postgres.running() as server:
        yield server


@pytest.fixture(scope="session")
def hub() -> Iterator[Hub]:
    """Runs `hub` commands."""
    with closing(Hub()) as launcher:
        yield launcher


@pytest.fixture(scope="session")
def systems() -> Iterator[Systems]:
    """The systems of a small company, slow enough for kills to land in requests."""
    with closing(Systems(customers=60, latency=0.01)) as running:
        yield running


@pytest.fixture(scope="session")
def half_resolved(hub: Hub, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Some systems resolved, all of them synced: to resolve it merges and extends customers."""
    with closing(Systems(customers=400, latency=0)) as larger:
        site = larger.lay_out(tmp_path_factory.mktemp("half-resolved") / "site")
        hub.run(site, "sync", "sfa", "mail")
        hub.run(site, "resolve")
        hub.run(site, "sync")
    return site


@pytest.fixture(scope="session")
def resolved(hub: Hub, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A site that has some phone numbers to publish."""
    with closing(Systems(customers=60, latency=0)) as small:
        site = small.lay_out(tmp_path_factory.mktemp("resolved") / "site")
        hub.run(site, "sync")
        hub.run(site, "resolve")
    return site


@pytest.fixture(scope="session")
def published(hub: Hub, resolved: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same site after a publish that nobody disturbed."""
    with closing(Desk(hub, resolved, tmp_path_factory.mktemp("published") / "site")) as desk:
        desk.helpdesk.latency = 0.0
        desk.finish()
        assert desk.assert_each_written_once() > IN_A_ROW
    return desk.site
