"""Lists a page at a time: each page begins after the last row of the one before (keyset paging).

Rows that come or go meanwhile shift nothing. A position holds row ids, times and figures; of the
search for names it holds a name, so that it must not stand in an address.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from hub.store.columns import UtcMicros, from_micros, to_micros
from hub.store.delivery_desk import FIELDLESS, DeliveryFilter, described_deliveries
from hub.store.quarantine import OPEN
from hub.store.review import CaseFilter
from hub.store.tables import (
    audit_entry,
    connection,
    quarantine,
    report_break,
    review_case,
    stream,
)

Position = Sequence[str | int]
"""Where a page ended, as JSON can hold it."""


class Span(NamedTuple):
    """Which page: so many rows after a position, from the start without one."""

    limit: int
    after: Position | None = None


class Page(NamedTuple):
    """Rows, and where the next page begins; None after the last."""

    rows: Sequence[Mapping[str, Any]]
    after: Position | None


class _Order(NamedTuple):
    """The columns of an order that names each row but once."""

    keys: Sequence[sa.ColumnElement[Any]]
    descending: bool = False


def case_page(db: Connection, wanted: CaseFilter, span: Span) -> Page:
    """Review cases, heaviest first."""
    c = review_case.c
    return _read(db, wanted.query(), _Order((-c.weight, c.opened_at, c.id)), span)


def quarantine_page(db: Connection, span: Span, *, state: str = OPEN) -> Page:
    """Entries of the quarantine with connection and stream, the oldest first; without raw text."""
    shown = [column for column in quarantine.c if column.name != "raw"]
    query = (
        sa.select(*shown, connection.c.name.label("connection"), stream.c.name.label("stream"))
        .join(stream, stream.c.id == quarantine.c.stream_id)
        .join(connection, connection.c.id == stream.c.connection_id)
        .where(quarantine.c.state == state)
    )
    return _read(db, query, _Order((quarantine.c.id,)), span)


def break_page(db: Connection, span: Span, *, report: str | None, states: Collection[str]) -> Page:
    """Breaks in one of the states, the oldest first."""
    c = report_break.c
    query = sa.select(report_break).where(c.state.in_(list(states)))
    if report is not None:
        query = query.where(c.report == report)
    return _read(db, query, _Order((c.first_seen, c.id)), span)


def audit_page(db: Connection, span: Span, *, action: str | None = None) -> Page:
    """Entries of the audit trail, the newest first."""
    shown = (audit_entry.c[name] for name in ("id", "at", "actor", "action", "reason", "detail"))
    query = sa.select(*shown)
    if action is not None:
        query = query.where(audit_entry.c.action == action)
    return _read(db, query, _Order((audit_entry.c.id,), descending=True), span)


def delivery_page(db: Connection, wanted: DeliveryFilter, span: Span) -> Page:
    """Deliveries of fields and of whole records, the newest first."""
    found: list[Mapping[str, Any]] = []
    for table, query in described_deliveries(wanted):
        order = _Order((table.c.planned_at, table.c.id), descending=True)
        rows = _read(db, query, order, Span(span.limit + 1, span.after)).rows
        found += [FIELDLESS | dict(row) for row in rows]
    found.sort(key=lambda row: (row["planned_at"], row["id"]), reverse=True)
    if len(found) <= span.limit:
        return Page(found, None)
    last = found[span.limit - 1]
    return Page(found[: span.limit], (to_micros(last["planned_at"]), last["id"]))


_NAMED: Final = """
    SELECT party_id, kind, display_name, seq FROM rpt_party_v1
    WHERE LOWER(display_name) LIKE :pattern ESCAPE '\\' {after}
    ORDER BY display_name, seq LIMIT :limit"""


def name_page(db: Connection, text: str, span: Span) -> Page:
    """Active customers whose golden name contains the text in any case, by name."""
    pattern = text.lower().replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    bound: dict[str, Any] = {"pattern": f"%{pattern}%", "limit": span.limit + 1}
    if span.after is not None:
        bound |= dict(zip(("name", "seq"), span.after, strict=True))
    after = "AND (display_name, seq) > (:name, :seq)" if span.after is not None else ""
    found = db.execute(sa.text(_NAMED.format(after=after)), bound).mappings()
    rows = [dict(row) for row in found]
    last = rows[span.limit - 1] if len(rows) > span.limit else None
    return Page(rows[: span.limit], (last["display_name"], last["seq"]) if last else None)


def _read(db: Connection, query: sa.Select[Any], order: _Order, span: Span) -> Page:
    names = [f"key_{number}" for number in range(len(order.keys))]
    query = query.add_columns(
        *(key.label(name) for key, name in zip(order.keys, names, strict=True))
    )
    if span.after is not None:
        query = query.where(_beyond(order, span.after))
    sorted_by = [key.desc() if order.descending else key for key in order.keys]
    found = db.execute(query.order_by(*sorted_by).limit(span.limit + 1)).mappings()
    rows = [dict(row) for row in found]
    after = _position(rows[span.limit - 1], names) if len(rows) > span.limit else None
    return Page(rows[: span.limit], after)


def _beyond(order: _Order, after: Position) -> sa.ColumnElement[bool]:
    types = [key.type for key in order.keys]
    values = _typed(after, types)
    bound = [sa.literal(value, type_) for value, type_ in zip(values, types, strict=True)]
    here, there = sa.tuple_(*order.keys), sa.tuple_(*bound)
    return here < there if order.descending else here > there


def _typed(after: Position, types: Sequence[sa.types.TypeEngine[Any]]) -> list[Any]:
    return [
        from_micros(int(value)) if isinstance(type_, UtcMicros) else value
        for value, type_ in zip(after, types, strict=True)
    ]


def _position(row: Mapping[str, Any], names: Sequence[str]) -> Position:
    values = (row[name] for name in names)
    return [to_micros(value) if isinstance(value, datetime) else value for value in values]
