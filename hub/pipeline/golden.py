"""Golden records: computed for the parties whose records or links have changed, never edited."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import blake2b
from typing import Any, Final

import orjson

from hub.match.places import standardise_place
from hub.match.standardise import standardise_email, standardise_identifier, standardise_phone
from hub.pipeline.lineage import MappingLines
from hub.store import golden as store
from hub.store import material as sources
from hub.store.database import Connection, Engine, writing
from hub.store.events import PartyEvent, add_events
from hub.store.golden import GoldenVersion, NewVersion
from hub.store.material import Material
from hub.survivorship import RULES_VERSION, Candidate, Golden, Rules, survive

_CHUNK: Final = 500

Trust = Mapping[str, Sequence[str]]


def compute_golden(
    engine: Engine, *, trust: Trust | None = None, country: str = "DE"
) -> dict[str, int]:
    """Bring the golden records of all waiting parties up to date, a chunk a transaction.

    ``trust`` orders connections by attribute; what is not named follows the connection's office.
    """
    rules = _RuleSet(dict(trust or {}), country)
    counts = {"golden_created": 0, "golden_changed": 0, "golden_same": 0, "golden_ended": 0}
    while True:
        with writing(engine) as db:
            parties = sources.pending_parties(db, _CHUNK)
            if not parties:
                return counts
            for name, count in _compute(db, parties, rules).items():
                counts[name] += count


@dataclass(frozen=True, slots=True)
class _RuleSet:
    trust: Trust
    country: str

    @property
    def digest(self) -> str:
        stated = [RULES_VERSION, self.country, sorted((k, list(v)) for k, v in self.trust.items())]
        return blake2b(orjson.dumps(stated), digest_size=8).hexdigest()

    def normalise(self, attribute: str, value: Any) -> Any:
        """What makes two values of an attribute the same."""
        if attribute == "email":
            return standardise_email(value)
        if attribute == "phone":
            return standardise_phone(value, self.country) or value
        if attribute == "address":
            return _place_key(value)
        if attribute == "identifier":
            plain = standardise_identifier(value["scheme"], value["value"]) or value["value"]
            return (value["scheme"], value.get("issuer"), plain)
        return repr(sorted(value.items())) if isinstance(value, dict) else value


def _place_key(value: Mapping[str, Any]) -> Any:
    return standardise_place(
        tuple(value.get("lines", ())),
        value.get("locality") or "",
        postcode=value.get("postcode") or "",
        country=value.get("country") or "",
    )


@dataclass(slots=True)
class _Chunk:
    """The rows that a chunk of parties needs written."""

    closed: list[int] = field(default_factory=list)
    added: list[NewVersion] = field(default_factory=list)
    refreshed: dict[int, str] = field(default_factory=dict)
    events: list[PartyEvent] = field(default_factory=list)
    counts: defaultdict[str, int] = field(default_factory=lambda: defaultdict(int))


def _compute(db: Connection, parties: list[str], rule_set: _RuleSet) -> Mapping[str, int]:
    now = datetime.now(UTC)
    material = sources.load_material(db, parties)
    texts = sources.mapping_texts(db, {item.mapping_digest for item in material})
    rules = Rules(
        trust=rule_set.trust, normalise=rule_set.normalise, find_line=MappingLines(texts).find
    )
    by_party: defaultdict[str, list[Candidate]] = defaultdict(list)
    for item in material:
        by_party[item.party_id].append(_candidate(item))
    current = store.current_versions(db, parties)
    last = store.last_versions(db, parties)
    chunk = _Chunk()
    for party in parties:
        made = survive(by_party[party], rules) if by_party[party] else None
        _compare(chunk, party, made, before=current.get(party), version=last.get(party, 0) + 1)
    store.close_versions(db, chunk.closed, now)
    store.add_versions(db, chunk.added, rules_digest=rule_set.digest, now=now)
    store.refresh_provenance(db, chunk.refreshed)
    add_events(db, chunk.events, now)
    sources.settle_parties(db, parties)
    return chunk.counts


def _candidate(item: Material) -> Candidate:
    body = orjson.loads(item.body)
    observed = item.observed_at.isoformat() if item.observed_at else ""
    return Candidate(
        source=item.source,
        office=item.office,
        updated=_moment(body.get("updated_at") or observed),
        body=body,
        raw_version=item.raw_version,
        mapping_digest=item.mapping_digest,
    )


def _moment(text: str) -> str:
    """One spelling of a UTC moment, so that texts sort as times do."""
    if not text:
        return ""
    return datetime.fromisoformat(text).astimezone(UTC).isoformat(timespec="microseconds")


def _compare(
    chunk: _Chunk, party: str, made: Golden | None, *, before: GoldenVersion | None, version: int
) -> None:
    """Close, append or keep; a party that lost all its records keeps no active golden record."""
    if made is None:
        if before is not None:
            chunk.closed.append(before.id)
            chunk.counts["golden_ended"] += 1
        return
    body = orjson.dumps(made.body, option=orjson.OPT_SORT_KEYS)
    digest = blake2b(body, digest_size=16).digest()
    provenance = orjson.dumps(made.provenance, option=orjson.OPT_SORT_KEYS).decode()
    if before is not None and before.body_hash == digest:
        if before.provenance != provenance:
            chunk.refreshed[before.id] = provenance
        chunk.counts["golden_same"] += 1
        return
    chunk.added.append(NewVersion(party, version, body.decode(), provenance, digest))
    if before is not None:
        chunk.closed.append(before.id)
    _announce(chunk, party, made, before=before, first=version == 1)


def _announce(
    chunk: _Chunk, party: str, made: Golden, *, before: GoldenVersion | None, first: bool
) -> None:
    old = orjson.loads(before.body) if before is not None else {}
    changed = sorted(
        name for name in old.keys() | made.body.keys() if old.get(name) != made.body.get(name)
    )
    chunk.events.append(PartyEvent(party, "created" if first else "changed", changed))
    chunk.counts["golden_created" if first else "golden_changed"] += 1
