"""Landing: source records and their raw versions, a page at a time.

A page's keys are looked up with one statement, each record is classified in memory, and what is
new or changed is written in bulk. Nothing here commits: the page shares the transaction of its
cursor (law 2).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Container, Iterable, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any, Final, NamedTuple

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from hub.sdk.contract import Tombstone
from hub.store import bulk
from hub.store.ids import IdSource
from hub.store.tables import raw_version, source_record

_HELD: Final = ("source_key", "id", "version", "source_version", "payload_hash", "epoch", "deleted")
_CHANGED: Final = (
    "id",
    "version",
    "source_version",
    "payload_hash",
    "epoch",
    "deleted",
    "merged_into",
    "pending",
)
_NEW: Final = (*_CHANGED, "stream_id", "source_key")
_RAW: Final = (
    "record_id",
    "version",
    "payload",
    "payload_hash",
    "source_version",
    "deleted",
    "observed_at",
    "run_id",
)


def payload_hash(payload: bytes) -> bytes:
    """Tells versions apart: 128 bits of BLAKE2b."""
    return blake2b(payload, digest_size=16).digest()


GONE: Final = "null"
"""The payload of a deleted version; the last one that had content stays readable before it."""
GONE_HASH: Final = payload_hash(GONE.encode())


class Landed(NamedTuple):
    """A record that is ready to be stored: its payload as JSON text, with its hash."""

    key: str
    version: str | None
    payload: str
    hash: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class PageContext:
    """Where and when a page lands. In a full read (``epoch_open``) every record seen is stamped."""

    stream_id: int
    epoch: int
    epoch_open: bool
    run_id: str
    observed_at: int
    suppressed: Container[str] = ()
    """Keys of erased records: counted, and nothing of them is stored."""


class _Held:
    """The latest version of a record, as stored or as this page leaves it."""

    __slots__ = (
        "deleted",
        "epoch",
        "hash",
        "id",
        "merged_into",
        "source_version",
        "step",
        "version",
    )

    def __init__(self, row: Sequence[Any]) -> None:
        self.id, self.version, self.source_version, self.hash, self.epoch, self.deleted = row
        self.merged_into: str | None = None
        self.step = ""


class PageLanding:
    """One page on its way into the store: classify everything, then write it at once."""

    def __init__(
        self, connection: Connection, context: PageContext, *, keys: list[str], ids: IdSource
    ) -> None:
        self.counts: Counter[str] = Counter()
        self._connection = connection
        self._context = context
        self._held = _look_up(connection, context.stream_id, keys)
        self._ids = iter(ids.take(len(set(keys) - self._held.keys())))
        self._run_id = bulk.driver_uuid(connection, context.run_id)
        self._raw: list[bulk.Row] = []
        self._touched: dict[str, _Held] = {}
        self._stamped: list[bulk.Row] = []
        self._renumbered: list[bulk.Row] = []

    def place(self, records: Iterable[Landed]) -> None:
        """Take the page's records, in their order."""
        held, counts, suppressed = self._held, self.counts, self._context.suppressed
        for record in records:
            row = held.get(record.key)
            if record.key in suppressed:
                counts["suppressed"] += 1
            elif row is None:
                self._begin(record.key, record.version)
                self._append(record.key, record, deleted=False)
                counts["new"] += 1
            elif row.hash == record.hash and not row.deleted:
                self._renumber(row, record.version)
                counts[self._meet(row)] += 1
            elif _is_older(record.version, row.source_version):
                self._meet(row)
                counts["stale"] += 1
            else:
                row.version += 1
                self._append(record.key, record, deleted=False)
                counts["changed"] += 1

    def bury(self, tombstones: Iterable[Tombstone]) -> None:
        """Take the page's tombstones, after its records.

        One for a record that was never seen is kept too: an older version may still come.
        """
        for gone in tombstones:
            row = self._held.get(gone.key)
            if gone.key in self._context.suppressed:
                self.counts["suppressed"] += 1
                continue
            if row is None:
                row = self._begin(gone.key, gone.version)
            elif row.deleted:
                self.counts["unchanged"] += 1
                continue
            elif _is_older(gone.version, row.source_version):
                self.counts["stale"] += 1
                continue
            else:
                row.version += 1
            row.merged_into = gone.merged_into
            version = row.source_version if gone.version is None else gone.version
            self._append(gone.key, Landed(gone.key, version, GONE, GONE_HASH), deleted=True)
            self.counts["tombstones"] += 1

    def meet(self, key: str) -> int | None:
        """Note that a record was there though it couldn't be read; returns its row id if held."""
        row = self._held.get(key)
        if row is None:
            return None
        self._meet(row)
        found: int = row.id
        return found

    def store(self) -> None:
        """Write the page."""
        stream_id = self._context.stream_id
        fresh = [(key, row) for key, row in self._touched.items() if row.step == "new"]
        bulk.insert(
            self._connection,
            source_record,
            _NEW,
            [(*_columns(row), stream_id, key) for key, row in fresh],
        )
        bulk.update(
            self._connection,
            source_record,
            _CHANGED,
            [_columns(row) for row in self._touched.values() if row.step == "changed"],
        )
        bulk.insert(self._connection, raw_version, _RAW, self._raw)
        bulk.update(self._connection, source_record, ("id", "epoch"), self._stamped)
        bulk.update(self._connection, source_record, ("id", "source_version"), self._renumbered)

    def _begin(self, key: str, version: str | None) -> _Held:
        row = _Held((next(self._ids), 1, version, b"", self._context.epoch, False))
        row.step = "new"
        self._held[key] = row
        return row

    def _append(self, key: str, record: Landed, *, deleted: bool) -> None:
        row = self._held[key]
        _, row.source_version, payload, row.hash = record
        row.deleted, row.epoch = deleted, self._context.epoch
        if row.step != "new":
            row.step = "changed"
        self._touched[key] = row
        context = self._context
        self._raw.append(
            (
                row.id,
                row.version,
                payload,
                row.hash,
                row.source_version,
                deleted,
                context.observed_at,
                self._run_id,
            )
        )

    def _meet(self, row: _Held) -> str:
        """Repeated where this page or this full read had the record before, else unchanged."""
        context = self._context
        if row.step or (context.epoch_open and row.epoch == context.epoch):
            return "repeated"
        if context.epoch_open:
            row.epoch = context.epoch
            self._stamped.append((row.id, context.epoch))
        row.step = "seen"
        return "unchanged"

    def _renumber(self, row: _Held, version: str | None) -> None:
        """The same content under a newer version: writing back needs the newer one."""
        if version in {None, row.source_version} or _is_older(version, row.source_version):
            return
        row.source_version = version
        self._renumbered.append((row.id, version))


