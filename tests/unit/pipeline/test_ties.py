"""Must-links are stars; what a star says of every pair must not go with one of its ends."""

from __future__ import annotations

from hub.pipeline.ties import parted_copies, still_tied, through_gone

NODES = {2: "b", 3: "c", 4: "d", 5: "e"}


def test_records_hang_together_through_one_that_is_gone() -> None:
    assert list(through_gone([(1, 2), (1, 3), (1, 4)], NODES, [])) == [("b", "c"), ("b", "d")]


def test_records_hang_together_through_two_that_are_gone() -> None:
    assert list(through_gone([(1, 2), (1, 9), (3, 9)], NODES, [])) == [("b", "c")]


def test_who_is_kept_apart_from_the_rest_takes_nobody_along() -> None:
    never = [("c", "b"), ("b", "d")]
    assert list(through_gone([(1, 2), (1, 3), (1, 4)], NODES, never)) == [("c", "d")]


def test_a_record_that_is_gone_ties_nobody_to_nobody() -> None:
    assert list(through_gone([(1, 2), (7, 8)], NODES, [])) == []


def test_a_side_stays_tied_without_the_record_that_held_it() -> None:
    tied = {(1, 2), (1, 3), (1, 4)}
    assert still_tied(tied, tied, [2, 3, 4]) == [(2, 3), (2, 4)]
    assert still_tied(tied, tied, [1]) == []


def test_both_sides_stay_tied_as_before() -> None:
    tied, across = {(1, 2), (1, 3), (1, 4)}, {(1, 3), (1, 4)}
    assert still_tied(tied, across, [1, 2]) == []
    assert still_tied(tied, across, [3, 4]) == [(3, 4)]


def test_what_nobody_tied_stays_loose() -> None:
    assert still_tied({(1, 2)}, {(1, 2)}, [2, 3]) == []


def test_copies_that_are_kept_apart_are_not_one() -> None:
    assert parted_copies([], [(1, 2)], {1: "x", 2: "x", 3: "x"}) == {1, 2}


def test_a_tied_record_is_not_one_with_a_copy_that_is_kept_apart() -> None:
    content = {1: "x", 2: "y", 3: "y", 4: "y"}
    assert parted_copies([(1, 3)], [(1, 2)], content) == {3}


def test_a_record_is_tied_through_others_all_the_same() -> None:
    content = {1: "x", 2: "y", 3: "y", 9: "z"}
    assert parted_copies([(3, 9), (1, 9)], [(1, 2)], content) == {3}


def test_copies_stay_one_where_nothing_contradicts() -> None:
    content = {1: "x", 2: "y", 3: "y", 4: "z"}
    assert parted_copies([(3, 4)], [(1, 2)], content) == set()


def test_decisions_on_one_group_contradict_whoever_its_copies_are() -> None:
    content = {1: "x", 2: "y", 3: "y"}
    assert parted_copies([(1, 3), (2, 3)], [(1, 2)], content) == set()
