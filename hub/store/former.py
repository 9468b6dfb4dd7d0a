"""Where records were: merged away by their system, or linked to a party once."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from typing import NamedTuple

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from hub.store.bulk import LookUp, driver_uuid
from hub.store.standing import CLOSED_LINK, as_uuid, ask_standing
from hub.store.tables import canonical_record, link, source_record


def merged_record(db: Connection, canonical_id: int) -> int | None:
    """The record that its system merged this one into, if it did."""
    gone, kept = source_record.alias(), source_record.alias()
    old, new = canonical_record.alias(), canonical_record.alias()
    query = (
        sa.select(new.c.id)
        .join(kept, kept.c.id == new.c.record_id)
        .join(
            gone, (gone.c.stream_id == kept.c.stream_id) & (gone.c.merged_into == kept.c.source_key)
        )
        .join(old, (old.c.record_id == gone.c.id) & (old.c.part == new.c.part))
        .where(old.c.id == canonical_id)
    )
    return db.scalar(query)


def merged_records(db: Connection, canonical_ids: Collection[int]) -> dict[int, int]:
    """Of many records at once, those that their system merged away, with the one it kept."""
    if not canonical_ids:
        return {}
    gone, kept = source_record.alias(), source_record.alias()
    old, new = canonical_record.alias(), canonical_record.alias()
    query = (
        sa.select(old.c.id, new.c.id)
        .join(gone, gone.c.id == old.c.record_id)
        .join(
            kept, (kept.c.stream_id == gone.c.stream_id) & (kept.c.source_key == gone.c.merged_into)
        )
        .join(new, (new.c.record_id == kept.c.id) & (new.c.part == old.c.part))
        .where(gone.c.merged_into.is_not(None), new.c.active)
    )
    found: dict[int, int] = {}
    ordered = sorted(canonical_ids)
    for start in range(0, len(ordered), 1_000):
        rows = db.execute(query.where(old.c.id.in_(ordered[start : start + 1_000])))
        found.update({row[0]: row[1] for row in rows})
    return found


def last_party(db: Connection, canonical_id: int) -> str | None:
    """The party that a record belonged to at last, whether it still does or not."""
    for standing in ("recorded_to IS NULL", "recorded_to IS NOT NULL"):  # as in the indexes
        query = sa.select(link.c.party_id).where(
            link.c.canonical_id == canonical_id, sa.text(standing)
        )
        party = db.scalar(query.order_by(link.c.id.desc()).limit(1))
        if party is not None:
            return str(party)
    return None


class FormerLink(NamedTuple):
    """A link that has ended; its times in microseconds."""

    id: int
    canonical_id: int
    party_id: str
    since: int
    left_at: int


def ask_former_links(
    db: Connection, canonical_ids: Iterable[int]
) -> Callable[[], list[FormerLink]]:
    """Ended links of the records, called for later."""
    return _former_links(db, LookUp("canonical_id", canonical_ids))


def former_party_links(db: Connection, party_ids: Iterable[str]) -> list[FormerLink]:
    """Ended links to the parties."""
    return _former_links(db, LookUp("party_id", [driver_uuid(db, party) for party in party_ids]))()


def _former_links(db: Connection, where: LookUp) -> Callable[[], list[FormerLink]]:
    columns = ("id", "canonical_id", "party_id", "recorded_from", "recorded_to")
    rows = ask_standing(db, link, columns, where=where, condition=CLOSED_LINK)
    return lambda: [
        FormerLink(r.id, r.canonical_id, as_uuid(r.party_id), r.recorded_from, r.recorded_to)
        for r in rows()
    ]
