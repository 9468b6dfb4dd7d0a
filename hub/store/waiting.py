"""Which party records wait for resolution: noted by those that change them, settled by a run."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from sqlalchemy.engine import Connection

from hub.store import bulk
from hub.store.driver import fetch, run_each, send
from hub.store.tables import canonical_record


def pending_ids(db: Connection, after: int, limit: int) -> list[int]:
    """Ids of party records that wait for resolution, in order of arrival."""
    mark = "?" if db.dialect.name == "sqlite" else "%s"
    query = f"SELECT id {_waiting(db)} AND id > {mark} ORDER BY id LIMIT {mark}"
    return [row.id for row in fetch(db, query, (after, limit), ("id",))]


def _waiting(db: Connection) -> str:
    """Read through the partial index, whose condition this is.

    SQLite is told to: by itself it reads every party record for the few that wait.
    """
    index = " INDEXED BY ix_canonical_record_pending" if db.dialect.name == "sqlite" else ""
    return f"FROM canonical_record{index} WHERE pending AND entity = 'party'"


def touch_records(db: Connection, ids: Collection[int]) -> None:
    """Make records pending, so that the next run resolves them anew."""
    rows: list[bulk.Row] = [(canonical_id, True) for canonical_id in sorted(ids)]
    bulk.update(db, canonical_record, ("id", "pending"), rows)


def settle_records(db: Connection, settled: Iterable[tuple[int, bytes, bool]]) -> None:
    """Records that a run has resolved wait no longer, as far as they still say what they said.

    Given are ids, digests and whether they are there. The database compares as it writes: a sync
    may have committed since it was asked.
    """
    rows = sorted(settled)
    if not rows:
        return
    if db.dialect.name == "sqlite":
        sql = (
            "UPDATE canonical_record SET pending = 0 WHERE id = ? AND body_hash = ? AND active = ?"
        )
        run_each(db, sql, rows)
        return
    arrays = "unnest(%s::bigint[], %s::bytea[], %s::boolean[]) AS said(id, body_hash, active)"
    same = "held.id = said.id AND held.body_hash = said.body_hash AND held.active = said.active"
    sql = f"UPDATE canonical_record AS held SET pending = FALSE FROM {arrays} WHERE {same}"
    send(db, sql, tuple(list(column) for column in zip(*rows, strict=True)))
