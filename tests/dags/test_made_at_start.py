"""Whoever first opens the pages in an Airflow that has just started need not wait for them."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from fastapi import FastAPI

from tests.web.served import served

pytest.importorskip("airflow", reason="runs in .venv-airflow")
pytestmark = pytest.mark.airflow

CONFIG = '[connections.sfa]\nconnector = "salesforce"\ncredentials = "airflow:sfa"\n'


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A hub.toml that is found by HUB_CONFIG."""
    path = tmp_path / "hub.toml"
    path.write_text(CONFIG, encoding="utf-8")
    monkeypatch.setenv("HUB_CONFIG", str(path))
    return path


@pytest.mark.usefixtures("site")
def test_the_pages_are_made_as_the_server_starts() -> None:
    from hub.airflow.pages import MadeAtStart, Pages

    app, pages = FastAPI(), Pages()
    app.add_middleware(MadeAtStart, pages=pages)
    assert not pages.ready
    with served(app):  # and nobody asks for anything
        deadline = time.monotonic() + 60
        while not pages.ready:
            assert time.monotonic() < deadline
            time.sleep(0.05)


def test_what_cannot_be_made_yet_is_tried_again(site: Path) -> None:
    from hub.airflow.pages import Pages

    pages = Pages()
    site.write_text("connections = 1", encoding="utf-8")
    pages.prepare().join()
    assert not pages.ready
    site.write_text(CONFIG, encoding="utf-8")
    pages.prepare().join()
    assert pages.ready
