"""Plan before apply: everything a run will do to customers and their values, pinned by a digest.

The digest names records by their source references and customers by the record that founded them:
it is a function of the outcome, not of ids or the clock. To apply a digest is to plan again, to
compare, and to commit links and golden records in one transaction, or to change nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from hashlib import blake2b
from typing import Any, Final, NamedTuple

import orjson

from hub.errors import StoreError
from hub.pipeline import golden
from hub.pipeline.golden import Difference
from hub.pipeline.ledger import carry_out
from hub.pipeline.outcome import Customers, Outcome, outcome_of
from hub.pipeline.resolution import Plan
from hub.pipeline.resolve import plan
from hub.pipeline.rule_set import RuleSet, adopt_rules
from hub.store import rules
from hub.store.audit import Entry, add_entries, new_act
from hub.store.database import Connection, Engine, reading, writing
from hub.store.golden import current_versions
from hub.store.material import Material, load_record_material, pending_parties

_CHUNK: Final = 500
_EXAMPLES: Final = 5


class Watch(NamedTuple):
    """A golden attribute that records of a stream subscribe to."""

    attribute: str
    connection: str
    stream: str


@dataclass(slots=True)
class Values:
    """Golden changes, counted by attribute with examples; ``marks`` hold their digests."""

    kinds: Counter[str] = field(default_factory=Counter)
    fields: Counter[str] = field(default_factory=Counter)
    examples: dict[str, list[str]] = field(default_factory=dict)
    deliveries: Counter[str] = field(default_factory=Counter)
    records: int = 0
    marks: list[tuple[str, str, str]] = field(default_factory=list)

    def note(self, item: Difference, name: str) -> None:
        """Take up one customer's change; ``name`` stands for it in the digest."""
        self.kinds[item.kind] += 1
        if item.kind == "same":
            return
        self.marks.append((name, item.kind, item.digest.hex()))
        for attribute in item.changed:
            self.fields[attribute] += 1
            shown = self.examples.setdefault(attribute, [])
            if len(shown) < _EXAMPLES:
                shown.append(item.party)


@dataclass(frozen=True, slots=True)
class Proposal:
    """A plan with all that follows from it."""

    plan: Plan
    outcome: Outcome
    values: Values
    rules_digest: str

    @property
    def digest(self) -> str:
        """What pins it: equal for two plans that would do the same."""
        said = [self.outcome.lines, sorted(self.values.marks), self.rules_digest]
        return blake2b(orjson.dumps(said), digest_size=16).hexdigest()

    @property
    def counts(self) -> dict[str, int]:
        """The counts of the plan and of its golden records."""
        return {**self.plan.counts, **golden.count_kinds(self.values.kinds)}

    def as_dict(self) -> dict[str, Any]:
        """The plan as people and programs read it; customers that are new have no id yet."""
        values = self.values
        touched = sum(count for kind, count in values.kinds.items() if kind != "same")
        return {
            "digest": self.digest,
            "counts": self.counts,
            **self.outcome.as_dict(),
            "golden": {
                name: {"customers": count, "examples": values.examples[name]}
                for name, count in sorted(values.fields.items())
            },
            "reach": {
                "customers": touched + self.plan.merges,
                "records": values.records,
                "deliveries_at_most": dict(values.deliveries),
            },
        }


def propose(engine: Engine, rule_set: RuleSet, watches: Sequence[Watch] = ()) -> Proposal:
    """Work out a run: what is pending, and what the rules at hand make of golden records.

    Like ``plan`` it touches nothing but the index of match keys.
    """
    planned = plan(engine, country=rule_set.country)
    with reading(engine) as db:
        outcome = outcome_of(db, planned)
        values = Values()
        for chunk in _chunks(_all_customers(db, outcome.customers, rule_set)):
            _compute(db, chunk, values, rule_set=rule_set, watches=watches)
    return Proposal(planned, outcome, values, rule_set.digest)


def _all_customers(db: Connection, touched: Customers, rule_set: RuleSet) -> Customers:
    """The plan's customers, and those that wait for their values or for changed rules."""
    waiting = set(pending_parties(db, 1_000_000_000))
    if rules.adopted_rules(db) != rule_set.digest:
        waiting |= set(rules.outdated_parties(db, rule_set.digest))
    return touched.with_others(db, waiting)


def _chunks(customers: Customers) -> Iterator[Customers]:
    ordered = sorted(customers.members)
    for start in range(0, len(ordered), _CHUNK):
        part = {party: customers.members[party] for party in ordered[start : start + _CHUNK]}
        yield replace(customers, members=part)


def _compute(
    db: Connection,
    customers: Customers,
    values: Values,
    *,
    rule_set: RuleSet,
    watches: Sequence[Watch],
) -> None:
    records = {record for members in customers.members.values() for record in members}
    material = load_record_material(db, records)
    held = current_versions(db, [party for party in customers.members if party in customers.known])
    pairs = [
        (party, material[record])
        for party, members in customers.members.items()
        for record in sorted(members)
        if record in material
    ]
    found = golden.compare(db, pairs, held, rule_set)
    for party, members in customers.members.items():
        item = found.get(party) or golden.unlinked(party, held.get(party))
        values.note(item, customers.names[party])
        values.records += len(members)
        own = [material[record] for record in members if record in material]
        values.deliveries.update(_reached(item, own, customers.moved, watches))


def _reached(
    item: Difference, records: Iterable[Material], moved: set[int], watches: Sequence[Watch]
) -> Iterator[str]:
    """The connections of records that a golden value may now be written to."""
    for record in records:
        for watch in watches:
            if (record.source.connection, record.source.type) != watch[1:] or record.source.part:
                continue
            if watch.attribute in item.changed or record.canonical_id in moved:
                yield watch.connection


def apply_proposal(
    engine: Engine, digest: str, rule_set: RuleSet, *, actor: str
) -> Mapping[str, int]:
    """Do exactly what a plan with this digest showed, in one transaction.

    Raises StoreError, with nothing changed, where anything it depends on has moved since.
    """
    proposal = propose(engine, rule_set)
    if proposal.digest != digest:
        raise _moved(digest)
    act = new_act(actor, f"plan {digest} applied")
    with writing(engine) as db:
        adopt_rules(db, rule_set)
        if carry_out(db, proposal.plan.changes, act, plan=digest):
            raise _moved(digest)
        if not _same_values(proposal.values, list(_write_values(db, rule_set))):
            raise _moved(digest)
        counts = proposal.counts
        entry = Entry("apply", {"plan": digest, "counts": counts})
        add_entries(db, act, [entry], datetime.now(UTC))
    return {**counts, "stale": 0}


def _write_values(db: Connection, rule_set: RuleSet) -> Iterator[Difference]:
    while (done := golden.compute_chunk(db, rule_set)) is not None:
        yield from done


def _same_values(planned: Values, done: Sequence[Difference]) -> bool:
    """Whether the golden records came out as planned, whatever ids new customers got."""
    made = Counter((item.kind, item.digest.hex()) for item in done if item.kind != "same")
    return made == Counter((kind, digest) for _, kind, digest in planned.marks)


def _moved(digest: str) -> StoreError:
    return StoreError(
        f"plan {digest} does not hold (any more): records, links, decisions or rules are not as "
        "they were; nothing was changed; look at `hub resolve --plan` again"
    )
