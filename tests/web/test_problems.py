"""What goes wrong inside: answered without a word of what it was about, and logged so too."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest
from fastapi import Depends

from hub.config import load_config
from hub.pipeline.connections import Site
from hub.pipeline.people import new_client, people_text
from hub.pipeline.workplace import Workplace
from hub.plugins import discover
from hub.roles import Role
from hub.store.database import open_store
from hub.web.access import public
from hub.web.app import create_app, find_access
from tests.web.company import API
from tests.web.served import Caller, served

KEY = b"a key of the tests, 32 bytes long"
NOBODY = "postgresql://hub:secret@127.0.0.1:9/hub"


def broken() -> None:
    raise ValueError("anna@example.com can't be read")


def work_at(folder: Path, store: str) -> tuple[Workplace, str]:
    (folder / "hub.toml").write_text("[hub]\n", encoding="utf-8")
    client, token = new_client("crm", "crm", [Role.ADMIN])
    (folder / "people.json").write_bytes(people_text({"crm": client}))
    site = Site(load_config(folder / "hub.toml"), discover(), {})
    return Workplace(site, open_store(store)), token


@pytest.mark.parametrize("path", [f"{API}/broken", "/broken"])
def test_what_nobody_expected_is_named_by_its_type_alone(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, path: str
) -> None:
    work, _ = work_at(tmp_path, f"sqlite:///{tmp_path / 'hub.db'}")
    app = create_app(work, access=find_access(work, KEY), key=KEY)
    app.add_api_route(path, broken, dependencies=[Depends(public("of the tests"))])
    with caplog.at_level(logging.DEBUG), served(app) as address:
        found = Caller(address).get(path)
    assert found.status_code == 500
    assert "script-src" in found.headers["content-security-policy"]
    assert f"unexpected ValueError in {path}" in caplog.text
    assert "anna" not in found.text + caplog.text


def test_a_store_that_is_away_is_to_be_asked_again(tmp_path: Path) -> None:
    work, token = work_at(tmp_path, NOBODY)
    with served(create_app(work, access=find_access(work, KEY), key=KEY)) as address:
        shown = {"Authorization": f"Bearer {token}"}
        found = Caller(address).get(f"{API}/cases", headers=shown)
    assert (found.status_code, "when the database is back" in found.json()["detail"]) == (503, True)
    assert "secret" not in found.text
