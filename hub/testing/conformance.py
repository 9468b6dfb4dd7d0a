"""One statement in a connector's test file runs every rule for what the connector declares::

    from connectors import salesforce
    from hub.testing.conformance import conformance

    TestSalesforce = conformance(salesforce)

Each rule becomes a test, for each of its cases (streams, secrets, faults). Rules of the tier that
connector.yaml claims, and of those below, must hold or be exempt with a written reason; rules above
it are run as well, and are expected to fail. Needs pytest; ``python -m hub.testing.card NAME`` does
the same without it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from hub.testing.ears import traced
from hub.testing.judge import Outcome, Verdict, judge
from hub.testing.plugin import PROPERTY
from hub.testing.rule import BrokenRuleError, Rule
from hub.testing.rules import ALL
from hub.testing.subject import Subject, subject_of

RecordProperty = Callable[[str, object], None]


def conformance(
    plugin: object,
    *,
    settings: Mapping[str, Any] | None = None,
    exempt: Mapping[str, str] | None = None,
    mapping: str | Path | None = None,
) -> type:
    """A class of tests for the plugin (a module with hub_connector and hub_standin).

    ``settings`` go over those of the stand-in. ``exempt`` gives reasons by rule, by group or by
    ``rule[case]``, besides those in connector.yaml. ``mapping`` is the text or the path of a
    mapping file, where it is neither the connector's own nor the hub's.
    """
    subject = subject_of(plugin, settings=settings, exempt=exempt, mapping=mapping)
    tests = {f"test_{rule.id}": _test_of(subject, rule) for rule in ALL if rule.cases(subject)}
    return type(f"Test{subject.name.title().replace('_', '')}", (), tests)


def _test_of(subject: Subject, rule: Rule) -> Callable[..., None]:
    def test(
        self: object,  # noqa: ARG001  # a method of the class that pytest collects
        case: str,
        record_property: RecordProperty,
    ) -> None:
        verdict = judge(subject, rule, case)
        record_property(PROPERTY, {"tier": str(subject.tier), **verdict.as_json()})
        _conclude(subject, verdict)

    test.__doc__ = rule.meaning
    cases = rule.cases(subject)
    return pytest.mark.parametrize("case", cases, ids=[case or "it" for case in cases])(test)


def _conclude(subject: Subject, verdict: Verdict) -> None:
    """Say to pytest what the verdict is: a claimed tier that was not earned is a failure."""
    if verdict.outcome in (Outcome.EXEMPT, Outcome.NOT_DECLARED):
        pytest.skip(f"{verdict.outcome}: {verdict.note}")
    if verdict.outcome is Outcome.FAILED:
        if verdict.rule.tier > subject.tier:
            pytest.xfail(f"{verdict.rule.tier} is not claimed: {verdict.note}")
        told = f"{verdict.rule.meaning} ({verdict.rule.tier})\n{verdict.note}"
        cause = verdict.error.__cause__ or verdict.error if verdict.error else None
        if cause is not None and not isinstance(cause, BrokenRuleError):
            told += f"\n\n{traced(cause)}"
        pytest.fail(told, pytrace=False)
