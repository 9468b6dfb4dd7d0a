"""A person decides doubtful matches from the command line, and no later run takes it back."""

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
    folder = tmp_path_factory.mktemp("review") / "hub-demo"
    tell_story(folder, customers=120, seed=7, tell=lambda _: None)
    return folder


@pytest.fixture
def call(site: Path, command: Command) -> Call:
    def hub(*words: str) -> Any:
        said = command("-c", site, *words, "--json")
        return said.err if said.code else json.loads(said.out)

    return hub


def customer_of(call: Call, record: str) -> str:
    return str(call("show", record)["party_id"])


def test_an_accepted_case_merges_and_stays_merged(call: Call) -> None:
    case = call("review", "list")[0]
    assert customer_of(call, case["left"]) != customer_of(call, case["right"])
    assert call("review", "accept", case["case"], "--reason", "same person")["merged"] >= 1
    assert call("resolve")[0]["split"] == 0
    assert customer_of(call, case["left"]) == customer_of(call, case["right"])


def test_a_rejected_case_never_comes_back(call: Call) -> None:
    case = call("review", "list")[0]
    call("review", "reject", case["case"])
    call("sync", "--full")
    call("resolve")
    assert case["case"] not in {row["case"] for row in call("review", "list", "-n", "1000")}
    assert customer_of(call, case["left"]) != customer_of(call, case["right"])
    assert "somebody has settled it" in call("review", "reject", case["case"])
