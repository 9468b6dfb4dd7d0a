"""What a data steward decides: accept or reject a case, merge, take apart, move, never link.

Each decision is recorded with its actor and reason, and the records it names are resolved at once.
Decisions are pairs of records and outlive every run (law 7).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

from hub.errors import StoreError
from hub.pipeline.resolve import apply, plan
from hub.store.audit import Act, Entry, add_entries, new_act
from hub.store.crosswalk import load_links, load_party_links
from hub.store.database import Connection, Engine, writing
from hub.store.decisions import MUST_LINK, NEVER_LINK, Author, Pair, decide, revoke
from hub.store.match_keys import load_profiles
from hub.store.parties import resolve_party
from hub.store.review import assign_case, get_case, settle_cases


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

    def settle(self, case_id: str, state: str) -> None:
        settle_cases(self.db, [case_id], state=state, by=self.act.actor, now=self._author.at)

    def tie(self, ones: Collection[int], others: Collection[int]) -> set[int]:
        """Must-links from one record to every other content of both sides: none is left out."""
        lefts, rights = _each_content(self.db, ones, others)
        first, *rest = sorted({*lefts, *rights})
        crossing = [(one, other) for one in ones for other in others]
        self._put(MUST_LINK, [(first, member) for member in rest], crossing)
        return {*ones, *others}

    def cut(self, ones: Collection[int], others: Collection[int]) -> None:
        """Never-links between every content of one side and every content of the other."""
        lefts, rights = _each_content(self.db, ones, others)
        crossing = [(one, other) for one in ones for other in others]
        self._put(NEVER_LINK, [(one, other) for one in lefts for other in rights], crossing)

    def _put(self, kind: str, pairs: list[Pair], crossing: list[Pair]) -> None:
        against = NEVER_LINK if kind == MUST_LINK else MUST_LINK
        revoke(self.db, against, crossing, self._author.at)
        decide(self.db, kind, pairs, self._author)
        self.note(**{kind: sorted(pairs)})
        self._named |= {record for pair in crossing for record in pair}


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


def _one_of_each(db: Connection, records: Iterable[int]) -> list[int]:
    """The first record of each content: copies follow it."""
    wanted = sorted(records)
    digests = load_profiles(db, wanted)
    first: dict[str | int, int] = {}
    for record in wanted:
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
