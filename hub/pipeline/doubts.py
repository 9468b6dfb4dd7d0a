"""Review cases of a plan: for two customers the heaviest doubt between them, and no more."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final, NamedTuple

from hub.match.verdict import Evidence, Grade, Verdict
from hub.pipeline.growth import Growth
from hub.pipeline.resolution import Change, Resolved
from hub.store.crosswalk import load_links
from hub.store.database import Connection
from hub.store.former import merged_records
from hub.store.review import NewCase, OpenCase

Label = tuple[Any, ...]
"""The customer of a record: its unit and cluster in this plan, or its party."""


UNSURE: Final = "not certain"
"""Two that nothing keeps apart but a weight that is too small: neither has a say in the other."""
MERGED_AT_SOURCE: Final = "merged at the source"
_MERGED: Final = Verdict(
    bits=14.0,
    grade=Grade.PROBABLE,
    tie=14.0,
    against=14.0,
    said=(Evidence("source", MERGED_AT_SOURCE, 14.0),),
)
"""A system that merges two of its records speaks for the customers that the two belonged to."""


_TENTHS: Final = 10
"""The store keeps tenths of a bit."""


class _Doubt(NamedTuple):
    left: int
    right: int
    verdict: Verdict
    reason: str


class Doubts:
    """Collects doubtful pairs over a plan's batches and attaches the cases to its changes."""

    def __init__(self) -> None:
        self._doubts: dict[tuple[int, int], _Doubt] = {}
        self._labels: dict[int, Label] = {}
        self._unit_of: dict[int, int] = {}
        self._never: set[tuple[int, int]] = set()
        self._standing: dict[str, OpenCase] = {}

    def note(self, number: int, resolved: Resolved) -> None:
        """Take up a unit that becomes the plan's change with the given number."""
        self._unit_of.update(dict.fromkeys(resolved.change.members, number))
        for record, spot in resolved.spots.items():
            self._labels[record] = ("new", number, spot)
        for left, right, verdict, reason in resolved.apart:
            self._add(left, right, verdict, reason)

    def note_batch(
        self, growth: Growth, first: Mapping[str, int], standing: Iterable[OpenCase]
    ) -> None:
        """Take up what a batch has compared and did not find certain.

        ``first`` are the records that stand for the contents in doubt, ``standing`` the open cases
        of the batch's records.
        """
        self._standing.update({case.id: case for case in standing})
        for (one, other), verdict in sorted(growth.doubtful.items()):
            reason = "; ".join(verdict.vetoes) or UNSURE
            self._add(first[one], first[other], verdict, reason)
        self._never |= growth.never_links()

    def _note_merged(self, db: Connection, changes: Iterable[Change]) -> None:
        """A record that its system merged away speaks for those it leaves behind and the kept one.

        The gone record says so once; an open case stands until people or links settle it.
        """
        gone = {
            record: change
            for change in changes
            for record, _, active in change.settled
            if not active and record in change.expected
        }
        for record, kept in sorted(merged_records(db, gone.keys()).items()):
            change = gone[record]
            party = change.expected[record]
            left = [r for r in change.members if r in self._labels]
            left = [r for r in left if change.expected.get(r) == party]
            if left:
                self._add(left[0], kept, _MERGED, MERGED_AT_SOURCE)

    def _add(self, left: int, right: int, verdict: Verdict, reason: str) -> None:
        if left != right:
            pair = (min(left, right), max(left, right))
            self._doubts[pair] = _Doubt(*pair, verdict, reason)

    def attach(self, db: Connection, changes: list[Change]) -> None:
        """Open the cases that are wanted and missing; those no longer wanted are obsolete."""
        standing = sorted(self._standing.values())
        for case in standing:
            if case.reason == MERGED_AT_SOURCE:
                self._add(case.left_id, case.right_id, _MERGED, MERGED_AT_SOURCE)
        self._note_merged(db, changes)
        self._label_others(db)
        wanted = {(doubt.left, doubt.right): doubt for doubt in self._heaviest()}
        for case in standing:
            if wanted.pop((case.left_id, case.right_id), None) is None:
                number = self._unit(case.left_id, case.right_id)
                if number is not None:
                    changes[number].obsolete += (case.id,)
        for doubt in wanted.values():
            number = self._unit(doubt.left, doubt.right)
            if number is not None:
                changes[number].opened += (_case(doubt),)

    def _unit(self, left: int, right: int) -> int | None:
        numbers = [self._unit_of[record] for record in (left, right) if record in self._unit_of]
        return max(numbers, default=None)

    def _label_others(self, db: Connection) -> None:
        named = {record for pair in (*self._doubts, *self._never) for record in pair}
        links = load_links(db, named - self._labels.keys() - self._unit_of.keys())
        self._labels.update({link.canonical_id: ("party", link.party_id) for link in links})

    def _label(self, record: int) -> Label:
        return self._labels.get(record, ("record", record))

    def _heaviest(self) -> Iterable[_Doubt]:
        never = {frozenset((self._label(left), self._label(right))) for left, right in self._never}
        best: dict[frozenset[Label], _Doubt] = {}
        for doubt in sorted(self._doubts.values(), key=_rank):
            customers = frozenset((self._label(doubt.left), self._label(doubt.right)))
            if doubt.reason == MERGED_AT_SOURCE and any(
                label[0] == "record" for label in customers
            ):
                continue
            if len(customers) == 2 and customers not in never:
                best.setdefault(customers, doubt)
        return best.values()


def _rank(doubt: _Doubt) -> tuple[bool, bool, float, int, int]:
    """What matches and was kept apart stands before what is unsure: it decides on clusters."""
    kept_apart = doubt.verdict.grade is Grade.CERTAIN
    at_source = doubt.reason == MERGED_AT_SOURCE
    return (not at_source, not kept_apart, -doubt.verdict.bits, doubt.left, doubt.right)


def _case(doubt: _Doubt) -> NewCase:
    found = doubt.verdict
    grade = Grade.PROBABLE if found.grade is Grade.CERTAIN else found.grade
    evidence = [
        {"field": item.field, "outcome": item.outcome, "weight": round(item.bits * _TENTHS)}
        for item in found.evidence
    ]
    weight = round(found.bits * _TENTHS)
    return NewCase(doubt.left, doubt.right, grade.value, weight, evidence, doubt.reason)
