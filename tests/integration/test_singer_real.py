"""The Singer bridge with a published tap: tap-jsonl, built on the Meltano Singer SDK."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import orjson
import pytest

from connectors.singer.config import SingerConfig
from connectors.singer.reader import SingerReader
from hub.errors import SourceError, SourceSchemaError
from hub.sdk import Cursor, Page
from tests.servers import singer
from tests.servers.fixtures import require

pytestmark = pytest.mark.servers


@pytest.fixture(autouse=True)
def _tap() -> None:
    require(singer.available)


def deliver(folder: Path, name: str, rows: list[dict[str, Any]], *, at: int) -> None:
    """A file that was last changed so many seconds after a fixed time."""
    path = folder / name
    path.write_bytes(b"".join(orjson.dumps(row) + b"\n" for row in rows))
    os.utime(path, (1_770_000_000 + at, 1_770_000_000 + at))


def reader(folder: Path, **settings: Any) -> SingerReader:
    config = {"path": f"{folder}/*.jsonl", "primary_keys": ["id"]}
    stream = {"name": "jsonl", "key": ["id"], "cursor": "_sdc_last_modified"}
    given = {"command": [str(singer.TAP)], "config": config, "streams": [stream], "page_size": 40}
    return SingerReader(SingerConfig.model_validate({**given, **settings}))


def read(source: SingerReader, cursor: Cursor | None = None) -> list[Page]:
    stored = None if cursor is None else orjson.loads(orjson.dumps(dict(cursor)))
    return list(source.read("jsonl", stored))


def keys(pages: list[Page]) -> list[str]:
    return [record.key for page in pages for record in page.records]


def test_discovers_and_reads_everything(tmp_path: Path) -> None:
    deliver(tmp_path, "a.jsonl", [{"id": n, "name": f"Example {n}"} for n in range(100)], at=0)
    source = reader(tmp_path)
    assert source.check() == "the tap answers and has the 1 stream(s) of the settings"
    pages = read(source)
    assert keys(pages) == [str(n) for n in range(100)]
    assert pages[0].records[7].data["name"] == "Example 7"
    assert pages[0].records[7].version == "2026-02-02T02:40:00+00:00"


def test_the_state_brings_only_what_changed(tmp_path: Path) -> None:
    deliver(tmp_path, "a.jsonl", [{"id": n} for n in range(10)], at=0)
    source = reader(tmp_path)
    cursor = read(source)[-1].cursor
    assert cursor["state"]
    assert keys(read(source, cursor)) == []
    deliver(tmp_path, "b.jsonl", [{"id": n} for n in range(10, 15)], at=60)
    again = read(source, cursor)
    assert keys(again) == ["10", "11", "12", "13", "14"]
    assert keys(read(source, again[-1].cursor)) == []


def test_a_read_that_is_killed_after_each_page_loses_nothing(tmp_path: Path) -> None:
    for number in range(4):
        rows = [{"id": number * 50 + n} for n in range(50)]
        deliver(tmp_path, f"{number}.jsonl", rows, at=number * 60)
    found: set[str] = set()
    cursor: Cursor | None = None
    for _ in range(12):
        pages = reader(tmp_path).read("jsonl", cursor)
        page = next(pages)
        pages.close()  # type: ignore[attr-defined]  # a generator
        found |= set(keys([page]))
        cursor = orjson.loads(orjson.dumps(dict(page.cursor)))
    assert found == {str(n) for n in range(200)}


def test_another_stream_or_key_is_named(tmp_path: Path) -> None:
    deliver(tmp_path, "a.jsonl", [{"id": 1, "mail": "x"}], at=0)
    other = reader(tmp_path, streams=[{"name": "users", "key": ["id"]}])
    with pytest.raises(SourceSchemaError, match="it has jsonl"):
        other.check()
    wrong = reader(tmp_path, streams=[{"name": "jsonl", "key": ["mail"]}])
    with pytest.raises(SourceSchemaError, match="the tap's key is id"):
        read(wrong)


def test_a_tap_with_wrong_settings_ends_at_once(tmp_path: Path) -> None:
    log = tmp_path / "tap.log"
    broken = reader(tmp_path, config={"primary_keys": ["id"]}, log=log)
    with pytest.raises(SourceError, match="exit code 1"):
        read(broken)
    assert "path" in log.read_text()
