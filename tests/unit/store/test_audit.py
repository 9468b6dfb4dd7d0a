"""The audit trail: every entry holds the hash of the one before, and every change is noticed."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
import sqlalchemy as sa

from hub.store.audit import Entry, add_entries, erase_reasons, list_entries, new_act, verify_trail
from hub.store.database import Engine, reading, writing
from hub.store.tables import audit_entry

NOW = datetime(2026, 3, 1, tzinfo=UTC)


@pytest.fixture
def trail(store: Engine) -> Engine:
    """Three entries of two runs."""
    for actor, verbs in (("eva", ["merge", "merged"]), ("hub", ["applied"])):
        with writing(store) as db:
            act = new_act(actor, f"{actor} said so")
            add_entries(db, act, [Entry(verb, {"before": {1: "p"}}) for verb in verbs], NOW)
    return store


def test_an_untouched_chain_holds_over_all_runs(trail: Engine) -> None:
    with reading(trail) as db:
        found = verify_trail(db)
        rows = list_entries(db)
    assert (found.entries, found.broken) == (3, None)
    assert [(row.actor, row.action) for row in rows] == [
        ("hub", "applied"),
        ("eva", "merged"),
        ("eva", "merge"),
    ]
    assert rows[1].run_id == rows[2].run_id != rows[0].run_id


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("actor", "mallory"),
        ("action", "unmerge"),
        ("reason", "another"),
        ("detail", "{}"),
        ("at", datetime(2026, 3, 2, tzinfo=UTC)),
        ("run_id", "00000000-0000-7000-8000-000000000000"),
        ("previous", b"x"),
    ],
)
def test_a_changed_entry_breaks_the_chain(trail: Engine, column: str, value: Any) -> None:
    with writing(trail) as db:
        db.execute(sa.update(audit_entry).where(audit_entry.c.id == 2).values({column: value}))
        assert verify_trail(db).broken == 2


@pytest.mark.parametrize("number", [1, 2])
def test_a_missing_entry_breaks_the_chain(trail: Engine, number: int) -> None:
    with writing(trail) as db:
        db.execute(sa.delete(audit_entry).where(audit_entry.c.id == number))
        assert verify_trail(db).broken == number


def test_a_noted_hash_guards_the_end(trail: Engine) -> None:
    with writing(trail) as db:
        head = verify_trail(db).head
        assert verify_trail(db, head=head).broken is None
        db.execute(sa.delete(audit_entry).where(audit_entry.c.id == 3))
        assert verify_trail(db).broken is None
        assert verify_trail(db, head=head).broken == 3


def test_an_erased_reason_leaves_the_chain_whole(trail: Engine) -> None:
    with writing(trail) as db:
        assert erase_reasons(db, [1, 2]) == 2
        assert verify_trail(db).broken is None
        assert [row.reason for row in list_entries(db)] == ["hub said so", None, None]


def _fail_after_writing(engine: Engine) -> None:
    with writing(engine) as db:
        add_entries(db, new_act("eva", "x"), [Entry("merge", {})], NOW)
        raise ValueError("on purpose")


def test_a_rolled_back_entry_leaves_no_gap(trail: Engine) -> None:
    with pytest.raises(ValueError, match="on purpose"):
        _fail_after_writing(trail)
    with writing(trail) as db:
        add_entries(db, new_act("eva", "y"), [Entry("merge", {})], NOW)
        assert verify_trail(db)[::2] == (4, None)
