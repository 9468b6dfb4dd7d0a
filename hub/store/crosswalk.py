"""The crosswalk: master parties and the links of source records to them (laws 5 and 6)."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

import orjson
from sqlalchemy.engine import Connection
from sqlalchemy.exc import IntegrityError

from hub.errors import CrosswalkConflictError
from hub.store import bulk
from hub.store.bulk import LookUp, driver_uuid
from hub.store.columns import new_id, to_micros
from hub.store.ids import take_block
from hub.store.standing import ACTIVE_LINK, as_uuid, look_up_standing
from hub.store.tables import link, master_party, party_event


class PartyState(NamedTuple):
    """A master party as it stands."""

    id: str
    seq: int
    founding_id: int
    status: str
    replaced_by: str | None


class ActiveLink(NamedTuple):
    id: int
    canonical_id: int
    party_id: str


class NewLink(NamedTuple):
    """A record's link to be opened; ``kind`` is auto or manual."""

    canonical_id: int
    party_id: str
    kind: str
    reason: str


class PartyEvent(NamedTuple):
    """What happened to a party, for whoever publishes it."""

    party_id: str
    kind: str
    fields: Any


def load_links(db: Connection, canonical_ids: Iterable[int]) -> list[ActiveLink]:
    """Active links of the records."""
    return _active_links(db, LookUp("canonical_id", canonical_ids))


def load_party_links(db: Connection, party_ids: Iterable[str]) -> list[ActiveLink]:
    """Active links to the parties."""
    ids = [driver_uuid(db, party_id) for party_id in party_ids]
    return _active_links(db, LookUp("party_id", ids))


def _active_links(db: Connection, where: LookUp) -> list[ActiveLink]:
    columns = ("id", "canonical_id", "party_id")
    rows = look_up_standing(db, link, columns, where=where, condition=ACTIVE_LINK)
    return [ActiveLink(row.id, row.canonical_id, as_uuid(row.party_id)) for row in rows]


_PARTY = ("id", "seq", "founding_id", "status", "replaced_by")


def load_parties(db: Connection, party_ids: Iterable[str]) -> dict[str, PartyState]:
    """Parties by id."""
    ids = [driver_uuid(db, party_id) for party_id in party_ids]
    return {party.id: party for party in _parties(db, LookUp("id", ids))}


def load_founded(db: Connection, canonical_ids: Iterable[int]) -> list[PartyState]:
    """Parties, in any state, that the records have founded."""
    return _parties(db, LookUp("founding_id", canonical_ids))


def _parties(db: Connection, where: LookUp) -> list[PartyState]:
    return [
        PartyState(
            as_uuid(row.id),
            row.seq,
            row.founding_id,
            row.status,
            row.replaced_by and as_uuid(row.replaced_by),
        )
        for row in bulk.look_up(db, master_party, _PARTY, where)
    ]


def resolve_party(db: Connection, party_id: str) -> PartyState | None:
    """The party that an id names today: a merged id leads to its survivor (law 6)."""
    party = load_parties(db, [party_id]).get(party_id)
    while party is not None and party.replaced_by is not None:
        party = load_parties(db, [party.replaced_by]).get(party.replaced_by)
    return party


def close_links(db: Connection, link_ids: Sequence[int], now: datetime) -> None:
    """End links; their rows stay as history."""
    at = to_micros(now)
    rows = [(link_id, at, at) for link_id in sorted(link_ids)]
    bulk.update(db, link, ("id", "valid_to", "recorded_to"), rows)


def open_links(db: Connection, links: Sequence[NewLink], now: datetime) -> None:
    """Open links; raises CrosswalkConflictError where a record has an active one already."""
    if not links:
        return
    first, at = take_block(db, "link", len(links)), to_micros(now)
    columns = ("id", "canonical_id", "party_id", "kind", "reason", "valid_from", "recorded_from")
    rows: list[bulk.Row] = [
        (first + n, new.canonical_id, driver_uuid(db, new.party_id), new.kind, new.reason, at, at)
        for n, new in enumerate(links)
    ]
    try:
        bulk.insert(db, link, columns, rows)
    except IntegrityError as error:
        raise CrosswalkConflictError(
            "a record would have had two active links (another run is at work); nothing of this "
            "chunk was committed, run resolve again"
        ) from error


def add_parties(db: Connection, parties: Sequence[tuple[str, int]], now: datetime) -> None:
    """Create master parties from (id, founding record), in order of their creation."""
    if not parties:
        return
    first, at = take_block(db, "master_party", len(parties)), to_micros(now)
    columns = ("id", "seq", "founding_id", "status", "created_at", "golden_pending")
    rows: list[bulk.Row] = [
        (driver_uuid(db, party_id), first + n, founder, "active", at, True)
        for n, (party_id, founder) in enumerate(parties)
    ]
    bulk.insert(db, master_party, columns, rows)


def set_status(
    db: Connection, changes: Mapping[str, str], replaced_by: Mapping[str, str] | None = None
) -> None:
    """Give parties a status; ``replaced_by`` names the survivors of merged ones."""
    survivors = replaced_by or {}
    rows: list[bulk.Row] = [
        (
            driver_uuid(db, party_id),
            status,
            driver_uuid(db, survivors[party_id]) if party_id in survivors else None,
        )
        for party_id, status in sorted(changes.items())
    ]
    bulk.update(db, master_party, ("id", "status", "replaced_by"), rows)


def mark_golden_pending(db: Connection, party_ids: Collection[str]) -> None:
    """Ask for the parties' golden records to be computed anew."""
    rows: list[bulk.Row] = [(driver_uuid(db, party_id), True) for party_id in sorted(party_ids)]
    bulk.update(db, master_party, ("id", "golden_pending"), rows)


def add_events(db: Connection, events: Sequence[PartyEvent], now: datetime) -> None:
    """Record events in the caller's transaction, in order."""
    if not events:
        return
    first, at = take_block(db, "party_event", len(events)), to_micros(now)
    columns = ("id", "seq", "party_id", "kind", "fields", "created_at", "pending")
    rows: list[bulk.Row] = [
        (
            driver_uuid(db, new_id()),
            first + n,
            driver_uuid(db, event.party_id),
            event.kind,
            orjson.dumps(event.fields, option=orjson.OPT_SORT_KEYS).decode(),
            at,
            True,
        )
        for n, event in enumerate(events)
    ]
    bulk.insert(db, party_event, columns, rows)
