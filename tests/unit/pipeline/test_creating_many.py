"""Records that are made in batches: each once, each for itself, whatever becomes of an answer."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from connectors.salesforce.saves_standin import EXTERNAL_ID
from hub.sdk import Fault
from tests.unit.pipeline.company_world import (
    BRANCH,
    CREATE,
    PHONE,
    CompanyWorld,
    account,
    company_world,
    deal,
)

NAMES = ("Alder", "Birch", "Cedar", "Dogwood", "Elm")
PATH = f"/services/data/v64.0/composite/sobjects/Account/{EXTERNAL_ID}"
COUNT = len(NAMES)


@pytest.fixture
def world(store_url: str, tmp_path: Path) -> Iterator[CompanyWorld]:
    rules = CREATE.format(*BRANCH) + PHONE.format(*BRANCH)
    with company_world(store_url, tmp_path, rules, ("sfa", "branch")) as made:
        accounts = [account(n, f"{name} Works {n} GmbH") for n, name in enumerate(NAMES, 1)]
        made.enter(*accounts, deals=tuple(deal(n) for n in range(1, COUNT + 1)))
        made.sync()
        made.resolve()
        yield made


def made(world: CompanyWorld) -> list[dict[str, Any]]:
    return list(world.rows(*BRANCH).values())


def requests(world: CompanyWorld) -> int:
    return int(world.systems["branch"].http.requests.get(f"PATCH {PATH}", 0))


def test_many_customers_are_made_in_one_request(world: CompanyWorld) -> None:
    assert world.publish() == {"branch": {"acknowledged": COUNT}}
    assert requests(world) == 1
    assert {row["Name"].split()[0] for row in made(world)} == set(NAMES)
    assert len({row[EXTERNAL_ID] for row in made(world)}) == COUNT
    assert world.cycle() == {"branch": {}}
    assert world.customers() == COUNT


def test_one_that_is_refused_hinders_no_other(world: CompanyWorld) -> None:
    world.systems["branch"].saves.duplicate_rules["Account"] = "Phone"
    world.rows(*BRANCH)["001999999999999AAA"] = account(3, "Somebody Else AG")
    assert world.publish() == {"branch": {"acknowledged": COUNT - 1, "rejected": 1}}
    assert len(made(world)) == COUNT


def test_a_lost_answer_is_asked_for_again_and_nothing_is_made_twice(world: CompanyWorld) -> None:
    world.systems["branch"].fail(Fault(kind="drop", path=PATH))
    assert world.publish() == {"branch": {"unknown": COUNT}}
    assert len(made(world)) == COUNT
    time.sleep(0.9)
    assert world.publish() == {"branch": {"acknowledged": COUNT}}
    assert (len(made(world)), requests(world)) == (COUNT, 1)


def test_a_system_that_is_away_leaves_all_planned(world: CompanyWorld) -> None:
    world.systems["branch"].fail(Fault(kind="status", status=503, path="/query", times=9))
    assert world.publish()["branch"]["planned"] == COUNT
    assert made(world) == []


def test_no_more_are_made_than_a_run_may(world: CompanyWorld) -> None:
    text = world.file.read_text(encoding="utf-8")
    world.file.write_text(text.replace("[publish]\n", "[publish]\nmax_writes = 2\n"))
    world.reopen()
    assert world.publish() == {"branch": {"acknowledged": 2}}
    assert len(made(world)) == 2
