"""What systems say of how their records are tied: contacts of companies, parents, payers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import orjson
import sqlalchemy as sa

from hub.store.crosswalk import load_links
from hub.store.database import Connection
from hub.store.dossier import LinkedRecord, referring_records
from hub.store.tables import canonical_record, canonical_ref, source_record

_SIDES = ("from_party", "to_party")


class Tie(NamedTuple):
    """A relationship that a system states; ``outward`` where it is read from the party's side."""

    type: str
    outward: bool
    job_title: str | None
    party_id: str


def stated_ties(db: Connection, records: Sequence[LinkedRecord], limit: int) -> list[Tie]:
    """The relationships that name one of the party's records, with the party at the other end."""
    found = referring_records(db, records, ("relationship",), limit=limit)
    bodies = {row.canonical_id: orjson.loads(row.body) for row in found}
    own = {record.canonical_id for record in records}
    ends = _ends(db, list(bodies))
    parties = {
        link.canonical_id: link.party_id for link in load_links(db, {e.target for e in ends})
    }
    ties = []
    for end in ends:
        if end.target in own or end.target not in parties:
            continue
        body = bodies[end.canonical_id]
        outward = end.role == "to_party"
        ties.append(Tie(body["type"], outward, body.get("job_title"), parties[end.target]))
    return sorted(set(ties), key=lambda tie: (tie.type, tie.outward, tie.party_id))


class _End(NamedTuple):
    canonical_id: int
    role: str
    target: int


def _ends(db: Connection, relationships: Sequence[int]) -> list[_End]:
    """Both ends of each relationship, as canonical ids of the records there."""
    target = canonical_record.alias("target")
    query = (
        sa.select(canonical_ref.c.canonical_id, canonical_ref.c.role, target.c.id)
        .join(
            source_record,
            (source_record.c.stream_id == canonical_ref.c.stream_id)
            & (source_record.c.source_key == canonical_ref.c.source_key),
        )
        .join(
            target,
            (target.c.record_id == source_record.c.id) & (target.c.part == canonical_ref.c.part),
        )
        .where(canonical_ref.c.canonical_id.in_(relationships), canonical_ref.c.role.in_(_SIDES))
    )
    return [_End(*row) for row in db.execute(query)]
