"""The file connector on real files, good and broken."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from connectors.file import hub_connector
from connectors.file.config import FileConfig
from connectors.file.lines import MAX_LINE
from connectors.file.reader import FileReader
from hub.errors import CursorExpiredError, SourceSchemaError, SourceUnavailableError
from hub.sdk import Cursor, Page
from hub.sdk.contract import FOLDER

HEADER = "id,name,updated\n"


def config(root: Path, **source: Any) -> FileConfig:
    entry = {"name": "partners", "path": "partners.csv", "format": "csv", "key": ["id"]}
    return FileConfig.model_validate({"root": root, "files": [entry | source]})


def read(
    root: Path, content: str | bytes, *, cursor: Cursor | None = None, **source: Any
) -> list[Page]:
    settings = config(root, **source)
    raw = content.encode() if isinstance(content, str) else content
    (root / settings.files[0].path).write_bytes(raw)
    return list(FileReader(settings).read("partners", cursor))


def jsonl(root: Path, content: str | bytes, **source: Any) -> Page:
    (page,) = read(root, content, path="partners.jsonl", format="jsonl", **source)
    return page


def names(pages: list[Page]) -> list[str]:
    return [record.data["name"] for page in pages for record in page.records]


def reasons(pages: list[Page]) -> list[str]:
    return [bad.reason for page in pages for bad in page.unreadable]


def test_the_streams_come_from_the_settings(tmp_path: Path) -> None:
    spec = hub_connector()
    assert spec.discover is not None
    (stream,) = spec.streams_of(config(tmp_path, entities=["party", "account"]))
    assert (stream.name, stream.key, stream.entities) == ("partners", ("id",), ("party", "account"))


def test_reads_csv(tmp_path: Path) -> None:
    text = HEADER + '7,"Example ""Mills"", Ltd",2026-01-31T12:00:00+01:00\n\n8,Zoë,\n'
    (page,) = read(tmp_path, text, updated_field="updated")
    assert [record.key for record in page.records] == ["7", "8"]
    assert page.records[0].data["name"] == 'Example "Mills", Ltd'
    assert page.records[0].version == "2026-01-31T11:00:00.000000+00:00"
    assert page.records[1].version is None
    assert page.records[1].data["updated"] == ""


def test_reads_json_lines_with_their_types(tmp_path: Path) -> None:
    page = jsonl(tmp_path, '{"id": 7, "name": "Example", "tags": ["a"]}\n{"id": "x", "name": null}')
    assert [record.key for record in page.records] == ["7", "x"]
    assert page.records[0].data == {"id": 7, "name": "Example", "tags": ["a"]}


def test_of_several_rows_with_one_key_the_last_counts(tmp_path: Path) -> None:
    first, last = read(
        tmp_path,
        HEADER + "1,A,\n2,B,\n1,C,\n" + "".join(f"{n},N{n},\n" for n in range(3, 1001)) + "2,D,\n",
    )
    assert names([first])[:2] == ["C", "N3"]
    assert names([last])[-1] == "D"
    assert first.excluded == {"a later row has the same key": 2}


def test_a_key_of_several_fields_is_a_json_array(tmp_path: Path) -> None:
    (page,) = read(tmp_path, "a,b,name\n1,x,Example\n", key=["a", "b"])
    assert page.records[0].key == '["1","x"]'


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_going_on_from_every_page_gives_the_rest(tmp_path: Path, end: str) -> None:
    rows = [f'{n},"Example{end}{n}",' for n in range(2500)]
    pages = read(tmp_path, end.join(["id,name,updated", *rows, ""]))
    assert [len(page.records) for page in pages] == [1000, 1000, 500]
    everything = names(pages)
    assert len(set(everything)) == 2500
    source = FileReader(config(tmp_path))
    for place, page in enumerate(pages):
        rest = names(list(source.read("partners", page.cursor)))
        assert rest == everything[(place + 1) * 1000 :]


def test_a_changed_file_expires_the_cursor(tmp_path: Path) -> None:
    (page,) = read(tmp_path, HEADER + "1,Example,\n")
    with pytest.raises(CursorExpiredError):
        read(tmp_path, HEADER + "1,Example,\n2,More,\n", cursor=page.cursor)


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("9,too,many,fields", "4 fields, where the header has 3"),
        ("9,few", "2 fields, where the header has 3"),
        (",no key,", "no value in the key field id"),
        ("   ,blank key,", "no value in the key field id"),
        ("9,nul\0,", "a NUL character"),
        ('9,"never closed,', "unexpected end of data"),
        ('9,"closed"early,', "',' expected after '\"'"),
        (f"9,{'x' * 200_000},", "field larger than field limit (131072)"),
        (f"9,{'x' * (MAX_LINE + 5)},", f"the line is longer than {MAX_LINE} bytes"),
    ],
    ids=lambda value: value[:20],
)
def test_a_broken_csv_line_costs_that_line_only(tmp_path: Path, line: str, reason: str) -> None:
    pages = read(tmp_path, f"{HEADER}1,first,\n{line}\n2,second,\n3,third,\n")
    assert reasons(pages) == [reason]
    assert names(pages) == ["first", "second", "third"]
    assert "\0" not in pages[0].unreadable[0].raw


@pytest.mark.parametrize(
    ("line", "key"),
    [("9,few", "9"), ("9,nul\0,", "9"), ("9\0,nul,", None), ('9,"open,', None), (",,,", None)],
)
def test_a_broken_row_gives_its_key_where_it_can_be_told(
    tmp_path: Path, line: str, key: str | None
) -> None:
    (page,) = read(tmp_path, f"{HEADER}{line}\n1,first,\n")
    assert [bad.key for bad in page.unreadable] == [key]


def test_many_quotes_that_never_close_lose_nothing(tmp_path: Path) -> None:
    lines = [f'{n},"open {n},' if n % 2 else f"{n},good {n}," for n in range(3000)]
    pages = read(tmp_path, HEADER + "\n".join(lines))
    assert names(pages) == [f"good {n}" for n in range(0, 3000, 2)]
    raw = [bad.raw for page in pages for bad in page.unreadable]
    assert raw == lines[1::2]


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ('{"id": 9, "name"', "not JSON, at column 17"),
        ("[1, 2]", "not a JSON object"),
        ('{"name": "no key"}', "no value in the key field id"),
        ('{"id": null}', "no value in the key field id"),
        ('{"id": {"a": 1}}', "no value in the key field id"),
        ('{"id": true}', "no value in the key field id"),
    ],
)
def test_a_broken_json_line_costs_that_line_only(tmp_path: Path, line: str, reason: str) -> None:
    page = jsonl(tmp_path, f'{{"id": 1, "name": "a"}}\n{line}\n{{"id": 2, "name": "b"}}\n')
    assert names([page]) == ["a", "b"]
    assert reasons([page]) == [reason]


def test_a_huge_json_line_is_cut_not_kept(tmp_path: Path) -> None:
    page = jsonl(tmp_path, b'{"id": "' + b"x" * (2 * MAX_LINE) + b'"}\n{"id": 2, "name": "b"}\n')
    assert names([page]) == ["b"]
    assert len(page.unreadable[0].raw) < 70_000


def test_a_byte_order_mark_is_taken_off(tmp_path: Path) -> None:
    (page,) = read(tmp_path, "\ufeffid,name,updated\n1,Example,\n")
    assert page.records[0].key == "1"
    assert jsonl(tmp_path, '\ufeff{"id": 1}').records[0].key == "1"


def test_utf16_is_named(tmp_path: Path) -> None:
    with pytest.raises(SourceSchemaError, match="UTF-16"):
        read(tmp_path, (HEADER + "1,a,\n").encode("utf-16"))


def test_bytes_in_another_encoding_are_unreadable_and_kept(tmp_path: Path) -> None:
    raw = HEADER.encode() + "1,Zoë,\n".encode("cp1252") + b"2,Example,\n"
    pages = read(tmp_path, raw)
    assert reasons(pages) == ["not valid utf-8"]
    assert pages[0].unreadable[0].raw == "1,Zo\\xeb,"
    assert pages[0].unreadable[0].key == "1"
    assert names(pages) == ["Example"]
    assert names(read(tmp_path, raw, encoding="cp1252")) == ["Zoë", "Example"]
    assert reasons([jsonl(tmp_path, b'{"id": "\xeb"}')]) != []


@pytest.mark.parametrize(
    "header", ["", "id,,name\n", "id,id\n", "number,name\n", '"id\n'], ids=lambda text: text.strip()
)
def test_a_header_without_sense_stops_the_read(tmp_path: Path, header: str) -> None:
    with pytest.raises(SourceSchemaError, match=r"file/partners: partners\.csv: the header"):
        read(tmp_path, header)


def test_another_delimiter(tmp_path: Path) -> None:
    assert names(read(tmp_path, "id;name\n1;a,b\n", delimiter=";")) == ["a,b"]


@pytest.mark.parametrize("path", ["../x.csv", "/etc/passwd", "a/../../x.csv", "a\\..\\x.csv", ""])
def test_a_path_out_of_the_root_is_refused(tmp_path: Path, path: str) -> None:
    with pytest.raises(ValidationError):
        config(tmp_path, path=path)


def test_a_link_out_of_the_root_is_refused(tmp_path: Path) -> None:
    outside = tmp_path / "outside.csv"
    outside.write_text(HEADER)
    root = tmp_path / "root"
    root.mkdir()
    (root / "partners.csv").symlink_to(outside)
    with pytest.raises(SourceSchemaError, match="out of the root"):
        FileReader(config(root)).check()


def test_a_link_within_the_root_is_followed(tmp_path: Path) -> None:
    (tmp_path / "2026.csv").write_text(HEADER + "1,Example,\n")
    (tmp_path / "partners.csv").symlink_to("2026.csv")
    assert FileReader(config(tmp_path)).check() == "1 file(s) can be read"


def test_a_file_that_is_not_there_may_come_later(tmp_path: Path) -> None:
    with pytest.raises(SourceUnavailableError, match=r"partners\.csv is not there"):
        FileReader(config(tmp_path)).check()


def test_a_pipe_is_no_file(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "partners.csv")
    with pytest.raises(SourceSchemaError, match="not a regular file"):
        FileReader(config(tmp_path)).check()


def test_a_file_that_grows_while_it_is_read_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "partners.csv"
    path.write_text(HEADER + "".join(f"{n},Example,\n" for n in range(1500)))
    pages = FileReader(config(tmp_path)).read("partners", None)
    next(pages)
    with path.open("a") as file:
        file.write("x,Later,\n")
    with pytest.raises(SourceUnavailableError, match="changed while"):
        next(pages)


def test_a_relative_root_starts_at_the_folder_of_hub_toml(tmp_path: Path) -> None:
    entry = {"name": "a", "path": "a.csv", "format": "csv", "key": ["id"]}
    settings = {"root": "files", "files": [entry]}
    found = FileConfig.model_validate(settings, context={FOLDER: tmp_path})
    assert found.root == tmp_path / "files"
    assert FileConfig.model_validate(settings).root == Path("files")


def test_two_streams_of_one_name_are_refused(tmp_path: Path) -> None:
    entry = {"name": "a", "path": "a.csv", "format": "csv", "key": ["id"]}
    with pytest.raises(ValidationError, match="same stream name"):
        FileConfig.model_validate({"root": tmp_path, "files": [entry, entry]})
