"""match evaluate, match sample: how good the matching engine is on records of your own."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, TextIO

import typer

from hub.cli import match_model
from hub.cli.output import AsJson, emit_json, emit_table, say, warn, working
from hub.errors import ConfigError
from hub.match.curve import threshold_curve
from hub.match.quality import Interval, Quality, Scores
from hub.match.tabular import open_table
from hub.match.tabular_layout import lay_out, load_tabular_mapping
from hub.pipeline.evaluation import Engine, Evaluation, Outcome, evaluate
from hub.pipeline.labels import Verdict, judge_labels, read_labels
from hub.pipeline.sampling import draw_pairs, write_pairs
from hub.pipeline.tabular_bodies import RecordsFile
from hub.reports.threshold_chart import render_chart

match = typer.Typer(help="The matching engine: measured on your own records.", no_args_is_help=True)
Records = Annotated[Path, typer.Argument(help="CSV or Parquet file, one record a row.")]
MappingFile = Annotated[
    Path | None, typer.Option("--mapping", help="Says which column means what (YAML).")
]
Country = Annotated[
    str, typer.Option(help="Country (ISO code) of phones without an international prefix.")
]


class EngineChoice(StrEnum):
    """The engines there are."""

    DUCKDB = "duckdb"
    SPARK = "spark"


EngineOption = Annotated[
    EngineChoice,
    typer.Option(help="The model on DuckDB or on Spark, with one result."),
]


@match.command("evaluate")
def show_evaluation(
    records: Records,
    *,
    truth: Annotated[str, typer.Option(help="Column that names each record's entity.")] = "",
    mapping: MappingFile = None,
    country: Country = "DE",
    engine: EngineOption = EngineChoice.DUCKDB,
    out: Annotated[Path | None, typer.Option(help="Write record_id,cluster_id there.")] = None,
    chart: Annotated[
        Path | None, typer.Option(help="Write a chart over the threshold there (HTML).")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Match the records of a file, without labels and without the store, and measure the result."""
    if chart is not None and not truth:
        raise ConfigError("--chart needs --truth: without it there is nothing to measure against")
    file = open_records(records, mapping)
    pairs = file.truth(truth) if truth else None
    with working(f"matching {file.count:,} records …"):
        found = evaluate(file.records(), _engine(engine, country), pairs)
    if out is not None:
        _write_clusters(out, found.outcome)
    if chart is not None:
        _write_chart(chart, f"Thresholds on {records.name}", found, dict(file.truth(truth)))
    if as_json:
        emit_json({**_summary(found), "unread_dates": file.unread_dates})
        return
    _show(found)
    if file.unread_dates:
        warn(f"{file.unread_dates:,} cells of birth_date hold no date; see dates in the manual")


@match.command("sample")
def sample(
    records: Annotated[
        Path | None, typer.Argument(help="CSV or Parquet file, one record a row.")
    ] = None,
    *,
    size: Annotated[int, typer.Option(min=1, max=100_000, help="How many pairs.")] = 200,
    out: Annotated[Path | None, typer.Option(help="Write the pairs there (CSV).")] = None,
    labelled: Annotated[
        Path | None, typer.Option(help="Report on this file of pairs, filled in, instead.")
    ] = None,
    mapping: MappingFile = None,
    country: Country = "DE",
    engine: EngineOption = EngineChoice.DUCKDB,
    seed: Annotated[int, typer.Option(help="Another seed, other pairs.")] = 1,
    as_json: AsJson = False,
) -> None:
    """Draw pairs for a person to label; with --labelled, report precision with an interval."""
    if labelled is not None:
        _show_verdict(judge_labels(read_labels(labelled)), as_json)
    elif records is None or out is None:
        raise ConfigError("say RECORDS and --out to draw pairs, or --labelled to report on them")
    else:
        count = _draw(open_records(records, mapping), _engine(engine, country), out, (size, seed))
        _show_drawn(count, out, as_json)


