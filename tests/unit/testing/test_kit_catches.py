"""The kit is put to the test: a good connector earns gold, and every broken one is caught."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from hub.errors import ContractError
from hub.sdk import ConnectorSpec, hookimpl
from hub.testing.card import earned, render
from hub.testing.judge import Outcome, judge, judge_all
from hub.testing.rule import Rule, Tier
from hub.testing.rules import ALL
from hub.testing.subject import Subject, subject_of
from tests.unit.testing import cards
from tests.unit.testing.broken_many import MANY
from tests.unit.testing.broken_reads import READS
from tests.unit.testing.broken_rest import DECLARED, REST, Plugin
from tests.unit.testing.cards import SPEC, CardsConnector

RULES = {rule.id: rule for rule in ALL}
BROKEN = [
    pytest.param(kind, rule, id=f"{kind.__name__}-{rule}")
    for kind, rules in {**READS, **REST, **MANY}.items()
    for rule in rules
]
PAPERS = {"tier", "page"}
"""Caught by the tests at the end of this file."""


def failures(subject: Subject, rule: Rule) -> list[str]:
    verdicts = [judge(subject, rule, case) for case in rule.cases(subject)]
    return [verdict.note for verdict in verdicts if verdict.outcome is Outcome.FAILED]


def test_a_good_connector_earns_gold() -> None:
    subject = subject_of(cards)
    verdicts = [{"tier": str(subject.tier), **v.as_json()} for v in judge_all(subject)]
    assert earned(verdicts) is Tier.GOLD, "\n".join(render(verdicts))
    assert {verdict["rule"] for verdict in verdicts} == set(RULES)
    assert {verdict["outcome"] for verdict in verdicts} == {"passed"}


@pytest.mark.parametrize(("kind", "rule"), BROKEN)
def test_a_broken_connector_is_caught(kind: type[CardsConnector], rule: str) -> None:
    subject = subject_of(Plugin(replace(SPEC, open=kind)))
    assert failures(replace(subject, folder=cards.FOLDER), RULES[rule])


@pytest.mark.parametrize("name", DECLARED)
def test_a_wrong_declaration_is_caught(name: str) -> None:
    plugin, rules = DECLARED[name]
    subject = replace(subject_of(plugin()), folder=cards.FOLDER)
    assert all(failures(subject, RULES[rule]) for rule in rules)


def test_every_rule_can_fail() -> None:
    declared = [rules for _, rules in DECLARED.values()]
    caught = [*READS.values(), *REST.values(), *MANY.values(), *declared]
    assert {rule for rules in caught for rule in rules} | PAPERS == set(RULES)


def test_a_page_is_demanded(tmp_path: Path) -> None:
    (tmp_path / "connector.yaml").write_text(
        (cards.FOLDER / "connector.yaml").read_text(encoding="utf-8"), encoding="utf-8"
    )
    subject = replace(subject_of(cards), folder=tmp_path)
    assert failures(subject, RULES["facts"]) == []
    (told,) = failures(subject, RULES["page"])
    assert "README.md beside connector.yaml" in told


def test_facts_that_differ_are_named(tmp_path: Path) -> None:
    facts = (cards.FOLDER / "connector.yaml").read_text(encoding="utf-8")
    changed = facts.replace("key: id", "key: no").replace("incremental, ", "")
    (tmp_path / "connector.yaml").write_text(changed, encoding="utf-8")
    (told,) = failures(replace(subject_of(cards), folder=tmp_path), RULES["facts"])
    assert "key is False, but the code says id (YAML takes no" in told
    assert "capabilities is [" in told


@pytest.mark.parametrize(
    "line",
    [
        "tier: platinum",
        "tier: gold\nexempt: {no_such_rule: it is not there at all}",
        "tier: gold\nexempt: {ties: because}",
    ],
)
def test_a_tier_that_is_none_and_an_idle_exemption_are_caught(tmp_path: Path, line: str) -> None:
    facts = (cards.FOLDER / "connector.yaml").read_text(encoding="utf-8")
    (tmp_path / "connector.yaml").write_text(facts.replace("tier: gold", line), encoding="utf-8")
    assert failures(replace(subject_of(cards), folder=tmp_path), RULES["tier"])


def test_a_plugin_with_a_wrong_hook_is_refused() -> None:
    class Wrong:
        @hookimpl
        def hub_connector(self) -> ConnectorSpec:
            return replace(SPEC, contract=99)

    with pytest.raises(ContractError, match="contract version 99"):
        subject_of(Wrong())
