"""Small charts drawn on the server: they need no script and weigh next to nothing."""

from __future__ import annotations

from collections.abc import Sequence
from math import log10
from typing import Final, NamedTuple

from hub.store.stream_health import Run

_HEIGHT: Final = 22
_STEP: Final = 5
_BAR: Final = 4
_MOST: Final = 6.0
"""A million records is as high as it gets."""


class Bar(NamedTuple):
    """One run: where it stands, how high, what kind."""

    x: int
    y: float
    height: float
    tone: str
    said: str


class Spark(NamedTuple):
    """The latest runs, the oldest left."""

    bars: Sequence[Bar]
    width: int
    height: int
    said: str


def sparkline(runs: Sequence[Run]) -> Spark:
    """A bar for each run; its height is how much changed, by powers of ten."""
    bars = [_bar(place, run) for place, run in enumerate(runs)]
    failed = sum(run.state not in {"ok", "running"} for run in runs)
    said = f"{len(runs)} latest runs, {failed} failed" if runs else "no runs yet"
    return Spark(bars, max(len(runs) * _STEP, _STEP), _HEIGHT, said)


def _bar(place: int, run: Run) -> Bar:
    good = run.state in {"ok", "running"}
    height = _HEIGHT if not good else 3 + (_HEIGHT - 3) * min(log10(1 + run.changed) / _MOST, 1)
    tone = "good" if run.changed and good else "idle" if good else "bad"
    said = f"{run.started_at:%Y-%m-%d %H:%M}: {run.state}, {run.read:,} read, {run.changed:,} new"
    return Bar(place * _STEP, round(_HEIGHT - height, 1), round(height, 1), tone, said)


class Weight(NamedTuple):
    """A field's bits for or against, as a bar from the middle."""

    field: str
    outcome: str
    bits: float
    x: float
    width: float
    tone: str


_HALF: Final = 60.0


def weights(evidence: Sequence[tuple[str, str, float]]) -> list[Weight]:
    """What each field says, drawn to one scale."""
    most = max((abs(bits) for _, _, bits in evidence), default=1.0) or 1.0
    drawn = []
    for field, outcome, bits in evidence:
        width = round(_HALF * abs(bits) / most, 1)
        x = _HALF if bits >= 0 else round(_HALF - width, 1)
        drawn.append(Weight(field, outcome, bits, x, width, "for" if bits >= 0 else "against"))
    return drawn
