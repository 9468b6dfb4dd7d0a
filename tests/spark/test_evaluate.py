"""`hub match evaluate --engine spark`, in a program of its own."""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("pyspark", reason="runs in .venv-spark")
pytestmark = [pytest.mark.spark, pytest.mark.slow]

_HUB = (sys.executable, "-c", "from hub.cli.main import run; run()", "match", "evaluate")
_LETTERS = "abcdefghijklmnopqrstuvwxyz"


@pytest.fixture
def records(tmp_path: Path) -> Path:
    """Forty people, each in two systems."""
    path = tmp_path / "records.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(("record_id", "given_name", "family_name", "email", "birth_date", "entity"))
        for number in range(40):
            name = f"{_LETTERS[number % 26]}{_LETTERS[number % 7]}nk{_LETTERS[number % 11]}er"
            person = (
                "Ana",
                name,
                f"{name}{number}77@example.org",
                f"19{40 + number}-04-05",
                number,
            )
            writer.writerows((f"{number}{system}", *person) for system in "ab")
    return path


def _evaluate(records: Path, temporary: Path, *words: str) -> Any:
    done = subprocess.run(
        [*_HUB, str(records), "--truth", "entity", "--json", *words],
        env={**os.environ, "TMPDIR": str(temporary)},
        cwd=temporary,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_evaluate_on_spark_prints_what_it_prints_on_duckdb(records: Path, tmp_path: Path) -> None:
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    found = _evaluate(records, temporary, "--engine", "spark")
    expected = _evaluate(records, temporary)
    measured = ("records", "clusters", "largest", "pairwise", "b_cubed")
    assert [found[name] for name in measured] == [expected[name] for name in measured]
    assert found["clusters"] < found["records"] == 2 * found["entities"]
    assert list(temporary.glob("hub-spark-*")) == []
    assert not (temporary / "spark-warehouse").exists()
