"""Disjoint sets."""

from __future__ import annotations

from itertools import permutations

from hub.match.disjoint import DisjointSets


def test_sets_are_named_by_their_smallest_node_in_any_order() -> None:
    for pairs in permutations([(5, 4), (4, 2), (9, 7)]):
        sets: DisjointSets[int] = DisjointSets([1])
        for one, other in pairs:
            sets.join(one, other)
        assert sets.sets() == [[1], [2, 4, 5], [7, 9]]
        assert sets.roots() == {1: 1, 2: 2, 4: 2, 5: 2, 7: 7, 9: 7}


def test_groups_join_what_is_known_alone() -> None:
    sets = DisjointSets(["a", "b", "c", "d"])
    sets.join_all([["d", "x", "b"], ["y"], [], ["c"]])
    assert sets.sets() == [["a"], ["b", "d"], ["c"]]
