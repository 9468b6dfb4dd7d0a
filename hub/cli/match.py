"""match evaluate: what the matching engine makes of a file whose truth is known."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Annotated, Any

import typer

from hub.cli.output import AsJson, emit_json, emit_table, say, working
from hub.errors import ConfigError
from hub.match.quality import Quality, Scores
from hub.match.tabular import open_table
from hub.match.tabular_layout import lay_out, load_tabular_mapping
from hub.pipeline.evaluation import Evaluation, Outcome
from hub.pipeline.tabular_bodies import RecordsFile

match = typer.Typer(help="The matching engine: measured on your own records.", no_args_is_help=True)
Records = Annotated[Path, typer.Argument(help="CSV or Parquet file, a record a row.")]
MappingFile = Annotated[
    Path | None, typer.Option("--mapping", help="Says which column means what; see the manual.")
]
Country = Annotated[str, typer.Option(help="Country of phones without an international prefix.")]


@match.command("evaluate")
def show_evaluation(
    records: Records,
    *,
    truth: Annotated[str, typer.Option(help="Column with the true entity of a record.")] = "",
    mapping: MappingFile = None,
    country: Country = "DE",
    out: Annotated[Path | None, typer.Option(help="Write record_id,cluster_id there.")] = None,
    as_json: AsJson = False,
) -> None:
    """Match a file's records without labels and without the store, and measure the result."""
    file = open_records(records, mapping)
    pairs = file.truth(truth) if truth else None
    with working(f"matching {file.count:,} records …"):
        found = _run(file, pairs, country)
    if out is not None:
        _write_clusters(out, found.outcome)
    if as_json:
        emit_json(_summary(found))
        return
    _show(found)


def open_records(path: Path, mapping: Path | None) -> RecordsFile:
    """The file, checked, with its columns understood."""
    stated = load_tabular_mapping(mapping)
    table = open_table(path, encoding=stated.encoding, delimiter=stated.delimiter)
    return RecordsFile(table, lay_out(table, stated))


def _run(file: RecordsFile, truth: Any, country: str) -> Evaluation:
    from hub.pipeline.evaluation import evaluate
    from hub.pipeline.rule_engine import partition_by_rules

    return evaluate(file.records(), lambda rows: partition_by_rules(rows, country), truth)


def _write_clusters(path: Path, outcome: Outcome) -> None:
    try:
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(("record_id", "cluster_id"))
            writer.writerows(outcome.clusters.items())
    except OSError as error:
        raise ConfigError(f"{path} can't be written: {error.strerror}") from error


def _summary(found: Evaluation) -> dict[str, Any]:
    cost = found.cost
    summary: dict[str, Any] = {
        "records": found.records,
        "clusters": found.clusters,
        "largest": found.largest,
        "seconds": round(cost.seconds, 2),
        "cpu_seconds": round(cost.cpu_seconds, 2),
        "peak_mb": cost.peak_mb,
    }
    if found.quality is not None:
        summary |= _quality(found.quality)
    return summary


def _quality(quality: Quality) -> dict[str, Any]:
    return {
        "labelled": quality.records,
        "entities": quality.entities,
        "pairwise": _rounded(quality.pairwise),
        "b_cubed": _rounded(quality.b_cubed),
    }


def _rounded(scores: Scores) -> dict[str, float]:
    return {name: round(value, 4) for name, value in scores._asdict().items()}


def _show(found: Evaluation) -> None:
    cost, quality = found.cost, found.quality
    if quality is not None:
        rows = [("pairwise", quality.pairwise), ("B³", quality.b_cubed)]
        cells = [[name, *(f"{value:.4f}" for value in scores)] for name, scores in rows]
        emit_table(["measure", "precision", "recall", "F1"], cells)
        say(f"{quality.entities:,} true entities among {quality.records:,} labelled records")
    say(
        f"{found.clusters:,} clusters of {found.records:,} records, the largest of "
        f"{found.largest:,}; {cost.seconds:.1f} s, {cost.cpu_seconds:.1f} CPU s, "
        f"peak {cost.peak_mb:,} MB"
    )


def add_to(app: typer.Typer) -> None:
    """Hang these commands on the program."""
    app.add_typer(match, name="match")
