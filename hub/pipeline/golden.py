"""Golden records: computed for the parties whose records or links have changed, never edited.

First computed, then compared with what is held, then written: a plan stops before the last step.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from hashlib import blake2b
from typing import Any, Final, NamedTuple

import orjson

from hub.pipeline.beside import Hand, beside, here
from hub.pipeline.collection import paced_collection
from hub.pipeline.lineage import MappingLines
from hub.pipeline.rule_set import RuleSet, Trust, adopt_rules
from hub.store import golden as store
from hub.store import material as sources
from hub.store.database import Connection, Engine, writing
from hub.store.events import PartyEvent, add_events
from hub.store.golden import GoldenVersion, LastVersion, NewVersion
from hub.store.material import Material, mapping_texts
from hub.store.parties import load_parties
from hub.store.rules import ask_adopted_rules
from hub.store.transaction import keep_plans
from hub.survivorship import Candidate, Golden, Rules, survive

_CHUNK: Final = 500
_FEW: Final = 2_000
"""So many are done before another process is asked to help."""


class Difference(NamedTuple):
    """A party's golden record as computed, beside the one that is held.

    ``kind`` is created, changed, same or ended; ``changed`` names the attributes that differ;
    ``since`` is when the newest of the records that give the values was changed, where they say so.
    """

    party: str
    kind: str
    held: GoldenVersion | None
    changed: Sequence[str] = ()
    body: bytes = b"{}"
    provenance: bytes = b"{}"
    digest: bytes = b""
    since: datetime | None = None


def compute_golden(
    engine: Engine, *, trust: Trust | None = None, country: str = "DE"
) -> dict[str, int]:
    """Bring the golden records of all waiting parties up to date, a chunk a transaction.

    ``trust`` orders connections by attribute; where it differs from the rules of before, every
    golden record that those have made is computed anew.
    """
    rule_set = RuleSet(dict(trust or {}), country)
    counts: Counter[str] = Counter()
    with paced_collection() as collect, beside() as hand:
        while True:
            with writing(engine) as db:
                keep_plans(db)
                few = counts.total() < _FEW
                done = compute_chunk(db, rule_set, here if few else hand) or []
            counts.update(item.kind for item in done)
            if len(done) < _CHUNK:
                return count_kinds(counts)
            collect()


def count_kinds(kinds: Counter[str]) -> dict[str, int]:
    """How many golden records are created, changed, the same, ended."""
    return {f"golden_{kind}": kinds[kind] for kind in ("created", "changed", "same", "ended")}


def compute_chunk(db: Connection, rule_set: RuleSet, hand: Hand = here) -> list[Difference] | None:
    """Compute and write a chunk of what waits, in the caller's transaction; None at the end.

    Where the rules are new, what others have made waits as well. Half of it is handed over.
    """
    adopted = ask_adopted_rules(db)
    parties = sources.ask_pending_parties(db, _CHUNK, lock=True)()
    if adopted() != rule_set.digest and adopt_rules(db, rule_set):
        parties = sources.pending_parties(db, _CHUNK, lock=True)
    if not parties:
        return None
    material = sources.ask_party_material(db, parties)
    held = store.current_versions(db, parties)
    found = compare(db, material(), held, rule_set, hand=hand)
    differences = [found.get(party) or unlinked(party, held.get(party)) for party in parties]
    _write(db, differences, rule_set.digest)
    sources.settle_parties(db, parties)
    return differences


def compare(
    db: Connection,
    material: Iterable[tuple[str, Material]],
    held: Mapping[str, GoldenVersion],
    rule_set: RuleSet,
    *,
    hand: Hand = here,
) -> dict[str, Difference]:
    """Golden records of parties, given by name with their material; nothing is written.

    Half of it is handed over, if to another process.
    """
    by_party: defaultdict[str, list[Material]] = defaultdict(list)
    for party, item in material:
        by_party[party].append(item)
    digests = {item.mapping_digest for items in by_party.values() for item in items}
    texts = mapping_texts(db, digests)
    both = list(by_party.items())
    middle = len(both) if hand is here else len(both) // 2
    rest = both[middle:]
    theirs = {party: held[party] for party, _ in rest if party in held}
    other = hand(_differences, rest, theirs, rule_set, texts)
    return {**_differences(both[:middle], held, rule_set, texts), **other()}


def _differences(
    parties: Iterable[tuple[str, Sequence[Material]]],
    held: Mapping[str, GoldenVersion],
    rule_set: RuleSet,
    texts: Mapping[str, str],
) -> dict[str, Difference]:
    rules = rule_set.rules_with(MappingLines(texts))
    return {
        party: _difference(party, [candidate_of(item) for item in items], rules, held.get(party))
        for party, items in parties
    }


def unlinked(party: str, held: GoldenVersion | None) -> Difference:
    """What becomes of a party without records: it keeps no golden record."""
    if held is None:
        return Difference(party, "same", None)
    return Difference(party, "ended", held, sorted(orjson.loads(held.body)))


def _difference(
    party: str, candidates: Sequence[Candidate], rules: Rules, held: GoldenVersion | None
) -> Difference:
    made = survive(candidates, rules)
    body = orjson.dumps(made.body, option=orjson.OPT_SORT_KEYS)
    digest = blake2b(body, digest_size=16).digest()
    kind = "created" if held is None else "same" if held.body_hash == digest else "changed"
    return Difference(
        party=party,
        kind=kind,
        held=held,
        changed=_changed(made.body, held) if kind != "same" else (),
        body=body,
        provenance=orjson.dumps(made.provenance, option=orjson.OPT_SORT_KEYS),
        digest=digest,
        since=_since(made, candidates),
    )


def _changed(body: Mapping[str, Any], held: GoldenVersion | None) -> list[str]:
    old = orjson.loads(held.body) if held else {}
    return sorted(name for name in old.keys() | body.keys() if old.get(name) != body.get(name))


def candidate_of(item: Material) -> Candidate:
    """A linked record as survivorship takes it."""
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


def _since(made: Golden, candidates: Sequence[Candidate]) -> datetime | None:
    """What the sources themselves say of the records that the values come from."""
    used = {tuple(origin["source"].values()) for origin in _origins(made.provenance)}
    stamps = [c.updated for c in candidates if c.body.get("updated_at") and c.source in used]
    return datetime.fromisoformat(max(stamps)) if stamps else None


def _origins(provenance: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    for origin in provenance.values():
        yield from origin if isinstance(origin, list) else (origin,)


def _write(db: Connection, differences: Sequence[Difference], rules_digest: str) -> None:
    """Close, append or keep; a party that lost all its records keeps no active golden record."""
    now = datetime.now(UTC)
    last = _last_versions(db, differences)
    ends: dict[int, datetime] = {}
    added: list[NewVersion] = []
    kept: dict[int, str] = {}
    for item in differences:
        if item.kind == "same":
            kept.update(_refreshed(item, rules_digest))
            continue
        before = last.get(item.party, LastVersion(0, None))
        start = now if item.kind == "ended" else _start(item.since, before, now)
        ends.update({item.held.id: start} if item.held else {})
        if item.kind != "ended":
            texts = (item.body.decode(), item.provenance.decode())
            added.append(NewVersion(item.party, before.version + 1, *texts, item.digest, start))
    store.close_versions(db, ends, now)
    store.add_versions(db, added, rules_digest=rules_digest, now=now)
    store.refresh_versions(db, kept, rules_digest=rules_digest)
    add_events(db, _events(db, differences, last), now)


def _last_versions(db: Connection, differences: Sequence[Difference]) -> dict[str, LastVersion]:
    """The version that is held is the last one; only of parties that hold none the past is read."""
    last = store.last_versions(db, [item.party for item in differences if item.held is None])
    for item in differences:
        if item.held is not None:
            last[item.party] = LastVersion(item.held.version, item.held.valid_from)
    return last


def _refreshed(item: Difference, rules_digest: str) -> dict[int, str]:
    """Where the same values come from elsewhere now, or by other rules."""
    if item.held is None:
        return {}
    held, provenance = item.held, item.provenance.decode()
    same = (held.provenance, held.rules_digest) == (provenance, rules_digest)
    return {} if same else {held.id: provenance}


def _start(since: datetime | None, before: LastVersion, now: datetime) -> datetime:
    """From when a version holds: since its sources say so, if that is news; else from now."""
    if since is None or since > now or (before.until is not None and since <= before.until):
        return now
    return since


def _events(
    db: Connection, differences: Sequence[Difference], last: Mapping[str, LastVersion]
) -> list[PartyEvent]:
    """Created and changed, with the attributes; a customer without records changed in all of them.

    One that was merged away has said so already.
    """
    ended = load_parties(db, {item.party for item in differences if item.kind == "ended"})
    return [
        PartyEvent(item.party, "changed" if item.party in last else "created", item.changed)
        for item in differences
        if item.kind != "same"
        and not (item.kind == "ended" and ended[item.party].status == "merged")
    ]