def vanish(
    connection: Connection, context: PageContext, missing: sa.ColumnElement[bool] | None = None
) -> int:
    """Turn every record that this full read has not met into a tombstone; returns how many.

    ``missing`` says otherwise which records are gone.
    """
    missing = _missing(context) if missing is None else missing
    version = source_record.c.version + 1
    rows = sa.select(
        source_record.c.id,
        version,
        sa.literal(GONE),
        sa.literal(GONE_HASH, sa.LargeBinary),
        source_record.c.source_version,
        sa.true(),
        sa.literal(context.observed_at, sa.BigInteger),
        sa.literal(context.run_id, sa.Uuid(as_uuid=False)),
    ).where(missing)
    connection.execute(sa.insert(raw_version).from_select(list(_RAW), rows))
    return connection.execute(
        sa.update(source_record)
        .where(missing)
        .values(version=version, payload_hash=GONE_HASH, deleted=True, pending=True)
    ).rowcount


def count_missing(connection: Connection, context: PageContext) -> tuple[int, int]:
    """How many live records this full read has not met, and how many live ones there are."""
    row = connection.execute(
        sa.select(
            sa.func.coalesce(sa.func.sum(sa.case((_missing(context), 1), else_=0)), 0),
            sa.func.count(),
        ).where(source_record.c.stream_id == context.stream_id, ~source_record.c.deleted)
    ).one()
    return int(row[0]), int(row[1])


def _missing(context: PageContext) -> sa.ColumnElement[bool]:
    return sa.and_(
        source_record.c.stream_id == context.stream_id,
        ~source_record.c.deleted,
        source_record.c.epoch < context.epoch,
    )


def _look_up(connection: Connection, stream_id: int, keys: list[str]) -> dict[str, _Held]:
    where = bulk.LookUp("source_key", set(keys), fixed=("stream_id", stream_id))
    rows = bulk.look_up(connection, source_record, _HELD, where)
    return {row[0]: _Held(row[1:]) for row in rows}


def _columns(row: _Held) -> bulk.Row:
    return (
        row.id,
        row.version,
        row.source_version,
        row.hash,
        row.epoch,
        row.deleted,
        row.merged_into,
        not (row.deleted and row.step == "new"),
    )


def _is_older(version: str | None, held: str | None) -> bool:
    return version is not None and held is not None and version < held
