"""What speaks against a pair whatever else agrees: conflicting values that a look-alike explains.

A vetoed pair is never linked on its own; a person looks at it. In a customer of many records one
vetoed pair of persons counts heavily, but people mistype: the others may outvote it. Two companies
that a veto parts are never one. Each condition is told in SQL and in Python alike.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Final, NamedTuple

from hub.match.levels import DIFFERENT, FIELDS
from hub.match.prior import KIN
from hub.match.thresholds import STRONG


class Sums(NamedTuple):
    """A pair's weights, as :class:`hub.match.weigh.Weight` has them."""

    score: float
    kin: float
    colleagues: float


class Veto(NamedTuple):
    """A field that differs while another is the same, as far as they are told.

    With ``likeness`` only if a look-alike explains the pair better by so many bits.
    """

    reason: str
    field: str | None = None
    beside: str | None = None
    likeness: float | None = None


SAME: Final = "same"
"""The first outcome of every field that a veto can ask for."""
ABSOLUTE: Final = frozenset({"organisation"})
"""The kinds of party whose vetoes no other record outvotes."""
VETOES: Final = MappingProxyType(
    {
        "person": (
            Veto("another given name", "given_name", likeness=0.0),
            Veto("another date of birth", "birth_date", likeness=0.0),
            Veto("one mailbox, but another date of birth", "birth_date", beside="email"),
            Veto("another generation", "generation"),
            Veto("another number of one issuer", "identifier", likeness=0.0),
        ),
        "organisation": (
            Veto("another number of one issuer", "identifier"),
            Veto(f"rather a {KIN['organisation']}", likeness=1.5),
        ),
    }
)
"""The vetoes of each kind of party."""


def vetoes_of(kind: str, outcomes: Mapping[str, str], sums: Sums) -> Iterator[str]:
    """The reasons against a pair with these outcomes by field."""
    likeness = max(sums.kin, sums.colleagues) - sums.score if sums.score >= -STRONG else -STRONG
    for veto in VETOES[kind]:
        alike = veto.likeness is None or likeness >= veto.likeness
        if alike and _are_told(veto, outcomes):
            yield veto.reason


def _are_told(veto: Veto, outcomes: Mapping[str, str]) -> bool:
    differs = veto.field is None or outcomes.get(veto.field) == DIFFERENT
    return differs and (veto.beside is None or outcomes.get(veto.beside) == SAME)


def veto_sql(kind: str) -> str:
    """The condition that there is a veto, on the sums and the columns ``…_at`` of outcomes."""
    return "(" + " or ".join(_condition(kind, veto) for veto in VETOES[kind]) + ")"


def _condition(kind: str, veto: Veto) -> str:
    told = [f"{veto.beside}_at = 0"] if veto.beside is not None else []
    if veto.field is not None:
        levels = next(item.levels for item in FIELDS[kind] if item.name == veto.field)
        told.append(f"{veto.field}_at = {len(levels)}")
    if veto.likeness is not None:
        told.append(f"score >= {-STRONG}")
        told.append(f"greatest(kin, colleagues) - score >= {veto.likeness}")
    return "(" + " and ".join(told) + ")"
