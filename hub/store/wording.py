"""Wordings: texts of rows that an erasure reads one by one, and pushed deliveries that it ends."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from hub.store.arrivals import push_delivery
from hub.store.pushes import DEAD, PENDING
from hub.store.searching import search
from hub.store.tables import canonical_record, golden_record, link, master_party, raw_version

_CHUNK = 500


def entity_of(db: Connection, canonical_id: int) -> str:
    """What kind of thing a canonical record is."""
    query = sa.select(canonical_record.c.entity).where(canonical_record.c.id == canonical_id)
    return db.scalar(query) or ""


class Golden(NamedTuple):
    """A golden version; ``standing`` is the body of its party's version of today."""

    id: int
    body: str
    provenance: str
    standing: str | None


def payloads(db: Connection, record_id: int) -> list[tuple[int, str]]:
    """Version and payload of everything that a system said of a record."""
    query = sa.select(raw_version.c.version, raw_version.c.payload)
    rows = db.execute(query.where(raw_version.c.record_id == record_id))
    return [(row.version, row.payload) for row in rows]


def golden_versions(db: Connection, parties: Collection[str]) -> list[Golden]:
    """Every golden version of the parties."""
    standing = golden_record.alias()
    today = (standing.c.party_id == golden_record.c.party_id) & standing.c.recorded_to.is_(None)
    found: list[Golden] = []
    for chunk in _chunks(sorted(parties)):
        query = (
            sa.select(
                golden_record.c.id,
                golden_record.c.body,
                golden_record.c.provenance,
                standing.c.body,
            )
            .outerjoin(standing, today)
            .where(golden_record.c.party_id.in_(chunk))
        )
        found += [Golden(*row) for row in db.execute(query)]
    return found


def living_parts(db: Connection, record_ids: Collection[int]) -> dict[int, set[str]]:
    """Of each source record the parts that belong to an active party."""
    found: dict[int, set[str]] = {}
    for chunk in _chunks(sorted(record_ids)):
        query = (
            sa.select(canonical_record.c.record_id, canonical_record.c.part)
            .join(link, link.c.canonical_id == canonical_record.c.id)
            .join(master_party, master_party.c.id == link.c.party_id)
            .where(canonical_record.c.record_id.in_(chunk))
            .where(sa.text("link.recorded_to IS NULL"), master_party.c.status == "active")
        )
        for row in db.execute(query):
            found.setdefault(row.record_id, set()).add(row.part)
    return found


def living_bodies(db: Connection, needles: Collection[str]) -> list[tuple[int, str]]:
    """Active party records, by id, whose body holds one of the texts."""
    found: list[tuple[int, str]] = []
    for hit in search(db, "canonical_record", "body", list(needles)):
        row = canonical_record.c.id == hit.key["id"]
        party = row & canonical_record.c.active & (canonical_record.c.entity == "party")
        found += [
            (row.id, row.body) for row in db.execute(sa.select(canonical_record).where(party))
        ]
    return found


def waiting_pushes(db: Connection, ids: Collection[str]) -> int:
    """How many of these deliveries still wait to be landed."""
    chosen = push_delivery.c.id.in_(list(ids)) & (push_delivery.c.state == PENDING)
    count = sa.select(sa.func.count()).select_from(push_delivery).where(chosen)
    return db.scalar(count) or 0


def empty_pushes(db: Connection, ids: Collection[str]) -> int:
    """Nothing of these deliveries is kept: they can't be tried again."""
    chosen = push_delivery.c.id.in_(list(ids))
    gone = sa.update(push_delivery).where(chosen)
    return db.execute(gone.values(state=DEAD, body=None, headers="{}")).rowcount


def _chunks(items: list[Any]) -> Iterable[list[Any]]:
    return (items[start : start + _CHUNK] for start in range(0, len(items), _CHUNK))
