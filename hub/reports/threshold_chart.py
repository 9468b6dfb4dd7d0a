"""Precision, recall and F1 over the threshold as one self-contained HTML page with an SVG."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

from hub.reports.pages import page_template

_LEFT, _TOP, _WIDTH, _HEIGHT = 50, 15, 640, 320
_LINES: Final = 12

Figures = tuple[float, float, float]
"""Precision, recall, F1."""
ThresholdFigures = tuple[float, float, float, float]
"""Threshold in bits, then its figures."""


class _Curve(NamedTuple):
    name: str
    colour: str
    path: str
    result_y: float


def render_chart(title: str, points: Sequence[ThresholdFigures], result: Figures) -> str:
    """The page as text; ``result`` is what the engine's own clusters reach."""
    low, high = points[-1][0], points[0][0]
    names = (("precision", "#1f6f8b"), ("recall", "#c05621"), ("F1", "#4a5568"))
    curves = [
        _Curve(name, colour, _path(points, place, low, high), _y(result[place - 1]))
        for place, (name, colour) in enumerate(names, 1)
    ]
    best = max(points, key=lambda point: point[3])
    return page_template("threshold.html").render(
        title=title,
        frame={"left": _LEFT, "top": _TOP, "width": _WIDTH, "height": _HEIGHT},
        curves=curves,
        levels=[(n / 5, _y(n / 5)) for n in range(6)],
        ticks=[(bits, _x(bits, low, high)) for bits in _ticks(low, high)],
        best=best,
        best_x=_x(best[0], low, high),
        rows=[points[n * (len(points) - 1) // (_LINES - 1)] for n in range(_LINES)]
        if len(points) > _LINES
        else list(points),
        result=result,
    )


def _path(points: Sequence[ThresholdFigures], place: int, low: float, high: float) -> str:
    """A threshold's figures hold down to the next lower one, so the line is made of steps."""
    moves = [f"M{_x(points[0][0], low, high):.1f} {_y(points[0][place]):.1f}"]
    moves += [f"H{_x(p[0], low, high):.1f}V{_y(p[place]):.1f}" for p in points[1:]]
    return "".join(moves)


def _x(bits: float, low: float, high: float) -> float:
    return _LEFT + _WIDTH * ((bits - low) / (high - low) if high > low else 0.5)


def _y(share: float) -> float:
    return _TOP + _HEIGHT * (1 - share)


def _ticks(low: float, high: float) -> list[float]:
    steps = 6
    return [low + (high - low) * n / steps for n in range(steps + 1)] if high > low else [low]
