from __future__ import annotations

import csv
import json
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from hub.cli.main import app
from hub.errors import ConfigError

LINES = """record_id,source,given_name,family_name,email,phone,birth_date,entity
1,crm,Barbara,Winkler,barbara.winkler@example.org,+43 316 123456,12.10.1975,A
2,shop,Babsi,Winkler,Barbara.Winkler@example.org,,,A
3,erp,Georg,Winkler,,+43 316 123456,1.2.2003,B
4,crm,Georg,Winkler,georg@example.org,+43 316 123456,2003-02-01,B
5,crm,,,,,,
"""


@pytest.fixture
def records(tmp_path: Path) -> Path:
    path = tmp_path / "records.csv"
    path.write_text(LINES)
    return path


def run(*words: object) -> None:
    app(["match", *map(str, words)], standalone_mode=False)


def run_json(capsys: pytest.CaptureFixture[str], *words: object) -> Any:
    run(*words, "--json")
    return json.loads(capsys.readouterr().out)


def test_evaluate_measures_the_engine(records: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = run_json(capsys, "evaluate", records, "--truth", "entity")
    assert (found["records"], found["clusters"], found["largest"]) == (5, 3, 2)
    assert (found["labelled"], found["entities"]) == (4, 2)
    assert found["pairwise"] == found["b_cubed"] == {"precision": 1, "recall": 1, "f1": 1}
    assert found["peak_mb"] > 10
    run("evaluate", records, "--truth", "entity")
    told = capsys.readouterr().out
    assert "pairwise  1.0000     1.0000  1.0000" in told
    assert "3 clusters of 5 records, the largest of 2" in told


def test_without_truth_evaluate_counts_only(
    records: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert "pairwise" not in run_json(capsys, "evaluate", records)
    run("evaluate", records)
    assert "precision" not in capsys.readouterr().out


def test_evaluate_writes_clusters_and_a_chart(records: Path, tmp_path: Path) -> None:
    out, chart = tmp_path / "clusters.csv", tmp_path / "chart.html"
    run("evaluate", records, "--truth", "entity", "--out", out, "--chart", chart)
    expected = [["record_id", "cluster_id"], ["1", "1"], ["2", "1"], ["3", "3"], ["4", "3"]]
    assert list(csv.reader(out.read_text().splitlines()))[:5] == expected
    assert "Thresholds on records.csv" in chart.read_text()


def test_evaluate_reads_a_mapping_file(
    records: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    mapping = tmp_path / "mapping.yaml"
    mapping.write_text("columns: {email: null, phone: null, birth_date: null, family_name: null}")
    found = run_json(capsys, "evaluate", records, "--truth", "entity", "--mapping", mapping)
    assert found["pairwise"]["recall"] == 0


@pytest.mark.skipif(find_spec("pyspark") is not None, reason="runs without the extra")
def test_spark_is_asked_for_by_its_extra(records: Path) -> None:
    with pytest.raises(ConfigError, match=r"pip install 'customer-hub\[spark\]'"):
        run("evaluate", records, "--engine", "spark")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--truth", "cluster"], "--truth names a column 'cluster'"),
        (["--chart", "x.html"], "--chart needs --truth"),
        (["--out", "none/x.csv"], "none/x.csv can't be written"),
        (["--mapping", "none.yaml"], "none.yaml: can't be read"),
    ],
)
def test_evaluate_refuses_bad_input(words: list[str], message: str, records: Path) -> None:
    with pytest.raises(ConfigError, match=message):
        run("evaluate", records, *words)


def test_a_chart_of_nothing_is_refused(records: Path, tmp_path: Path) -> None:
    records.write_text("record_id,city,entity\n1,Graz,A\n2,Linz,A\n")
    with pytest.raises(ConfigError, match="no pair of records was scored"):
        run("evaluate", records, "--truth", "entity", "--chart", tmp_path / "chart.html")


def test_sample_draws_pairs_and_reports_on_their_labels(
    records: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pairs = tmp_path / "pairs.csv"
    assert run_json(capsys, "sample", records, "--out", pairs)["pairs"] == 2
    text = pairs.read_text(encoding="utf-8-sig")
    pairs.write_text(text.replace("\n,", "\nyes,"), encoding="utf-8-sig")
    found = run_json(capsys, "sample", "--labelled", pairs)
    assert found["precision"]["share"] == 1
    assert 0.3 < found["precision"]["low"] < 0.6
    assert (found["undecided"], len(found["bands"])) == (0, 2)
    run("sample", "--labelled", pairs)
    told = capsys.readouterr().out
    assert "1.000 of the joined pairs are the same (95 % interval" in told
    assert "unknown of the pairs left apart" in told


def test_sample_says_what_it_needs(records: Path, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="say RECORDS and --out"):
        run("sample", records)
    records.write_text("record_id,city\n1,Graz\n2,Linz\n")
    with pytest.raises(ConfigError, match="no two records were joined"):
        run("sample", records, "--out", tmp_path / "pairs.csv")


def test_hard_files_end_in_time_and_in_no_giant_cluster(
    records: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    odd = ["", " ", "x", "🙂", "محمد", "1900-01-01", "'; --", "\x07", "NULL"]
    rows = [["record_id", "given_name", "family_name", "phone", "email", "birth_date"]]
    rows += [[f"p{n}", "Ada", f"King{n:05}", "+43 316 123456", "", ""] for n in range(10_000)]
    rows += [[f"c{n}", "Ada", "Lovelace", "", "ada@example.org", ""] for n in range(5_000)]
    rows += [[f"o{n}", word, other, word, other, word] for n, (word, other) in enumerate(
        (word, other) for word in odd for other in odd)]  # fmt: skip
    with records.open("w", newline="") as file:
        csv.writer(file).writerows(rows)
    found = run_json(capsys, "evaluate", records)
    assert found["records"] == 15_081
    assert found["largest"] == 5_000
    assert found["cpu_seconds"] < 60  # quadratic work takes many minutes
