"""The plugin that calls, for this process, and a receiver over a real socket."""

from __future__ import annotations

import importlib
import os
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from hub.config import load_config
from hub.pipeline.connections import Site
from hub.pipeline.intake import open_intake
from hub.pipeline.workplace import Workplace
from hub.plugins import discover
from hub.store.database import open_store
from hub.store.schema import migrate
from tests.web.company import Company, make_company
from tests.web.company import running as serving
from tests.web.site import write_plugin, write_site


@pytest.fixture(scope="session")
def plugin_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_plugin(tmp_path_factory.mktemp("plugin"))


@pytest.fixture
def work(
    plugin_folder: Path, tmp_path: Path, store_url: str, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Workplace]:
    """A site whose address list calls, on each database."""
    monkeypatch.syspath_prepend(str(plugin_folder))
    importlib.invalidate_caches()
    site = write_site(tmp_path / "site")
    text = (site / "hub.toml").read_text(encoding="utf-8")
    (site / "hub.toml").write_text(text.replace("[hub]", f'[hub]\nstore = "{store_url}"', 1))
    registry = discover()
    assert "kontakte_live" in registry.connectors
    engine = open_store(store_url)
    migrate(engine)
    yield Workplace(Site(load_config(site / "hub.toml"), registry, {}), engine)
    engine.dispose()
    for name in [name for name in sys.modules if name.startswith("hub_kontakte")]:
        del sys.modules[name]


@dataclass
class Receiver:
    """A receiver that runs in a thread of the test."""

    port: int
    work: Workplace


@contextmanager
def running(work: Workplace) -> Iterator[Receiver]:
    """Serve deliveries on a free port, without landing them."""
    import uvicorn

    from hub.web.deadline import DeadlineProtocol
    from hub.web.receiver import build

    app = build(open_intake(work), work.config.push)
    config = uvicorn.Config(
        app, port=0, http=DeadlineProtocol, ws="none", lifespan="on", log_level="warning"
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    try:
        yield Receiver(server.servers[0].sockets[0].getsockname()[1], work)
    finally:
        server.should_exit = True
        thread.join(timeout=10)


@pytest.fixture(scope="session")
def made_company(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_company(tmp_path_factory.mktemp("company") / "site")


@pytest.fixture
def company(made_company: Path, tmp_path: Path) -> Iterator[Company]:
    """A company of the test's own."""
    with serving(made_company, tmp_path / "company") as started:
        yield started


@pytest.fixture(scope="module")
def shared_company(
    made_company: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Company]:
    """A company for tests that change nothing."""
    with serving(made_company, tmp_path_factory.mktemp("shared") / "company") as started:
        yield started


@pytest.fixture
def receiver(work: Workplace) -> Iterator[Receiver]:
    with running(work) as started:
        yield started


@pytest.fixture(autouse=True)
def _configuration_ends_with_its_test() -> Iterator[None]:
    """`hub push serve` names it in the environment, for the server that it starts."""
    yield
    os.environ.pop("HUB_CONFIG", None)
