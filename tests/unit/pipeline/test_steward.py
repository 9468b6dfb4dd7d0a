"""A steward's decisions outlive every run."""

from __future__ import annotations

import pytest

from hub.errors import StoreError
from hub.pipeline import steward
from hub.store.database import Engine
from tests.unit.pipeline.party_world import World, person


@pytest.fixture
def world(store: Engine) -> World:
    """Two records of two customers, in doubt."""
    world = World(store)
    world.put("crm:Contact:1", person("Anna", "Berg", postcode="10115"))
    world.put("erp:party:9", person("Anna", "Berg", postcode="10115", city="Berlin"))
    world.resolve()
    return world


def _case(world: World) -> str:
    (case,) = world.cases()
    return str(case["id"])


def test_accepting_a_case_merges(world: World) -> None:
    oldest = world.party("crm:Contact:1")
    steward.accept_case(world.engine, _case(world), actor="eva")
    assert world.party("erp:party:9") == oldest
    assert world.cases() == []
    (case,) = world.cases("accepted")
    assert case["settled_by"] == "eva"


def test_an_accepted_pair_stays_together_when_nothing_speaks_for_it(world: World) -> None:
    steward.accept_case(world.engine, _case(world), actor="eva")
    world.put("erp:party:9", person("Bert", "Koch", email="bert@koch.example"))
    world.resolve()
    assert len(world.partition()) == 1


def test_a_rejected_pair_stays_apart_whatever_speaks_for_it(world: World) -> None:
    steward.reject_case(world.engine, _case(world), actor="eva")
    for key in ("crm:Contact:1", "erp:party:9"):
        world.put(key, person("Anna", "Berg", email="anna@berg.example"))
    world.resolve()
    world.resolve()
    assert len(world.partition()) == 2
    assert world.cases() == []


def test_a_settled_case_can_not_be_settled_again(world: World) -> None:
    case = _case(world)
    steward.reject_case(world.engine, case, actor="eva")
    with pytest.raises(StoreError, match="not open"):
        steward.accept_case(world.engine, case, actor="eva")


def test_merge_and_unmerge_by_hand(world: World) -> None:
    oldest, younger = world.party("crm:Contact:1"), world.party("erp:party:9")
    assert oldest is not None
    assert younger is not None
    steward.merge(world.engine, younger, oldest, actor="eva", reason="phoned")
    assert world.party("erp:party:9") == oldest
    record = world.records["erp:party:9"]
    steward.unmerge(world.engine, younger, [record], actor="eva", reason="wrong")
    world.resolve()
    assert world.party("crm:Contact:1") == oldest
    assert world.party("erp:party:9") == younger
    assert ("unmerged", younger) in world.events()


def test_a_merge_holds_customers_with_many_records_and_conflicts_whole(world: World) -> None:
    for name, number in (("crm:Contact:1", "1"), ("erp:party:9", "2")):
        system = name.partition(":")[0]
        for place in ("a", "b"):
            body = person("Anna", "Berg", customer_no=number, city=place * 5)
            world.put(f"{system}:more:{place}", body)
        world.put(name, person("Anna", "Berg", customer_no=number))
    world.resolve()
    assert len(world.partition()) == 2
    one, other = world.party("crm:Contact:1"), world.party("erp:party:9")
    steward.merge(world.engine, str(one), str(other), actor="eva", reason="one person")
    world.resolve()
    assert len(world.partition()) == 1


def test_unmerge_wants_some_of_the_records(world: World) -> None:
    party = str(world.party("crm:Contact:1"))
    with pytest.raises(StoreError, match="not all of them"):
        steward.unmerge(
            world.engine, party, [world.records["crm:Contact:1"]], actor="eva", reason="x"
        )
