"""The pytest plugin that prints report cards; loaded by itself wherever the hub is installed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

PROPERTY = "hub_conformance"
"""The user property in which a test of the kit leaves its verdict; it crosses worker processes."""


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Print the card of every connector whose rules ran."""
    cards: dict[str, list[dict[str, Any]]] = {}
    for verdict in _verdicts(terminalreporter.stats.values()):
        cards.setdefault(verdict["connector"], []).append(verdict)
    if not cards:
        return
    from hub.testing.card import render

    terminalreporter.section("report cards")
    for _, verdicts in sorted(cards.items()):
        for line in render(verdicts):
            terminalreporter.write_line(line)


def _verdicts(kinds: Iterable[Iterable[Any]]) -> Iterator[dict[str, Any]]:
    for report in (report for reports in kinds for report in reports):
        if getattr(report, "when", "") == "call":
            yield from (value for name, value in report.user_properties if name == PROPERTY)
