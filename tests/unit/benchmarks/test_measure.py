"""The measures that the peers are held to agree with those of the hub."""

from __future__ import annotations

import random

from benchmarks.match_measure import Clusters, measures
from hub.match.quality import measure


def test_no_link_has_no_recall() -> None:
    found = measures(Clusters({"a": "1", "b": "1"}))
    assert (found["precision"], found["recall"], found["f1"]) == (1, 0, 0)


def test_strangers_in_one_cluster_are_counted() -> None:
    clusters = Clusters({"a": "1", "b": "2", "c": "2"})
    clusters.join("a", "b")
    clusters.join("b", "c")
    found = measures(clusters)
    assert (found["precision"], found["recall"]) == (round(1 / 3, 4), 1)
    assert (found["largest"], found["most_customers_in_one"]) == (3, 2)


def test_both_measures_agree() -> None:
    dice = random.Random(3)
    truth = {str(number): str(dice.randrange(40)) for number in range(120)}
    clusters = Clusters(truth)
    for _ in range(60):
        clusters.join(str(dice.randrange(120)), str(dice.randrange(120)))
    ours = measure((clusters.root(record), entity) for record, entity in truth.items())
    found = measures(clusters)
    assert found["f1"] == round(ours.pairwise.f1, 4)
    assert (found["b3_f1"], found["largest"]) == (round(ours.b_cubed.f1, 4), ours.largest)
