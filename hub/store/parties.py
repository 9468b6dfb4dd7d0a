"""Master parties: the ids that never change under anyone's feet (law 6)."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy.engine import Connection

from hub.store import bulk
from hub.store.bulk import LookUp, driver_uuid
from hub.store.columns import to_micros
from hub.store.fates import add_fates
from hub.store.ids import insert_numbered
from hub.store.standing import as_uuid
from hub.store.tables import master_party


class PartyState(NamedTuple):
    """A master party as it stands."""

    id: str
    seq: int
    founding_id: int
    status: str
    replaced_by: str | None


_PARTY = ("id", "seq", "founding_id", "status", "replaced_by")


def load_parties(db: Connection, party_ids: Iterable[str]) -> dict[str, PartyState]:
    """Parties by id."""
    return ask_parties(db, party_ids)()


def ask_parties(db: Connection, party_ids: Iterable[str]) -> Callable[[], dict[str, PartyState]]:
    """The same, called for later."""
    ids = [driver_uuid(db, party_id) for party_id in party_ids]
    rows = bulk.ask_for(db, master_party, _PARTY, LookUp("id", ids))
    return lambda: {party.id: party for party in map(_party, rows())}


def _party(row: Any) -> PartyState:
    replaced_by = row.replaced_by and as_uuid(row.replaced_by)
    return PartyState(as_uuid(row.id), row.seq, row.founding_id, row.status, replaced_by)


def resolve_party(db: Connection, party_id: str) -> PartyState | None:
    """The party that an id names today: a merged id leads to its survivor (law 6)."""
    party = load_parties(db, [party_id]).get(party_id)
    while party is not None and party.replaced_by is not None:
        party = load_parties(db, [party.replaced_by]).get(party.replaced_by)
    return party


def add_parties(db: Connection, parties: Sequence[tuple[str, int]], now: datetime) -> None:
    """Create master parties from (id, founding record), in order of their creation."""
    if not parties:
        return
    at = to_micros(now)
    columns = ("seq", "id", "founding_id", "status", "created_at", "golden_pending")
    rows: list[bulk.Row] = [
        (driver_uuid(db, party_id), founder, "active", at, True) for party_id, founder in parties
    ]
    insert_numbered(db, master_party, columns, rows)


def set_status(
    db: Connection, changes: Mapping[str, str], survivors: Mapping[str, str], now: datetime
) -> None:
    """Give parties a status and keep it as their fate; ``survivors`` are those of merged ones."""
    rows: list[bulk.Row] = [
        (
            driver_uuid(db, party_id),
            status,
            driver_uuid(db, survivors[party_id]) if party_id in survivors else None,
        )
        for party_id, status in sorted(changes.items())
    ]
    bulk.update(db, master_party, ("id", "status", "replaced_by"), rows)
    add_fates(db, changes, survivors, now)


def mark_golden_pending(db: Connection, party_ids: Collection[str]) -> None:
    """Ask for the parties' golden records to be computed anew."""
    rows: list[bulk.Row] = [(driver_uuid(db, party_id), True) for party_id in sorted(party_ids)]
    bulk.update(db, master_party, ("id", "golden_pending"), rows)
