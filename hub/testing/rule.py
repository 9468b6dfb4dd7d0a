"""A rule of the conformance kit: what it says, the tier it belongs to, and for what it is run."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hub.testing.subject import Subject


class Tier(IntEnum):
    """How far a connector can be trusted; each tier demands the rules of those before it."""

    BRONZE = 1
    SILVER = 2
    GOLD = 3

    def __str__(self) -> str:
        return self.name.lower()


class BrokenRuleError(AssertionError):
    """The connector breaks the rule; says what was expected and what happened."""


class NotDeclaredError(Exception):
    """The rule turns out not to concern this connector; says why."""


Cases = Callable[["Subject"], Sequence[str]]
Run = Callable[["Subject", str], None]


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule; ``cases`` names what it is run for (streams, secrets, faults), none if nothing."""

    id: str
    group: str
    tier: Tier
    meaning: str
    cases: Cases
    run: Run


def once(_subject: Subject) -> Sequence[str]:
    """A rule about the connector as a whole."""
    return ("",)


def rule(tier: Tier, *, group: str = "", cases: Cases = once) -> Callable[[Run], Rule]:
    """Makes a rule of a function: its name is the id, its docstring's first line the meaning."""

    def make(run: Run) -> Rule:
        meaning = (run.__doc__ or "").strip().splitlines()[0]
        return Rule(run.__name__, group or run.__name__, tier, meaning, cases, run)

    return make


def expect(condition: object, message: str) -> None:
    """Raise BrokenRuleError with the message unless the condition holds."""
    if not condition:
        raise BrokenRuleError(message)


def expect_keys(found: Sequence[str], expected: Sequence[str], what: str) -> None:
    """The same keys, in any order; says which are missing and which are too many."""
    missing, extra = set(expected) - set(found), set(found) - set(expected)
    if missing:
        raise BrokenRuleError(f"{what}: {_some(missing)} lost")
    if extra:
        raise BrokenRuleError(f"{what}: {_some(extra)} should not be there")


def _some(keys: set[str]) -> str:
    shown = ", ".join(sorted(keys)[:5])
    return f"{len(keys)} record(s) ({shown}{', …' if len(keys) > 5 else ''})"
