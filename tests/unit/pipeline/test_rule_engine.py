from __future__ import annotations

from hub.pipeline.evaluation import Record, evaluate
from hub.pipeline.rule_engine import partition_by_rules


def person(key: str, given: str, mail: str = "", phone: str = "") -> Record:
    points = [("email", mail), ("phone", phone)]
    body = {
        "kind": "person",
        "person": {"given": given, "family": "Winkler"},
        "contact_points": [{"kind": kind, "value": value} for kind, value in points if value],
    }
    return Record(key, "crm", body)


RECORDS = [
    person("a1", "Barbara", "barbara.winkler@example.org", "+43 316 123456"),
    person("a2", "Babsi", "Barbara.Winkler@Example.org"),
    person("a3", "Barbara", "barbara.winkler@example.org", "+43 316 123456"),
    person("b1", "Georg", "georg.winkler@example.org", "+43 316 123456"),
]
TRUTH = [("a1", "A"), ("a2", "A"), ("a3", "A"), ("b1", "B")]


def test_the_rules_partition_records_without_a_store() -> None:
    found = partition_by_rules(RECORDS)
    assert found.clusters == {"a1": "a1", "a2": "a1", "a3": "a1", "b1": "b1"}
    assert {edge[:2] for edge in found.edges} >= {("a1", "a3")}
    assert all(edge.weight > 6 for edge in found.edges)


def test_the_order_of_records_does_not_matter() -> None:
    assert partition_by_rules(RECORDS[::-1]).clusters == partition_by_rules(RECORDS).clusters


def test_an_engine_is_measured_on_the_labelled_records() -> None:
    found = evaluate(RECORDS, partition_by_rules, [*TRUTH[:3], ("b1", "")])
    assert (found.records, found.clusters, found.largest) == (4, 2, 3)
    assert found.quality is not None
    assert (found.quality.records, found.quality.pairwise.f1) == (3, 1)
    assert found.cost.peak_mb > 10


def test_without_truth_there_are_counts_only() -> None:
    assert evaluate(RECORDS, partition_by_rules).quality is None


def test_nameless_copies_stay_apart() -> None:
    empty = [Record(key, "crm", {"kind": "open"}) for key in "abc"]
    assert partition_by_rules(empty).clusters == {"a": "a", "b": "b", "c": "c"}
