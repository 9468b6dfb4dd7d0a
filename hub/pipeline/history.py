"""The history of a customer: what it was at any time, and who or what made it so.

Two times run through it: ``valid`` is when something held in the world, ``known`` when the hub knew
of it (docs/adr/0009-valid-and-recorded-time.md).
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, NamedTuple

import orjson

from hub.errors import StoreError
from hub.store import audit, decisions, fates
from hub.store.audit import AuditRow
from hub.store.database import Connection, Engine, reading
from hub.store.fates import Fate
from hub.store.golden_history import Period, golden_as_of, golden_history
from hub.store.link_periods import LinkPeriod, link_history, links_as_of
from hub.store.parties import load_parties
from hub.store.party_records import load_records

_FATES = {
    "merged": "merged away",
    "gone": "lost its last record",
    "active": "revived",
    "erased": "erased",
}


class Moment(NamedTuple):
    """Something that happened to a customer; ``actor`` is "hub" where no person asked for it."""

    at: datetime
    what: str
    actor: str = "hub"
    reason: str = ""
    detail: Mapping[str, Any] = {}


@dataclass(frozen=True, slots=True, kw_only=True)
class AsOf:
    """A customer at a time: its id and state then, its values, and the records it was made of."""

    party_id: str
    status: str
    golden: Mapping[str, Any] | None
    version: int | None
    records: Sequence[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Found:
    """What the store holds on one party, as known at a time."""

    party_id: str
    golden: Sequence[Period]
    links: Sequence[LinkPeriod]
    fates: Sequence[Fate]
    absorbed: Sequence[Fate]
    judgements: Sequence[decisions.Judgement]
    names: Mapping[int, str]
    entries: Sequence[AuditRow]


def customer_as_of(
    engine: Engine, party_id: str, *, valid: datetime | None = None, known: datetime | None = None
) -> AsOf:
    """What an id stood for at ``valid`` by what was known at ``known``; both default to now.

    Raises StoreError where there was no such customer.
    """
    now = datetime.now(UTC)
    valid, known = valid or now, known or now
    with reading(engine) as db:
        state = fates.party_as_of(db, party_id, known)
        if state is None:
            raise StoreError(f"no customer {party_id} was known at {known.isoformat()}")
        golden = golden_as_of(db, state.party_id, valid=valid, known=known)
        links = links_as_of(db, state.party_id, valid=known, known=known)
        names = _names(db, [link.canonical_id for link in links])
    return AsOf(
        party_id=state.party_id,
        status=state.status,
        golden=orjson.loads(golden.body) if golden else None,
        version=golden.version if golden else None,
        records=sorted(names.values()),
    )


def customer_history(
    engine: Engine, party_id: str, *, known: datetime | None = None
) -> list[Moment]:
    """All that happened to an id, in order, as known at a time; a merged id tells its own story.

    Raises StoreError where there is no such customer.
    """
    known = known or datetime.now(UTC)
    with reading(engine) as db:
        found = _load(db, party_id, known)
    told = [*_founding(found), *_linked(found), *_valued(found), *_fated(found), *_decided(found)]
    return sorted(told, key=lambda moment: moment.at)


def _load(db: Connection, party_id: str, known: datetime) -> _Found:
    if party_id not in load_parties(db, [party_id]):
        raise StoreError(f"there is no customer {party_id}")
    links = link_history(db, party_id, known)
    records = {link.canonical_id for link in links}
    judgements = [j for j in decisions.all_judgements(db, records) if j.decided_at <= known]
    named = records | {record for j in judgements for record in (j.left_id, j.right_id)}
    return _Found(
        party_id=party_id,
        golden=golden_history(db, party_id, known),
        links=links,
        fates=[fate for fate in fates.party_fates(db, party_id) if fate.recorded_at <= known],
        absorbed=[fate for fate in fates.absorbed(db, party_id) if fate.recorded_at <= known],
        judgements=judgements,
        names=_names(db, named),
        entries=audit.list_entries(db, party_id=party_id, limit=10_000),
    )


def _names(db: Connection, records: Collection[int]) -> dict[int, str]:
    return {id_: str(record.source) for id_, record in load_records(db, records).items()}


def _founding(found: _Found) -> Iterator[Moment]:
    if found.links:
        first = found.links[0]
        record = found.names[first.canonical_id]
        yield Moment(first.recorded_from, "created", detail={"record": record})


def _linked(found: _Found) -> Iterator[Moment]:
    for link in found.links:
        record = {"record": found.names[link.canonical_id]}
        joined = Moment(link.recorded_from, "record linked", detail={**record, "link": link.kind})
        yield _said(found, joined._replace(reason=link.reason))
        if link.recorded_to is not None:
            yield _said(found, Moment(link.recorded_to, "record left", detail=record))


def _valued(found: _Found) -> Iterator[Moment]:
    before: Mapping[str, Any] = {}
    for period in found.golden:
        body = orjson.loads(period.body)
        changed = sorted(n for n in before.keys() | body.keys() if before.get(n) != body.get(n))
        detail = {"version": period.version, "fields": changed, "valid_from": period.valid_from}
        yield Moment(period.recorded_from, "values changed", detail=detail)
        before = body


def _fated(found: _Found) -> Iterator[Moment]:
    for fate in found.fates:
        detail = {"into": fate.replaced_by} if fate.replaced_by else {}
        yield _said(found, Moment(fate.recorded_at, _FATES[fate.status], detail=detail))
    for fate in found.absorbed:
        detail = {"from": fate.party_id}
        yield _said(found, Moment(fate.recorded_at, "took another in", detail=detail))


def _decided(found: _Found) -> Iterator[Moment]:
    for item in found.judgements:
        pair = sorted((found.names[item.left_id], found.names[item.right_id]))
        what = item.kind.replace("_", "-")
        detail = {"records": pair}
        yield Moment(item.decided_at, what, item.actor, item.reason, detail)
        if item.revoked_at is not None:
            yield Moment(item.revoked_at, f"{what} revoked", detail=detail)


def _said(found: _Found, moment: Moment) -> Moment:
    """With the person who asked for it: the audit entry of the same transaction has their name."""
    entry = next((e for e in found.entries if e.at == moment.at), None)
    if entry is None:
        return moment
    return moment._replace(actor=entry.actor, reason=moment.reason or entry.reason or "")
