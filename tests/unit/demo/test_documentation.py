"""The figures in docs/demo-company.md are those of the generator."""

import re
from pathlib import Path

import pytest

from hub.demo.company import Company, generate

PAGE = Path(__file__).parents[3] / "docs" / "demo-company.md"


@pytest.fixture(scope="module")
def full() -> Company:
    return generate()


def test_row_counts(full: Company) -> None:
    text = PAGE.read_text(encoding="utf-8")
    for connection, streams in full.seeds.items():
        for stream, rows in streams.items():
            assert f"| `{connection}` | {stream} | {len(rows)} |" in text


def test_cases(full: Company) -> None:
    text = PAGE.read_text(encoding="utf-8")
    for case, count in full.planted["cases"].items():
        assert f"| {case} | {count} |" in text


def test_breaks(full: Company) -> None:
    planted = full.planted
    counts = {
        "R1": len(planted["R1"]),
        "R2": len(planted["R2"]),
        "R3": len(planted["R3"]),
        "R4": len(planted["R4"]),
        "R10": len(planted["R10"]),
        "quarantine": sum(planted["quarantine"].values()),
        "excluded": sum(planted["excluded"].values()),
        "tombstones": sum(planted["tombstones"].values()),
    }
    written = re.findall(
        r"^\| `(\w+)` \| [^|]+ \| (\d+) \|$", PAGE.read_text("utf-8"), re.MULTILINE
    )
    assert {name: int(count) for name, count in written if name in counts} == counts
