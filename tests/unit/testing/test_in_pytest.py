"""The one statement, as an author runs it: pytest in a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.architecture.source import ROOT

STATEMENT = """
from dataclasses import replace
from hub.testing.conformance import conformance
from tests.unit.testing import cards
from tests.unit.testing.broken_reads import LosesTies
from tests.unit.testing.broken_rest import Plugin
from tests.unit.testing.cards import SPEC

class Broken(Plugin):
    __file__ = {facts!r}

TestGood = conformance(cards)
TestBroken = conformance(Broken(replace(SPEC, open=LosesTies)))
TestExempt = conformance(Broken(replace(SPEC, open=LosesTies)), exempt={{"ties": "it is made so"}})
TestIdle = conformance(cards, exempt={{"described": "nobody reads it anyway"}})
"""


def run(folder: Path, tier: str, *options: str) -> tuple[int, str]:
    """The author's tests, with a connector.yaml that claims this tier."""
    facts = (ROOT / "tests/unit/testing/cards/connector.yaml").read_text(encoding="utf-8")
    (folder / "connector.yaml").write_text(facts.replace("tier: gold", f"tier: {tier}"))
    statement = STATEMENT.format(facts=str(folder / "plugin.py"))
    (folder / "test_it.py").write_text(statement, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *options, "test_it.py"],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout


def test_a_claimed_tier_that_is_not_earned_is_a_failure(tmp_path: Path) -> None:
    code, told = run(tmp_path, "silver", "-k", "ties and Broken")
    assert code == 1
    assert "where a page ends between them. (silver)" in told
    assert "FAILED test_it.py::TestBroken::test_ties[card]" in told


def test_a_tier_above_the_claim_may_fail(tmp_path: Path) -> None:
    code, told = run(tmp_path, "bronze", "-k", "ties and Broken")
    assert code == 0
    assert "1 xfailed" in told
    assert "cards: claims bronze, earns bronze" in told


def test_an_exemption_is_skipped_with_its_reason(tmp_path: Path) -> None:
    code, told = run(tmp_path, "gold", "-rs", "-k", "ties and Exempt")
    assert code == 0
    assert "exempt: it is made so" in told
    assert "exempt: ties[card]: it is made so" in told


def test_an_exemption_that_is_not_needed_is_a_failure(tmp_path: Path) -> None:
    code, told = run(tmp_path, "gold", "-k", "described and Idle")
    assert code == 1
    assert "passed, so it needs no exemption" in told


@pytest.mark.parametrize("options", [(), ("-n", "2")], ids=["alone", "workers"])
def test_the_card_is_printed_without_a_flag(tmp_path: Path, options: tuple[str, ...]) -> None:
    code, told = run(tmp_path, "gold", *options, "-k", "Good and (ties or described or rejected)")
    assert code == 0
    assert "report cards" in told
    card = told[told.index("cards: claims") :]
    assert card.startswith("cards: claims gold, earns gold")
    assert all(
        line in card for line in ("bronze  1 passed", "silver  1 passed", "gold    1 passed")
    )


def test_the_card_can_be_had_without_pytest() -> None:
    command = [sys.executable, "-m", "hub.testing.card"]
    rules = subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT)
    assert "silver  ties " in rules.stdout
    done = subprocess.run([*command, "file"], capture_output=True, text=True, cwd=ROOT, check=False)
    assert done.stdout.startswith("file: claims gold, earns gold"), done.stdout + done.stderr
    assert done.returncode == 0
