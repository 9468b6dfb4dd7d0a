"""What came of the rates: fill by system and field, slips, duplicates and hard negatives."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Final

from benchmarks.sparse.dice import Dice
from benchmarks.sparse.rates import RATES
from benchmarks.sparse.systems import COLUMNS

_FIELDS: Final = COLUMNS[3:16]
_NAMES: Final = ("given_name", "family_name", "city", "postcode", "street")
_KIND, _SOURCE, _TRUTH = COLUMNS.index("kind"), COLUMNS.index("source"), COLUMNS.index("truth")


class Marginals:
    """Counts rows on their way to the file."""

    def __init__(self) -> None:
        self._rows: Counter[tuple[str, str]] = Counter()
        self._filled: Counter[tuple[str, str, str]] = Counter()
        self._sizes: Counter[int] = Counter()
        self._values = {name: Counter[str]() for name in _NAMES}

    def counted(self, rows: Iterable[list[str]]) -> Iterator[list[str]]:
        for row in rows:
            where = (row[_KIND], row[_SOURCE])
            self._rows[where] += 1
            self._sizes[int(row[_TRUTH])] += 1
            for field, cell in zip(_FIELDS, row[3:16], strict=True):
                if cell:
                    self._filled[(*where, field)] += 1
                    if field in self._values:
                        self._values[field][cell] += 1
            yield row

    def lines(self, dice: Dice) -> Iterator[str]:
        """The marginals as Markdown tables."""
        yield from self._sizes_table()
        yield from self._filled_table()
        yield from self._values_table()
        yield "\n| what | rate | drawn | came true |\n|---|--:|--:|--:|"
        for name, rate in RATES.items():
            if dice.tried[name]:
                yield f"| {name} | {rate} | {dice.tried[name]:,} | {dice.came[name]:,} |"

    def _sizes_table(self) -> Iterator[str]:
        sizes = Counter(self._sizes.values())
        pairs = sum(size * (size - 1) // 2 * many for size, many in sizes.items())
        total = sum(self._rows.values())
        yield f"{total:,} records of {len(self._sizes):,} customers, {pairs:,} true pairs"
        yield "\n| records of a customer | customers |\n|--:|--:|"
        yield from (f"| {size} | {sizes[size]:,} |" for size in sorted(sizes))

    def _filled_table(self) -> Iterator[str]:
        yield f"\n| kind | system | records | {' | '.join(_FIELDS)} |"
        yield "|---|---|" + "--:|" * (1 + len(_FIELDS))
        for (kind, source), rows in sorted(self._rows.items()):
            cells = [f"{self._filled[kind, source, field] / rows:.0%}" for field in _FIELDS]
            yield f"| {kind} | {source} | {rows:,} | {' | '.join(cells)} |"

    def _values_table(self) -> Iterator[str]:
        """How long the tails are, as they stand in the records, slips included."""
        yield "\n| values of | records | distinct | once | the ten most frequent |"
        yield "|---|--:|--:|--:|--:|"
        for name, values in self._values.items():
            total, once = values.total(), sum(many == 1 for many in values.values())
            top = sum(many for _, many in values.most_common(10)) / max(total, 1)
            yield f"| {name} | {total:,} | {len(values):,} | {once:,} | {top:.1%} |"
