from __future__ import annotations

import random
import time
from collections import Counter
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.match.quality import Scores, Stratum, measure, stratified_wilson, wilson

Labels = st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5)), max_size=30)


def test_a_perfect_partition_scores_one() -> None:
    found = measure([("a", 1), ("a", 1), ("b", 2)])
    assert found.pairwise == found.b_cubed == Scores(1, 1, 1)
    assert (found.records, found.clusters, found.largest, found.entities) == (3, 2, 2, 2)


def test_a_wrong_join_costs_precision_and_a_missed_one_recall() -> None:
    joined = measure([("a", 1), ("a", 1), ("a", 2)])
    assert joined.pairwise == pytest.approx((1 / 3, 1, 0.5))
    assert joined.b_cubed.precision == pytest.approx((2 / 3 + 2 / 3 + 1 / 3) / 3)
    split = measure([("a", 1), ("b", 1), ("c", 2)])
    assert split.pairwise == Scores(1, 0, 0)
    assert split.b_cubed.recall == pytest.approx((1 / 2 + 1 / 2 + 1) / 3)


def test_nothing_is_measured_as_perfect() -> None:
    assert measure([]).pairwise == Scores(1, 1, 1)
    assert measure([]).largest == 0


@given(Labels)
def test_pairwise_agrees_with_looking_at_every_pair(labels: list[tuple[int, int]]) -> None:
    pairs = list(combinations(labels, 2))
    joined = [a[0] == b[0] for a, b in pairs]
    true = [a[1] == b[1] for a, b in pairs]
    both = sum(map(min, joined, true))
    found = measure(labels).pairwise
    assert found.precision == pytest.approx(both / sum(joined) if any(joined) else 1)
    assert found.recall == pytest.approx(both / sum(true) if any(true) else 1)


@given(Labels)
def test_b_cubed_agrees_with_looking_at_every_record(labels: list[tuple[int, int]]) -> None:
    cells, clusters = Counter(labels), Counter(cluster for cluster, _ in labels)
    shares = [cells[label] / clusters[label[0]] for label in labels]
    found = measure(labels).b_cubed
    assert found.precision == pytest.approx(sum(shares) / len(shares) if shares else 1)


def test_a_million_records_take_seconds() -> None:
    start = time.process_time()
    found = measure((n // 3, n // 2) for n in range(1_000_000))
    assert found.records == 1_000_000
    assert time.process_time() - start < 10


def test_wilsons_interval_is_that_of_the_literature() -> None:
    """Newcombe (1998), Statistics in Medicine 17:857, table I: 81 of 263 and 0 of 20."""
    assert wilson(81, 263) == pytest.approx((0.3080, 0.2553, 0.3662), abs=1e-4)
    assert wilson(0, 20) == pytest.approx((0, 0, 0.1611), abs=1e-4)
    assert wilson(0, 0) == (0, 0, 1)


def test_one_band_is_wilsons_interval() -> None:
    assert stratified_wilson([Stratum(1000, 81, 263)]) == pytest.approx(wilson(81, 263))
    assert stratified_wilson([]) == (0, 0, 1)


def test_bands_weigh_as_many_pairs_as_they_hold() -> None:
    found = stratified_wilson([Stratum(9000, 50, 50), Stratum(1000, 10, 50)])
    assert found.share == pytest.approx(0.92)
    assert 0.85 < found.low < 0.92 < found.high < 0.96


def test_bands_without_a_miss_are_still_in_doubt() -> None:
    found = stratified_wilson([Stratum(500, 20, 20), Stratum(500, 20, 20)])
    assert found.share == 1
    assert found.high == pytest.approx(1)
    assert found.low == pytest.approx(0.9057, abs=0.01)  # Wilson's for 40 of 40 is 0.912


def test_the_interval_holds_the_truth_about_as_often_as_it_says() -> None:
    dice = random.Random(5)
    shares, sizes, drawn = (0.99, 0.9, 0.6, 0.2), (6000, 2000, 1000, 1000), 40
    truth = sum(s * n for s, n in zip(shares, sizes, strict=True)) / sum(sizes)
    held = 0
    for _ in range(1000):
        hits = [sum(dice.random() < share for _ in range(drawn)) for share in shares]
        found = stratified_wilson(
            [Stratum(n, hit, drawn) for n, hit in zip(sizes, hits, strict=True)]
        )
        held += found.low <= truth <= found.high
    assert 930 <= held <= 1000
