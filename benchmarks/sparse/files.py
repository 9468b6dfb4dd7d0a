"""The records in an order that tells nothing, as CSV or Parquet, in bounded memory."""

from __future__ import annotations

import csv
import json
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Final

from benchmarks.sparse.dice import Dice
from benchmarks.sparse.systems import COLUMNS, Record

_PART: Final = 20_000


def shuffled(dice: Dice, records: Iterable[Record], expected: int) -> Iterator[list[str]]:
    """The rows at random: dealt onto piles on disk, and each pile shuffled."""
    given: Counter[str] = Counter()
    with tempfile.TemporaryDirectory() as folder:
        piles = [Path(folder) / str(pile) for pile in range(1 + expected // _PART)]
        _deal(dice, records, piles)
        for pile in piles:
            lines = pile.read_text(encoding="utf-8").splitlines()
            dice.shuffle(lines)
            yield from (_numbered(json.loads(line), given) for line in lines)


def _deal(dice: Dice, records: Iterable[Record], piles: list[Path]) -> None:
    with ExitStack() as stack:
        open_piles = [stack.enter_context(pile.open("w", encoding="utf-8")) for pile in piles]
        for record in records:
            row = [record.get(column, "") for column in COLUMNS]
            dice.pick(open_piles).write(json.dumps(row) + "\n")


def _numbered(row: list[str], given: Counter[str]) -> list[str]:
    """Numbers are given in the order of the file, so that they tell no more than it does."""
    source = row[1]
    given[source] += 1
    row[0] = f"{source}-{given[source]:07d}"
    return row


def write(path: Path, rows: Iterable[list[str]]) -> None:
    if path.suffix == ".parquet":
        _write_parquet(path, rows)
        return
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(COLUMNS)
        writer.writerows(rows)


def _write_parquet(path: Path, rows: Iterable[list[str]]) -> None:
    import pyarrow as pa
    from pyarrow import parquet

    schema = pa.schema([(column, pa.string()) for column in COLUMNS])
    with parquet.ParquetWriter(path, schema) as writer:
        for part in _parts(rows):
            columns: list[Any] = [
                [cell or None for cell in cells] for cells in zip(*part, strict=True)
            ]
            writer.write_table(pa.table(columns, schema=schema))


def _parts(rows: Iterable[list[str]]) -> Iterator[list[list[str]]]:
    part: list[list[str]] = []
    for row in rows:
        part.append(row)
        if len(part) == _PART:
            yield part
            part = []
    if part:
        yield part
