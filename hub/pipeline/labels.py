"""What a steward's labels say: precision by band, and of all that is joined, with intervals."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Final, NamedTuple

from hub.match.quality import Interval, Stratum, stratified_wilson, wilson
from hub.match.tabular import Table, open_table
from hub.match.tabular_layout import Getter, column_getter

_YES: Final = frozenset(["yes", "y", "1", "true", "same", "x", "ja", "j", "si", "sí", "oui"])
_NO: Final = frozenset(["no", "n", "0", "false", "different", "nein", "non"])
_OPEN: Final = frozenset(["", "?", "-"])
_COLUMNS: Final = ("same", "joined", "band", "band_pairs")


class Label(NamedTuple):
    """One labelled pair; ``same`` is None where the steward could not tell."""

    band: str
    band_pairs: int
    joined: bool
    same: bool | None


class Band(NamedTuple):
    """What one band's labels say."""

    name: str
    joined: bool
    pairs: int
    labelled: int
    same: Interval


class Verdict(NamedTuple):
    """All bands; precision of the joined pairs and, of the pairs left apart, the share missed.

    ``unlabelled`` counts the pairs of bands without any label: the estimates say nothing of them.
    """

    bands: tuple[Band, ...]
    precision: Interval
    missed: Interval
    undecided: int
    unlabelled: int


def judge_labels(labels: Iterable[Label]) -> Verdict:
    """The estimates of a labelled sample."""
    held: defaultdict[tuple[bool, str, int], list[bool]] = defaultdict(list)
    undecided = 0
    for label in labels:
        answers = held[label.joined, label.band, label.band_pairs]
        if label.same is None:
            undecided += 1
        else:
            answers.append(label.same)
    bands = tuple(
        Band(name, joined, pairs, len(answers), wilson(sum(answers), len(answers)))
        for (joined, name, pairs), answers in held.items()
    )
    return Verdict(
        bands=tuple(sorted(bands, key=lambda band: (not band.joined, band.name))),
        precision=_overall(held, joined=True),
        missed=_overall(held, joined=False),
        undecided=undecided,
        unlabelled=sum(band.pairs for band in bands if not band.labelled),
    )


def _overall(held: Mapping[tuple[bool, str, int], list[bool]], *, joined: bool) -> Interval:
    return stratified_wilson(
        [
            Stratum(pairs, sum(answers), len(answers))
            for (is_joined, _, pairs), answers in held.items()
            if is_joined is joined and answers
        ]
    )


def read_labels(path: Path) -> Iterator[Label]:
    """The labels of a file that ``write_pairs`` wrote and a person filled in.

    A spreadsheet may have saved it in an encoding of its own: all that is read is ASCII.
    """
    table = open_table(path, encoding=_encoding(path))
    same, joined, band, pairs = (
        column_getter(table, name, asked="hub match sample --labelled") for name in _COLUMNS
    )
    for row in table.rows():
        yield Label(
            band(row.cells),
            _count(pairs(row.cells), table, row.line),
            joined(row.cells).lower() in _YES,
            _answer(same, table, row.line, row.cells),
        )


def _encoding(path: Path) -> str:
    try:
        with path.open("rb") as file:
            marked = file.read(3).startswith((b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff"))
    except OSError:
        return ""  # open_table says what is wrong
    return "" if marked else "latin-1"


def _count(text: str, table: Table, line: int) -> int:
    if not text.isdecimal():
        raise table.wrong(line, "band_pairs is no whole number; leave that column as it was drawn")
    return int(text)


def _answer(read: Getter, table: Table, line: int, cells: Iterable[str]) -> bool | None:
    text = read(list(cells)).lower()
    if text in _OPEN:
        return None
    if text in _YES | _NO:
        return text in _YES
    raise table.wrong(line, "same must be yes, no, or empty where you can't tell")
