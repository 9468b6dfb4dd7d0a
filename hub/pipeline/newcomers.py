"""Newcomers: customers that a system should have and has not, and the records planned for them."""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final, NamedTuple

import orjson

from hub.mapping.recipes import Recipe
from hub.ownership import EVERYBODY, Audience
from hub.store import creations, outbox
from hub.store.audience import parties_with_won
from hub.store.creations import PlannedRecord, Standing
from hub.store.database import Connection
from hub.store.golden import current_versions
from hub.store.parties import load_parties
from hub.store.record_flow import IN_FLIGHT
from hub.store.streams import find_stream
from hub.store.whole import CREATE

GOLDEN_NAMES: Final = frozenset(
    [
        *("kind", "status", "lang", "tz", "birth_date", "employees", "roles", "consents"),
        *("display_name", "prefix", "given", "middle", "family", "suffix", "preferred"),
        *("legal_name", "legal_form", "identifiers", "customer_no", "eu_vat", "number"),
        *("email", "emails", "phone", "phones", "web", "webs", "address", "addresses"),
    ]
)
"""What a new record may be made of: a golden record's attributes, and the hub's own number."""
_NOBODY: Final[frozenset[str]] = frozenset()
_DOUBT: Final = "the target may have the customer already: settle the case of `hub review list`"


@dataclass(frozen=True, slots=True, kw_only=True)
class Newcomers:
    """A stream in which records are made, for which customers, and of what.

    ``attributes`` are the golden attributes by the field that rules write them to.
    """

    connection: str
    stream: str
    recipe: Recipe
    only: Audience = EVERYBODY
    attributes: Mapping[str, str] = field(default_factory=dict)


class Staged(NamedTuple):
    """What a look at customers came to; ``blocked`` wait for a request that is under way."""

    planned: int = 0
    superseded: int = 0
    blocked: frozenset[str] = frozenset()


def stage_newcomers(db: Connection, rule: Newcomers, parties: Sequence[str]) -> Staged:
    """Plan a record for each customer that is meant and has none; hold the turn of staging.

    Nothing is made in a stream that was never read, nor while records of it wait for resolution:
    nobody knows who is there already.
    """
    stream_id = find_stream(db, rule.connection, rule.stream)
    if stream_id is None:
        return Staged()
    alive = outbox.survivors(db, parties)
    have = {target.party_id for target in outbox.targets(db, alive, rule.connection, rule.stream)}
    flight = outbox.survivors(db, creations.parties_in_flight(db, stream_id))
    lacking = alive - have - flight
    if lacking and creations.has_unresolved(db, stream_id):
        return Staged(blocked=frozenset(parties))
    standing = creations.latest_creations(db, {*alive, *parties}, stream_id)
    wanted = dict(_wanted(db, rule, stream_id, lacking))
    now = datetime.now(UTC)
    obsolete = list(_obsolete(standing, wanted, lacking))
    creations.supersede_records(db, obsolete, now)
    planned = creations.insert_records(db, list(_fresh(standing, wanted)), now)
    blocked = (
        frozenset(p for p in parties if flight & outbox.survivors(db, [p])) if flight else _NOBODY
    )
    return Staged(planned, len(obsolete), blocked)


def _fresh(
    standing: Mapping[str, Standing], wanted: Mapping[str, PlannedRecord]
) -> Iterator[PlannedRecord]:
    for party, record in sorted(wanted.items()):
        if party not in standing or _is_news(standing[party], record):
            yield record


def _obsolete(
    standing: Mapping[str, Standing], wanted: Mapping[str, PlannedRecord], lacking: Container[str]
) -> Iterator[str]:
    """Creations that wait, and are no longer wanted or not as they are.

    One that a person has asked for goes as long as the customer has none, whatever the rules say.
    """
    for party, row in sorted(standing.items()):
        if row.state not in creations.WAITING:
            continue
        asked = row.approved and party in lacking and party not in wanted
        if not asked and (party not in wanted or _is_news(row, wanted[party])):
            yield row.id


def _wanted(
    db: Connection, rule: Newcomers, stream_id: int, lacking: set[str]
) -> Iterator[tuple[str, PlannedRecord]]:
    """The record that each customer who is meant should get.

    One whose record was deleted at the target gets no other by itself.
    """
    lacking = lacking - creations.parties_with_deleted(db, lacking, stream_id)
    winners = parties_with_won(db, lacking) if rule.only.won else set()
    versions = current_versions(db, lacking)
    doubtful = creations.parties_in_doubt(db, lacking, stream_id)
    numbers = {party.id: party.seq for party in load_parties(db, lacking).values()}
    for party, version in versions.items():
        body = orjson.loads(version.body)
        if rule.only.admits(body, has_won=party in winners):
            planned = _planned(rule, stream_id, party, {**body, "number": numbers[party]})
            yield party, planned._replace(message=_DOUBT) if party in doubtful else planned


def _planned(
    rule: Newcomers, stream_id: int, party: str, golden: Mapping[str, Any]
) -> PlannedRecord:
    filled = rule.recipe.fill(golden)
    fields = {name: [rule.attributes.get(name, ""), text] for name, text in filled.fields.items()}
    lacking = ", ".join(sorted(filled.lacking))
    return PlannedRecord(
        kind=CREATE,
        party_id=party,
        stream_id=stream_id,
        fields=orjson.dumps(fields, option=orjson.OPT_SORT_KEYS).decode(),
        party_kind=golden.get("kind"),
        message=f"the target demands {lacking}, and the customer has no value" if lacking else None,
    )


def _is_news(row: Standing, wanted: PlannedRecord) -> bool:
    """Whether another creation is to take its place.

    What a person gave up stays so; what was refused or failed is tried with other values only. A
    record that was made, and now belongs to another customer, is not this one's.
    """
    if row.state in ("abandoned", *IN_FLIGHT):
        return False
    if row.state == "acknowledged":
        return row.owner not in (None, wanted.party_id)
    return (row.fields, row.message if row.state == "incomplete" else None) != (
        wanted.fields,
        wanted.message,
    )
