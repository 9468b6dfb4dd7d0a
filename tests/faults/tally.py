"""A pytest plugin: the fault runs' counts, at the end of the log."""

from __future__ import annotations

from collections.abc import Callable

import pytest

TALLY = "faults"
Tell = Callable[[str], None]


@pytest.fixture
def tell(record_property: Callable[[str, object], None]) -> Tell:
    """Say in the summary what a fault run counted."""
    return lambda line: record_property(TALLY, line)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print what the tests have told, from whichever worker they ran on."""
    lines = [
        str(line)
        for state in ("passed", "failed")
        for report in terminalreporter.stats.get(state, ())
        for name, line in getattr(report, "user_properties", ())
        if name == TALLY and report.when == "call"
    ]
    if lines:
        terminalreporter.section("fault runs")
        for line in lines:
            terminalreporter.write_line(line)
