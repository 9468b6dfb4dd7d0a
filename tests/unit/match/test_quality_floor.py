"""Floors under the model's quality, on two public sets that lie beside the repository.

The Senzing truth set (Apache-2.0) and 50,000 records of historical figures (splink_datasets).
The model sees no labels; the floors are what was measured, less a margin.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.match_data import senzing, write
from hub.match.quality import Quality
from hub.match.tabular import open_table
from hub.match.tabular_layout import lay_out, load_tabular_mapping
from hub.pipeline.evaluation import evaluate
from hub.pipeline.model_engine import partition_by_model
from hub.pipeline.tabular_bodies import RecordsFile

ROOT = Path(__file__).parents[3]
SHARED = ROOT.parent / "shared" / "data" / "match"
pytestmark = pytest.mark.skipif(not SHARED.exists(), reason="the shared data is not here")


def _measure(path: Path, name: str, *, truth: str, country: str) -> Quality:
    """As `hub match evaluate` does it, with the mapping of the benchmarks."""
    mapping = load_tabular_mapping(ROOT / "benchmarks" / "mappings" / f"{name}.yaml")
    table = open_table(path)
    file = RecordsFile(table, lay_out(table, mapping))
    found = evaluate(
        file.records(), lambda records: partition_by_model(records, country), file.truth(truth)
    )
    assert found.quality is not None
    print(name, found.quality)  # noqa: T201  # the figure is the point
    return found.quality


def test_the_truth_set(tmp_path: Path) -> None:
    path = tmp_path / "senzing.csv"
    write(senzing(SHARED), path)
    found = _measure(path, "senzing", truth="truth", country="US")
    assert found.pairwise.f1 >= 0.85
    assert found.largest <= 20


@pytest.mark.slow
def test_historical_figures() -> None:
    path = SHARED / "historical_figures_with_errors_50k.parquet"
    found = _measure(path, "historical", truth="cluster", country="GB")
    assert found.pairwise.f1 >= 0.83
    assert found.largest <= 100
