"""A steward at work on the command line: merge, take apart, plan, look back, prove."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from hub.demo.story import tell_story
from tests.integration.conftest import Command

Call = Callable[..., Any]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("ledger") / "hub-demo"
    tell_story(folder, customers=60, seed=5, tell=lambda _: None)
    return folder


@pytest.fixture
def call(site: Path, command: Command, monkeypatch: pytest.MonkeyPatch) -> Call:
    monkeypatch.setenv("HUB_ACTOR", "eva")

    def hub(*words: str, form: str = "--json") -> Any:
        said = command("-c", site, *words, *([form] if form else []))
        return json.loads(said.out) if form and not said.code else said.text

    return hub


@pytest.fixture
def pair(call: Call) -> list[str]:
    """Two customers that nobody holds for one."""
    found = call("show", "e")
    return [row["party_id"] for row in found[:2]]


def _records(call: Call, party: str) -> list[str]:
    return [row["source"] for row in call("show", party)["sources"]]


def test_merge_history_and_unmerge(call: Call, pair: list[str]) -> None:
    own = [_records(call, party) for party in pair]
    assert call("merge", *pair, "--reason", "phoned")["merged"] == 1
    survivor = call("show", pair[1])["party_id"]
    loser = next(party for party in pair if party != survivor)
    lost = own[pair.index(loser)]
    told = call("history", survivor)
    assert ("took another in", "eva", "phoned") in {
        (m["what"], m["actor"], m["reason"]) for m in told
    }
    assert call("unmerge", survivor, *lost, "--reason", "a mistake")["split"] == 1
    assert call("show", loser)["party_id"] == loser
    assert _records(call, loser) == lost
    assert "no customer" in call("history", "sfa:Contact:nobody")
    shown = call("history", survivor, form="")
    assert "took another in" in shown
    assert call("history", survivor, "--as-of", "2099-01-01")["party_id"] == survivor


def test_move_and_never_link(call: Call, pair: list[str]) -> None:
    record, other = _records(call, pair[0])[0], _records(call, pair[1])[0]
    call("move", record, pair[1], "--reason", "of the other one")
    assert record in _records(call, pair[1])
    call("never-link", record, other, "--reason", "not at all")
    assert call("show", record)["party_id"] != call("show", other)["party_id"]
    assert call("resolve")[0]["linked"] == 0
    assert "name it" in call("move", "sfa:Contact:nobody", pair[1], "--reason", "x")


def test_a_value_is_explained(call: Call, pair: list[str]) -> None:
    story = call("explain", pair[0], "display_name")
    assert story["value"] == call("show", pair[0])["golden"]["display_name"]
    winner = story["claims"][0]
    assert winner["wins"]
    assert winner["mapping_line"] > 0
    assert any(item["value"] for item in winner["payload"])
    assert "wins" in call("explain", pair[0], "display_name", form="")
    assert "no golden attribute" in call("explain", pair[0], "Phone!")


def test_a_doubtful_pair_is_explained_as_its_case_weighs_it(call: Call, tmp_path: Path) -> None:
    for case in call("review", "list", "-n", "5"):
        page = tmp_path / "why.html"
        told = call("explain", case["left"], case["right"], "--html", str(page))
        assert told["best"]["bits"] == pytest.approx(case["bits"], abs=0.051)
        assert not told["one_customer"]
        assert case["case"] in [line["case"] for line in told["cases"]]
        assert "in_review" in [reason["code"] for reason in told["reasons"]]
        assert "<svg" in page.read_text(encoding="utf-8")
    assert "sum" in call("explain", case["left"], case["right"], form="")


def test_a_change_of_trust_is_planned_and_applied(call: Call, site: Path) -> None:
    config = site / "hub.toml"
    config.write_text(f'{config.read_text()}\n[resolve.trust]\nphone = ["helpdesk"]\n')
    plan = call("resolve", "--plan")
    assert "phone" in plan["golden"]
    assert plan["digest"] in call("resolve", "--plan", form="")
    assert "nothing was changed" in call("resolve", "--apply", "0" * 32)
    done = call("resolve", "--apply", plan["digest"])[0]
    assert done["golden_changed"] == plan["counts"]["golden_changed"] > 0
    assert call("resolve", "--plan")["golden"] == {}


def test_a_case_is_shown_and_assigned(call: Call) -> None:
    case = call("review", "list")[0]["case"]
    assert call("review", "assign", case, "tom")["assignee"] == "tom"
    assert [row["case"] for row in call("review", "list", "--assignee", "tom")] == [case]
    assert call("review", "list", "--older-than", "1") == []
    assert call("review", "show", case)["fields"]
    assert "tom" in call("review", "show", case, form="")


def test_the_audit_trail_holds_and_names_nobodys_values(call: Call, pair: list[str]) -> None:
    case = call("review", "list")[0]
    call("review", "reject", case["case"], "--reason", "different people")
    call("merge", *pair, "--reason", "phoned")
    head = call("audit", "verify")["head"]
    assert call("audit", "verify", "--head", head)["broken"] is None
    assert "broken" in call("audit", "verify", "--head", "0" * 64)
    rows = call("audit", "list", "--customer", pair[0])
    assert {"merge", "merged"} <= {row["action"] for row in rows}
    text = json.dumps(call("audit", "list", "-n", "1000"))
    name = call("show", pair[0])["golden"]["display_name"]
    assert name not in text
    assert "@" not in text
