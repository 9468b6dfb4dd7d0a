"""Account ledgers: two active accounts of one are never one customer, unless a person says so."""

from __future__ import annotations

from itertools import combinations
from pathlib import Path
from time import process_time

import pytest

from hub.config import ConnectionSection, HubConfig
from hub.match.partition import ONE_ACCOUNT
from hub.pipeline.accounts import adopt_ledgers
from hub.pipeline.explain import explain_pair
from hub.pipeline.steward import Steward
from hub.store.database import Engine, open_store
from hub.store.schema import migrate
from tests.unit.pipeline.party_world import World, partitions_in_any_order, person

ANNA = person("Anna", "Berg", email="anna@berg.example")
SAME = person("Anna", "Berg", email="anna@berg.example", phone="030 1234567")
ERP = ("erp:party:1", "erp:party:2")


def declare(world: World, *streams: str, renamed_from: str | None = None) -> int:
    name = "ledger" if renamed_from else "erp"
    erp = ConnectionSection(connector="erp", one_account=streams, renamed_from=renamed_from)
    return adopt_ledgers(world.engine, HubConfig(root=Path(), connections={name: erp}))


@pytest.fixture
def world(store: Engine) -> World:
    """Two accounts of one person, in a ledger that allows one."""
    world = World(store)
    for key, body in zip(ERP, (ANNA, SAME), strict=True):
        world.put(key, body)
    declare(world, "party")
    return world


def test_two_active_accounts_stay_apart_and_a_person_is_told_why(world: World) -> None:
    world.resolve()
    assert world.partition() == {frozenset({key}) for key in ERP}
    assert [case["reason"] for case in world.cases()] == [ONE_ACCOUNT]


def test_two_copies_of_one_content_stay_apart_too(world: World) -> None:
    world.put(ERP[1], ANNA)
    world.put("crm:Contact:1", ANNA)
    world.resolve()
    assert len(world.partition()) == 3
    assert ONE_ACCOUNT in {case["reason"] for case in world.cases()}


def test_why_any_two_accounts_are_apart_is_explained(world: World) -> None:
    """Copies of one account too, few of which are set beside one another."""
    keys = [f"erp:party:{n}" for n in range(3, 8)]
    world.put_all(dict.fromkeys(keys, SAME))
    world.resolve()
    for one, other in combinations([*ERP, *keys], 2):
        found = explain_pair(world.engine, one, other)
        assert not found.together
        assert found.reasons[0].text == f"certain, but {ONE_ACCOUNT}: erp:party"


@pytest.mark.parametrize("status", ["inactive", "deleted"])
def test_an_account_that_is_not_active_does_not_count(world: World, status: str) -> None:
    world.resolve()
    if status == "deleted":
        world.remove(ERP[1])
        world.put("erp:party:3", SAME)
    else:
        world.put(ERP[1], {**SAME, "status": "inactive"})
    world.resolve()
    active = {"erp:party:1", "erp:party:3"} if status == "deleted" else set(ERP)
    joined = 2 if status == "deleted" else 1
    assert len(world.partition()) == joined
    assert {key for group in world.partition() for key in group} == active


def test_an_account_that_is_active_again_splits_off(world: World) -> None:
    world.put(ERP[1], {**SAME, "status": "inactive"})
    world.resolve()
    world.put(ERP[1], SAME)
    assert world.resolve()["split"] == 1


def test_what_another_part_of_a_record_tells_is_no_account(world: World) -> None:
    world.put(ERP[0], person("Bert", "Koch", email="bert@koch.example"))
    for key in ERP:
        world.put(key, ANNA, part="contact")
    world.remove(ERP[1])
    world.resolve()
    assert frozenset({f"{key}#contact" for key in ERP}) in world.partition()


def test_a_person_may_merge_two_accounts_for_ever(world: World) -> None:
    world.resolve()
    one, other = world.party(ERP[0]), world.party(ERP[1])
    assert one is not None
    assert other is not None
    Steward(world.engine, "alice").merge(one, other, reason="two contracts")
    world.put(ERP[1], {**SAME, "lang": "de"})
    world.resolve()
    assert world.party(ERP[0]) == world.party(ERP[1]) == one


def test_a_declaration_splits_and_taking_it_back_joins(world: World) -> None:
    assert declare(world) == 2
    world.resolve()
    assert len(world.partition()) == 1
    assert (declare(world, "party"), declare(world, "party")) == (2, 0)
    assert world.resolve()["split"] == 1
    assert declare(world) == 2
    assert world.resolve()["merged"] == 1


def test_a_connection_that_is_renamed_or_gone_keeps_what_stood(world: World) -> None:
    assert declare(world, "party", renamed_from="erp") == 0
    assert adopt_ledgers(world.engine, HubConfig(root=Path())) == 0
    world.resolve()
    assert len(world.partition()) == 2


def test_accounts_do_not_depend_on_the_order_of_arrival(tmp_path: Path) -> None:
    bodies = {ERP[0]: ANNA, ERP[1]: SAME, "crm:Contact:1": SAME, "mail:message:1": ANNA}
    assert (
        len(partitions_in_any_order(bodies, tmp_path, lambda world: declare(world, "party"))) == 1
    )


def test_thousands_of_copies_in_a_ledger_cost_no_quadratic_time(tmp_path: Path) -> None:
    engine = open_store(f"sqlite:///{tmp_path / 'many.db'}")
    migrate(engine)
    world = World(engine)
    world.put_all({f"erp:party:{n}": ANNA for n in range(3000)})
    world.put("crm:Contact:1", ANNA)
    declare(world, "party")
    begun = process_time()
    world.resolve()
    assert process_time() - begun < 10
    assert len(world.partition()) == 3001
    engine.dispose()
