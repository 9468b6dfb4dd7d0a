"""What a person decided outlasts the records by which it was said."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from hub.errors import StoreError
from hub.pipeline.resolve import plan
from hub.pipeline.steward import Steward
from hub.store.database import Engine, reading, writing
from hub.store.parties import resolve_party
from hub.store.tables import decision
from hub.store.waiting import touch_records
from tests.unit.pipeline.party_world import Body, World, person

ANNA = person("Anna", "Berg", email="anna@berg.example")
PEOPLE = {
    "crm:p:1": ANNA,
    "crm:p:2": person("Bert", "Koch", email="bert@koch.example"),
    "crm:p:3": person("Carl", "Dorn", email="carl@dorn.example"),
    "crm:p:4": person("Dora", "Esch", email="dora@esch.example"),
}


@pytest.fixture
def world(store: Engine) -> World:
    """Four customers of one record each."""
    return _filled(World(store), PEOPLE)


def _filled(world: World, bodies: dict[str, Body]) -> World:
    world.put_all(bodies)
    world.resolve()
    return world


def _steward(world: World) -> Steward:
    return Steward(world.engine, "eva")


def _merge(world: World, *numbers: int) -> None:
    """Merge the customers of records one after another."""
    for other in numbers[1:]:
        parties = (str(world.party(f"crm:p:{number}")) for number in (numbers[0], other))
        _steward(world).merge(*parties, reason="one person")


def _groups(world: World) -> set[str]:
    """The customers, each as the numbers of its records."""
    return {"".join(sorted(key[-1] for key in group)) for group in world.partition()}


def _leads_to(world: World, party: str) -> str:
    with reading(world.engine) as db:
        found = resolve_party(db, party)
    assert found is not None
    return found.id


def _rerun(world: World) -> None:
    with writing(world.engine) as db:
        touch_records(db, set(world.records.values()))
    world.resolve()


def test_a_merge_outlasts_the_record_that_it_hangs_on(world: World) -> None:
    _merge(world, 1, 2, 3)
    world.remove("crm:p:1")
    world.resolve()
    assert _groups(world) == {"23", "4"}


def test_a_record_is_moved_to_a_customer_whose_first_record_is_just_gone(world: World) -> None:
    _merge(world, 1, 2)
    target = str(world.party("crm:p:2"))
    world.remove("crm:p:1")
    _steward(world).move(world.records["crm:p:3"], target, reason="of the other")
    assert _groups(world) == {"23", "4"}
    assert world.party("crm:p:3") == target


def test_to_take_out_the_first_record_leaves_the_others_together(world: World) -> None:
    _merge(world, 1, 2, 3, 4)
    party = str(world.party("crm:p:1"))
    _steward(world).unmerge(party, [world.records[f"crm:p:{n}"] for n in (1, 4)], reason="wrong")
    assert _groups(world) == {"14", "23"}
    _steward(world).move(world.records["crm:p:1"], str(world.party("crm:p:2")), reason="right")
    assert _groups(world) == {"123", "4"}


def test_nothing_joins_a_customer_whose_records_are_gone(world: World) -> None:
    one, other = (str(world.party(f"crm:p:{number}")) for number in (1, 2))
    world.remove("crm:p:2")
    with pytest.raises(StoreError, match="gone at its source"):
        _steward(world).merge(one, other, reason="one person")
    with pytest.raises(StoreError, match="gone at its source"):
        _steward(world).move(world.records["crm:p:1"], other, reason="of the other")
    with reading(world.engine) as db:
        assert list(db.scalars(sa.select(decision.c.id))) == []


@pytest.fixture
def founderless(world: World) -> str:
    """The id of a customer whose founder was moved to an older one."""
    founded, other = (str(world.party(f"crm:p:{number}")) for number in (3, 2))
    world.put("erp:p:5", PEOPLE["crm:p:3"])
    world.resolve()
    _steward(world).move(world.records["crm:p:3"], other, reason="another Carl")
    assert _groups(world) == {"1", "23", "4", "5"}
    return founded


def test_a_lost_id_comes_back_to_the_records_that_it_had(world: World, founderless: str) -> None:
    older = str(world.party("crm:p:1"))
    _steward(world).merge(founderless, older, reason="x")
    _rerun(world)
    assert _leads_to(world, founderless) == older
    _steward(world).unmerge(older, [world.records["erp:p:5"]], reason="x")
    assert world.party("erp:p:5") == founderless


def test_a_founder_that_a_merge_brings_back_takes_no_id_along(
    world: World, founderless: str
) -> None:
    other, record = str(world.party("crm:p:3")), world.records["crm:p:3"]
    _steward(world).unmerge(other, [record], reason="neither")
    _steward(world).merge(str(world.party("crm:p:3")), founderless, reason="right after all")
    assert world.party("crm:p:3") == founderless
    _steward(world).unmerge(founderless, [record], reason="no")
    assert world.party("erp:p:5") == founderless
    assert world.party("crm:p:3") not in {founderless, other}


def test_a_lost_id_leads_to_its_records_and_not_to_its_founder(
    world: World, founderless: str
) -> None:
    older = str(world.party("crm:p:1"))
    _steward(world).merge(founderless, older, reason="x")
    world.put("crm:p:3", person("Emil", "Falk", email="emil@falk.example"))
    touched = [record for change in plan(world.engine).changes for record in change.members]
    assert world.records["erp:p:5"] not in touched
    world.resolve()
    assert _leads_to(world, founderless) == world.party("erp:p:5") == older


def test_a_must_link_that_is_contradicted_takes_no_id_away(world: World) -> None:
    record = world.records
    _merge(world, 2, 4)
    _merge(world, 1, 2)
    _steward(world).keep_apart([record["crm:p:2"]], [record["crm:p:1"]], reason="not these two")
    assert _groups(world) == {"14", "2", "3"}
    older, younger = (str(world.party(f"crm:p:{number}")) for number in (2, 3))
    _merge(world, 2, 3)
    _steward(world).unmerge(older, [record["crm:p:3"]], reason="wrong")
    assert (world.party("crm:p:2"), world.party("crm:p:3")) == (older, younger)


def test_a_customer_that_is_gone_comes_back_with_a_record(world: World) -> None:
    _merge(world, 1, 2)
    party = world.party("crm:p:1")
    for number in (1, 2):
        world.remove(f"crm:p:{number}")
        world.resolve()
    world.put("crm:p:1", ANNA)
    world.resolve()
    assert world.party("crm:p:1") == party


def test_what_is_said_of_a_record_counts_for_more_than_of_its_copy(world: World) -> None:
    one, copied = world.records["crm:p:1"], world.records["crm:p:2"]
    _steward(world).keep_apart([one], [copied], reason="two persons")
    world.put("erp:p:5", PEOPLE["crm:p:2"])
    _steward(world).move(world.records["erp:p:5"], str(world.party("crm:p:1")), reason="hers")
    world.put("erp:p:6", PEOPLE["crm:p:2"])
    _rerun(world)
    assert {"15", "3", "4"} <= _groups(world)


@pytest.mark.parametrize("gone", [True, False], ids=["gone", "changed"])
def test_every_copy_is_kept_apart_by_itself(world: World, gone: bool) -> None:
    richer = person("Anna", "Berg", email="anna@berg.example", city="Ulm")
    world.put_all({"erp:p:5": ANNA, "erp:p:6": richer})
    world.resolve()
    party = str(world.party("erp:p:6"))
    _steward(world).unmerge(party, [world.records["erp:p:6"]], reason="a namesake")
    assert _groups(world) >= {"15", "6"}
    if gone:
        world.remove("crm:p:1")
    else:
        world.put("erp:p:5", richer)
    _rerun(world)
    assert world.party("erp:p:5") != world.party("erp:p:6")


def test_of_very_many_records_contents_are_kept_apart(world: World) -> None:
    richer = person("Anna", "Berg", email="anna@berg.example", city="Ulm")
    plain, rich = ([f"erp:p:{side}{n}" for n in range(40)] for side in "ab")
    world.put_all({**dict.fromkeys(plain, ANNA), **dict.fromkeys(rich, richer)})
    world.resolve()
    world.remove("crm:p:1")
    leaving = {world.records[key] for key in rich}
    _steward(world).unmerge(str(world.party("erp:p:b0")), leaving, reason="namesakes")
    _rerun(world)
    assert len({world.party(key) for key in plain}) == len({world.party(key) for key in rich}) == 1
    assert world.party("erp:p:a0") != world.party("erp:p:b0")
    with reading(world.engine) as db:
        assert len(list(db.scalars(sa.select(decision.c.id)))) == 1


def test_a_merge_holds_a_copy_that_says_something_else_later(world: World) -> None:
    world.put("erp:p:5", ANNA)
    world.resolve()
    _merge(world, 2, 1)
    world.put("erp:p:5", person("Emil", "Falk", email="emil@falk.example"))
    world.resolve()
    assert _groups(world) == {"125", "3", "4"}
