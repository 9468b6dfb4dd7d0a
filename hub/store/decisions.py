"""People's decisions on pairs of records: must-links and never-links, which no run overrides."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import NamedTuple

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from hub.store import bulk
from hub.store.bulk import LookUp
from hub.store.columns import new_id
from hub.store.party_records import touch_records
from hub.store.tables import decision

MUST_LINK = "must_link"
NEVER_LINK = "never_link"

Pair = tuple[int, int]


class Decision(NamedTuple):
    """A standing decision on two records; ``left_id`` is the smaller."""

    kind: str
    left_id: int
    right_id: int


class Author(NamedTuple):
    """Who decides, why and when."""

    actor: str
    reason: str
    at: datetime


def load_decisions(db: Connection, canonical_ids: Collection[int]) -> set[Decision]:
    """Standing decisions that name one of the records."""
    columns = ("kind", "left_id", "right_id", "revoked_at")
    found: set[Decision] = set()
    for side in ("left_id", "right_id"):
        for row in bulk.look_up(db, decision, columns, LookUp(side, canonical_ids)):
            if row.revoked_at is None:
                found.add(Decision(row.kind, row.left_id, row.right_id))
    return found


def decide(db: Connection, kind: str, pairs: Iterable[Pair], author: Author) -> None:
    """Record decisions; the newest on a pair stands and its records are resolved anew."""
    wanted = sorted({(min(pair), max(pair)) for pair in pairs if pair[0] != pair[1]})
    ids = {record for pair in wanted for record in pair}
    standing = load_decisions(db, ids)
    for pair in wanted:
        _revoke_others(db, kind, pair, author.at)
    rows = [
        {
            "id": new_id(),
            "kind": kind,
            "left_id": left,
            "right_id": right,
            "actor": author.actor,
            "reason": author.reason,
            "decided_at": author.at,
        }
        for left, right in wanted
        if Decision(kind, left, right) not in standing
    ]
    if rows:
        db.execute(sa.insert(decision), rows)
    touch_records(db, ids)


def _revoke_others(db: Connection, kind: str, pair: Pair, at: datetime) -> None:
    db.execute(
        sa.update(decision)
        .where(decision.c.left_id == pair[0], decision.c.right_id == pair[1])
        .where(decision.c.kind != kind, decision.c.revoked_at.is_(None))
        .values(revoked_at=at)
    )


def revoke(db: Connection, kind: str, pairs: Iterable[Pair], at: datetime) -> None:
    """Take decisions back; the records are resolved anew."""
    wanted = sorted({(min(pair), max(pair)) for pair in pairs})
    for left, right in wanted:
        db.execute(
            sa.update(decision)
            .where(decision.c.left_id == left, decision.c.right_id == right)
            .where(decision.c.kind == kind, decision.c.revoked_at.is_(None))
            .values(revoked_at=at)
        )
    touch_records(db, {record for pair in wanted for record in pair})
