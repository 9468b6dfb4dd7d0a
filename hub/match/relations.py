"""What two records are to each other where they are not one party: a household, a branch.

The sums of the look-alikes that keep a pair from being a match say it. A relation needs something
that the two have to themselves: what many share (a switchboard, a provider's domain) makes none.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import Final, NamedTuple

from hub.match.thresholds import STRONG
from hub.match.weigh import Weight, relation_name

HOUSE: Final = "ho:"
"""Prefix of the match keys of houses; in one that many have, nobody is of one household."""
_ANCHORS: Final = MappingProxyType(
    {
        "person": frozenset({("email", "same"), ("phone", "same"), ("address", "same house")}),
        "organisation": frozenset(
            {("email", "same"), ("email", "same domain"), ("phone", "same"), ("identifier", "same")}
        ),
    }
)
"""Outcomes that a value of their own gives, by kind of party."""


class Shared(NamedTuple):
    """A field in which the two agree, how well, and the bits that it gives a relation."""

    field: str
    outcome: str
    bits: float


class Relation(NamedTuple):
    """What two parties are to each other: ``name`` as a look-alike is called, ``bits`` its odds.

    ``housed`` says that nothing but one house holds them together.
    """

    name: str
    bits: float
    shared: tuple[Shared, ...]
    housed: bool


def relation_of(weight: Weight) -> Relation | None:
    """The relation that explains a pair at least as well as a match does; None without one."""
    if weight.kin < STRONG or weight.kin < max(weight.score, weight.colleagues) or weight.joins:
        return None
    told = {(part.field, part.outcome) for part in weight.parts} & _ANCHORS[weight.kind]
    if not told:
        return None
    return Relation(
        name=relation_name("kin", weight.kind),
        bits=weight.kin,
        shared=tuple(Shared(p.field, p.outcome, p.kin) for p in weight.parts if p.kin > 0),
        housed={field for field, _ in told} == {"address"},
    )
