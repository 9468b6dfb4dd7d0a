"""Parquet and XLSX files: types, damage, resuming, and archives that mean harm."""

from __future__ import annotations

import io
import os
import zipfile
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, time
from decimal import Decimal
from pathlib import Path
from typing import Any

import openpyxl
import pyarrow as pa
import pytest
from pyarrow import parquet

from connectors.file.config import FileConfig
from connectors.file.missing import needs_files_extra
from connectors.file.reader import FileReader
from hub.errors import ConfigError, CursorExpiredError, SourceSchemaError
from hub.sdk import Cursor, Page

FORMATS = ("parquet", "xlsx")


def reader(root: Path, form: str, **source: Any) -> FileReader:
    entry = {"name": "partners", "path": f"partners.{form}", "format": form, "key": ["id"]}
    files = [entry | source]
    return FileReader(FileConfig.model_validate({"root": root, "files": files, "page_size": 3}))


def read(root: Path, form: str, *, cursor: Cursor | None = None, **source: Any) -> list[Page]:
    return list(reader(root, form, **source).read("partners", cursor))


def write_parquet(root: Path, columns: dict[str, Any], **options: Any) -> None:
    parquet.write_table(pa.table(columns), root / "partners.parquet", **options)


def write_xlsx(root: Path, rows: Sequence[Sequence[Any]]) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    for row in rows:
        sheet.append(list(row))
    book.save(root / "partners.xlsx")


def write_rows(root: Path, form: str, rows: Sequence[tuple[Any, str | None]]) -> None:
    if form == "xlsx":
        write_xlsx(root, [("id", "name"), *rows])
        return
    ids, names = zip(*rows, strict=True)
    write_parquet(root, {"id": pa.array(ids), "name": list(names)}, row_group_size=4)


def keys(pages: list[Page]) -> list[str]:
    return [record.key for page in pages for record in page.records]


@pytest.mark.parametrize("form", FORMATS)
def test_going_on_from_every_page_gives_the_rest(tmp_path: Path, form: str) -> None:
    write_rows(tmp_path, form, [(number, f"n{number}") for number in range(1, 12)])
    pages = read(tmp_path, form)
    assert keys(pages) == [str(number) for number in range(1, 12)]
    for place, page in enumerate(pages):
        assert keys(read(tmp_path, form, cursor=page.cursor)) == keys(pages[place + 1 :])


@pytest.mark.parametrize("form", FORMATS)
def test_of_several_rows_with_one_key_the_last_counts(tmp_path: Path, form: str) -> None:
    write_rows(tmp_path, form, [(1, "old"), (2, "two"), (1, "new")])
    (page,) = read(tmp_path, form)
    assert [record.data["name"] for record in page.records] == ["two", "new"]
    assert page.excluded == {"a later row has the same key": 1}


@pytest.mark.parametrize("form", FORMATS)
def test_a_row_without_a_key_is_unreadable(tmp_path: Path, form: str) -> None:
    write_rows(tmp_path, form, [(1, "one"), (None, "none")])
    (page,) = read(tmp_path, form)
    assert keys([page]) == ["1"]
    assert [bad.reason for bad in page.unreadable] == ["no value in the key field id"]


@pytest.mark.parametrize("form", FORMATS)
def test_a_changed_file_expires_the_cursor(tmp_path: Path, form: str) -> None:
    write_rows(tmp_path, form, [(1, "one")])
    (page,) = read(tmp_path, form)
    write_rows(tmp_path, form, [(1, "one"), (2, "two")])
    with pytest.raises(CursorExpiredError):
        read(tmp_path, form, cursor=page.cursor)


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize(
    "content", [b"", b"id,name\n1,a\n", b"PAR1" * 9, b"PK\x05\x06" + b"\0" * 18]
)
def test_what_is_no_such_file_is_refused(tmp_path: Path, form: str, content: bytes) -> None:
    (tmp_path / f"partners.{form}").write_bytes(content)
    with pytest.raises(SourceSchemaError, match=rf"partners\.{form}"):
        read(tmp_path, form)


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("share", [0.3, 0.6, 0.9])
def test_a_damaged_file_never_ends_as_if_it_were_whole(
    tmp_path: Path, form: str, share: float
) -> None:
    write_rows(tmp_path, form, [(number, os.urandom(8).hex()) for number in range(4000)])
    path = tmp_path / f"partners.{form}"
    content = bytearray(path.read_bytes())
    middle = int(len(content) * share)
    content[middle : middle + 64] = b"\xff" * 64
    path.write_bytes(bytes(content))
    try:
        found = keys(read(tmp_path, form))
    except SourceSchemaError:
        return
    assert len(found) == 4000  # the damage hit nothing that is read


