"""Canonical records: what a mapping made of source records, with their references and documents."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from hub.store import bulk
from hub.store.ids import IdSource
from hub.store.tables import (
    canonical_record,
    canonical_ref,
    document,
    raw_version,
    source_record,
)

PARTY: Final = "party"
"""The entity that resolution works on: only its records wait for it."""

_PENDING: Final = sa.text("source_record.pending")
"""Written as in the partial index: SQLite would not use it for ``pending = 1``."""
_CHANGED: Final = (
    "id",
    "entity",
    "body",
    "body_hash",
    "raw_version",
    "mapping_digest",
    "active",
    "pending",
)
_NEW: Final = (*_CHANGED, "record_id", "part")
_REF: Final = ("canonical_id", "role", "stream_id", "source_key", "part")
_DOCUMENT: Final = (
    "canonical_id",
    "entity",
    "kind",
    "number",
    "date",
    "status",
    "currency",
    "net",
    "tax",
    "gross",
    "open_amount",
    "checksum",
    "due_date",
    "changed",
)
Ref = tuple[str, str, str, str]
"""Role, type (a stream's name), source key, part."""


class Taken(NamedTuple):
    """A source record that waits to be translated, with its latest payload."""

    id: int
    key: str
    version: int
    deleted: bool
    payload: str
    source_version: str | None = None


class Translated(NamedTuple):
    """One canonical record ready to be stored; ``document`` holds the columns after the id."""

    record_id: int
    raw_version: int
    part: str
    entity: str
    body: str
    hash: bytes
    refs: Sequence[Ref]
    document: bulk.Row | None


@dataclass(frozen=True, slots=True)
class Translation:
    """How a chunk is stored: under which mapping, and the stream id of a type."""

    mapping_digest: str
    stream_of: Callable[[str], int]
    ids: IdSource


def take_pending(connection: Connection, stream_id: int, *, after: int, limit: int) -> list[Taken]:
    """The next records of a stream that are new, changed or deleted, in the order of their ids."""
    pending = (
        sa.select(
            source_record.c.id,
            source_record.c.source_key,
            source_record.c.version,
            source_record.c.deleted,
            raw_version.c.payload,
            source_record.c.source_version,
        )
        .join(
            raw_version,
            (raw_version.c.record_id == source_record.c.id)
            & (raw_version.c.version == source_record.c.version),
        )
        .where(_PENDING, source_record.c.stream_id == stream_id, source_record.c.id > after)
        .order_by(source_record.c.id)
        .limit(limit)
    )
    return [Taken._make(row) for row in connection.execute(pending).all()]


def confirm_pending(
    connection: Connection, stream_id: int, taken: Sequence[Taken], *, landed_since: bool
) -> set[int]:
    """Those of the taken records that nobody has changed or translated since; they are done now.

    The caller holds the stream's row, so no page lands in between; ``landed_since`` says whether
    one did after the records were taken.
    """
    if not taken:
        return set()
    span = sa.and_(
        _PENDING,
        source_record.c.stream_id == stream_id,
        source_record.c.id.between(taken[0].id, taken[-1].id),
    )
    settled = sa.update(source_record).values(pending=False)
    if not landed_since and _count(connection, span) == len(taken):
        connection.execute(settled.where(span))
        return {row.id for row in taken}
    versions = sa.select(source_record.c.id, source_record.c.version).where(span)
    still = {row.id: row.version for row in connection.execute(versions)}
    confirmed = {row.id for row in taken if still.get(row.id) == row.version}
    connection.execute(settled.where(source_record.c.id.in_(confirmed)))
    return confirmed


def _count(connection: Connection, condition: sa.ColumnElement[bool]) -> int:
    found: int | None = connection.scalar(sa.select(sa.func.count()).where(condition))
    return found or 0


def store_translated(
    connection: Connection,
    rows: Iterable[Translated],
    *,
    of_records: Collection[int],
    translation: Translation,
) -> Counter[str]:
    """Store what the records gave; their parts that were not given again become inactive."""
    held = _look_up(connection, of_records)
    chunk = _Chunk(translation, held)
    for row in rows:
        chunk.place(row)
    chunk.deactivate_rest()
    chunk.store(connection)
    return chunk.counts


def queue_all(connection: Connection, stream_id: int) -> int:
    """Let every record of a stream be translated again; returns how many."""
    return connection.execute(
        sa.update(source_record)
        .where(
            source_record.c.stream_id == stream_id,
            ~source_record.c.deleted,
            ~source_record.c.pending,
        )
        .values(pending=True)
    ).rowcount


class _Held(NamedTuple):
    record_id: int
    part: str
    id: int
    entity: str
    body_hash: bytes
    active: bool


class _Chunk:
    """Compares a chunk with what is held and collects the rows to write."""

    def __init__(self, translation: Translation, held: dict[tuple[int, str], _Held]) -> None:
        self.counts: Counter[str] = Counter()
        self._translation = translation
        self._held = held
        self._new: list[bulk.Row] = []
        self._changed: list[bulk.Row] = []
        self._same: list[bulk.Row] = []
        self._inactive: list[bulk.Row] = []
        self._refs: list[bulk.Row] = []
        self._documents: list[bulk.Row] = []

    def place(self, row: Translated) -> None:
        """Sort one record's part into new, changed and the same."""
        held = self._held.pop((row.record_id, row.part), None)
        digest = self._translation.mapping_digest
        if held is not None and held.active and held.body_hash == row.hash:
            self._same.append((held.id, row.raw_version, digest))
            self.counts["parts_unchanged"] += 1
            return
        id_ = self._translation.ids.take(1)[0] if held is None else held.id
        concerns = PARTY in {row.entity, held.entity if held else None}
        columns = (id_, row.entity, row.body, row.hash, row.raw_version, digest, True, concerns)
        if held is None:
            self._new.append((*columns, row.record_id, row.part))
            self.counts["parts_new"] += 1
        else:
            self._changed.append(columns)
            self.counts["parts_changed"] += 1
        self._attach(id_, row)

    def deactivate_rest(self) -> None:
        """What is left of the held parts has vanished from its record."""
        for held in self._held.values():
            if held.active:
                self._inactive.append((held.id, False, held.entity == PARTY))
                self.counts["parts_deactivated"] += 1

    def store(self, connection: Connection) -> None:
        """Write the chunk."""
        changed = [row[0] for row in self._changed]
        bulk.delete(connection, canonical_ref, "canonical_id", changed)
        bulk.delete(connection, document, "canonical_id", changed)
        bulk.insert(connection, canonical_record, _NEW, self._new)
        bulk.update(connection, canonical_record, _CHANGED, self._changed)
        bulk.update(
            connection, canonical_record, ("id", "raw_version", "mapping_digest"), self._same
        )
        bulk.update(connection, canonical_record, ("id", "active", "pending"), self._inactive)
        bulk.insert(connection, canonical_ref, _REF, self._refs)
        bulk.insert(connection, document, _DOCUMENT, self._documents)

    def _attach(self, id_: int, row: Translated) -> None:
        if row.refs:
            stream_of = self._translation.stream_of
            self._refs += [
                (id_, role, stream_of(type_), key, part) for role, type_, key, part in row.refs
            ]
        if row.document is not None:
            self._documents.append((id_, *row.document))


def _look_up(connection: Connection, record_ids: Collection[int]) -> dict[tuple[int, str], _Held]:
    where = bulk.LookUp("record_id", record_ids)
    columns = ("record_id", "part", "id", "entity", "body_hash", "active")
    rows = bulk.look_up(connection, canonical_record, columns, where)
    held = [_Held._make(row) for row in rows]
    return {(row.record_id, row.part): row for row in held}