def _engine(choice: EngineChoice, country: str) -> Engine:
    """The engine that is measured."""
    from hub.match.engines.engine import EngineName
    from hub.pipeline.model_engine import partition_by_model

    name = EngineName(choice.value)
    return lambda records: partition_by_model(records, country, name)


def open_records(path: Path, mapping: Path | None) -> RecordsFile:
    stated = load_tabular_mapping(mapping)
    table = open_table(path, encoding=stated.encoding, delimiter=stated.delimiter)
    return RecordsFile(table, lay_out(table, stated))


def _draw(file: RecordsFile, engine: Engine, out: Path, choice: tuple[int, int]) -> int:
    with working(f"matching {file.count:,} records …"):
        drawn = draw_pairs(engine(file.records()), *choice)
    if not drawn:
        raise ConfigError("no two records were joined or nearly joined: there is no pair to draw")
    ids = {record for pair in drawn for record in (pair.left, pair.right)}
    write_pairs(out, drawn, file.fields_of(ids))
    return len(drawn)


def _show_drawn(count: int, out: Path, as_json: bool) -> None:
    if as_json:
        emit_json({"pairs": count, "file": str(out)})
        return
    say(f"{count:,} pairs in {out}: write yes or no under same, save it as CSV, and run")
    say(f"hub match sample --labelled {out}")


def _write_chart(path: Path, title: str, found: Evaluation, truth: dict[str, str]) -> None:
    points = threshold_curve(found.outcome.edges, truth)
    if not points or found.quality is None:
        raise ConfigError("no pair of records was scored: there is nothing to draw a chart of")
    with _writing(path) as file:
        file.write(render_chart(title, points, found.quality.pairwise))


def _write_clusters(path: Path, outcome: Outcome) -> None:
    with _writing(path) as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(("record_id", "cluster_id"))
        writer.writerows(outcome.clusters.items())


@contextmanager
def _writing(path: Path) -> Iterator[TextIO]:
    try:
        with path.open("w", encoding="utf-8", newline="") as file:
            yield file
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
        "stages": {name: round(value, 2) for name, value in found.outcome.stages.items()},
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
    if found.outcome.stages:
        parts = (f"{name} {value:.1f} s" for name, value in found.outcome.stages.items())
        say(", ".join(parts))


def _show_verdict(verdict: Verdict, as_json: bool) -> None:
    if as_json:
        emit_json(_told(verdict))
        return
    columns = ["band", "pairs", "labelled", "same", "95 % interval"]
    rows = [
        [band.name, band.pairs, band.labelled, *_shares(band.labelled, band.same)]
        for band in verdict.bands
    ]
    emit_table(columns, rows)
    for text, interval in (
        ("of the joined pairs are the same", verdict.precision),
        ("of the pairs left apart are the same", verdict.missed),
    ):
        share, bounds = _shares(interval.high - interval.low < 1, interval)
        say(f"{share} {text} (95 % interval {bounds})")
    if verdict.undecided or verdict.unlabelled:
        warn(
            f"{verdict.undecided:,} drawn pairs have no answer; "
            f"bands of {verdict.unlabelled:,} pairs have none at all and are left out"
        )


def _shares(known: object, interval: Interval) -> tuple[str, str]:
    if not known:
        return "unknown", ""
    return f"{interval.share:.3f}", f"{interval.low:.3f} to {interval.high:.3f}"


def _told(verdict: Verdict) -> dict[str, Any]:
    bands = [{**band._asdict(), "same": band.same._asdict()} for band in verdict.bands]
    whole = {name: value for name, value in verdict._asdict().items() if name != "bands"}
    whole |= {name: whole[name]._asdict() for name in ("precision", "missed")}
    return {"bands": bands, **whole}


def add_to(app: typer.Typer) -> None:
    """Hang these commands on the program."""
    match_model.add_to(match)
    app.add_typer(match, name="match")