@pytest.mark.parametrize("form", FORMATS)
def test_a_missing_key_column_is_named(tmp_path: Path, form: str) -> None:
    write_rows(tmp_path, form, [(1, "one")])
    with pytest.raises(SourceSchemaError, match="no key field number"):
        read(tmp_path, form, key=["number"])


MOMENT = datetime(2026, 1, 31, 12, tzinfo=UTC)
PARQUET = {
    "id": (pa.array([2**40], pa.int64()), 2**40),
    "money": (pa.array([Decimal("12.50")], pa.decimal128(10, 2)), "12.50"),
    "at": (
        pa.array([MOMENT], pa.timestamp("ns", "Europe/Vienna")),
        "2026-01-31T12:00:00.000000+00:00",
    ),
    "local": (
        pa.array([MOMENT.replace(tzinfo=None)], pa.timestamp("us")),
        "2026-01-31T12:00:00.000000",
    ),
    "nanos": (pa.array([1], pa.timestamp("ns")), "1970-01-01T00:00:00.000000"),
    "lasts": (pa.array([1_000_000_001], pa.duration("ns")), "PT1.000000S"),
    "clock": (pa.array([1], pa.time64("ns")), "00:00:00"),
    "day": (pa.array([date(2026, 1, 31)]), "2026-01-31"),
    "raw": (pa.array([b"\x00\xff"]), "AP8="),
    "word": (pa.array(["x"]).dictionary_encode(), "x"),
    "nested": (
        pa.array([{"a": [1, None], "b": {"c": MOMENT}}]),
        {"a": [1, None], "b": {"c": "2026-01-31T12:00:00.000000+00:00"}},
    ),
    "nan": (pa.array([float("nan")]), "nan"),
}


def test_types_of_parquet(tmp_path: Path) -> None:
    write_parquet(tmp_path, {name: column for name, (column, _) in PARQUET.items()})
    (page,) = read(tmp_path, "parquet")
    assert page.records[0].data == {name: value for name, (_, value) in PARQUET.items()}


def test_types_of_a_sheet(tmp_path: Path) -> None:
    row = (7, "Zoë", 1.5, True, datetime(2026, 1, 31, 12), date(2026, 1, 31), time(12, 30), None)  # noqa: DTZ001  # Excel has no zones
    write_xlsx(tmp_path, [("id", "name", "b", "c", "at", "day", "time", "no"), row])
    (page,) = read(tmp_path, "xlsx", updated_field="at")
    assert page.records[0].data == {
        "id": 7,
        "name": "Zoë",
        "b": 1.5,
        "c": True,
        "at": "2026-01-31T12:00:00.000000",
        "day": "2026-01-31T00:00:00.000000",
        "time": "12:30:00",
        "no": None,
    }
    assert page.records[0].version == "2026-01-31T12:00:00.000000+00:00"


def test_a_sheet_by_name_under_a_title(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    sheet = book.create_sheet("Partners")
    for row in [("A list",), (), ("id", "name"), (1.0, "one"), (), ("x", "two")]:
        sheet.append(list(row))
    book.save(tmp_path / "partners.xlsx")
    pages = read(tmp_path, "xlsx", sheet="Partners", header_row=3)
    assert keys(pages) == ["1", "x"]
    with pytest.raises(SourceSchemaError, match="no sheet of that name"):
        read(tmp_path, "xlsx", sheet="Nobody")


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ((9, "#N/A"), "row 3: an error of Excel in column name"),
        ((9, "x", "beyond"), "row 3: a cell beyond the last column that the header names"),
    ],
)
def test_a_broken_row_costs_that_row_only(
    tmp_path: Path, row: tuple[Any, ...], reason: str
) -> None:
    write_xlsx(tmp_path, [("id", "name"), (1, "one"), row, (2, "two")])
    (page,) = read(tmp_path, "xlsx")
    assert keys([page]) == ["1", "2"]
    assert [(bad.key, bad.reason) for bad in page.unreadable] == [("9", reason)]


def test_a_formula_gives_its_cached_value(tmp_path: Path) -> None:
    write_xlsx(tmp_path, [("id", "sum"), (1, "=1+1")])
    change_part(
        tmp_path,
        lambda text: text.replace("<f>1+1</f><v></v>", "<f>1+1</f><v>2</v>").replace(
            "<f>1+1</f><v />", "<f>1+1</f><v>2</v>"
        ),
    )
    (page,) = read(tmp_path, "xlsx")
    assert page.records[0].data == {"id": 1, "sum": 2}


