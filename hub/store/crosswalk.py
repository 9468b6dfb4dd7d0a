"""The crosswalk: master parties and the links of source records to them (laws 5 and 6)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple

from sqlalchemy.engine import Connection

from hub.errors import CrosswalkConflictError
from hub.store import bulk
from hub.store.bulk import LookUp, driver_uuid
from hub.store.columns import to_micros
from hub.store.driver import ask, await_sent, no_rows
from hub.store.ids import insert_numbered
from hub.store.standing import ACTIVE_LINK, as_uuid, ask_standing
from hub.store.tables import link


class ActiveLink(NamedTuple):
    """A link that stands; ``since`` in microseconds."""

    id: int
    canonical_id: int
    party_id: str
    since: int


_ACTIVE: Final = ("id", "canonical_id", "party_id", "recorded_from")


class NewLink(NamedTuple):
    """A record's link to be opened; ``kind`` is auto or manual."""

    canonical_id: int
    party_id: str
    kind: str
    reason: str


def load_links(db: Connection, canonical_ids: Iterable[int]) -> list[ActiveLink]:
    """Active links of the records."""
    return ask_links(db, canonical_ids)()


def ask_links(db: Connection, canonical_ids: Iterable[int]) -> Callable[[], list[ActiveLink]]:
    """The same, called for later."""
    return _ask_active(db, LookUp("canonical_id", canonical_ids))


def load_party_links(db: Connection, party_ids: Iterable[str]) -> list[ActiveLink]:
    """Active links to the parties."""
    ids = [driver_uuid(db, party_id) for party_id in party_ids]
    return _ask_active(db, LookUp("party_id", ids))()


def load_shared_links(db: Connection, canonical_ids: Iterable[int]) -> list[ActiveLink]:
    """Active links of the records, and of all that share a party with one of them."""
    return ask_shared_links(db, canonical_ids)()


def ask_shared_links(
    db: Connection, canonical_ids: Iterable[int]
) -> Callable[[], list[ActiveLink]]:
    """The same, called for later."""
    ids = list(canonical_ids)
    if not ids:
        return no_rows
    wanted = ", ".join(f"held.{column}" for column in _ACTIVE)
    if db.dialect.name == "sqlite":
        sql = (
            f"SELECT {wanted} FROM (SELECT DISTINCT own.party_id FROM json_each(?) AS wanted "
            "CROSS JOIN link AS own WHERE own.canonical_id = wanted.value "
            f"AND own.{ACTIVE_LINK}) AS mine CROSS JOIN link AS held "
            f"WHERE held.party_id = mine.party_id AND held.{ACTIVE_LINK}"
        )
    else:
        sql = (
            f"SELECT {wanted} FROM link AS held WHERE held.{ACTIVE_LINK} AND held.party_id IN "
            "(SELECT own.party_id FROM link AS own "
            f"WHERE own.canonical_id = ANY(%s::bigint[]) AND own.{ACTIVE_LINK})"
        )
    held = ask(db, sql, bulk.bound_list(db, ids), _ACTIVE)
    return lambda: _links(held())


def _ask_active(db: Connection, where: LookUp) -> Callable[[], list[ActiveLink]]:
    held = ask_standing(db, link, _ACTIVE, where=where, condition=ACTIVE_LINK)
    return lambda: _links(held())


def _links(rows: Iterable[Any]) -> list[ActiveLink]:
    return [ActiveLink(r.id, r.canonical_id, as_uuid(r.party_id), r.recorded_from) for r in rows]


def close_links(db: Connection, link_ids: Sequence[int], now: datetime) -> None:
    """End links; their rows stay as history."""
    at = to_micros(now)
    rows = [(link_id, at, at) for link_id in sorted(link_ids)]
    bulk.update(db, link, ("id", "valid_to", "recorded_to"), rows)


def open_links(db: Connection, links: Sequence[NewLink], now: datetime) -> None:
    """Open links; raises CrosswalkConflictError where a record has an active one already."""
    if not links:
        return
    at = to_micros(now)
    columns = ("id", "canonical_id", "party_id", "kind", "reason", "valid_from", "recorded_from")
    rows: list[bulk.Row] = [
        (new.canonical_id, driver_uuid(db, new.party_id), new.kind, new.reason, at, at)
        for new in links
    ]
    try:
        insert_numbered(db, link, columns, rows)
        await_sent(db)
    except db.dialect.loaded_dbapi.IntegrityError as error:
        raise CrosswalkConflictError(
            "a record would have had two active links (another run is at work); nothing of this "
            "chunk was committed, run resolve again"
        ) from error
