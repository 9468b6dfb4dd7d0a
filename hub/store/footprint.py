"""What a person has left in the store: parties, records with all parts, what refers to them."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from operator import attrgetter
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from hub.store import bulk
from hub.store.bulk import LookUp
from hub.store.tables import (
    canonical_record,
    canonical_ref,
    link,
    master_party,
    source_record,
    stream,
)

Place = tuple[int, str]
"""A stream's id and a source key."""
_CHUNK = 500


class Part(NamedTuple):
    """A canonical record; ``party`` is the one that it is, or was last, linked to."""

    id: int
    record_id: int
    part: str
    entity: str
    body: str
    active: bool
    party: str | None = None
    refs: tuple[Ref, ...] = ()


class Ref(NamedTuple):
    """What a part refers to, in which role."""

    role: str
    place: Place
    part: str


Target = tuple[Place, str]
"""A place, and the part of the record there."""


class Footprint(NamedTuple):
    """A source record with all its parts."""

    id: int
    place: Place
    parts: tuple[Part, ...]


def whole_party(db: Connection, party_id: str) -> list[str]:
    """The party and every one that was ever led into it, itself first."""
    found, todo = [party_id], [party_id]
    while todo:
        query = sa.select(master_party.c.id).where(master_party.c.replaced_by.in_(todo))
        todo = sorted(set(db.scalars(query)) - set(found))
        found += todo
    return found


def records_of(db: Connection, parties: Collection[str]) -> set[int]:
    """Source records with a part that is linked to one of the parties, or was last."""
    ever = sa.select(link.c.canonical_id).where(link.c.party_id.in_(sorted(parties)))
    owners = _owners(db, set(db.scalars(ever)))
    mine = [canonical for canonical, party in owners.items() if party in parties]
    rows = bulk.look_up(db, canonical_record, ("record_id",), LookUp("id", mine))
    return {row.record_id for row in rows}


def records_under(db: Connection, keys: Collection[str]) -> set[int]:
    """Source records whose key is one of these texts, in any stream."""
    found = set[int]()
    for stream_id in db.scalars(sa.select(stream.c.id)).all() if keys else ():
        where = LookUp("source_key", keys, fixed=("stream_id", stream_id))
        found |= {row.id for row in bulk.look_up(db, source_record, ("id",), where)}
    return found


def former_parties(db: Connection, canonical_ids: Iterable[int]) -> set[str]:
    """Every party that one of the records was ever linked to."""
    found = set[str]()
    for chunk in _chunks(sorted(canonical_ids)):
        query = sa.select(link.c.party_id).where(link.c.canonical_id.in_(chunk)).distinct()
        found |= set(db.scalars(query))
    return found


def load_footprints(db: Connection, record_ids: Collection[int]) -> dict[int, Footprint]:
    """Source records with their parts, owners and references."""
    rows = bulk.look_up(
        db, source_record, ("id", "stream_id", "source_key"), LookUp("id", record_ids)
    )
    parts: dict[int, list[Part]] = {row.id: [] for row in rows}
    for part in _load_parts(db, list(parts)):
        parts[part.record_id].append(part)
    return {
        row.id: Footprint(
            row.id,
            (row.stream_id, row.source_key),
            tuple(sorted(parts[row.id], key=attrgetter("id"))),
        )
        for row in rows
    }


def referrers(db: Connection, targets: Collection[Target]) -> set[int]:
    """Source records of which a part refers to one of the targets."""
    by_stream: dict[int, set[str]] = {}
    for (stream_id, key), _ in targets:
        by_stream.setdefault(stream_id, set()).add(key)
    found = set[int]()
    for stream_id, keys in sorted(by_stream.items()):
        where = LookUp("source_key", keys, fixed=("stream_id", stream_id))
        refs = bulk.look_up(db, canonical_ref, _REF, where)
        ids = {
            row.canonical_id
            for row in refs
            if ((row.stream_id, row.source_key), row.part) in targets
        }
        rows = bulk.look_up(db, canonical_record, ("record_id",), LookUp("id", ids))
        found |= {row.record_id for row in rows}
    return found


_REF = ("canonical_id", "role", "stream_id", "source_key", "part")
_PART = ("id", "record_id", "part", "entity", "body", "active")


def _load_parts(db: Connection, record_ids: Collection[int]) -> list[Part]:
    rows = bulk.look_up(db, canonical_record, _PART, LookUp("record_id", record_ids))
    parts = [Part._make((*row, None, ())) for row in rows]
    owners = _owners(db, [part.id for part in parts])
    refs: dict[int, list[Ref]] = {}
    ids = LookUp("canonical_id", [part.id for part in parts])
    for row in bulk.look_up(db, canonical_ref, _REF, ids):
        refs.setdefault(row.canonical_id, []).append(
            Ref(row.role, (row.stream_id, row.source_key), row.part)
        )
    return [
        part._replace(
            active=bool(part.active),
            party=owners.get(part.id),
            refs=tuple(sorted(refs.get(part.id, ()))),
        )
        for part in parts
    ]


def _owners(db: Connection, canonical_ids: Iterable[int]) -> dict[int, str]:
    """The party that each record is linked to, or was last."""
    found: dict[int, str] = {}
    for chunk in _chunks(sorted(canonical_ids)):
        query = (
            sa.select(link.c.canonical_id, link.c.party_id)
            .where(link.c.canonical_id.in_(chunk))
            .order_by(link.c.id)
        )
        found |= {row.canonical_id: row.party_id for row in db.execute(query)}
    return found


def _chunks(items: list[Any]) -> Iterable[list[Any]]:
    return (items[start : start + _CHUNK] for start in range(0, len(items), _CHUNK))
