"""What a steward takes back is as it was before, and the case is asked again."""

from __future__ import annotations

import pytest

from hub.errors import StoreError
from hub.pipeline.customer import find_record_named
from hub.pipeline.steward import Steward
from hub.store.audit import list_entries
from hub.store.database import Engine, reading
from hub.store.decisions import load_decisions
from tests.unit.pipeline.party_world import World, person

ONE, OTHER = "crm:Contact:1", "erp:party:9"


@pytest.fixture
def world(store: Engine) -> World:
    """Two records of two customers, in doubt."""
    world = World(store)
    world.put(ONE, person("Anna", "Berg", postcode="10115"))
    world.put(OTHER, person("Anna", "Berg", phone="030 7654321"))
    world.resolve()
    return world


def _case(world: World, state: str = "open") -> str:
    (case,) = world.cases(state)
    return str(case["id"])


def _standing(world: World) -> int:
    with reading(world.engine) as db:
        return len(load_decisions(db, range(1, 100)))


def test_an_accepted_case_is_taken_back(world: World) -> None:
    before, case = (world.party(ONE), world.party(OTHER)), _case(world)
    Steward(world.engine, "eva").accept(case)
    assert world.party(ONE) == world.party(OTHER)
    Steward(world.engine, "eva").undo(case)
    assert (world.party(ONE), world.party(OTHER)) == before
    assert _case(world) == case
    assert _standing(world) == 0


def test_a_rejected_case_is_taken_back(world: World) -> None:
    case = _case(world)
    Steward(world.engine, "eva").reject(case)
    assert world.cases() == []
    Steward(world.engine, "bo").undo(case, reason="wrong row")
    assert _case(world) == case
    assert _standing(world) == 0
    with reading(world.engine) as db:
        (entry,) = list_entries(db, action="undo", limit=5)
    assert (entry.actor, entry.reason) == ("bo", "wrong row")


def test_what_a_decision_had_revoked_stands_again(world: World) -> None:
    case = _case(world)
    Steward(world.engine, "eva").reject(case)
    ids = [find_record_named(world.engine, key) or 0 for key in (ONE, OTHER)]
    Steward(world.engine, "eva").undo(case)
    Steward(world.engine, "eva").keep_apart([ids[0]], [ids[1]], reason="two sisters")
    assert _standing(world) == 1
    world.resolve()
    assert len(world.partition()) == 2


def test_a_decision_that_another_has_replaced_stays(world: World) -> None:
    case = _case(world)
    Steward(world.engine, "eva").accept(case)
    party, record = world.party(ONE) or "", find_record_named(world.engine, OTHER) or 0
    Steward(world.engine, "bo").unmerge(party, [record], reason="no")
    with pytest.raises(StoreError, match="decided otherwise"):
        Steward(world.engine, "eva").undo(case)


def test_an_open_case_can_not_be_taken_back(world: World) -> None:
    with pytest.raises(StoreError, match="nothing to undo"):
        Steward(world.engine, "eva").undo(_case(world))
