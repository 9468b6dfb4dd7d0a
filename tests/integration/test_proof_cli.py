"""A proof bundle on the command line: written for one, verified by everybody."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from hub.demo.story import tell_story
from tests.integration.conftest import Command

Call = Callable[..., tuple[int, str, str]]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("proof") / "hub-demo"
    tell_story(folder, customers=40, seed=5, tell=lambda _: None)
    return folder


@pytest.fixture
def call(site: Path, command: Command, monkeypatch: pytest.MonkeyPatch) -> Call:
    monkeypatch.setenv("HUB_ACTOR", "eva")

    def hub(*words: object, at: Path | None = site) -> tuple[int, str, str]:
        return command(*(["-c", at] if at else []), *words)

    return hub


@pytest.fixture
def party(call: Call) -> str:
    found = json.loads(call("show", "e", "--json")[1])
    return str(found[0]["party_id"])


@pytest.fixture
def file(call: Call, party: str, tmp_path: Path) -> Path:
    out = tmp_path / "proof.html"
    code, said, _ = call("proof", "write", party, "--out", out, "--reason", "ticket 7")
    assert code == 0
    assert "an erasure does not reach it" in said
    return out


def outcomes(said: str) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for check in json.loads(said)["checks"]:
        found.setdefault(check["outcome"], []).append(check["name"])
    return found


def test_every_customer_of_the_demo_company_is_proved(call: Call, tmp_path: Path) -> None:
    out = tmp_path / "proof.html"
    for row in json.loads(call("show", "e", "--json")[1])[:12]:
        words = ("proof", "write", row["party_id"], "--out", out, "--force", "--json")
        code, said, _ = call(*words)
        assert (code, json.loads(said)["holds"]) == (0, True)
        assert list(outcomes(said)) == ["holds"]
        assert call("proof", "verify", out, "--store", "--json")[0] == 0


def test_a_bundle_is_verified_without_configuration_or_store(
    call: Call, file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    code, said, _ = call("proof", "verify", file, "--json", at=None)
    assert (code, list(outcomes(said))) == (0, ["holds"])
    code, said, _ = call("proof", "verify", file, at=None)
    assert "rules make the golden record of the records" in said


def test_a_bundle_is_for_its_owner_alone_and_never_overwritten_unasked(
    call: Call, file: Path, party: str
) -> None:
    assert file.stat().st_mode & 0o777 == 0o600
    before = file.read_bytes()
    code, _, said = call("proof", "write", party, "--out", file)
    assert (code, file.read_bytes()) == (2, before)
    assert "--force" in said
    assert call("proof", "write", party, "--out", file, "--force")[0] == 0
    assert file.read_bytes() != before
    assert file.stat().st_mode & 0o777 == 0o600
    assert [path.name for path in file.parent.iterdir()] == [file.name]


def test_a_change_is_reported_by_name_with_exit_code_1(
    call: Call, file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)  # away from a demo site that the folder of the project may have
    file.write_text(file.read_text().replace('"made_by":"eva"', '"made_by":"tom"'))
    code, said, complaint = call("proof", "verify", file, "--store", "--json", at=None)
    assert code == 2, "there is no configuration here"
    code, said, complaint = call("proof", "verify", file, "--store", "--json")
    assert code == 1
    failing = ["the digest is that of the content", "the page shows the content"]
    assert outcomes(said)["fails"] == failing
    assert all(name in complaint for name in failing)
    assert outcomes(said)["not checked"] == ["the store says the same"]


def test_a_digest_that_was_noted_tells_a_bundle_from_another(call: Call, file: Path) -> None:
    noted = json.loads(call("proof", "verify", file, "--json")[1])["sha256"]
    assert call("proof", "verify", file, "--sha256", noted.upper(), "--json")[0] == 0
    code, said, complaint = call("proof", "verify", file, "--sha256", "0" * 64, "--json")
    assert (code, outcomes(said)["fails"]) == (1, ["the digest is the one that was noted"])
    assert "the one that was noted" in complaint


def test_the_audit_trail_names_who_made_a_bundle(call: Call, file: Path, party: str) -> None:
    rows = json.loads(call("audit", "list", "--action", "proof", "--json")[1])
    row = next(row for row in rows if row["detail"]["sha256"] in file.read_text())
    assert (row["actor"], row["reason"]) == ("eva", "ticket 7")
    assert json.loads(call("audit", "verify", "--json")[1])["broken"] is None


def test_what_is_no_bundle_and_no_customer_is_told(call: Call, tmp_path: Path) -> None:
    odd: dict[str, Any] = {"empty": b"", "binary": b"\xff\xfe", "page": b"<html></html>"}
    for name, content in odd.items():
        (tmp_path / name).write_bytes(content)
        code, _, said = call("proof", "verify", tmp_path / name)
        assert (code, "no proof bundle" in said) == (2, True)
    assert call("proof", "verify", tmp_path / "missing")[0] == 2
    nobody = ("proof", "write", "sfa:Contact:nobody", "--out", tmp_path / "x")
    assert "no customer" in call(*nobody)[2]
    assert "no folder" in call("proof", "write", "e", "--out", tmp_path / "no" / "x")[2]


def test_the_past_is_proved(call: Call, party: str, tmp_path: Path) -> None:
    out = tmp_path / "then.html"
    assert call("proof", "write", party, "--out", out, "--as-of", "2999-01-01")[0] == 0
    fresh = tmp_path / "then-2.html"
    code, _, said = call("proof", "write", party, "--out", fresh, "--known", "2001-01-01")
    assert (code, "was known at" in said) == (6, True)
    assert "no ISO 8601" in call("proof", "write", party, "--out", fresh, "--known", "May")[2]
    assert not fresh.exists()
