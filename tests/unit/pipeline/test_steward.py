"""A steward's decisions outlive every run."""

from __future__ import annotations

from typing import Any

import orjson
import pytest
import sqlalchemy as sa

from hub.errors import StoreError
from hub.pipeline.cases import case_view, list_cases
from hub.pipeline.golden import compute_golden
from hub.pipeline.resolve import apply, plan
from hub.pipeline.steward import Steward
from hub.store.audit import list_entries, verify_trail
from hub.store.columns import new_id
from hub.store.database import Engine, reading, writing
from hub.store.review import CaseFilter
from hub.store.tables import party_event, source_record, stream
from hub.store.waiting import touch_records
from tests.unit.pipeline.party_world import NOW, World, person


@pytest.fixture
def world(store: Engine) -> World:
    """Two records of two customers, in doubt."""
    world = World(store)
    world.put("crm:Contact:1", person("Anna", "Berg", postcode="10115"))
    world.put("erp:party:9", person("Anna", "Berg", phone="030 7654321"))
    world.resolve()
    return world


def _case(world: World) -> str:
    (case,) = world.cases()
    return str(case["id"])


def test_accepting_a_case_merges(world: World) -> None:
    oldest = world.party("crm:Contact:1")
    Steward(world.engine, "eva").accept(_case(world))
    assert world.party("erp:party:9") == oldest
    assert world.cases() == []
    (case,) = world.cases("accepted")
    assert case["settled_by"] == "eva"


def test_an_accepted_pair_stays_together_when_nothing_speaks_for_it(world: World) -> None:
    Steward(world.engine, "eva").accept(_case(world))
    world.put("erp:party:9", person("Bert", "Koch", email="bert@koch.example"))
    world.resolve()
    assert len(world.partition()) == 1


def test_a_rejected_pair_stays_apart_whatever_speaks_for_it(world: World) -> None:
    Steward(world.engine, "eva").reject(_case(world))
    for key in ("crm:Contact:1", "erp:party:9"):
        world.put(key, person("Anna", "Berg", email="anna@berg.example"))
    world.resolve()
    world.resolve()
    assert len(world.partition()) == 2
    assert world.cases() == []


def test_a_settled_case_can_not_be_settled_again(world: World) -> None:
    case = _case(world)
    Steward(world.engine, "eva").reject(case)
    with pytest.raises(StoreError, match="not open"):
        Steward(world.engine, "eva").accept(case)


def test_merge_and_unmerge_by_hand(world: World) -> None:
    oldest, younger = world.party("crm:Contact:1"), world.party("erp:party:9")
    assert oldest is not None
    assert younger is not None
    Steward(world.engine, "eva").merge(younger, oldest, reason="phoned")
    assert world.party("erp:party:9") == oldest
    record = world.records["erp:party:9"]
    Steward(world.engine, "eva").unmerge(younger, [record], reason="wrong")
    world.resolve()
    assert world.party("crm:Contact:1") == oldest
    assert world.party("erp:party:9") == younger
    assert ("unmerged", younger) in world.events()


def test_a_merge_holds_customers_with_many_records_and_conflicts_whole(world: World) -> None:
    for name, born in (("crm:Contact:1", "1980-05-17"), ("erp:party:9", "1991-08-23")):
        system = name.partition(":")[0]
        for place in ("a", "b"):
            body = person("Anna", "Berg", birth=born, city=place * 5)
            world.put(f"{system}:more:{place}", body)
        world.put(name, person("Anna", "Berg", birth=born))
    world.resolve()
    assert len(world.partition()) == 2
    one, other = world.party("crm:Contact:1"), world.party("erp:party:9")
    Steward(world.engine, "eva").merge(str(one), str(other), reason="one person")
    world.resolve()
    assert len(world.partition()) == 1


def test_unmerge_wants_some_of_the_records(world: World) -> None:
    party = str(world.party("crm:Contact:1"))
    with pytest.raises(StoreError, match="not all of them"):
        Steward(world.engine, "eva").unmerge(party, [world.records["crm:Contact:1"]], reason="x")


def _together(world: World, *keys: str) -> bool:
    return len({world.party(key) for key in keys}) == 1


def test_a_decision_is_audited_with_before_and_after(world: World) -> None:
    oldest, younger = world.party("crm:Contact:1"), world.party("erp:party:9")
    Steward(world.engine, "eva").merge(str(younger), str(oldest), reason="phoned")
    with reading(world.engine) as db:
        applied, merged, decided = list_entries(db, limit=3)
        assert verify_trail(db).broken is None
        mine = list_entries(db, party_id=str(younger))
    assert (decided.action, decided.actor, decided.reason) == ("merge", "eva", "phoned")
    assert (applied.action, merged.action, merged.actor) == ("applied", "merged", "eva")
    moved = str(world.records["erp:party:9"])
    detail = orjson.loads(merged.detail)
    assert (detail["before"][moved], detail["after"][moved]) == (younger, oldest)
    assert "Anna" not in merged.detail + decided.detail
    assert [row.action for row in mine] == ["merged", "merge"]


