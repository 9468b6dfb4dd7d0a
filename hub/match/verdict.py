"""What a weight means: a grade, and evidence that names fields and outcomes and never values."""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum
from typing import Final, NamedTuple

from hub.match.relations import Relation, relation_of
from hub.match.thresholds import CONFLICT, POSSIBLE, PROBABLE
from hub.match.weigh import Weight, relation_name

_WORD: Final = 0.05


class Grade(StrEnum):
    """How sure a match is: only a certain one is linked without a person."""

    CERTAIN = "certain"
    PROBABLE = "probable"
    POSSIBLE = "possible"
    NONE = "none"


class Evidence(NamedTuple):
    """One field's part in the weight, in bits; names the outcome, never the values."""

    field: str
    outcome: str
    bits: float


class Verdict(NamedTuple):
    """What two contents have for and against being one party.

    ``tie`` and ``against`` are what the pair counts in clusters (:class:`hub.match.weigh.Weight`);
    ``vetoes`` say why the two are never one on their own. ``weight`` is what was weighed, ``said``
    what speaks for the pair where nothing was.
    """

    bits: float
    grade: Grade
    tie: float
    against: float
    vetoes: tuple[str, ...] = ()
    weight: Weight | None = None
    said: tuple[Evidence, ...] = ()

    @property
    def evidence(self) -> tuple[Evidence, ...]:
        """The parts whose sum is the weight; worked out when asked, since few pairs are."""
        return self.said if self.weight is None else tuple(_evidence(self.weight))

    @property
    def relation(self) -> Relation | None:
        """What the two are to each other where they are not one."""
        return None if self.weight is None else relation_of(self.weight)


_APART: Final = 2 * CONFLICT
OTHER_KIND: Final = Verdict(_APART, Grade.NONE, _APART, _APART)
"""A person and an organisation are not compared, and never one."""


def grade_of(weight: Weight) -> Grade:
    """The grade of a weight."""
    if weight.joins:
        return Grade.CERTAIN
    if weight.bits >= PROBABLE:
        return Grade.PROBABLE
    return Grade.POSSIBLE if weight.bits >= POSSIBLE else Grade.NONE


def judge(weight: Weight | None) -> Verdict:
    """The verdict on a pair; its weight is None where no model compares it."""
    if weight is None:
        return OTHER_KIND
    return Verdict(
        bits=weight.bits,
        grade=grade_of(weight),
        tie=weight.tie,
        against=weight.against,
        vetoes=weight.vetoes,
        weight=weight,
    )


def _evidence(weight: Weight) -> Iterator[Evidence]:
    """The parts whose sum is the weight, as far as anything is worth a word."""
    yield from (Evidence(part.field, part.outcome, part.match) for part in weight.parts)
    yield Evidence("before", "odds of any two records", weight.score - weight.evidence)
    taken = weight.bits - weight.score
    if taken <= -_WORD:
        relation = "kin" if weight.kin >= weight.colleagues else "colleagues"
        yield Evidence(
            "lookalike", f"{relation_name(relation, weight.kind)} explains it too", taken
        )
