"""The index of search: words of golden records, found by how they begin.

A search reads a few thousand words at most, whatever the number of customers: it starts at the
rarest word that was typed and looks the others up.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Final, NamedTuple

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from hub.store import bulk
from hub.store.driver import fetch
from hub.store.standing import as_uuid
from hub.store.tables import golden_record, search_term

_MOST: Final = 10_000
"""So many words of one beginning are read, and so many are worth counting."""
_FEW: Final = 1_000
"""Enough for one word alone: versions that hold no longer are passed over."""
_LAST: Final = "\U0010ffff"


class Entry(NamedTuple):
    """A golden record that holds: ``body`` is JSON."""

    golden_id: int
    party_id: str
    body: str


def indexed_up_to(db: Connection) -> int:
    """The latest golden record in the index, 0 where it is empty."""
    return db.scalar(sa.select(sa.func.max(search_term.c.golden_id))) or 0


def entries_after(db: Connection, after: int, limit: int) -> list[Entry]:
    """Golden records that hold and came later, in order."""
    g = golden_record.c
    query = (
        sa.select(g.id, g.party_id, g.body)
        .where(g.id > after, sa.text("recorded_to IS NULL"))
        .order_by(g.id)
        .limit(limit)
    )
    return [Entry(*row) for row in db.execute(query)]


def add_terms(db: Connection, terms: Iterable[tuple[int, str]]) -> None:
    """Let golden records be found by words of theirs."""
    rows: list[bulk.Row] = [*terms]
    bulk.insert(db, search_term, ("golden_id", "term"), rows)


def drop_former(db: Connection, party_ids: Sequence[str]) -> None:
    """Take out the versions of these parties that hold no longer."""
    g = golden_record.c
    former = sa.select(g.id).where(g.party_id.in_(party_ids), g.recorded_to.is_not(None))
    ids = list(db.scalars(former))
    bulk.delete(db, search_term, "golden_id", ids)


def find_entries(db: Connection, beginnings: Collection[str], limit: int) -> list[Entry]:
    """Golden records with a word for each beginning; those whose word is the shortest first."""
    first, *others = _rarest_first(db, sorted(set(beginnings)))
    most = _MOST if others else _FEW
    mark = "?" if db.dialect.name == "sqlite" else "%s"
    holds = "".join(
        " AND EXISTS (SELECT 1 FROM search_term o WHERE o.golden_id = t.golden_id "
        f"AND o.term >= {mark} AND o.term < {mark})"
        for _ in others
    )
    sql = (
        "SELECT t.golden_id, g.party_id, g.body FROM (SELECT golden_id, term FROM search_term "
        f"WHERE term >= {mark} AND term < {mark} ORDER BY term, golden_id LIMIT {most}) t "
        f"JOIN golden_record g ON g.id = t.golden_id WHERE g.recorded_to IS NULL{holds} "
        f"ORDER BY t.term, t.golden_id LIMIT {mark}"
    )
    bound = [end for text in (first, *others) for end in (text, text + _LAST)]
    found = fetch(db, sql, (*bound, limit * 4), Entry._fields)
    once = {row.golden_id: Entry(row.golden_id, as_uuid(row.party_id), row.body) for row in found}
    return list(once.values())[:limit]


def _rarest_first(db: Connection, beginnings: list[str]) -> list[str]:
    if len(beginnings) < 2:
        return beginnings
    return sorted(beginnings, key=lambda text: (_count(db, text), text))


def _count(db: Connection, beginning: str) -> int:
    """How many words begin so, up to where it no longer matters."""
    mark = "?" if db.dialect.name == "sqlite" else "%s"
    sql = (
        f"SELECT COUNT(*) FROM (SELECT 1 AS found FROM search_term WHERE term >= {mark} "
        f"AND term < {mark} LIMIT {_MOST}) few"
    )
    return int(fetch(db, sql, (beginning, beginning + _LAST), ("count",))[0][0])


def latest_entries(db: Connection, limit: int) -> list[Entry]:
    """The golden records that were made last and hold, the newest first."""
    g = golden_record.c
    query = sa.select(g.id, g.party_id, g.body).where(sa.text("recorded_to IS NULL"))
    return [Entry(*row) for row in db.execute(query.order_by(g.id.desc()).limit(limit))]
