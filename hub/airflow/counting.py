"""What tasks return, and what is made of it: counts, and nothing else."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

Counts = dict[str, int]
"""All that a task may return: Airflow keeps it in its own database and shows it."""

_SAME: Final = frozenset({"read", "pages", "taken", "keys", "unchanged", "repeated", "stale"})
"""Counts that say nothing where nothing else is counted."""


def level(counts: Mapping[str, object]) -> Counts:
    """The whole numbers of a report; counts by rule (``excluded``) are summed up."""
    flat: Counts = {}
    for name, value in counts.items():
        if isinstance(value, Mapping):
            flat[name] = sum(level(value).values())
        elif isinstance(value, int):
            flat[name] = int(value)
    return flat


def add_up(counts: Iterable[Mapping[str, int]]) -> Counts:
    """The sums of what the mapped tasks returned."""
    totals: Counts = {}
    for item in counts:
        for name, value in item.items():
            totals[name] = totals.get(name, 0) + value
    return totals


def says_nothing(counts: Mapping[str, int]) -> bool:
    """Whether a sync found nothing new, and nothing waits that an earlier one has landed."""
    return not any(value for name, value in counts.items() if name not in _SAME)


def who_answered(answer: Mapping[str, object]) -> str:
    """The name of who answered a question, as the audit trail has it."""
    person = answer.get("responded_by_user")
    found = person if isinstance(person, Mapping) else {}
    return str(found.get("name") or found.get("id") or "airflow")
