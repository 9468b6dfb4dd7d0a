"""The life of breaks over re-runs: they open, are explained or assigned, close, and come back."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Final, NamedTuple

import sqlalchemy as sa

from hub.store.database import Connection
from hub.store.ids import take_block
from hub.store.tables import break_note, report_break

GONE: Final = "closed"
SETTLED: Final = ("explained", "force_closed")
"""A person's word on certain figures: it holds for those, and for no others."""
_AT_ONCE: Final = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundBreak:
    """A break as one run sees it; ``id`` is the same in every run, ``figure`` as its values are."""

    id: str
    check_id: str
    row_class: str
    subject: str
    cause: str
    owner: str
    detail: str
    figure: str
    amount: Decimal | None = None
    currency: str | None = None


class Life(NamedTuple):
    """What is known of a break beside its figures."""

    first_seen: datetime
    state: str
    cause: str
    owner: str | None
    notes: int


class Note(NamedTuple):
    """What a person did to a break."""

    at: datetime
    actor: str
    kind: str
    text: str


def open_breaks(db: Connection, report: str) -> set[str]:
    """The ids of a report's breaks that are not closed."""
    query = sa.select(report_break.c.id).where(
        report_break.c.report == report, report_break.c.state != GONE
    )
    return set(db.scalars(query))


def keep_breaks(
    db: Connection, report: str, found: Sequence[FoundBreak], now: datetime
) -> dict[str, Life]:
    """Record what a run found: new breaks open, gone ones close, returning ones reopen.

    Age, owner, cause and notes stay; a person's explanation stays while the figures do.
    """
    known = {row.id: row for row in db.execute(sa.select(report_break).where(_of(report))).all()}
    fresh = [item for item in found if item.id not in known]
    again = [item for item in found if item.id in known]
    if fresh:
        db.execute(sa.insert(report_break), [_row(report, item, now) for item in fresh])
    if again:
        _see_again(db, [_seen(known[item.id], item, now) for item in again])
    gone = known.keys() - {item.id for item in found}
    _close(db, [key for key in sorted(gone) if known[key].state != GONE], now)
    notes = _count_notes(db, report)
    lives = {item.id: Life(now, "open", item.cause, item.owner, 0) for item in fresh}
    for item in again:
        row = known[item.id]
        state = _state_after(row, item)
        lives[item.id] = Life(row.first_seen, state, row.cause, row.owner, notes.get(item.id, 0))
    return lives


def get_break(db: Connection, break_id: str) -> Mapping[str, Any] | None:
    """All that is stored of a break; None where there is no such one."""
    row = db.execute(sa.select(report_break).where(report_break.c.id == break_id)).mappings()
    found = row.one_or_none()
    return None if found is None else dict(found)


def list_breaks(
    db: Connection, *, report: str | None, states: Collection[str], limit: int
) -> list[Mapping[str, Any]]:
    """Breaks in one of the states, the oldest first."""
    query = sa.select(report_break).where(report_break.c.state.in_(list(states)))
    if report is not None:
        query = query.where(_of(report))
    query = query.order_by(report_break.c.first_seen, report_break.c.id).limit(limit)
    return [dict(row) for row in db.execute(query).mappings()]


def change_break(db: Connection, break_id: str, *, seen: str, **values: str) -> bool:
    """Change a break that is still in the state that was seen; False where it is not."""
    where = (report_break.c.id == break_id) & (report_break.c.state == seen)
    return bool(db.execute(sa.update(report_break).where(where).values(values)).rowcount)


def add_note(db: Connection, break_id: str, note: Note) -> None:
    """Note what a person did to a break."""
    number = take_block(db, "break_note", 1)
    db.execute(sa.insert(break_note).values(id=number, break_id=break_id, **note._asdict()))


def notes_of(db: Connection, break_id: str) -> list[Note]:
    """What people did to a break, the oldest first."""
    columns = (break_note.c[name] for name in Note._fields)
    query = sa.select(*columns).where(break_note.c.break_id == break_id).order_by(break_note.c.id)
    return [Note._make(row) for row in db.execute(query)]


def _of(report: str) -> sa.ColumnElement[bool]:
    return report_break.c.report == report


def _row(report: str, item: FoundBreak, now: datetime) -> dict[str, Any]:
    return {
        **{name: getattr(item, name) for name in FoundBreak.__slots__},
        "report": report,
        "state": "open",
        "first_seen": now,
        "last_seen": now,
        "closed_at": None,
    }


def _seen(row: sa.Row[Any], item: FoundBreak, now: datetime) -> dict[str, Any]:
    return {
        "key": item.id,
        "state": _state_after(row, item),
        "row_class": item.row_class,
        "detail": item.detail,
        "figure": item.figure,
        "amount": item.amount,
        "currency": item.currency,
        "last_seen": now,
        "closed_at": None,
    }


def _state_after(row: sa.Row[Any], item: FoundBreak) -> str:
    """A closed break that comes back is reopened, and an explained one whose figures changed."""
    if row.state == GONE or (row.state in SETTLED and row.figure != item.figure):
        return "reopened"
    return str(row.state)


def _see_again(db: Connection, changes: Iterable[dict[str, Any]]) -> None:
    db.execute(
        sa.update(report_break).where(report_break.c.id == sa.bindparam("key")), list(changes)
    )


def _close(db: Connection, ids: Sequence[str], now: datetime) -> None:
    for start in range(0, len(ids), _AT_ONCE):
        db.execute(
            sa.update(report_break)
            .where(report_break.c.id.in_(ids[start : start + _AT_ONCE]))
            .values(state=GONE, closed_at=now)
        )


def _count_notes(db: Connection, report: str) -> dict[str, int]:
    query = (
        sa.select(break_note.c.break_id, sa.func.count())
        .join(report_break, report_break.c.id == break_note.c.break_id)
        .where(_of(report))
        .group_by(break_note.c.break_id)
    )
    return {row[0]: row[1] for row in db.execute(query)}
