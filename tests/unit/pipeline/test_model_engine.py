"""The model over a file: copies cost nothing, and a copy of nobody is nobody."""

from __future__ import annotations

from hub.pipeline.evaluation import Record, evaluate
from hub.pipeline.model_engine import partition_by_model
from tests.unit.match.crowd import Body, company, labelled_crowd, person


def _records(bodies: list[Body]) -> list[Record]:
    return [Record(str(number), "crm", body) for number, body in enumerate(bodies)]


_SOMEBODY = person("Barbara", "Winkler", email="bw77@example.org", born="1975-10-12")
_OTHERS = [
    company("Falk Holz GmbH", phone="+43 316 555000"),
    company("Mora Bau"),
    person("Ivo", "Morberg", email="im31@example.org", born="1961-03-04"),
    person("Noor", "Loschova", email="nl12@example.org", born="1988-11-23"),
]


def test_a_made_up_crowd_is_told_apart() -> None:
    known = labelled_crowd(900)
    truth = [(str(number), str(item.entity)) for number, item in enumerate(known)]
    found = evaluate(_records([item.body for item in known]), partition_by_model, truth)
    assert found.quality is not None
    assert found.quality.pairwise.f1 > 0.95
    assert found.largest <= 5


def test_five_thousand_copies_are_one_customer() -> None:
    found = partition_by_model(_records([_SOMEBODY] * 5_000 + _OTHERS))
    assert {found.clusters[str(number)] for number in range(5_000)} == {"0"}
    assert len(set(found.clusters.values())) == 5
    assert len(found.edges) == 4_999


def test_copies_that_say_too_little_are_as_many_customers() -> None:
    found = partition_by_model(_records([person("J", ""), person("J", ""), *_OTHERS]))
    assert len(set(found.clusters.values())) == 6


def test_records_that_say_nothing_are_nobodys_copies() -> None:
    nothing: Body = {"kind": "person"}
    found = partition_by_model(_records([nothing] * 300 + _OTHERS))
    assert len(set(found.clusters.values())) == 304


def test_copies_of_a_placeholder_are_as_many_customers() -> None:
    """What thirteen different contents hold is nobody's own, in a content of its own too."""
    box = "none@none.example"
    given = "Ada Bruno Chloe Dirk Elsa Fritz Gina Hugo Ines Jost Kira Leon Mona"
    family = "Winkler Stein Lorenz Brandt Falk Moor Haupt Riedl Pohl Urban Zander Quast Ebner"
    names = zip(given.split(), family.split(), strict=True)
    named = [person(*name, email=box) for name in names]
    found = partition_by_model(_records([*named, *[person("", "", email=box)] * 30]))
    assert len(set(found.clusters.values())) == 43


def test_the_order_of_records_does_not_matter() -> None:
    records = _records([item.body for item in labelled_crowd(300)])
    assert partition_by_model(records[::-1]).clusters == partition_by_model(records).clusters


def test_clusters_are_named_by_their_smallest_record() -> None:
    found = partition_by_model(_records([*_OTHERS, _SOMEBODY, _SOMEBODY]))
    assert found.clusters == {"0": "0", "1": "1", "2": "2", "3": "3", "4": "4", "5": "4"}
    assert set(found.stages) >= {"load", "train", "weigh", "cluster"}
