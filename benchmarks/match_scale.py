"""Bulk matching of many records, from standardised records to clusters, ours beside Splink.

`python -m benchmarks.match_scale [--records N …] [--seed N]`. The records are those of
``benchmarks.sparse``. Reading and standardising is in neither time; training is in both, and so is
what pairs are blocked by. Ours also holds the loading of rows into the database, but for what it
takes in while the next rows are standardised; Splink's does not, where it is one step with
standardising. Splink sets up as in ``benchmarks.match_peer``, and has its
best threshold chosen by the truth.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
from pathlib import Path
from typing import Any, Final, NamedTuple

from benchmarks.match_quality import PEER, run
from benchmarks.sparse.__main__ import make

HUB: Final = str(Path(sys.executable).with_name("hub"))
HEAD: Final = (
    f"{'records':>9} {'matcher':10}{'P':>7}{'R':>7}{'F1':>7}{'seconds':>9}{'MB':>7}{'load':>6}"
)


class Found(NamedTuple):
    """One matcher on one file; ``load`` is the machine's when it had ended."""

    precision: float
    recall: float
    f1: float
    seconds: float
    memory: float
    load: float


def ours(path: Path) -> Found:
    found = json.loads(run(HUB, "match", "evaluate", str(path), "--truth", "truth", "--json"))
    seconds = sum(took for stage, took in found["stages"].items() if stage != "standardise")
    return _found(found["pairwise"], seconds, found["peak_mb"])


def splink(path: Path) -> Found:
    found = json.loads(run(PEER, "-m", "benchmarks.match_peer", str(path)))
    seconds = sum(took for stage, took in found["seconds"].items() if stage != "load")
    return _found(found["best"], seconds, found["memory_mb"])


def _found(rates: dict[str, Any], seconds: float, memory: float) -> Found:
    measured = (rates["precision"], rates["recall"], rates["f1"])
    return Found(*measured, seconds, memory, os.getloadavg()[0])


def line(count: int, matcher: str, found: Found) -> str:
    rates = "".join(f"{rate:7.3f}" for rate in found[:3])
    costs = f"{found.seconds:9.1f}{found.memory:7.0f}{found.load:6.1f}"
    return f"{count:9,} {matcher:10}{rates}{costs}"


def measure(count: int, seed: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "sparse.csv"
        make(path, count, seed)
        peer = splink(path)
        print(line(count, "Splink 5", peer), flush=True)
        own = ours(path)
        print(
            f"{line(count, 'ours', own)}  {own.seconds / peer.seconds:.2f} x its time", flush=True
        )


def main(words: list[str] | None = None) -> None:
    told = argparse.ArgumentParser(description=__doc__)
    told.add_argument("--records", type=int, nargs="+", default=[1_000_000])
    told.add_argument("--seed", type=int, default=1)
    asked = told.parse_args(words)
    print(HEAD, flush=True)
    for count in asked.records:
        measure(count, asked.seed)


if __name__ == "__main__":
    main()
