"""Decisions and cases between two sets of records, whichever side they name first."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import sqlalchemy as sa

from hub.store.between import cases_between, judgements_between
from hub.store.database import Engine, reading, writing
from hub.store.decisions import MUST_LINK, NEVER_LINK, Author, decide
from hub.store.review import NewCase, add_cases, settle_cases
from hub.store.tables import review_case
from tests.unit.pipeline.party_world import World, person

NOW = datetime(2026, 3, 1, tzinfo=UTC)


def world(store: Engine, count: int) -> list[int]:
    bodies = {f"crm:C:{n}": person("Ivo", "Brunnov") for n in range(count)}
    return World(store).put_all(bodies)


def test_decisions_on_both_sides_are_found_in_order(store: Engine) -> None:
    a, b, c, d = world(store, 4)
    with writing(store) as db:
        decide(db, NEVER_LINK, [(b, a)], Author("eva", "twins", NOW))
        decide(db, MUST_LINK, [(a, b)], Author("tom", "phoned", NOW + timedelta(days=1)))
        decide(db, NEVER_LINK, [(c, d), (a, d)], Author("eva", "no", NOW))
    with reading(store) as db:
        found = judgements_between(db, {b, c}, {a})
        assert [(item.kind, item.actor, item.reason) for item in found] == [
            ("never_link", "eva", "twins"),
            ("must_link", "tom", "phoned"),
        ]
        assert found[0].revoked_at == NOW + timedelta(days=1)
        assert judgements_between(db, {a}, {b, c}) == found
        assert judgements_between(db, {a, b}, {c}) == []
        assert len(judgements_between(db, {a, c}, {a, c, d})) == 2


def test_many_records_are_asked_for_in_parts(store: Engine) -> None:
    ids = world(store, 1_300)
    with writing(store) as db:
        decide(db, NEVER_LINK, [(ids[0], ids[-1])], Author("eva", "no", NOW))
    with reading(store) as db:
        assert len(judgements_between(db, ids[:650], ids[650:])) == 1


def test_cases_of_any_state_are_found_the_newest_first(store: Engine) -> None:
    a, b, c = world(store, 3)
    with writing(store) as db:
        add_cases(db, [NewCase(a, b, "probable", 12, [], "not certain")], NOW)
        case = str(db.scalar(sa.select(review_case.c.id)))
        settle_cases(db, [case], state="rejected", by="eva", now=NOW)
        again = [NewCase(*pair, "possible", -5, [], "not certain") for pair in ((a, b), (b, c))]
        add_cases(db, again, NOW + timedelta(days=2))
    with reading(store) as db:
        found = cases_between(db, [b], [a])
        assert [(item.state, item.settled_by) for item in found] == [
            ("open", None),
            ("rejected", "eva"),
        ]
        assert (found[1].id, found[1].left_id, found[1].right_id) == (case, a, b)
        assert len(cases_between(db, [b], [a, c])) == 3
