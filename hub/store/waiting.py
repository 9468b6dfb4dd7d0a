"""Which party records wait for resolution: noted by those that change them, settled by a run."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Any, NamedTuple

from sqlalchemy.engine import Connection

from hub.store import bulk
from hub.store.driver import fetch, run_each, send
from hub.store.tables import canonical_record


class Waiting(NamedTuple):
    """A party record that waits: its body (JSON), the digest of that, and whether it is there.

    ``profile`` is the digest of the profile that is indexed, if one is.
    """

    id: int
    body: str
    body_hash: bytes
    active: bool
    profile: str | None


def load_waiting(db: Connection, after: int, limit: int) -> list[Waiting]:
    """Records that wait for resolution, in order of arrival, with all that their index takes."""
    # not a join: the planner may take that for one of all the profiles there are
    profile = "(SELECT profile FROM match_profile WHERE canonical_id = canonical_record.id)"
    wanted = f"id, body, body_hash, active, {profile}"
    rows = _waiting(db, wanted, Waiting._fields, after=after, limit=limit)
    return [Waiting(id_, body, bytes(hash_), bool(up), held) for id_, body, hash_, up, held in rows]


def pending_ids(db: Connection, after: int, limit: int) -> list[int]:
    """Ids of party records that wait for resolution, in order of arrival."""
    return [row.id for row in _waiting(db, "id", ("id",), after=after, limit=limit)]


def _waiting(
    db: Connection, wanted: str, columns: Sequence[str], *, after: int, limit: int
) -> list[Any]:
    """Read through the partial index, whose condition this is.

    SQLite is told to: by itself it reads every party record for the few that wait.
    """
    lite = db.dialect.name == "sqlite"
    index, mark = (" INDEXED BY ix_canonical_record_pending", "?") if lite else ("", "%s")
    sql = (
        f"SELECT {wanted} FROM canonical_record{index} WHERE pending AND entity = 'party' "
        f"AND id > {mark} ORDER BY id LIMIT {mark}"
    )
    return fetch(db, sql, (after, limit), columns)


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
