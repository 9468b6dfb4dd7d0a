from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.match.curve import Point, threshold_curve
from hub.match.quality import measure

TRUTH = {"a": "A", "b": "A", "c": "C", "d": "C"}
NODES = st.sampled_from("abcdefgh")
EDGES = st.lists(st.tuples(NODES, NODES, st.sampled_from([1.0, 2.0, 3.0])), max_size=12)


def test_lower_thresholds_join_more() -> None:
    found = threshold_curve([("a", "b", 20.0), ("b", "c", 10.0), ("c", "d", 12.0)], TRUTH)
    assert found == [Point(20.0, 1, 0.5, 2 / 3), Point(12.0, 1, 1, 1), Point(10.0, 1 / 3, 1, 0.5)]


def test_without_pairs_there_is_no_curve() -> None:
    assert threshold_curve([], TRUTH) == []


def test_a_record_without_truth_joins_others_uncounted() -> None:
    edges = [("a", "x", 9.0), ("x", "b", 8.0)]
    assert [point.recall for point in threshold_curve(edges, TRUTH)] == [0, 0.5]


def test_many_weights_make_few_points() -> None:
    edges = [(f"l{n}", f"r{n}", n / 100) for n in range(5_000)]
    found = threshold_curve(edges, {name: name for edge in edges for name in edge[:2]})
    assert 100 < len(found) < 250
    assert (found[0].threshold, found[-1].threshold) == (49.99, 0.0)


@given(EDGES, st.dictionaries(NODES, st.sampled_from("AB")))
def test_the_lowest_threshold_is_the_connected_components(
    edges: list[tuple[str, str, float]], truth: dict[str, str]
) -> None:
    component = {node: node for node in "abcdefgh"}
    for left, right, _ in edges:
        old, new = component[left], component[right]
        component = {node: new if held == old else held for node, held in component.items()}
    expected = measure((component[node], entity) for node, entity in truth.items())
    found = threshold_curve(edges, truth)
    if edges:
        assert found[-1][1:] == pytest.approx(expected.pairwise)


def test_a_long_chain_is_one_component() -> None:
    chain = [(f"r{n}", f"r{n + 1}", 5.0) for n in range(20_000)]
    truth = {f"r{n}": "A" for n in range(20_001)}
    assert threshold_curve(chain, truth) == [Point(5.0, 1, 1, 1)]
