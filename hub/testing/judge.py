"""Runs a rule for one of its cases, and says how it ended."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from hub.sdk.overrides import policy_overrides
from hub.testing.rule import BrokenRuleError, NotDeclaredError, Rule
from hub.testing.rules import ALL
from hub.testing.subject import Subject
from hub.testing.waits import Waits


class Outcome(StrEnum):
    """How a rule ended for one of its cases."""

    PASSED = "passed"
    FAILED = "failed"
    EXEMPT = "exempt"
    NOT_DECLARED = "not declared"


@dataclass(frozen=True, slots=True)
class Verdict:
    """The outcome of one rule for one case; ``note`` is the reason, or what went wrong."""

    connector: str
    rule: Rule
    case: str
    outcome: Outcome
    note: str = ""
    seconds: float = 0.0
    error: BaseException | None = None

    def as_json(self) -> dict[str, Any]:
        """What the report card needs, as plain values."""
        return {
            "connector": self.connector,
            "rule": self.rule.id,
            "case": self.case,
            "outcome": str(self.outcome),
            "note": self.note,
            "seconds": self.seconds,
        }


def judge(subject: Subject, rule: Rule, case: str) -> Verdict:
    """Run it; a rule that is exempt by name is run as well, and complained of once it holds."""
    reason = subject.exemption(rule, case)
    if reason is None:
        return _try(subject, rule, case)
    named = {rule.id, f"{rule.id}[{case}]"} & set(subject.exemptions)
    found = _try(subject, rule, case) if named else None
    if found is None or found.outcome is Outcome.FAILED:
        seconds = found.seconds if found else 0.0
        return Verdict(subject.name, rule, case, Outcome.EXEMPT, reason, seconds)
    note = f"{found.outcome}, so it needs no exemption: take it away ({reason})"
    return replace(found, outcome=Outcome.FAILED, note=note)


def _try(subject: Subject, rule: Rule, case: str) -> Verdict:
    """With transports that never sleep and give up within seconds."""
    began = time.monotonic()
    outcome, note = Outcome.PASSED, ""
    cause: Exception | None = None
    try:
        with policy_overrides(attempts=4, read_timeout=10.0, total_timeout=20.0), Waits():
            rule.run(subject, case)
    except NotDeclaredError as error:
        outcome, note = Outcome.NOT_DECLARED, str(error)
    except BrokenRuleError as error:
        outcome, note, cause = Outcome.FAILED, str(error), error
    except Exception as error:  # noqa: BLE001  # whatever a connector raises breaks the rule
        outcome, note, cause = Outcome.FAILED, f"{type(error).__name__}: {error}", error
    spent = time.monotonic() - began
    return Verdict(subject.name, rule, case, outcome, note, spent, cause)


def judge_all(subject: Subject) -> Iterator[Verdict]:
    """Every rule for every case that the connector declares."""
    for rule in ALL:
        for case in rule.cases(subject):
            yield judge(subject, rule, case)
