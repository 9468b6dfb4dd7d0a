import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.demo.truth import Score, score_bcubed, score_pairs

TRUTH = {"a": 1, "b": 1, "c": 1, "d": 2, "e": 2}


def test_perfect_clustering_scores_one() -> None:
    assert score_pairs(TRUTH, TRUTH) == Score(1.0, 1.0)
    assert score_bcubed(TRUTH, TRUTH).f1 == 1.0


def test_one_big_cluster_has_full_recall() -> None:
    everything = dict.fromkeys(TRUTH, "x")
    assert score_pairs(everything, TRUTH) == Score(4 / 10, 1.0)
    assert score_bcubed(everything, TRUTH).precision == pytest.approx((9 + 4) / 25)


def test_singletons_have_full_precision() -> None:
    alone = {ref: ref for ref in TRUTH}
    assert score_pairs(alone, TRUTH) == Score(1.0, 0.0)
    assert score_bcubed(alone, TRUTH).recall == pytest.approx(2 / 5)
    assert score_pairs(alone, TRUTH).f1 == 0.0


def test_records_without_truth_are_left_out() -> None:
    assert score_pairs({**TRUTH, "z": 1}, TRUTH) == Score(1.0, 1.0)


def test_moved_record_costs_both_measures() -> None:
    found = {"a": 1, "b": 1, "c": 2, "d": 2, "e": 2}
    assert score_pairs(found, TRUTH) == Score(2 / 4, 2 / 4)


@given(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), max_size=30))
def test_scores_stay_between_zero_and_one(pairs: list[tuple[int, int]]) -> None:
    found = {place: pair[0] for place, pair in enumerate(pairs)}
    true = {place: pair[1] for place, pair in enumerate(pairs)}
    for score in (score_pairs(found, true), score_bcubed(found, true)):
        assert 0 <= score.precision <= 1
        assert 0 <= score.recall <= 1
        assert 0 <= score.f1 <= 1
