"""Two records weighed in Python: the same sums as the bulk engine makes in SQL, with their reasons.

The match weight is Splink's. From it is taken what speaks for the relations that look like a match:
where a household, or the colleagues of one company, explain a pair as well, it is none.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import log2
from typing import NamedTuple

from hub.match.bits import Bits, Part
from hub.match.comparison import compile_fields
from hub.match.features import Features
from hub.match.full_names import company_share, full_name_share
from hub.match.model import LEAST_FREQUENCY, KindModel, Model
from hub.match.prior import KIN
from hub.match.thresholds import CERTAIN, CONFLICT, LEANING, STRONG, VETOED
from hub.match.vetoes import ABSOLUTE, Sums, vetoes_of

_HIGHEST = 200.0


class Weight(NamedTuple):
    """What two records have for and against being one party.

    ``bits`` decides: the log-odds of a match against everything else. ``score`` is the odds against
    strangers alone; ``kin`` and ``colleagues`` are those of the relations that look alike;
    ``evidence`` is the score without the odds from before anything was compared; ``vetoes`` are
    the values that keep the two apart whatever else agrees. ``kind`` is that of the model.
    """

    bits: float
    score: float
    kin: float
    colleagues: float
    evidence: float
    parts: tuple[Part, ...]
    vetoes: tuple[str, ...]
    kind: str

    @property
    def joins(self) -> bool:
        """Whether the pair may be linked without a person.

        That is: it is certain, or only a look-alike speaks against it, and no more than so much.
        """
        leans = self.score >= STRONG and self.bits >= LEANING
        return not self.vetoes and (leans or self.bits >= CERTAIN)

    @property
    def tie(self) -> float:
        """What the pair counts between two clusters, in bits."""
        return min(self.bits, VETOED) if self.vetoes else self.bits

    @property
    def against(self) -> float:
        """What it counts if no match key has found it; CONFLICT where the two are never one."""
        if not self.vetoes:
            return self.evidence
        return 2 * CONFLICT if self.kind in ABSOLUTE else min(self.evidence, VETOED)

    @property
    def lookalike(self) -> str | None:
        """The relation that explains the pair at least half as well as a match does, if any."""
        best = max(("kin", self.kin), ("colleagues", self.colleagues), key=lambda item: item[1])
        return best[0] if best[1] > max(self.score - 1, 0) else None


def kind_of(one: Features, other: Features) -> str | None:
    """Which model compares two records; None for a person and an organisation.

    A record that may be either goes with the other; two of them are people if both have full names.
    """
    left, right = one.kind, other.kind
    if left != "open":
        return left if right in (left, "open") else None
    return right if right != "open" else _kind_of_open(one, other)


def _kind_of_open(one: Features, other: Features) -> str:
    named = one.given and one.family and other.given and other.family
    return "person" if named else "organisation"


def weigh(one: Features, other: Features, model: Model) -> Weight | None:
    """Weigh two records; None where they are of different kinds."""
    kind = kind_of(one, other)
    if kind is None:
        return None
    found = model.kinds[kind]
    parts: list[Part] = []
    score, kin, colleagues = found.before
    evidence = 0.0
    outcomes: dict[str, str] = {}
    for field, outcome, column in compile_fields(kind)(one, other):  # once for every pair
        part, bits = found.parts[field][outcome]
        if column is not None:
            part = _rarer(part, bits, _rarity(column, one, other, model=found, bits=bits))
        parts.append(part)
        evidence += part[2]
        score += part[2]
        kin += part[3]
        colleagues += part[4]
        outcomes[field] = outcome
    others = log2(1 + 2.0 ** min(kin, _HIGHEST) + 2.0 ** min(colleagues, _HIGHEST))
    return Weight(
        bits=score - others,
        score=score,
        kin=kin,
        colleagues=colleagues,
        evidence=evidence,
        parts=tuple(parts),
        vetoes=tuple(vetoes_of(kind, outcomes, Sums(score, kin, colleagues))),
        kind=kind,
    )


def relation_name(relation: str, kind: str) -> str:
    """What a relation that looks alike is called for a kind of party."""
    return KIN[kind] if relation == "kin" else "colleagues"


def _rarer(part: Part, bits: Bits, rarity: float) -> Part:
    """The part of a value that weighs more, or less, than an outcome's usual one."""
    field, outcome, match, kin, colleagues = part
    return Part(
        field,
        outcome,
        match + rarity,
        kin + (0.0 if "kin" in bits.by_chance else rarity),
        colleagues + (0.0 if "colleagues" in bits.by_chance else rarity),
    )


def _rarity(column: str, one: Features, other: Features, *, model: KindModel, bits: Bits) -> float:
    """How much more a value weighs because it is rare; by the more frequent of two values."""
    found = [share for row in (one, other) if (share := _share(column, row, model)) is not None]
    return bits.random - log2(max(*found, LEAST_FREQUENCY)) if found else 0.0


def _share(column: str, row: Features, model: KindModel) -> float | None:
    """The share of records that have a row's value."""
    value = getattr(row, column)
    if value is None:
        return None
    shares: Mapping[str, float] = model.frequencies.get(column, {})
    if column == "organisation":
        return shares.get(value) or company_share(value, model.rarest[column])
    if column != "full_name":
        return shares.get(value, model.rarest[column])
    given, family = _share("given", row, model), _share("family", row, model)
    if given is None or family is None:
        return None
    return full_name_share(given, family, model.rarest[column], shares.get(value, 1.0))
