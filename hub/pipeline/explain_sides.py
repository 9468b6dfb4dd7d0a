"""The two sides of an explanation: what a person named, and the records that stand for it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final, NamedTuple
from uuid import UUID

from hub.errors import StoreError
from hub.pipeline.customer import find_record_named
from hub.store.crosswalk import load_links, load_party_links
from hub.store.database import Connection, Engine, reading
from hub.store.dossier import linked_records
from hub.store.erasures import get_erasure
from hub.store.link_periods import link_history
from hub.store.parties import PartyState, load_parties, resolve_party
from hub.store.party_records import load_records

_UNKNOWN: Final = (
    "the {} word is no record (CONNECTION:TYPE:KEY[#part]) and no customer{}; "
    "`hub show` finds customers by name"
)
_NOTHING: Final = "customer {} has no records any more: name records instead"


class RecordLine(NamedTuple):
    """A record with its customer, and how it came to it."""

    source: str
    state: str
    pending: bool
    party_id: str | None
    link: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """``name`` is the record's reference or the customer's id; ``party_id`` its customer today.

    ``members`` are all records of that customer, ``records`` those that are explained.
    """

    name: str
    what: str
    party_id: str | None
    records: tuple[int, ...]
    members: frozenset[int]
    lines: tuple[RecordLine, ...] = ()
    names: dict[int, str] = field(default_factory=dict)
    inactive: frozenset[int] = frozenset()
    pending: frozenset[int] = frozenset()


class _Found(NamedTuple):
    """What a text names, before its records are loaded."""

    name: str
    what: str
    records: frozenset[int]


def load_sides(engine: Engine, one: str, other: str) -> tuple[Side, Side]:
    """Both sides; of a record and its own customer, the customer's other records are meant.

    Raises StoreError where there is nothing to compare.
    """
    records = [find_record_named(engine, text) for text in (one, other)]
    with reading(engine) as db:
        left = _find(db, one, records[0], place="first")
        right = _find(db, other, records[1], place="second")
        ones, others = _apart(left.records, right.records)
        return _side(db, left, ones), _side(db, right, others)


def _find(db: Connection, text: str, record: int | None, *, place: str) -> _Found:
    if record is not None:
        return _Found(str(load_records(db, [record])[record].source), "record", frozenset([record]))
    party_id = _party_id(text)
    party = load_parties(db, [party_id]).get(party_id) if party_id else None
    if party is None:
        attribute = "" if place == "first" else ", and no golden attribute"
        raise StoreError(_UNKNOWN.format(place, attribute))
    return _customer(db, party)


def _party_id(text: str) -> str | None:
    try:
        return str(UUID(text))
    except ValueError:
        return None


def _customer(db: Connection, party: PartyState) -> _Found:
    """A customer's records; of a merged one those that its survivor still has."""
    survivor = resolve_party(db, party.id) or party
    erased = get_erasure(db, survivor.id)
    if erased is not None:
        day = f"{erased.erased_at:%Y-%m-%d}"
        raise StoreError(f"customer {party.id} was erased on {day}: nothing is kept to compare")
    records = {link.canonical_id for link in load_party_links(db, [survivor.id])}
    what = "customer"
    if survivor.id != party.id:
        what = f"customer, merged into {survivor.id}"
        records &= {item.canonical_id for item in link_history(db, party.id, datetime.now(UTC))}
    if not records:
        raise StoreError(_NOTHING.format(party.id))
    return _Found(party.id, what, frozenset(records))


def _apart(ones: frozenset[int], others: frozenset[int]) -> tuple[frozenset[int], frozenset[int]]:
    """Sides without what they share: a record is not explained against itself."""
    if ones == others:
        raise StoreError("both name the same: name two different records or customers")
    if ones & others:
        return (ones, others - ones) if len(ones) <= len(others) else (ones - others, others)
    return ones, others


def _side(db: Connection, found: _Found, records: frozenset[int]) -> Side:
    loaded = load_records(db, records)
    links = load_links(db, records)
    party = min((link.party_id for link in links), default=None)
    members = {link.canonical_id for link in load_party_links(db, [party] if party else [])}
    return Side(
        name=found.name,
        what=found.what,
        party_id=party,
        records=tuple(sorted(loaded)),
        members=frozenset(members | records),
        lines=tuple(_lines(db, records, {link.party_id for link in links})),
        names={record: str(item.source) for record, item in loaded.items()},
        inactive=frozenset(record for record, item in loaded.items() if not item.active),
        pending=frozenset(record for record, item in loaded.items() if item.pending),
    )


def _lines(
    db: Connection, records: Collection[int], parties: Iterable[str]
) -> Iterator[RecordLine]:
    linked = {
        item.canonical_id: (party, item) for party in parties for item in linked_records(db, party)
    }
    for record, item in sorted(load_records(db, records).items()):
        party, link = linked.get(record, (None, None))
        yield RecordLine(
            str(item.source),
            "active" if item.active else "deleted",
            item.pending,
            party,
            link.kind if link else "",
            link.reason if link else "",
        )
