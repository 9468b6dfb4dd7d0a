from __future__ import annotations

import csv
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.errors import ConfigError
from hub.pipeline.evaluation import Outcome, ScoredPair
from hub.pipeline.sampling import THROUGH_OTHERS, allocate, draw_pairs, write_pairs

CLUSTERS = {f"{name}{n}": f"c{n}" for n in range(50) for name in "xyz"}
EDGES = [
    *(ScoredPair(f"x{n}", f"y{n}", 10 + n / 10) for n in range(50)),
    *(ScoredPair(f"z{n}", f"y{n}", 15 + n / 10) for n in range(50)),
    *(ScoredPair(f"x{n}", f"x{n + 1}", 7.0) for n in range(0, 50, 2)),
]
OUTCOME = Outcome(CLUSTERS, EDGES)


def test_every_band_gives_about_as_many_pairs() -> None:
    drawn = draw_pairs(OUTCOME, 60)
    bands = {item.band: item.band_pairs for item in drawn}
    assert sum(bands.values()) == 50 * 3 + 25
    assert bands[THROUGH_OTHERS] == 50
    counts = [sum(item.band == band for item in drawn) for band in bands]
    assert sum(counts) == 60
    assert max(counts) - min(counts) <= 1
    assert len({(item.left, item.right) for item in drawn}) == 60


def test_bands_know_whether_their_pairs_are_joined() -> None:
    for item in draw_pairs(OUTCOME, 1_000):
        assert item.joined == (CLUSTERS[item.left] == CLUSTERS[item.right])
        assert item.band.startswith("joined" if item.joined else "apart")
        assert (item.weight is None) == (item.band == THROUGH_OTHERS)


def test_one_seed_draws_the_same_whatever_the_order() -> None:
    turned = Outcome(
        dict(reversed(CLUSTERS.items())), [ScoredPair(e.right, e.left, e.weight) for e in EDGES]
    )
    assert draw_pairs(OUTCOME, 20, 4) == draw_pairs(turned, 20, 4)
    assert draw_pairs(OUTCOME, 20, 4) != draw_pairs(OUTCOME, 20, 5)


def test_where_nothing_was_scored_there_is_nothing_to_draw() -> None:
    assert draw_pairs(Outcome({"a": "a", "b": "b"}), 10) == []
    (only,) = draw_pairs(Outcome({"a": "a", "b": "a"}), 10)
    assert (only.band, only.weight) == (THROUGH_OTHERS, None)
    (only,) = draw_pairs(Outcome({"a": "a", "b": "b"}, [ScoredPair("b", "a", 8.0)]), 10)
    assert only[:5] == ("a", "b", 8.0, False, "apart, 8.0 to 8.0 bits")


@given(st.dictionaries(st.text(max_size=2), st.integers(0, 40)), st.integers(1, 100))
def test_shares_are_equal_as_far_as_bands_reach(sizes: dict[str, int], total: int) -> None:
    shares = allocate(sizes, total)
    assert sum(shares.values()) == min(total, sum(sizes.values()))
    assert all(shares[name] <= size for name, size in sizes.items())
    short = [shares[name] for name, size in sizes.items() if shares[name] < size]
    assert not short or max(shares.values()) <= min(short) + 1


def test_records_are_written_side_by_side_and_no_cell_runs(tmp_path: Path) -> None:
    fields = {record: {"record_id": record, "phone": "+43 1 5000"} for record in CLUSTERS}
    fields["x0"] = {"record_id": "x0", "full_name": "=HYPERLINK(1)"}
    drawn = [item for item in draw_pairs(OUTCOME, 1_000) if "x0" in item[:2]]
    write_pairs(tmp_path / "pairs.csv", drawn, fields)
    text = (tmp_path / "pairs.csv").read_text(encoding="utf-8-sig")
    rows = list(csv.DictReader(text.splitlines()))
    assert len(rows) == 3
    assert list(rows[0])[:5] == ["same", "full_name_1", "full_name_2", "phone_1", "phone_2"]
    assert {row["full_name_1"] for row in rows} == {"'=HYPERLINK(1)"}
    assert {row["phone_2"] for row in rows} == {"'+43 1 5000"}


def test_a_folder_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="can't be written: No such file"):
        write_pairs(tmp_path / "none" / "pairs.csv", [], {})