def test_a_moved_record_stays_with_its_new_customer(world: World) -> None:
    both = person("Anna", "Berg", email="anna@berg.example")
    for key in ("crm:Contact:1", "crm:Contact:2"):
        world.put(key, both)
    world.resolve()
    first, second = str(world.party("crm:Contact:1")), str(world.party("erp:party:9"))
    record = world.records["crm:Contact:2"]
    Steward(world.engine, "eva").move(record, second, reason="another Anna")
    world.put("crm:Contact:2", {**both, "lang": "de"})
    world.resolve()
    assert (world.party("crm:Contact:1"), world.party("crm:Contact:2")) == (first, second)
    with pytest.raises(StoreError, match="already"):
        Steward(world.engine, "eva").move(record, second, reason="again")


def test_taking_a_copy_out_leaves_the_other_copies_together(world: World) -> None:
    same = person("Bert", "Koch", email="bert@koch.example")
    keys = [f"crm:Contact:{number}" for number in (5, 6, 7)]
    for key in keys:
        world.put(key, same)
    world.resolve()
    party = str(world.party(keys[0]))
    Steward(world.engine, "eva").unmerge(party, [world.records[keys[2]]], reason="a namesake")
    world.resolve()
    assert _together(world, *keys[:2])
    assert not _together(world, *keys[1:])


def test_records_kept_apart_stay_so_in_one_run_over_everything(world: World) -> None:
    for key in ("crm:Contact:1", "erp:party:9"):
        world.put(key, person("Anna", "Berg", email="anna@berg.example"))
    world.resolve()
    one, other = (world.records[key] for key in ("crm:Contact:1", "erp:party:9"))
    Steward(world.engine, "eva").keep_apart([one], [other], reason="twins")
    with writing(world.engine) as db:
        touch_records(db, set(world.records.values()))
    assert set(world.resolve().values()) <= {0, 2}
    assert not _together(world, "crm:Contact:1", "erp:party:9")


def test_the_last_word_counts(world: World) -> None:
    steward, keys = Steward(world.engine, "eva"), ("crm:Contact:1", "erp:party:9")
    one, other = (world.records[key] for key in keys)
    for _ in range(2):
        steward.keep_apart([one], [other], reason="no")
        assert not _together(world, *keys)
        steward.merge(*(str(world.party(key)) for key in keys), reason="yes")
        assert _together(world, *keys)
    with pytest.raises(StoreError, match="one customer already"):
        steward.merge(*(str(world.party(key)) for key in keys), reason="again")


def test_a_merge_takes_along_every_copy_of_a_doubtful_content(world: World) -> None:
    for number in (1, 3):
        world.put(f"crm:Contact:{number}", person("Anna", "Berg"))
    world.resolve()
    parties = [str(world.party(f"crm:Contact:{number}")) for number in (1, 3)]
    Steward(world.engine, "eva").merge(parties[0], parties[1], reason="one person")
    assert _together(world, "crm:Contact:1", "crm:Contact:3")


def test_a_case_is_assigned_listed_and_shown(world: World) -> None:
    case, steward = _case(world), Steward(world.engine, "eva")
    steward.assign(case, "tom")
    assert [line.case for line in list_cases(world.engine, CaseFilter(assignee="tom"))] == [case]
    assert list_cases(world.engine, CaseFilter(assignee="")) == []
    assert list_cases(world.engine, CaseFilter(opened_before=NOW)) == []
    view = case_view(world.engine, case)
    assert ("addresses", "10115", None, False) in {
        (f.name, f.left, f.right and ", ".join(sorted(f.right.split(", "))), f.same)
        for f in view.fields
    }
    assert {view.left_party, view.right_party} == set(world.statuses())
    assert view.evidence
    with pytest.raises(StoreError, match="no review case"):
        case_view(world.engine, new_id())


def test_a_record_that_fits_two_customers_waits_for_a_person(world: World) -> None:
    for key, born in (("crm:Contact:5", "1980-05-17"), ("crm:Contact:6", "1990-08-23")):
        world.put(key, person("Bert", "Koch", email="koch@koch.example", birth=born))
    world.resolve()
    world.put("erp:party:5", person("Bert", "Koch", email="koch@koch.example"))
    world.resolve()
    assert not _together(world, "crm:Contact:5", "crm:Contact:6")
    assert (
        len({world.party(f"crm:Contact:{n}") for n in (5, 6)} | {world.party("erp:party:5")}) == 3
    )
    reasons = [case["reason"] for case in world.cases()]
    assert reasons.count("fits two customers") == 2


@pytest.fixture
def merged_at_source(world: World) -> World:
    """The CRM merged Anna's record, which the ERP's was linked to, into Berta's."""
    anna = person("Anna", "Koch", email="anna@koch.example")
    world.put("crm:Contact:5", anna)
    world.put("erp:party:5", anna)
    world.put("crm:Contact:6", person("Berta", "Dorn", email="berta@dorn.example"))
    world.resolve()
    with writing(world.engine) as db:
        db.execute(
            sa.update(source_record)
            .where(source_record.c.source_key == "5", source_record.c.id.in_(_crm_records()))
            .values(merged_into="6", deleted=True)
        )
    world.remove("crm:Contact:5")
    world.resolve()
    return world


