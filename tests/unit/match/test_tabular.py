from __future__ import annotations

import sys
from datetime import date
from pathlib import Path

import pytest

from hub.errors import ConfigError
from hub.match.tabular import Row, open_table


def write(folder: Path, content: str | bytes, name: str = "records.csv") -> Path:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


@pytest.mark.parametrize("mark", [",", ";", "\t", "|"])
def test_a_csv_is_read_with_its_delimiter(mark: str, tmp_path: Path) -> None:
    lines = [("record_id", "city"), ("1", "Graz"), ("2", '"Bad Ischl,;| \nHaus 3"'), ("3", "")]
    path = write(tmp_path, "\r\n".join(mark.join(line) for line in lines))
    table = open_table(path)
    assert table.columns == ("record_id", "city")
    expected = [Row(2, ["1", "Graz"]), Row(4, ["2", "Bad Ischl,;| \nHaus 3"]), Row(5, ["3", ""])]
    assert list(table.rows()) == list(table.rows()) == expected


@pytest.mark.parametrize(
    ("encoding", "told"),
    [("utf-8", ""), ("utf-8-sig", ""), ("utf-16", ""), ("cp1252", "cp1252")],
)
def test_a_csv_is_read_in_its_encoding(encoding: str, told: str, tmp_path: Path) -> None:
    path = write(tmp_path, "record_id,city\n1,Münster\n".encode(encoding))
    table = open_table(path, encoding=told)
    assert table.columns[0] == "record_id"
    assert [row.cells[1] for row in table.rows()] == ["Münster"]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "is empty"),
        ("\n\n", "is empty"),
        ("record_id,city\n1,Graz,8010\n", "line 2: 3 cells under 2 columns"),
        ("record_id,city\n1,Graz\n2\n", "line 3: 1 cells under 2 columns"),
        ("record_id,City,city\n", "two columns 'city'"),
        ('a,b\n1,x\n2,"y\n3,z\n', "line 3: no CSV: unexpected end of data"),
        ('"a","b"\n"1"x,2\n', "line 2: no CSV: ',' expected after"),
        (b"PK\x03\x04rest", "a spreadsheet or an archive; save it as CSV"),
        (b"\x1f\x8brest", "is compressed"),
        (b"\x7fELF\x00\x00", "neither CSV nor Parquet"),
        (b"record_id\nM\xfcnster\n", "not utf-8; name its encoding"),
        (b"PAR1 and nothing more", "no Parquet file"),
    ],
)
def test_bad_files_are_refused_with_what_to_do(
    content: str | bytes, message: str, tmp_path: Path
) -> None:
    with pytest.raises(ConfigError, match=message):
        list(open_table(write(tmp_path, content)).rows())


def test_a_long_cell_is_read_and_a_quotation_mark_that_swallows_a_file_is_found(
    tmp_path: Path,
) -> None:
    path = write(tmp_path, "a,b\n1," + "x" * 200_000)
    assert [len(row.cells[1]) for row in open_table(path).rows()] == [200_000]
    path = write(tmp_path, 'a,b\n1,"' + "x\n" * (1 << 23) + "x")
    with pytest.raises(ConfigError, match="line 2: no CSV: field larger"):
        list(open_table(path).rows())


def test_rows_without_any_text_are_passed_over(tmp_path: Path) -> None:
    path = write(tmp_path, "record_id,city\n1,Graz\n,\n \n2,Linz\n  ,\t\n")
    assert list(open_table(path).rows()) == [Row(2, ["1", "Graz"]), Row(5, ["2", "Linz"])]


def test_a_missing_file_and_an_unknown_encoding_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="can't be read: No such file"):
        open_table(tmp_path / "none.csv")
    with pytest.raises(ConfigError, match="can't be read: Is a directory"):
        open_table(tmp_path)
    with pytest.raises(ConfigError, match="not klingon"):
        open_table(write(tmp_path, "a,b\n"), encoding="klingon")


def test_parquet_without_its_reader_names_the_extra(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)  # as if it were not installed
    with pytest.raises(ConfigError, match=r"install customer-hub\[files\], or save it as CSV"):
        open_table(write(tmp_path, "PAR1", "records.parquet"))


def test_parquet_gives_texts(tmp_path: Path) -> None:
    import pyarrow as pa
    from pyarrow import parquet

    columns = {
        "record_id": [1.0, 2.5, float("nan")],
        "born": [date(1978, 11, 12), None, date(2000, 1, 1)],
        "mails": [["a@example.com", "b@example.com"], [], None],
        "city": ["Graz", None, "Linz"],
        "name": ["Jürgen".encode(), None, b"\xff"],
    }
    parquet.write_table(pa.table(columns), tmp_path / "records")
    table = open_table(tmp_path / "records")
    assert table.columns == ("record_id", "born", "mails", "city", "name")
    assert [tuple(row.cells) for row in table.rows()] == [
        ("1", "1978-11-12", "a@example.com;b@example.com", "Graz", "Jürgen"),
        ("2.5", "", "", "", ""),
        ("", "2000-01-01", "", "Linz", "\ufffd"),
    ]
    assert str(table.wrong(2, "look")) == f"{tmp_path / 'records'}, row 2: look"