def test_a_wrong_size_of_the_sheet_loses_no_row(tmp_path: Path) -> None:
    write_xlsx(tmp_path, [("id", "name"), (1, "one"), (2, "two")])
    change_part(
        tmp_path, lambda text: text.replace('<dimension ref="A1:B3"', '<dimension ref="A1"')
    )
    assert keys(read(tmp_path, "xlsx")) == ["1", "2"]


def change_part(root: Path, change: Callable[[str], str]) -> None:
    """Edits the first sheet's XML."""
    path, fresh = root / "partners.xlsx", io.BytesIO()
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(fresh, "w", zipfile.ZIP_DEFLATED) as new:
        for part in old.infolist():
            content = old.read(part)
            if part.filename == "xl/worksheets/sheet1.xml":
                changed = change(content.decode())
                assert changed != content.decode()
                content = changed.encode()
            new.writestr(part.filename, content)
    path.write_bytes(fresh.getvalue())


BOMB = (
    '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa">'
    + "".join(
        f'<!ENTITY {b} "{f"&{a};" * 10}">' for a, b in zip("abcdefgh", "bcdefghi", strict=True)
    )
    + "]>"
)
OUTSIDE = '<!DOCTYPE x [<!ENTITY i SYSTEM "file:///etc/passwd">]>'


@pytest.mark.parametrize("declaration", [BOMB, OUTSIDE], ids=["bomb", "outside"])
def test_an_entity_is_not_resolved(tmp_path: Path, declaration: str) -> None:
    write_xlsx(tmp_path, [("id", "name"), (1, "one")])

    def poison(text: str) -> str:
        at = text.index("<worksheet")
        return text[:at] + declaration + text[at:].replace("<v>1</v>", "<v>&i;</v>")

    change_part(tmp_path, poison)
    try:
        found = [record.data for page in read(tmp_path, "xlsx") for record in page.records]
    except SourceSchemaError:
        return
    assert "root:" not in str(found)
    assert len(str(found)) < 1000


def test_rows_without_end_are_refused(tmp_path: Path) -> None:
    """A row may state its number, and the ones before it are counted as blank."""
    write_xlsx(tmp_path, [("id", "name"), (1, "one")])
    change_part(tmp_path, lambda text: text.replace('<row r="2"', '<row r="999999999"'))
    with pytest.raises(SourceSchemaError, match="larger than a sheet can be"):
        read(tmp_path, "xlsx")


def write_archive(path: Path, parts: dict[str, int]) -> None:
    """An archive whose parts unpack to so many mebibytes."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for name, size in parts.items():
            with archive.open(name, "w", force_zip64=True) as part:
                for _ in range(size):
                    part.write(b" " * 1024**2)


@pytest.mark.parametrize(
    "parts",
    [
        {"xl/worksheets/sheet1.xml": 1025},
        {"xl/a.xml": 600, "xl/b.xml": 600},
        {"xl/sharedStrings.xml": 257},
        {f"xl/{number}.xml": 0 for number in range(5001)},
    ],
    ids=["sheet", "sum", "texts", "parts"],
)
def test_a_bomb_is_refused_before_it_is_unpacked(tmp_path: Path, parts: dict[str, int]) -> None:
    path = tmp_path / "partners.xlsx"
    write_archive(path, parts)
    assert path.stat().st_size < 8 * 1024**2
    with pytest.raises(SourceSchemaError, match="too large once it is unpacked"):
        read(tmp_path, "xlsx")


HOSTILE = [
    "../../outside.xml",
    "/tmp/outside.xml",
    "xl/../../outside.xml",
    "C:\\outside.xml",
    "a\0b",
]


@pytest.mark.parametrize("name", HOSTILE)
def test_a_part_with_a_hostile_name_is_never_written(tmp_path: Path, name: str) -> None:
    root = tmp_path / "a" / "root"
    root.mkdir(parents=True)
    write_xlsx(root, [("id", "name"), (1, "one")])
    with zipfile.ZipFile(root / "partners.xlsx", "a") as archive:
        archive.writestr(name, b"hostile")
    before = sorted(tmp_path.rglob("*"))
    assert keys(read(root, "xlsx")) == ["1"]
    assert sorted(tmp_path.rglob("*")) == before
    assert not Path("/tmp/outside.xml").exists()


def test_a_missing_library_says_what_to_install() -> None:
    expected = pytest.raises(ConfigError, match=r"pip install 'customer-hub\[files\]'")
    with expected, needs_files_extra("Parquet"):
        raise ModuleNotFoundError("pyarrow")
