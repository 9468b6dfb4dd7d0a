"""The demo company erases a customer: no table, file or later sync holds them; export says all."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from hub.demo.story import tell_story
from tests.integration.conftest import Command

Call = Callable[..., str]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("privacy") / "hub-demo"
    tell_story(folder, customers=60, seed=7, tell=lambda _: None)
    config = folder / "hub.toml"
    text = config.read_text(encoding="utf-8")
    key = '[hub]\nerasure_key = "env:ERASURE_KEY"\n'
    config.write_text(text.replace("[hub]\n", key), encoding="utf-8")
    return folder


@pytest.fixture
def call(site: Path, command: Command, monkeypatch: pytest.MonkeyPatch) -> Call:
    monkeypatch.setenv("ERASURE_KEY", "a key for the tests of the demo company")

    def hub(*words: str) -> str:
        return command("-c", site, *words).text

    return hub


def _person(call: Call, site: Path) -> tuple[str, dict[str, Any]]:
    """A person with an e-mail address of their own, and what is exported of them."""
    import sqlite3

    with sqlite3.connect(site / "hub.db") as db:
        rows = db.execute(
            "SELECT party_id, body FROM golden_record WHERE recorded_to IS NULL "
            "AND json_extract(body, '$.kind') = 'person' AND body LIKE '%emails%' ORDER BY id"
        ).fetchall()
    party, body = rows[0]
    return party, json.loads(body)


def test_a_customer_is_exported_erased_and_stays_away(call: Call, site: Path) -> None:
    party, golden = _person(call, site)
    mail = golden["emails"][0]
    exported = json.loads(call("export", party))
    assert exported["golden"][-1]["body"] == golden
    assert exported["sources"]
    assert mail.encode() in _store(site)
    planned = json.loads(call("erase", party, "--reason", "ticket 1", "--plan", "--json"))
    said = call("erase", party, "--reason", "ticket 1", "--hold")
    assert golden["display_name"] not in said
    assert mail not in said
    assert planned["records"]["emptied"] >= 1
    assert mail.encode() not in _store(site)
    synced = json.loads(call("sync", "--full", "--json"))
    assert sum(stream["suppressed"] for stream in synced) >= 1
    call("resolve")
    assert mail.encode() not in _store(site)
    assert json.loads(call("show", party, "--json"))["status"] == "erased"


def _store(site: Path) -> bytes:
    return b"".join(part.read_bytes() for part in sorted(site.glob("hub.db*"))).lower()


def test_an_export_is_for_its_owner_alone(call: Call, site: Path, tmp_path: Path) -> None:
    party, _ = _person(call, site)
    said = call("export", party, "--out", str(tmp_path / "out.json"))
    assert "personal data" in said
    assert (tmp_path / "out.json").stat().st_mode & 0o777 == 0o600
    assert [path.name for path in tmp_path.iterdir()] == ["out.json"]
