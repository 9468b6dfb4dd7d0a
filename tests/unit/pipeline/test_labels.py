from __future__ import annotations

from pathlib import Path

import pytest

from hub.errors import ConfigError
from hub.match.quality import wilson
from hub.pipeline.labels import Label, judge_labels, read_labels


def labels(band: str, pairs: int, answers: str) -> list[Label]:
    said = {"y": True, "n": False, "?": None}
    return [Label(band, pairs, band.startswith("joined"), said[answer]) for answer in answers]


def test_precision_is_told_by_band_and_overall() -> None:
    verdict = judge_labels(
        labels("joined, high", 900, "y" * 20)
        + labels("joined, low", 100, "y" * 10 + "n" * 10)
        + labels("apart, low", 50, "n" * 9 + "y?")
    )
    assert [band.name for band in verdict.bands] == ["joined, high", "joined, low", "apart, low"]
    assert verdict.bands[1].same == wilson(10, 20)
    assert verdict.precision.share == pytest.approx(0.95)
    assert verdict.precision.low < 0.95 < verdict.precision.high
    assert verdict.missed == pytest.approx(wilson(1, 10))
    assert (verdict.undecided, verdict.unlabelled) == (1, 0)


def test_a_band_without_answers_is_left_out_and_counted() -> None:
    verdict = judge_labels(labels("joined, a", 10, "yy") + labels("joined, b", 70, "??"))
    assert verdict.precision == pytest.approx(wilson(2, 2))
    assert (verdict.undecided, verdict.unlabelled) == (2, 70)
    assert verdict.missed == (0, 0, 1)


HEADER = "same,full_name_1,joined,band,band_pairs"


@pytest.mark.parametrize(
    ("content", "encoding"),
    [
        (f"{HEADER}\nYES,Müller,yes,b,5\n Nein ,,no,c,6\n?,,no,c,6\n", "utf-8-sig"),
        (f"{HEADER}\n1,Müller,yes,b,5\n0,,no,c,6\n,,no,c,6\n".replace(",", ";"), "cp1252"),
    ],
)
def test_a_file_is_read_as_spreadsheets_save_it(
    content: str, encoding: str, tmp_path: Path
) -> None:
    path = tmp_path / "pairs.csv"
    path.write_text(content, encoding=encoding)
    assert list(read_labels(path)) == [
        Label("b", 5, joined=True, same=True),
        Label("c", 6, joined=False, same=False),
        Label("c", 6, joined=False, same=None),
    ]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (f"{HEADER}\nperhaps,,yes,b,5\n", "line 2: same must be yes, no, or empty"),
        (f"{HEADER}\nyes,,yes,b,5\nyes,,yes,b,many\n", "line 3: band_pairs is no whole number"),
        ("same,band\n", "names a column 'joined'"),
        ("", "is empty"),
    ],
)
def test_a_bad_file_is_refused_with_its_line(content: str, message: str, tmp_path: Path) -> None:
    path = tmp_path / "pairs.csv"
    path.write_text(content)
    with pytest.raises(ConfigError, match=message):
        list(read_labels(path))


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="can't be read"):
        list(read_labels(tmp_path / "none.csv"))
