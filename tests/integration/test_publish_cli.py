"""Publishing at the command line: plan, approve, pause, look at a delivery, give it up."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from hub.demo.company import generate
from hub.demo.site import lay_out
from tests.integration.conftest import Command

BRAKES = "\n[publish.brakes.helpdesk]\nmin_changed = 0\nmax_changed_share = 0.01\n"


class Desk:
    """The command line at a demo company that was read and resolved."""

    def __init__(self, site: Path, command: Command) -> None:
        self.site = site
        self._command = command

    def code(self, *words: str) -> int:
        return self._command("-c", self.site, *words).code

    def text(self, *words: str) -> str:
        said = self._command("-c", self.site, *words)
        return said.out + said.err

    def json(self, *words: str) -> Any:
        return json.loads(self._command("-c", self.site, *words, "--json").out)

    def brake(self, text: str) -> None:
        file = self.site / "hub.toml"
        file.write_text(file.read_text(encoding="utf-8") + text, encoding="utf-8")


@pytest.fixture
def desk(tmp_path: Path, command: Command, monkeypatch: pytest.MonkeyPatch) -> Desk:
    monkeypatch.setenv("HUB_ACTOR", "eva")
    lay_out(generate(customers=60, seed=5), tmp_path / "site")
    made = Desk(tmp_path / "site", command)
    assert (made.code("sync"), made.code("resolve")) == (0, 0)
    return made


def test_too_much_waits_until_its_digest_is_approved(desk: Desk) -> None:
    desk.brake(BRAKES)
    plan = desk.json("publish", "--plan")
    (count,) = plan["counts"].values()
    assert "max_changed_share" in plan["stops"]["helpdesk"]
    assert desk.code("publish") == 5
    assert "need approval" in desk.text("publish")
    assert desk.json("publish", "--plan")["digest"] == plan["digest"]
    assert "no longer what the plan" in desk.text("publish", "--apply", "feed")
    done = desk.json("publish", "--apply", plan["digest"])
    assert done == {"approved": {"helpdesk": count}, "helpdesk": {"acknowledged": count}}
    assert desk.json("publish")["helpdesk"] == {}


def test_a_paused_system_is_left_alone(desk: Desk) -> None:
    assert desk.json("connection", "pause", "helpdesk", "--reason", "upgrade")["changed"]
    waits = desk.json("publish")["helpdesk"]
    assert list(waits) == ["paused"]
    assert "hub connection resume" in desk.text("publish")
    assert "nothing to do" in desk.text("connection", "pause", "helpdesk")
    assert "paused since" in desk.text("publish", "--plan")
    assert "resumed" in desk.text("connection", "resume", "helpdesk")
    assert desk.json("publish")["helpdesk"] == {"acknowledged": waits["paused"]}
    assert "there is no connection" in desk.text("connection", "pause", "helpdek")


def test_a_delivery_is_shown_given_up_and_asked_for_again(desk: Desk) -> None:
    desk.code("connection", "pause", "helpdesk")
    desk.code("publish")
    found = desk.json("delivery", "list", "--state", "planned", "--connection", "helpdesk")
    one = found[0]["id"]
    assert desk.json("delivery", "show", one)["value"]
    assert desk.json("delivery", "abandon", one, "--reason", "wrong number")["state"] == "abandoned"
    desk.code("connection", "resume", "helpdesk")
    assert desk.json("publish", "--all")["helpdesk"] == {"acknowledged": len(found) - 1}
    assert desk.json("delivery", "list") == []
    assert "queued" in desk.text("delivery", "retry", one)
    assert desk.json("publish")["helpdesk"] == {"acknowledged": 1}
    assert "this is for those" in desk.text("delivery", "retry", one)
    assert "there is no delivery" in desk.text("delivery", "show", "nothing")


def test_every_customer_is_looked_at_after_a_change_of_rules(desk: Desk) -> None:
    rules = desk.site / "hub.toml"
    text = rules.read_text(encoding="utf-8")
    rules.write_text(text.replace('mode = "fill_empty"', 'mode = "never"'), encoding="utf-8")
    assert desk.json("publish")["staged"]["planned"] == 0
    rules.write_text(text, encoding="utf-8")
    assert desk.json("publish")["staged"]["planned"] == 0
    assert desk.json("publish", "--all")["staged"]["planned"] > 0
