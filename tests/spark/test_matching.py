"""The Spark engine comes to the weights and clusters of the DuckDB engine."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING

import pytest

from hub.errors import ConfigError
from hub.match.engines.engine import BulkEngine, EngineName, Matched, open_engine
from hub.match.engines.matching import BulkMatch
from hub.match.engines.rows import Row
from hub.match.model import Model, prior_model
from hub.match.partition import Edge
from hub.match.thresholds import POSSIBLE
from tests.unit.match.crowd import Body, company, crowd, person, rows_of

pytest.importorskip("pyspark", reason="runs in .venv-spark")
pytestmark = pytest.mark.spark

if TYPE_CHECKING:
    from hub.match.engines.spark_matching import SparkMatch

Make = Callable[[], "SparkMatch"]
_EVERY = POSSIBLE


def _matched(
    engine: BulkEngine, rows: Sequence[Row], model: Model | None
) -> tuple[Matched, list[Edge[int]]]:
    found = engine.run(rows, model)
    return found, list(engine.edges(_EVERY))


def _on_duckdb(rows: Sequence[Row], model: Model | None) -> tuple[Matched, list[Edge[int]]]:
    engine = BulkMatch()
    try:
        return _matched(engine, rows, model)
    finally:
        engine.close()


def _same(rows: Sequence[Row], make: Make, model: Model | None) -> Matched:
    """What both engines found, after seeing that it is the same."""
    expected, edges = _on_duckdb(rows, model)
    found, ours = _matched(make(), rows, model)
    assert found.model.version == expected.model.version
    assert [edge[:2] for edge in ours] == [edge[:2] for edge in edges]
    for one, other in zip(ours, edges, strict=True):
        assert one.bits == pytest.approx(other.bits, abs=1e-6), one
    assert found.clusters == expected.clusters
    assert [(item.edge[:2], item.reason) for item in found.apart] == [
        (item.edge[:2], item.reason) for item in expected.apart
    ]
    return found


def _of_too_many() -> list[Body]:
    """A line, a box, a desk and a domain of too many; a domain of many, yet of one company."""
    random = Random(2)
    names = ["".join(random.choices("abcdefghijklmnop", k=8)).title() for _ in range(400)]
    shared = {"phone": "+43 316 700700", "email": "wir@beispiel.example"}
    bodies = [person(name, name[::-1], **shared) for name in names[:20]]
    bodies += [
        person(name, name[::-1], email=f"{name}{place}@anbieter.example")
        for place, name in enumerate(names[20:90])
    ]
    bodies += [company(f"{name} Bau", email="info@gruppe.example") for name in names[90:110]]
    reach = {"web": "https://lorenz.example", "town": ("8010", "Graz")}
    bodies += [company("Lorenz Holz GmbH", **reach), company("Lorenz Holz", **reach)]
    return bodies + [person("Ana", "Lorenz", email="ana7131@lorenz.example")] * 2


def test_a_crowd_with_a_trained_model(spark_match: Make) -> None:
    """The model is trained for each engine, from the rows as it loads them."""
    found = _same(rows_of(crowd(1_500)), spark_match, None)
    assert len(found.clusters) > 300
    assert set(found.seconds) == {"load", "train", "candidates", "weigh", "cluster"}


def test_contact_points_of_too_many_in_any_order(spark_match: Make) -> None:
    bodies = [*_of_too_many(), *crowd(300)]
    found = _same(rows_of(bodies)[::-1], spark_match, prior_model(len(bodies)))
    assert all(len(members) < 12 for members in found.clusters)


@pytest.mark.parametrize("count", [0, 1])
def test_almost_nothing(spark_match: Make, count: int) -> None:
    assert _same(rows_of(crowd(10)[:count]), spark_match, prior_model(10)).clusters == []


def test_names_in_any_script(spark_match: Make) -> None:
    names = [
        ("محمد", "الأحمد"), ("דוד", "כהן"), ("小明", "李"), ("Zoë", "Grünwald"), ("太郎", "𠮷野"),
        ("😀", "🎉🎉"), ("A", "B"), ("", ""), ("é" * 300, "x" * 5_000),
    ]  # fmt: skip
    bodies = [
        person(*name, email=f"k{place}7731@example.org", born=f"19{60 + place}-04-0{place + 1}")
        for place, name in enumerate(names)
        for _ in range(2)
    ]
    found = _same(rows_of(bodies), spark_match, prior_model(len(bodies)))
    assert {(0, 1), (2, 3), (4, 5), (6, 7)} <= set(found.clusters)


def test_without_java_it_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))
    with pytest.raises(ConfigError, match="needs Java 17 or later"):
        open_engine(EngineName.SPARK, str(tmp_path))
    assert list(tmp_path.iterdir()) == []
