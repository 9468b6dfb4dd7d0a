"""`python -m benchmarks.sparse --records 100000 --seed 1 --out FILE.csv` (or .parquet)."""

from __future__ import annotations

import argparse
from pathlib import Path

from benchmarks.sparse.dice import Dice
from benchmarks.sparse.files import shuffled, write
from benchmarks.sparse.marginals import Marginals
from benchmarks.sparse.world import records

_APART = 1_000_003  # the order must not follow from the draws that made the records


def make(path: Path, count: int, seed: int) -> str:
    """Writes the file; returns its marginals as Markdown."""
    dice, marginals = Dice(seed), Marginals()
    rows = shuffled(Dice(seed + _APART), records(dice, count), count)
    write(path, marginals.counted(rows))
    return "\n".join(marginals.lines(dice))


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.sparse", description=__doc__)
    parser.add_argument("--records", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path, required=True)
    told = parser.parse_args()
    print(make(told.out, told.records, told.seed))


if __name__ == "__main__":
    main()
