"""What a data steward decides: accept or reject a case, merge, take apart, move, never link.

Each decision is recorded with its actor and reason, and the records it names are resolved at once.
Decisions are pairs of records and outlive every run (law 7).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any, Final

from hub.errors import StoreError
from hub.pipeline.resolve import apply, plan
from hub.pipeline.ties import still_tied
from hub.store.audit import Act, Entry, add_entries, new_act
from hub.store.crosswalk import load_links, load_party_links
from hub.store.database import Connection, Engine, writing
from hub.store.decisions import (
    MUST_LINK,
    NEVER_LINK,
    Author,
    Decision,
    Judgement,
    Pair,
    all_judgements,
    between,
    decide,
    load_decisions,
    revoke,
)
from hub.store.match_look_ups import load_profiles
from hub.store.parties import resolve_party
from hub.store.party_records import load_records
from hub.store.reopening import reopen_case
from hub.store.review import assign_case, get_case, settle_cases

_MOST_PAIRS: Final = 1_000
"""From so many pairs on a never-link between two customers names contents, not records."""


class Steward:
    """A person at work on the ledger; every method returns the counts of what it changed."""

    def __init__(self, engine: Engine, actor: str, *, country: str = "DE") -> None:
        self._engine = engine
        self._actor = actor
        self._country = country

    def accept(self, case_id: str, *, reason: str = "") -> dict[str, int]:
        """The two records are one customer: their parties are merged whole."""
        with _deciding(self._engine, "accept", self._act(reason or "case accepted")) as desk:
            left, right = desk.open_case(case_id)
            desk.settle(case_id, "accepted")
            ids = desk.tie(_companions(desk.db, left), _companions(desk.db, right))
        return self._resolve(desk, ids)

    def reject(self, case_id: str, *, reason: str = "") -> dict[str, int]:
        """The two records are different customers, for ever."""
        with _deciding(self._engine, "reject", self._act(reason or "case rejected")) as desk:
            pair = desk.open_case(case_id)
            desk.settle(case_id, "rejected")
            desk.cut([pair[0]], [pair[1]])
        return self._resolve(desk, pair)

    def undo(self, case_id: str, *, reason: str = "") -> dict[str, int]:
        """Take back what was decided of a case, and ask again: all is as it was before.

        Raises StoreError where somebody has decided otherwise on the same records since.
        """
        with _deciding(self._engine, "undo", self._act(reason or "decision taken back")) as desk:
            pair, at = desk.settled_case(case_id)
            ids = _companions(desk.db, pair[0]) | _companions(desk.db, pair[1])
            desk.take_back(all_judgements(desk.db, ids), at)
            reopen_case(desk.db, case_id)
        return self._resolve(desk, ids)

    def assign(self, case_id: str, assignee: str, *, reason: str = "") -> None:
        """Give an open case to a person; an empty name takes it from whoever has it."""
        with _deciding(self._engine, "assign", self._act(reason or "case assigned")) as desk:
            desk.open_case(case_id)
            desk.note(case=case_id, assignee=assignee)
            assign_case(desk.db, case_id, assignee or None)

    def merge(self, party_id: str, other_id: str, *, reason: str) -> dict[str, int]:
        """Merge two customers; the older id survives, the other resolves to it for ever."""
        with _deciding(self._engine, "merge", self._act(reason)) as desk:
            one, other = _alive(desk.db, party_id), _alive(desk.db, other_id)
            if one == other:
                raise StoreError(f"{party_id} and {other_id} are one customer already: {one}")
            ids = desk.tie(_members(desk.db, one), _members(desk.db, other))
        return self._resolve(desk, ids)

    def unmerge(self, party_id: str, records: Collection[int], *, reason: str) -> dict[str, int]:
        """Take records (by canonical id) out of a customer; a merged id among them is revived."""
        with _deciding(self._engine, "unmerge", self._act(reason)) as desk:
            party = _alive(desk.db, party_id)
            members = _members(desk.db, party)
            if not set(records) <= members:
                raise StoreError(f"party {party}: some of the named records are not its own")
            leaving, staying = set(records), members - set(records)
            if not leaving or not staying:
                raise StoreError(
                    f"party {party}: name some of its records, not none and not all of them"
                )
            desk.cut(leaving, staying)
        return self._resolve(desk, members)

    def move(self, record: int, party_id: str, *, reason: str) -> dict[str, int]:
        """Move a record (canonical id) to another customer, for ever."""
        with _deciding(self._engine, "move", self._act(reason)) as desk:
            target = _alive(desk.db, party_id)
            there, here = _members(desk.db, target), _companions(desk.db, record)
            if record in there:
                raise StoreError(f"the record belongs to party {target} already")
            desk.cut([record], here - {record})
            desk.tie([record], there)
        return self._resolve(desk, here | there)

    def keep_apart(
        self, ones: Collection[int], others: Collection[int], *, reason: str
    ) -> dict[str, int]:
        """Keep records (canonical ids) apart from others for ever."""
        with _deciding(self._engine, "never_link", self._act(reason)) as desk:
            if not ones or not others or set(ones) & set(others):
                raise StoreError("name two different records, or customers that have records")
            desk.cut(ones, others)
        return self._resolve(desk, {*ones, *others})

    def _act(self, reason: str) -> Act:
        return new_act(self._actor, reason)

    def _resolve(self, desk: _Desk, records: Collection[int]) -> dict[str, int]:
        planned = plan(self._engine, country=self._country, records=records)
        return apply(self._engine, planned, limit=None, act=desk.act)


@contextmanager
def _deciding(engine: Engine, verb: str, act: Act) -> Iterator[_Desk]:
    """One decision in one transaction, with its audit entry."""
    with writing(engine) as db:
        desk = _Desk(db, act)
        yield desk
        desk.record(verb)


class _Desk:
    """Where a decision is made: it remembers what is changed, for the audit trail."""

    def __init__(self, db: Connection, act: Act) -> None:
        self.db = db
        self.act = act
        self._author = Author(act.actor, act.reason, datetime.now(UTC))
        self._detail: dict[str, Any] = {}
        self._named: set[int] = set()

    def record(self, verb: str) -> None:
        before = {link.canonical_id: link.party_id for link in load_links(self.db, self._named)}
        entry = Entry(verb, {**self._detail, "before": before}, set(before.values()))
        add_entries(self.db, self.act, [entry], self._author.at)

    def note(self, **detail: Any) -> None:
        """Add to what the audit trail says."""
        self._detail.update(detail)

    def open_case(self, case_id: str) -> Pair:
        case = get_case(self.db, case_id)
        if case is None or case["state"] != "open":
            raise StoreError(f"review case {case_id} is not open: somebody has settled it")
        pair = (case["left_id"], case["right_id"])
        self._named |= set(pair)
        self.note(case=case_id, pair=pair)
        return pair

    def settled_case(self, case_id: str) -> tuple[Pair, datetime]:
        """The records of a case on which a person has decided, and when."""
        case = get_case(self.db, case_id)
        if case is None or case["state"] not in {"accepted", "rejected"}:
            raise StoreError(f"review case {case_id} was not decided: there is nothing to undo")
        pair = (case["left_id"], case["right_id"])
        self._named |= set(pair)
        self.note(case=case_id, pair=pair)
        return pair, case["settled_at"]

    def take_back(self, judgements: Collection[Judgement], at: datetime) -> None:
        """Revoke what was decided at a time, and let stand again what was revoked by that."""
        made = [item for item in judgements if item.decided_at == at]
        if any(item.revoked_at is not None for item in made):
            raise StoreError("somebody has decided otherwise on these records since: look again")
        ended = [item for item in judgements if item.revoked_at == at]
        for kind in (MUST_LINK, NEVER_LINK):
            revoke(
                self.db, kind, [item[1:3] for item in made if item.kind == kind], self._author.at
            )
        for kind in (MUST_LINK, NEVER_LINK):
            self._put(kind, [item[1:3] for item in ended if item.kind == kind])
        self._named |= {record for item in made for record in item[1:3]}

    def settle(self, case_id: str, state: str) -> None:
        settle_cases(self.db, [case_id], state=state, by=self.act.actor, now=self._author.at)

    def tie(self, ones: Collection[int], others: Collection[int]) -> set[int]:
        """Must-links from one record to every other one of both sides: none is left out."""
        for side in (ones, others):
            _require_active(self.db, side)
        named = {*ones, *others}
        against = _of_kind(between(self.db, ones, others), NEVER_LINK)
        revoke(self.db, NEVER_LINK, against, self._author.at)
        first, *rest = sorted(named)
        self._put(MUST_LINK, [(first, member) for member in rest])
        self._named |= named
        return named

    def cut(self, ones: Collection[int], others: Collection[int]) -> None:
        """Never-links between both sides; what people tied within a side stays so."""
        named = {*ones, *others}
        standing = load_decisions(self.db, named)
        across = _of_kind(between(self.db, ones, others), MUST_LINK)
        tied, never = _of_kind(standing, MUST_LINK), _of_kind(standing, NEVER_LINK)
        kept = {pair for side in (ones, others) for pair in still_tied(tied, across, side)}
        revoke(self.db, MUST_LINK, across, self._author.at)
        self._put(MUST_LINK, kept - never)
        self._put(NEVER_LINK, _pairs(self.db, ones, others))
        self._named |= named

    def _put(self, kind: str, pairs: Collection[Pair]) -> None:
        decide(self.db, kind, pairs, self._author)
        if pairs:
            self._detail[kind] = sorted({*self._detail.get(kind, ()), *pairs})


def _of_kind(decisions: Iterable[Decision], kind: str) -> set[Pair]:
    return {(item.left_id, item.right_id) for item in decisions if item.kind == kind}


def _require_active(db: Connection, side: Collection[int]) -> None:
    """A customer whose records are all gone ends with the next run: nothing can join it."""
    if not any(record.active for record in load_records(db, side).values()):
        raise StoreError(
            "every record of one side is gone at its source; run `hub resolve`, then look again"
        )


def _alive(db: Connection, party_id: str) -> str:
    party = resolve_party(db, party_id)
    if party is None or party.status != "active":
        raise StoreError(f"there is no active party {party_id}")
    return party.id


def _members(db: Connection, party_id: str) -> set[int]:
    return {link.canonical_id for link in load_party_links(db, [party_id])}


def _companions(db: Connection, record: int) -> set[int]:
    """All records of the party that a record is linked to."""
    parties = {link.party_id for link in load_links(db, [record])}
    return {record}.union(*(_members(db, party) for party in parties))


def _pairs(db: Connection, ones: Collection[int], others: Collection[int]) -> set[Pair]:
    """Every record of one side with every one of the other; of very many one of each content.

    A copy that lost the one which stood for it, or that says something else now, is kept apart too.
    """
    if len(ones) * len(others) > _MOST_PAIRS:
        ones, others = _each_content(db, ones, others)
    return {(min(one, other), max(one, other)) for one in ones for other in others}


def _one_of_each(db: Connection, records: Iterable[int]) -> list[int]:
    """A record of each content, one that is not gone where there is one: copies follow it."""
    digests, held = load_profiles(db, records), load_records(db, records)
    first: dict[str | int, int] = {}
    for record in sorted(records, key=lambda r: (r not in held or not held[r].active, r)):
        first.setdefault(digests.get(record, record), record)
    return sorted(first.values())


def _each_content(
    db: Connection, ones: Collection[int], others: Collection[int]
) -> tuple[list[int], list[int]]:
    """One record of each content of either side, and every record of contents on both sides."""
    left, right = load_profiles(db, ones), load_profiles(db, others)
    shared = set(left.values()) & set(right.values())
    sides = []
    for records, digests in ((ones, left), (others, right)):
        copies = [record for record in records if digests.get(record) in shared]
        sides.append(sorted({*_one_of_each(db, records), *copies}))
    return sides[0], sides[1]