def _crm_records() -> sa.Select[Any]:
    joined = sa.select(source_record.c.id).join(stream, stream.c.id == source_record.c.stream_id)
    return joined.where(stream.c.name == "Contact")


def _merged_cases(world: World) -> list[str]:
    return [str(case["id"]) for case in world.cases() if case["reason"] == "merged at the source"]


def test_a_merge_at_the_source_opens_a_case_that_waits(merged_at_source: World) -> None:
    world = merged_at_source
    (case,) = _merged_cases(world)
    line = case_view(world.engine, case).line
    assert {line.left, line.right} == {"erp:party:5", "crm:Contact:6"}
    with writing(world.engine) as db:
        touch_records(db, set(world.records.values()))
    world.resolve()
    assert _merged_cases(world) == [case]
    Steward(world.engine, "eva").accept(case)
    assert _together(world, "erp:party:5", "crm:Contact:6")
    assert _merged_cases(world) == []


def test_a_rejected_merge_at_the_source_never_comes_back(merged_at_source: World) -> None:
    world = merged_at_source
    Steward(world.engine, "eva").reject(_merged_cases(world)[0])
    with writing(world.engine) as db:
        touch_records(db, set(world.records.values()))
    world.resolve()
    assert _merged_cases(world) == []
    assert not _together(world, "erp:party:5", "crm:Contact:6")


def test_a_case_of_a_record_that_is_gone_is_obsolete(merged_at_source: World) -> None:
    merged_at_source.remove("erp:party:5")
    merged_at_source.resolve()
    assert _merged_cases(merged_at_source) == []


def _event_kinds(world: World, party: str) -> list[str]:
    return [kind for kind, owner in world.events() if owner == party]


def test_every_turn_of_a_customer_is_an_event_in_order(world: World) -> None:
    steward = Steward(world.engine, "eva")
    oldest, younger = (str(world.party(key)) for key in ("crm:Contact:1", "erp:party:9"))
    compute_golden(world.engine)
    steward.merge(oldest, younger, reason="phoned")
    compute_golden(world.engine)
    steward.unmerge(oldest, [world.records["erp:party:9"]], reason="wrong")
    compute_golden(world.engine)
    assert _event_kinds(world, oldest) == ["created", "merged", "changed", "changed"]
    assert _event_kinds(world, younger) == ["created", "lost_merge", "unmerged", "changed"]
    with reading(world.engine) as db:
        numbers = list(db.scalars(sa.select(party_event.c.seq).order_by(party_event.c.seq)))
    assert numbers == list(range(1, len(numbers) + 1))


@pytest.mark.parametrize("everything", [True, False], ids=["all at once", "one record"])
def test_decisions_hold_whatever_is_resolved(world: World, everything: bool) -> None:
    same = person("Anna", "Berg", email="anna@berg.example")
    world.put("crm:Contact:3", person("Carl", "Dorn", email="carl@dorn.example"))
    world.resolve()
    steward, ids = Steward(world.engine, "eva"), world.records
    steward.keep_apart([ids["crm:Contact:1"]], [ids["erp:party:9"]], reason="twins")
    steward.move(ids["crm:Contact:3"], str(world.party("crm:Contact:1")), reason="renamed")
    for key in ("crm:Contact:1", "erp:party:9"):
        world.put(key, same)
    for record in [None] if everything else ids.values():
        with writing(world.engine) as db:
            touch_records(db, set(ids.values()) if record is None else {record})
        apply(world.engine, plan(world.engine, records=None if record is None else [record]))
    assert _together(world, "crm:Contact:1", "crm:Contact:3")
    assert not _together(world, "crm:Contact:1", "erp:party:9")


def test_a_record_joins_when_its_rival_is_gone(world: World) -> None:
    for key, born in (("crm:Contact:5", "1980-05-17"), ("crm:Contact:6", "1990-08-23")):
        world.put(key, person("Bert", "Koch", email="koch@koch.example", birth=born))
    world.put("erp:party:5", person("Bert", "Koch", email="koch@koch.example"))
    world.resolve()
    assert (
        len({world.party(f"crm:Contact:{n}") for n in (5, 6)} | {world.party("erp:party:5")}) == 3
    )
    world.remove("crm:Contact:6")
    world.resolve()
    assert _together(world, "crm:Contact:5", "erp:party:5")


def test_a_moved_founder_does_not_end_the_customer_that_it_founded(world: World) -> None:
    same = person("Bert", "Koch", email="bert@koch.example")
    world.put("crm:Contact:5", same)
    world.put("crm:Contact:6", same)
    world.resolve()
    founded, other = str(world.party("crm:Contact:5")), str(world.party("crm:Contact:1"))
    Steward(world.engine, "eva").move(world.records["crm:Contact:5"], other, reason="another")
    assert world.party("crm:Contact:6") == founded
    world.put("crm:Contact:5", {**same, "lang": "de"})
    world.resolve()
    assert world.statuses()[founded] == "active"
