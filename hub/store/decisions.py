"""People's decisions on pairs of records: must-links and never-links, which no run overrides."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from datetime import datetime
from typing import NamedTuple

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from hub.store import bulk
from hub.store.columns import new_id, to_micros
from hub.store.pairs import DECISIONS, ask_pairs
from hub.store.tables import decision
from hub.store.waiting import touch_records

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


class Judgement(NamedTuple):
    """A decision with its author and its time, whether it stands or was revoked."""

    kind: str
    left_id: int
    right_id: int
    actor: str
    reason: str
    decided_at: datetime
    revoked_at: datetime | None


def load_decisions(db: Connection, canonical_ids: Collection[int]) -> set[Decision]:
    """Standing decisions that name one of the records."""
    return ask_decisions(db, canonical_ids)()


def ask_decisions(db: Connection, canonical_ids: Collection[int]) -> Callable[[], set[Decision]]:
    """The same, called for later."""
    standing = _standing(db, canonical_ids)
    return lambda: set(standing().values())


def _standing(db: Connection, canonical_ids: Collection[int]) -> Callable[[], dict[str, Decision]]:
    columns = ("id", "kind", "left_id", "right_id")
    rows = ask_pairs(db, DECISIONS, columns, canonical_ids, condition="revoked_at IS NULL")
    return lambda: {str(r.id): Decision(r.kind, r.left_id, r.right_id) for r in rows()}


def between(db: Connection, ones: Collection[int], others: Collection[int]) -> set[Decision]:
    """Standing decisions on a record of one side and one of the other."""
    left, right = set(ones), set(others)
    return {
        item
        for item in load_decisions(db, left | right)
        if (item.left_id in left and item.right_id in right)
        or (item.left_id in right and item.right_id in left)
    }


def all_judgements(db: Connection, canonical_ids: Collection[int]) -> list[Judgement]:
    """Every decision ever made that names one of the records, in order."""
    named = list(canonical_ids)
    query = sa.select(*(decision.c[name] for name in Judgement._fields)).where(
        sa.or_(decision.c.left_id.in_(named), decision.c.right_id.in_(named))
    )
    return [Judgement._make(row) for row in db.execute(query.order_by(decision.c.decided_at))]


def decide(db: Connection, kind: str, pairs: Iterable[Pair], author: Author) -> None:
    """Record decisions; the newest on a pair stands and its records are resolved anew."""
    wanted = {_ordered(pair) for pair in pairs if pair[0] != pair[1]}
    ids = {record for pair in wanted for record in pair}
    standing = _standing(db, ids)()
    others = [id_ for id_, held in standing.items() if held.kind != kind and held[1:] in wanted]
    _revoke(db, others, author.at)
    known = {held[1:] for held in standing.values() if held.kind == kind}
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
        for left, right in sorted(wanted - known)
    ]
    if rows:
        db.execute(sa.insert(decision), rows)
    touch_records(db, ids)


def revoke(db: Connection, kind: str, pairs: Iterable[Pair], at: datetime) -> None:
    """Take decisions back; the records are resolved anew."""
    wanted = {_ordered(pair) for pair in pairs}
    ids = {record for pair in wanted for record in pair}
    standing = _standing(db, ids)()
    _revoke(db, [i for i, held in standing.items() if held.kind == kind and held[1:] in wanted], at)
    touch_records(db, ids)


def _revoke(db: Connection, ids: Iterable[str], at: datetime) -> None:
    rows: list[bulk.Row] = [(id_, to_micros(at)) for id_ in sorted(ids)]
    bulk.update(db, decision, ("id", "revoked_at"), rows)


def _ordered(pair: Pair) -> Pair:
    return (min(pair), max(pair))
