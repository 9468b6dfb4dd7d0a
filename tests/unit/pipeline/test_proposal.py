"""Plan before apply: what a plan shows is what applying it does, or nothing is done."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from hub.errors import StoreError
from hub.pipeline.golden import compute_golden
from hub.pipeline.proposal import Proposal, Watch, apply_proposal, propose
from hub.pipeline.rule_set import RuleSet
from hub.pipeline.steward import Steward
from hub.store.audit import list_entries, verify_trail
from hub.store.database import Engine, open_store, reading
from hub.store.digest import digest
from hub.store.schema import migrate
from tests.unit.pipeline.party_world import World, person

RULES = RuleSet()
BOTH = person("Anna", "Berg", email="anna@berg.example", phone="030 1234567")


@pytest.fixture
def world(store: Engine) -> World:
    """Anna as two customers; a third record that joins them, and a new customer, are pending."""
    world = World(store)
    _begin(world)
    return world


def _begin(world: World) -> None:
    world.put("crm:Contact:1", person("Anna", "Berg", email="anna@berg.example"))
    world.put("erp:party:9", person("Anna", "Berg", phone="030 1234567"))
    world.resolve()
    compute_golden(world.engine)
    world.put("shop:user:3", BOTH)
    world.put("shop:user:4", person("Bert", "Koch", email="bert@koch.example"))


def _apply(world: World, proposal: Proposal, rules: RuleSet = RULES) -> dict[str, int]:
    return dict(apply_proposal(world.engine, proposal.digest, rules, actor="eva"))


def test_a_plan_names_merges_and_golden_changes(world: World) -> None:
    oldest, younger = world.party("crm:Contact:1"), world.party("erp:party:9")
    watches = [Watch("phone", "crm", "Contact"), Watch("email", "erp", "party")]
    shown = propose(world.engine, RULES, watches).as_dict()
    assert shown["merges"] == [{"loser": younger, "survivor": oldest}]
    assert shown["moves"] == [{"record": "erp:party:9", "before": younger, "to": oldest}]
    assert oldest in shown["golden"]["phone"]["examples"]
    assert (shown["counts"]["golden_created"], shown["counts"]["golden_changed"]) == (1, 1)
    assert shown["counts"]["golden_ended"] == 1
    assert shown["reach"]["deliveries_at_most"] == {"crm": 1, "erp": 1}
    assert shown["reach"]["records"] == 4


def test_planning_changes_nothing_and_is_repeatable(world: World) -> None:
    first = propose(world.engine, RULES)
    before = digest(world.engine)
    assert propose(world.engine, RULES).digest == first.digest
    assert digest(world.engine) == before


def test_applying_does_what_was_shown(world: World) -> None:
    proposal = propose(world.engine, RULES)
    assert _apply(world, proposal) == {**proposal.counts, "stale": 0}
    assert len(world.partition()) == 2
    with reading(world.engine) as db:
        last, *_ = list_entries(db)
        assert verify_trail(db).broken is None
    assert (last.action, last.actor) == ("apply", "eva")
    assert set(propose(world.engine, RULES).counts.values()) == {0}


def test_plan_and_apply_end_where_a_resolve_ends(world: World, tmp_path: Path) -> None:
    other = open_store(f"sqlite:///{tmp_path / 'other.db'}")
    migrate(other)
    twin = World(other)
    _begin(twin)
    assert propose(twin.engine, RULES).digest == propose(world.engine, RULES).digest
    twin.resolve()
    compute_golden(twin.engine)
    _apply(world, propose(world.engine, RULES))
    assert digest(world.engine) == digest(twin.engine)


def _new_record(world: World) -> None:
    world.put("shop:user:5", person("Carl", "Dorn", email="carl@dorn.example"))


def _other_values(world: World) -> None:
    world.put("shop:user:4", person("Bert", "Koch", email="bert@neu.example"))


def _never_link(world: World) -> None:
    pair = [world.records[key] for key in ("crm:Contact:1", "erp:party:9")]
    Steward(world.engine, "eva").keep_apart(pair[:1], pair[1:], reason="sisters")


def _resolved(world: World) -> None:
    world.resolve()


@pytest.mark.parametrize("move", [_new_record, _other_values, _never_link, _resolved])
def test_a_plan_is_refused_once_something_has_moved(
    world: World, move: Callable[[World], None]
) -> None:
    proposal = propose(world.engine, RULES)
    move(world)
    propose(world.engine, RULES)  # brings the index of match keys up to date, as any plan does
    before = digest(world.engine)
    with pytest.raises(StoreError, match="nothing was changed"):
        _apply(world, proposal)
    assert digest(world.engine) == before


def test_changed_rules_are_planned_for_every_customer(world: World) -> None:
    _apply(world, propose(world.engine, RULES))
    mail = "anna@berg.example"
    world.put("erp:party:9", person("Anna", "Berg", email=mail, phone="030 7654321"))
    world.resolve()
    compute_golden(world.engine)
    rules = RuleSet({"phone": ("erp", "crm", "shop")})
    other = RuleSet({"phone": ("shop", "crm", "erp")})
    _apply(world, propose(world.engine, rules), rules)
    proposal = propose(world.engine, other)
    shown = proposal.as_dict()
    assert list(shown["golden"]) == ["phone", "phones"]
    assert shown["golden"]["phone"]["examples"] == [world.party("crm:Contact:1")]
    with pytest.raises(StoreError, match="rules"):
        _apply(world, proposal, rules)
    assert _apply(world, proposal, other)["golden_changed"] == 1
    assert propose(world.engine, other).as_dict()["golden"] == {}
