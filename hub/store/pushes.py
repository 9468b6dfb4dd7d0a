"""Pushed deliveries: stored before they are acknowledged, kept until they have landed.

A delivery is ``pending`` until it has landed (``done``: its body is dropped) or turned out to be
unusable (``failed``; after five tries ``dead``), which waits for a person.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

import orjson
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Connection, RowMapping

from hub.store.arrivals import PENDING_PUSH, push_delivery
from hub.store.columns import new_id
from hub.store.tables import connection as connection_table

PENDING: Final = "pending"
DONE: Final = "done"
FAILED: Final = "failed"
DEAD: Final = "dead"
STATES: Final = (PENDING, DONE, FAILED, DEAD)
MAX_TRIES: Final = 5

_SHOWN: Final = [column for column in push_delivery.c if column.name not in {"body", "headers"}]


@dataclass(frozen=True, slots=True, kw_only=True)
class Pushed:
    """A delivery that waits to be landed."""

    id: str
    delivery_id: str
    body: bytes
    headers: Mapping[str, str]
    received_at: datetime


def store_delivery(connection: Connection, connection_id: str, delivery: Pushed) -> bool:
    """Keep a delivery; False where the same one was kept before."""
    dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
    row = {
        "id": delivery.id,
        "connection_id": connection_id,
        "delivery_id": delivery.delivery_id,
        "received_at": delivery.received_at,
        "headers": orjson.dumps(delivery.headers, option=orjson.OPT_SORT_KEYS).decode(),
        "body": delivery.body,
        "state": PENDING,
    }
    kept = dialect.insert(push_delivery).values(row).on_conflict_do_nothing()
    return connection.scalar(kept.returning(push_delivery.c.id)) is not None


def fresh_delivery(delivery_id: str, body: bytes, headers: Mapping[str, str]) -> Pushed:
    """A delivery that arrives now."""
    return Pushed(
        id=new_id(),
        delivery_id=delivery_id,
        body=body,
        headers=headers,
        received_at=datetime.now(UTC),
    )


def list_pending(
    connection: Connection, name: str, *, after: str | None, limit: int
) -> list[Pushed]:
    """What waits to be landed for a connection, in the order of arrival."""
    waiting = (
        sa.select(push_delivery)
        .join(connection_table, connection_table.c.id == push_delivery.c.connection_id)
        .where(connection_table.c.name == name, sa.text(PENDING_PUSH))
        .order_by(push_delivery.c.id)
        .limit(limit)
    )
    if after is not None:
        waiting = waiting.where(push_delivery.c.id > after)
    rows = connection.execute(waiting)
    return [
        Pushed(
            id=row.id,
            delivery_id=row.delivery_id,
            body=row.body or b"",
            headers=orjson.loads(row.headers),
            received_at=row.received_at,
        )
        for row in rows
    ]


def connections_waiting(connection: Connection) -> list[str]:
    """The connections for which something waits to be landed."""
    waiting = (
        sa.select(connection_table.c.name)
        .join(push_delivery, connection_table.c.id == push_delivery.c.connection_id)
        .where(sa.text(PENDING_PUSH))
        .distinct()
        .order_by(connection_table.c.name)
    )
    return list(connection.scalars(waiting))


def settle_deliveries(connection: Connection, ids: Sequence[str]) -> int:
    """They have landed: their bodies are not needed any more."""
    if not ids:
        return 0
    return _change(
        connection,
        push_delivery.c.id.in_(ids) & (push_delivery.c.state == PENDING),
        state=DONE,
        body=None,
        reason=None,
        settled_at=datetime.now(UTC),
    )


def fail_delivery(connection: Connection, id_: str, reason: str) -> None:
    """It can't be used as it is; the reason holds nothing of it."""
    tries = push_delivery.c.attempts + 1
    _change(
        connection,
        (push_delivery.c.id == id_) & (push_delivery.c.state == PENDING),
        state=sa.case((tries >= MAX_TRIES, DEAD), else_=FAILED),
        attempts=tries,
        reason=reason,
        settled_at=datetime.now(UTC),
    )


def retry_deliveries(connection: Connection, ids: Sequence[str]) -> int:
    """Let these try again, dead ones too; without any, all that failed; returns how many."""
    chosen = push_delivery.c.state == FAILED
    if ids:
        chosen = push_delivery.c.id.in_(ids) & push_delivery.c.state.in_((FAILED, DEAD))
    return _change(connection, chosen, state=PENDING, reason=None, settled_at=None)


def forget_deliveries(connection: Connection, before: datetime) -> int:
    """Drop the note of what landed before a time; until then a repetition is recognised."""
    old = (push_delivery.c.state == DONE) & (push_delivery.c.settled_at < before)
    return connection.execute(sa.delete(push_delivery).where(old)).rowcount


def list_deliveries(
    connection: Connection, *, state: str | None = None, ids: Sequence[str] = (), limit: int = 50
) -> list[RowMapping]:
    """Deliveries with their connection's name, newest first, without body and headers."""
    size = sa.func.length(push_delivery.c.body).label("bytes")
    listed = (
        sa.select(connection_table.c.name.label("connection"), *_SHOWN, size)
        .join(connection_table, connection_table.c.id == push_delivery.c.connection_id)
        .order_by(push_delivery.c.id.desc())
        .limit(limit)
    )
    if state is not None:
        listed = listed.where(push_delivery.c.state == state)
    if ids:
        listed = listed.where(push_delivery.c.id.in_(ids))
    return list(connection.execute(listed).mappings())


def _change(connection: Connection, which: sa.ColumnElement[bool], **values: Any) -> int:
    return connection.execute(sa.update(push_delivery).where(which).values(values)).rowcount
