"""Connections and streams: their identity, and the state of a stream as it is committed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import orjson
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Connection

from hub.errors import ConfigError
from hub.store.columns import new_id
from hub.store.ids import take_block
from hub.store.tables import connection as connection_table
from hub.store.tables import stream

Cursor = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamState:
    """A stream as it is committed; a page is landed against exactly this state."""

    id: int
    name: str
    connection_id: str
    connection: str
    cursor: Cursor | None
    commit_seq: int
    epoch: int
    epoch_open: bool
    mapping_digest: str | None


def ensure_connection(
    connection: Connection,
    name: str,
    *,
    connector: str,
    office: str = "front",
    renamed_from: str | None = None,
) -> str:
    """The connection's id, made on first sight; a renamed connection keeps its id and records."""
    known = {row.name: row for row in _connections(connection, [name, renamed_from or name])}
    if renamed_from in known and renamed_from != name:
        if name in known:
            raise ConfigError(
                f"connections {name} and {renamed_from} both have records: remove renamed_from"
            )
        _change(connection, known[renamed_from].id, name=name)
        known[name] = known[renamed_from]
    if name not in known:
        _create(connection, name, connector, office)
        known = {row.name: row for row in _connections(connection, [name])}
    if known[name].connector != connector:
        raise ConfigError(
            f"connection {name} was made with the connector {known[name].connector}, "
            f"not {connector}: give the new system a name of its own"
        )
    found: str = known[name].id
    if known[name].office != office:
        _change(connection, found, office=office)
    return found


def find_stream(connection: Connection, connection_name: str, name: str) -> int | None:
    """The stream's id, or None where it was never read."""
    found: int | None = connection.scalar(
        sa.select(stream.c.id)
        .join(connection_table, connection_table.c.id == stream.c.connection_id)
        .where(connection_table.c.name == connection_name, stream.c.name == name)
    )
    return found


def ensure_stream(connection: Connection, connection_id: str, name: str) -> int:
    """The stream's id, made on first sight."""
    wanted = sa.select(stream.c.id).where(
        stream.c.connection_id == connection_id, stream.c.name == name
    )
    found: int | None = connection.scalar(wanted)
    if found is None:
        _insert_once(
            connection,
            stream,
            {
                "id": take_block(connection, "stream", 1),
                "connection_id": connection_id,
                "name": name,
            },
        )
        found = connection.scalar(wanted)
    assert found is not None
    return found


def read_stream(connection: Connection, stream_id: int) -> StreamState:
    """The stream as it is committed."""
    row = connection.execute(
        sa.select(stream, connection_table.c.name.label("connection"))
        .join(connection_table, connection_table.c.id == stream.c.connection_id)
        .where(stream.c.id == stream_id)
    ).one()
    return StreamState(
        id=row.id,
        name=row.name,
        connection_id=row.connection_id,
        connection=row.connection,
        cursor=None if row.cursor is None else orjson.loads(row.cursor),
        commit_seq=row.commit_seq,
        epoch=row.epoch,
        epoch_open=row.epoch_open,
        mapping_digest=row.mapping_digest,
    )


def lock_stream(connection: Connection, stream_id: int) -> StreamState:
    """The stream, held until the end of the transaction: no page is landed in between."""
    connection.execute(
        sa.select(stream.c.id).where(stream.c.id == stream_id).with_for_update(key_share=True)
    )
    return read_stream(connection, stream_id)


def record_mapping_digest(connection: Connection, stream_id: int, digest: str) -> None:
    """Note which mapping the stream's records are translated with."""
    connection.execute(
        sa.update(stream).where(stream.c.id == stream_id).values(mapping_digest=digest)
    )


def _connections(connection: Connection, names: list[str]) -> list[sa.Row[Any]]:
    wanted = sa.select(connection_table).where(connection_table.c.name.in_(names))
    return list(connection.execute(wanted))


def _change(connection: Connection, connection_id: str, **values: str) -> None:
    connection.execute(
        sa.update(connection_table).where(connection_table.c.id == connection_id).values(values)
    )


def _create(connection: Connection, name: str, connector: str, office: str) -> None:
    row = {
        "id": new_id(),
        "name": name,
        "connector": connector,
        "office": office,
        "created_at": datetime.now(UTC),
    }
    _insert_once(connection, connection_table, row)


def _insert_once(connection: Connection, table: sa.Table, row: dict[str, Any]) -> None:
    """Another process may be making the same row: the first one stays."""
    dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
    connection.execute(dialect.insert(table).values(row).on_conflict_do_nothing())
