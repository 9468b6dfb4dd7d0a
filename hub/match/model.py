"""The matching model: for each field and outcome, how often it is seen among matches and strangers.

Weights are bits: 1 doubles the odds that two records are one customer (Fellegi and Sunter, 1969).
They add up because the fields are taken as independent. A model is trained once, stored with its
version and never changes: its term frequencies are frozen with it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import blake2b
from math import log2
from types import MappingProxyType
from typing import Any, Final

import orjson

from hub.match.bits import Bits, Odds, Part, bits_of
from hub.match.levels import DIFFERENT, FIELDS, Field
from hub.match.prior import PRIOR, Chances

LEAST_FREQUENCY: Final = 1e-8
"""Nothing is taken for rarer than this, whatever a sample says."""
FREQUENCY_COLUMNS: Final = (
    *("given", "family", "full_name", "organisation", "employer"),
    *("postcode", "city"),
)
USUAL: Final = MappingProxyType(
    {
        "given": 0.01,
        "family": 0.001,
        "full_name": 0.00001,
        "organisation": 0.0001,
        "employer": 0.0005,
        "postcode": 0.001,
        "city": 0.01,
    }
)
"""The share that a value has as a rule, by column: what little data is mixed with."""
RELATIONS: Final = ("match", "kin", "colleagues")
UNTRIED: Final = 1.5
"""Bits that a match must bring more where its chances are judgement, not learnt from records."""

Table = Mapping[str, Mapping[str, Chances]]
"""Chances by field and outcome."""


@dataclass(frozen=True, slots=True)
class KindModel:
    """The model of persons or of organisations.

    The shares are those of all pairs of records that are one party, kin, or colleagues.
    ``frequencies`` gives by column the share of records that have a value, of values that more
    than one record has; the rest have the column's ``rarest`` share. ``caution`` is taken off the
    odds of a match, in bits.
    """

    chances: Table
    match_share: float
    kin_share: float
    colleague_share: float
    caution: float = UNTRIED
    rarest: Mapping[str, float] = field(default_factory=lambda: USUAL)
    frequencies: Mapping[str, Mapping[str, float]] = field(
        default_factory=lambda: MappingProxyType({})
    )
    before: Odds = field(init=False, repr=False, compare=False)
    """The odds of each relation before anything is compared, in bits."""
    parts: Mapping[str, Mapping[str, tuple[Part, Bits]]] = field(
        init=False, repr=False, compare=False
    )
    """What each outcome of a field weighs; worked out once, since every pair needs it."""

    def __post_init__(self) -> None:
        """Work out what follows from the shares and chances."""
        share = self.match_share
        odds = _log(share) - _log(1 - share) - self.caution
        before = Odds(odds, _log(self.kin_share), _log(self.colleague_share))
        object.__setattr__(self, "before", before)
        parts = {name: _parts(name, outcomes) for name, outcomes in self.chances.items()}
        object.__setattr__(self, "parts", parts)


@dataclass(frozen=True, slots=True)
class Model:
    """Persons and organisations; ``records`` is how many it was trained on, 0 for the prior."""

    kinds: Mapping[str, KindModel]
    records: int = 0

    @property
    def version(self) -> str:
        """A digest of everything that a weight depends on."""
        return blake2b(dump_model(self), digest_size=8).hexdigest()


def _parts(name: str, outcomes: Mapping[str, Chances]) -> dict[str, tuple[Part, Bits]]:
    weights = ((outcome, bits_of(chances)) for outcome, chances in outcomes.items())
    return {outcome: (Part(name, outcome, *bits[:3]), bits) for outcome, bits in weights}


def _log(share: float) -> float:
    return log2(share) if share > 0 else -1000.0


def outcomes_of(item: Field) -> tuple[str, ...]:
    """All outcomes of a field by their number, the best first."""
    return (*(level.outcome for level in item.levels), DIFFERENT)


def prior_model(records: int) -> Model:
    """The shipped model, for so many records: about each has a second one somewhere."""
    share = min(1.0 / max(records, 10), 0.01)
    rarest = MappingProxyType({**USUAL, "full_name": share})
    kinds = {
        kind: KindModel(
            PRIOR[kind],
            match_share=share,
            kin_share=share / 4,
            colleague_share=share / 4,
            rarest=rarest,
        )
        for kind in FIELDS
    }
    return Model(MappingProxyType(kinds))


def dump_model(model: Model) -> bytes:
    """The model as JSON, in one order."""
    content = {
        "records": model.records,
        "kinds": {kind: _dump_kind(found) for kind, found in model.kinds.items()},
    }
    return orjson.dumps(content, option=orjson.OPT_SORT_KEYS | orjson.OPT_INDENT_2)


def _dump_kind(model: KindModel) -> dict[str, Any]:
    return {
        "chances": {
            name: {outcome: list(chances) for outcome, chances in outcomes.items()}
            for name, outcomes in model.chances.items()
        },
        "caution": model.caution,
        "shares": [model.match_share, model.kin_share, model.colleague_share],
        "rarest": dict(model.rarest),
        "frequencies": {name: dict(found) for name, found in model.frequencies.items()},
    }


def load_model(text: bytes | str) -> Model:
    """A model from its JSON; of what it was not trained on yet, it has the shipped chances."""
    content = orjson.loads(text)
    kinds = {kind: _load_kind(kind, found) for kind, found in content["kinds"].items()}
    return Model(MappingProxyType(kinds), content["records"])


def _load_kind(kind: str, content: Mapping[str, Any]) -> KindModel:
    stored = content["chances"]
    chances = {
        name: {
            outcome: Chances(*stored.get(name, {}).get(outcome, shipped))
            for outcome, shipped in outcomes.items()
        }
        for name, outcomes in PRIOR[kind].items()
    }
    match, kin, colleagues = content["shares"]
    return KindModel(
        chances,
        match,
        kin,
        colleagues,
        caution=content.get("caution", UNTRIED),
        rarest={**USUAL, **content["rarest"]},
        frequencies=content["frequencies"],
    )
