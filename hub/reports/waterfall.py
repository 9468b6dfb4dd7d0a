"""A weight as one self-contained HTML page: an SVG waterfall of its parts, with the same figures.

No request leaves the page and no script runs; every value is escaped by the template engine.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Any, Final, NamedTuple

from hub.reports.pages import page_template

_LEFT, _TOP, _WIDTH, _ROW, _BAR = 300.0, 26.0, 400.0, 26.0, 16.0
_ROOM: Final = 60.0
"""For the figures right of the bars."""
_MOST_TICKS: Final = 8


class Step(NamedTuple):
    """One bar: what it stands for, its bits, and the values of both sides."""

    name: str
    outcome: str
    bits: float
    left: str = ""
    right: str = ""


class Threshold(NamedTuple):
    """A line across all bars."""

    name: str
    bits: float


class Waterfall(NamedTuple):
    """Steps whose sum is the total; ``sides`` name whose values stand left and right."""

    steps: Sequence[Step]
    verdict: str
    thresholds: Sequence[Threshold]
    sides: tuple[str, str]
    note: str = ""

    @property
    def total(self) -> float:
        """What all steps come to."""
        return sum(step.bits for step in self.steps)


class Section(NamedTuple):
    """A table under a heading; ``note`` says what the table can't."""

    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[Any]]
    note: str = ""


class Explanation(NamedTuple):
    """The page: a title, the answer in one line, the reasons, the chart, the rest as tables."""

    title: str
    answer: str
    reasons: Sequence[str]
    waterfall: Waterfall | None
    sections: Sequence[Section]


class _Bar(NamedTuple):
    """A bar as drawn; ``knee`` is where the next one goes on."""

    label: str
    figure: str
    tone: str
    x: float
    y: float
    width: float
    knee: float


def render_explanation(page: Explanation) -> str:
    """The page as text."""
    return page_template("waterfall.html").render(
        page=page,
        drawing=drawing_of(page.waterfall) if page.waterfall else None,
        rows=_rows(page.waterfall) if page.waterfall else [],
        cell=_cell,
        is_number=_is_number,
        signed=signed,
    )


def signed(bits: float) -> str:
    """Bits with their sign, but for those that come to nothing."""
    text = f"{bits:+.1f}"
    return "0.0" if text in {"+0.0", "-0.0"} else text


def drawing_of(waterfall: Waterfall) -> dict[str, Any]:
    """Everything that the template places, in the units of its view box."""
    sums = _running(waterfall.steps)
    ticks = _ticks([*sums, *(item.bits for item in waterfall.thresholds)])
    axis = _Axis(ticks[0], ticks[-1])
    bars = list(_bars(waterfall, axis))
    bottom = _TOP + len(bars) * _ROW
    return {
        "bars": bars,
        "ticks": [(bits, axis.x(bits)) for bits in ticks],
        "thresholds": [(item, axis.x(item.bits)) for item in waterfall.thresholds],
        "zero": axis.x(0),
        "top": _TOP,
        "bottom": bottom,
        "labels": _LEFT - 10,
        "bar": _BAR,
        "row": _ROW,
        "width": _LEFT + _WIDTH + _ROOM,
        "height": bottom + 40,
        "centre": _LEFT + _WIDTH / 2,
        "described": _describe(waterfall),
    }


class _Axis(NamedTuple):
    low: float
    high: float

    def x(self, bits: float) -> float:
        """Where so many bits stand."""
        return _LEFT + _WIDTH * (bits - self.low) / (self.high - self.low)


def _running(steps: Iterable[Step]) -> list[float]:
    """The sum before the first step, and after each."""
    sums = [0.0]
    for step in steps:
        sums.append(sums[-1] + step.bits)
    return sums


def _ticks(values: Sequence[float]) -> list[float]:
    """Round numbers of bits that hold all values between them."""
    low, high = min(*values, -1.0), max(*values, 1.0)
    size = next(
        (n for n in (1, 2, 5, 10, 20, 50) if (high - low) / n < _MOST_TICKS),
        (high - low) / _MOST_TICKS,
    )
    first, last = int(low // size), -int(-high // size)
    return [n * size for n in range(first, last + 1)]


def _bars(waterfall: Waterfall, axis: _Axis) -> Iterable[_Bar]:
    sums = _running(waterfall.steps)
    for place, (step, (before, after)) in enumerate(
        zip(waterfall.steps, pairwise(sums), strict=True)
    ):
        tone = "for" if step.bits >= 0 else "against"
        label = f"{step.name}: {step.outcome}" if step.outcome else step.name
        yield _bar(label, signed(step.bits), tone, spot=(place, axis.x(before), axis.x(after)))
    end = (len(waterfall.steps), axis.x(0), axis.x(sums[-1]))
    yield _bar(f"sum: {waterfall.verdict}", f"{sums[-1]:.1f}", "sum", spot=end)


def _bar(label: str, figure: str, tone: str, *, spot: tuple[int, float, float]) -> _Bar:
    place, start, end = spot
    y = _TOP + place * _ROW + (_ROW - _BAR) / 2
    return _Bar(label, figure, tone, min(start, end), y, max(abs(end - start), 1.0), end)


def _describe(waterfall: Waterfall) -> str:
    """The drawing in words, for those who don't see it."""
    told = [
        f"{step.name} {step.outcome}".strip() + f" {signed(step.bits)}" for step in waterfall.steps
    ]
    total = f"The sum is {waterfall.total:.1f} bits, {waterfall.verdict}."
    return f"From zero, in bits: {'; '.join(told)}. {total}"


def _rows(waterfall: Waterfall) -> list[tuple[Step, float]]:
    """Each step with the sum after it."""
    return list(zip(waterfall.steps, _running(waterfall.steps)[1:], strict=True))


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:.1f}" if isinstance(value, float) else str(value)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
