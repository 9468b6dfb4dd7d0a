"""Weights in bits: what an outcome says for a match, and for the relations that look like one."""

from __future__ import annotations

from functools import lru_cache
from math import log2
from typing import Final, NamedTuple

from hub.match.prior import Chances

LEAST_MATCH: Final = 1e-4
LEAST_RANDOM: Final = 1e-8
"""No share is taken for smaller than this, whatever a sample says."""


class Odds(NamedTuple):
    """A number of bits for a match and for each relation that looks like one."""

    match: float
    kin: float
    colleagues: float


class Part(NamedTuple):
    """One field's part in the weight, in bits for a match and for the relations that look alike."""

    field: str
    outcome: str
    match: float
    kin: float
    colleagues: float


class Bits(NamedTuple):
    """What one outcome weighs for a match and for the relations that look alike.

    ``random`` is log2 of the outcome's share among strangers, which a frequency replaces;
    ``by_chance`` names the relations that have the outcome no more often than strangers.
    """

    match: float
    kin: float
    colleagues: float
    random: float
    by_chance: frozenset[str]


def against(chances: Chances) -> tuple[float, float, float]:
    """An outcome's share among kin, colleagues and strangers, none of them zero."""
    random = max(chances.random, LEAST_RANDOM)
    kin = random if chances.kin is None else chances.kin
    colleagues = random if chances.colleagues is None else chances.colleagues
    return kin, colleagues, random


@lru_cache(maxsize=4_096)
def bits_of(chances: Chances) -> Bits:
    """Weights of one outcome."""
    match = max(chances.match, LEAST_MATCH)
    kin, colleagues, random = against(chances)
    by_chance = {name for name in ("kin", "colleagues") if getattr(chances, name) is None}
    return Bits(
        log2(match / random),
        log2(kin / random),
        log2(colleagues / random),
        log2(random),
        frozenset(by_chance),
    )
