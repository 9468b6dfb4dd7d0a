"""One customer in one place: golden values with their origin, sources, tickets, mails, money."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

import orjson

from hub.errors import StoreError
from hub.model.envelope import SourceKey
from hub.store import relationships
from hub.store.crosswalk import load_links, load_party_links
from hub.store.database import Connection, Engine, reading
from hub.store.dossier import (
    LinkedRecord,
    Posting,
    find_record,
    linked_records,
    postings,
    referring_records,
    search_names,
)
from hub.store.former import last_party, merged_record
from hub.store.golden import current_versions
from hub.store.parties import load_parties, resolve_party
from hub.store.party_records import load_records

_SETTLED_TICKETS: Final = frozenset({"resolved", "closed", "rejected"})
_OPEN_DOCUMENTS: Final = frozenset({"open", "draft"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Ticket:
    """An open ticket of the customer."""

    number: str
    subject: str | None
    status: str
    priority: str | None
    opened: str | None
    source: SourceKey


@dataclass(frozen=True, slots=True, kw_only=True)
class Touch:
    """A mail, call or meeting with the customer."""

    at: str
    channel: str
    direction: str
    subject: str | None
    source: SourceKey


@dataclass(frozen=True, slots=True, kw_only=True)
class Relative:
    """Another customer of the same household, or a branch; ``shared`` names fields, no values."""

    type: str
    party_id: str
    name: str | None
    bits: float
    shared: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerView:
    """All that is known of one customer; ``origin`` says of each golden value where it is from."""

    party_id: str
    status: str
    golden: Mapping[str, Any]
    origin: Mapping[str, Any]
    sources: Sequence[LinkedRecord]
    tickets: Sequence[Ticket]
    touches: Sequence[Touch]
    orders: Sequence[Posting]
    invoices: Sequence[Posting]
    balance: Mapping[str, Decimal]
    relatives: Sequence[Relative]


def find_customer(engine: Engine, text: str) -> str | None:
    """The party that a text names: its id (merged ids too) or CONNECTION:TYPE:KEY[#part].

    A record that its system merged away leads to the one it went into; one that was deleted, to
    the party it belonged to.
    """
    with reading(engine) as db:
        if _is_uuid(text):
            party = resolve_party(db, str(UUID(text)))
            return party.id if party else None
        record = _find_source(db, text)
        return _party_of(db, record) if record is not None else None


def named_customer(engine: Engine, text: str) -> str:
    """The party id that a text is, merged ones as they are, or leads to.

    Raises StoreError where there is none.
    """
    if _is_uuid(text):
        with reading(engine) as db:
            if str(UUID(text)) in load_parties(db, [str(UUID(text))]):
                return str(UUID(text))
    found = find_customer(engine, text)
    if found is None:
        raise StoreError("no customer has such an id or record; `hub show` finds it by name")
    return found


def find_record_named(engine: Engine, text: str) -> int | None:
    """The canonical id of the party record that CONNECTION:TYPE:KEY[#part] names."""
    with reading(engine) as db:
        found = _find_source(db, text)
        return found if found is not None and found in load_records(db, [found]) else None


def find_records(engine: Engine, text: str) -> set[int]:
    """The record that a text names, or all records of the customer whose id it is."""
    record = find_record_named(engine, text)
    if record is not None:
        return {record}
    with reading(engine) as db:
        party = resolve_party(db, str(UUID(text))) if _is_uuid(text) else None
        return {link.canonical_id for link in load_party_links(db, [party.id] if party else [])}


def _party_of(db: Connection, record: int) -> str | None:
    seen: set[int] = set()
    last: int | None = record
    while last is not None and last not in seen:
        seen.add(last)
        links = load_links(db, [last])
        if links:
            return links[0].party_id
        last = merged_record(db, last)
    former = last_party(db, record)
    party = resolve_party(db, former) if former else None
    return party.id if party else None


def search_customers(engine: Engine, text: str, *, limit: int = 20) -> list[tuple[str, str]]:
    """Id and name of active customers whose golden name contains the text, in any case."""
    with reading(engine) as db:
        return search_names(db, text.strip(), limit) if text.strip() else []


def _is_uuid(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return True


def _find_source(db: Connection, text: str) -> int | None:
    """Keys may hold "#" and ":" themselves: the whole text is tried as a key first."""
    pieces = text.split(":", 2)
    if len(pieces) < 3:
        return None
    whole = find_record(db, SourceKey(*pieces))
    key, sign, part = pieces[2].rpartition("#")
    if whole is None and sign:
        return find_record(db, SourceKey(pieces[0], pieces[1], key, part))
    return whole


def customer_view(engine: Engine, party_id: str, *, limit: int = 20) -> CustomerView:
    """Everything about a customer; a merged id shows its survivor.

    Raises StoreError where there is no such party.
    """
    with reading(engine) as db:
        party = resolve_party(db, party_id)
        if party is None:
            raise StoreError(f"there is no party {party_id}")
        records = linked_records(db, party.id)
        golden = current_versions(db, [party.id]).get(party.id)
        documents = postings(db, records, ("order", "invoice", "account"))
        return CustomerView(
            party_id=party.id,
            status=party.status,
            golden=orjson.loads(golden.body) if golden else {},
            origin=orjson.loads(golden.provenance) if golden else {},
            sources=records,
            tickets=_tickets(db, records),
            touches=_touches(db, records, limit),
            orders=[d for d in documents if d.entity == "order" and d.status in _OPEN_DOCUMENTS],
            invoices=[d for d in documents if d.entity == "invoice" and d.open_amount],
            balance=_balance(documents),
            relatives=_relatives(db, records, limit),
        )


def _relatives(db: Connection, records: Sequence[LinkedRecord], limit: int) -> list[Relative]:
    """Other customers whom matching holds for related, by name."""
    found = relationships.relatives(db, [record.canonical_id for record in records])[:limit]
    golden = current_versions(db, [item.party_id for item in found])
    names = {party: orjson.loads(item.body).get("display_name") for party, item in golden.items()}
    return [
        Relative(
            type=item.relationship.type,
            party_id=item.party_id,
            name=names.get(item.party_id),
            bits=item.relationship.weight / 10,
            shared=tuple(said["field"] for said in orjson.loads(item.relationship.evidence)),
        )
        for item in found
    ]


def _tickets(db: Connection, records: Sequence[LinkedRecord]) -> list[Ticket]:
    """Open tickets, the newest first; a thousand are looked through."""
    found = []
    for row in referring_records(db, records, ("ticket",), limit=1000):
        body = orjson.loads(row.body)
        if body["status"] not in _SETTLED_TICKETS:
            fields = {name: body.get(name) for name in ("subject", "status", "priority", "opened")}
            found.append(Ticket(number=body["number"], source=row.source, **fields))
    return sorted(found, key=lambda ticket: ticket.opened or "", reverse=True)


def _touches(db: Connection, records: Sequence[LinkedRecord], limit: int) -> list[Touch]:
    found = []
    for row in referring_records(db, records, ("interaction",), limit=limit * 5):
        body = orjson.loads(row.body)
        fields = {name: body.get(name) for name in ("at", "channel", "direction", "subject")}
        found.append(Touch(source=row.source, **fields))
    return sorted(found, key=lambda touch: touch.at, reverse=True)[:limit]


def _balance(documents: Sequence[Posting]) -> dict[str, Decimal]:
    """What the ledgers say is open, by currency."""
    sums: defaultdict[str, Decimal] = defaultdict(Decimal)
    for account in documents:
        if account.entity == "account" and account.open_amount is not None:
            sums[account.currency or ""] += account.open_amount
    return dict(sums)
