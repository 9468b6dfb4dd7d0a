"""The Singer bridge with taps of our own: real programs, good and broken."""

from __future__ import annotations

import os
import stat
import sys
import time
from pathlib import Path
from typing import Any

import orjson
import pytest
from pydantic import ValidationError

from connectors.singer.catalog import select
from connectors.singer.config import SingerConfig, TapStream, discover
from connectors.singer.messages import OTHERS
from connectors.singer.reader import SingerReader
from connectors.singer.standin import SingerStandIn
from connectors.singer.tap import MAX_LINE
from hub.errors import (
    CursorExpiredError,
    HubError,
    PermanentSourceError,
    SourceSchemaError,
    SourceUnavailableError,
)
from hub.sdk import Capability, Cursor, Page, StandInState

SECRET = "open sesame"
CATALOG = {"streams": [{"tap_stream_id": "users", "stream": "users", "schema": {}}]}


def tap(folder: Path, body: str, **settings: Any) -> SingerReader:
    """A tap whose sync runs ``body``; say(type, …) writes one message."""
    program = folder / "tap.py"
    program.write_text(
        "import json, os, subprocess, sys, time\n"
        "def say(kind, **rest): print(json.dumps({'type': kind, **rest}), flush=True)\n"
        "def record(id, **rest): say('RECORD', stream='users', record={'id': id, **rest})\n"
        "given = dict(zip(sys.argv[1::2], sys.argv[2::2]))\n"
        "state = json.load(open(given['--state'])) if '--state' in given else None\n" + body
    )
    catalog = folder / "catalog.json"
    catalog.write_bytes(orjson.dumps(CATALOG))
    users = {"name": "users", "key": ["id"], "cursor": "at"}
    config = {"command": [sys.executable, str(program)], "catalog": catalog, "streams": [users]}
    return SingerReader(SingerConfig.model_validate({**config, "page_size": 2, **settings}))


def read(reader: SingerReader, cursor: Cursor | None = None, stream: str = "users") -> list[Page]:
    return list(reader.read(stream, cursor))


def keys(pages: list[Page]) -> list[str]:
    return [record.key for page in pages for record in page.records]


def failure(reader: SingerReader) -> HubError:
    with pytest.raises(HubError) as caught:
        read(reader)
    assert SECRET not in str(caught.value)
    return caught.value


def test_a_page_holds_the_state_that_came_last(tmp_path: Path) -> None:
    body = "for n in range(1, 6):\n record(n)\n if n == 3: say('STATE', value={'at': 3})\n"
    pages = read(tap(tmp_path, body + "say('STATE', value={'at': 5})"))
    assert [keys([page]) for page in pages] == [["1", "2"], ["3", "4"], ["5"]]
    assert [page.cursor["state"] for page in pages] == [None, {"at": 3}, {"at": 5}]


def test_the_state_is_given_back_to_the_tap(tmp_path: Path) -> None:
    body = "record(1, given=state); say('STATE', value=[state, 'next'])"
    reader = tap(tmp_path, body)
    (first,) = read(reader)
    (second,) = read(reader, first.cursor)
    assert first.records[0].data["given"] is None
    assert second.records[0].data["given"] == [None, "next"]


def test_resuming_after_each_page_loses_nothing() -> None:
    rows = {
        str(n): {"id": n, "name": "x", "updated_at": f"2026-01-{1 + n // 9:02}"} for n in range(120)
    }
    standin = SingerStandIn(StandInState({"customers": rows}))
    config = SingerConfig.model_validate({**standin.config, "page_size": 30})
    whole = read(SingerReader(config), stream="customers")
    for place, page in enumerate(whole):
        rest = keys(read(SingerReader(config), page.cursor, "customers"))
        assert set(rest) >= set(keys(whole[place + 1 :]))
    standin.stop()
    assert sorted(keys(whole), key=int) == sorted(rows, key=int)


def test_a_deleted_record_is_a_tombstone(tmp_path: Path) -> None:
    body = (
        "record(1, at='b'); record(2, at='c', _sdc_deleted_at='c'); record(3, _sdc_deleted_at=None)"
    )
    pages = read(tap(tmp_path, body))
    assert [(s.key, s.version) for page in pages for s in page.tombstones] == [("2", "c")]
    assert [r.version for page in pages for r in page.records] == ["b", None]


def test_what_can_not_be_a_record_is_counted_or_kept(tmp_path: Path) -> None:
    body = "record(None); record(''); say('RECORD', stream='else', record={'id': 1}); record(4)"
    pages = read(tap(tmp_path, body, page_size=10))
    assert [bad.reason for bad in pages[0].unreadable] == ["no value in the key field id"] * 2
    assert pages[0].excluded == {OTHERS: 1}
    assert keys(pages) == ["4"]


def test_types_are_compared_without_case_and_unknown_ones_passed_over(tmp_path: Path) -> None:
    body = "say('Record', stream='users', record={'id': 1}); say('LOG'); say('state', value=7)"
    (page,) = read(tap(tmp_path, body))
    assert (keys([page]), page.cursor["state"]) == (["1"], 7)


def test_a_new_version_in_an_incremental_run_asks_for_a_full_one(tmp_path: Path) -> None:
    body = (
        "say('ACTIVATE_VERSION', stream='users', version=2 if state else 1); "
        "record(1); say('STATE', value={'at': 1})"
    )
    reader = tap(tmp_path, body)
    (page,) = read(reader)
    with pytest.raises(CursorExpiredError, match="new version"):
        read(reader, page.cursor)


@pytest.mark.parametrize("cursor", [{}, {"after": 1}])
def test_a_foreign_cursor_has_expired(tmp_path: Path, cursor: dict[str, Any]) -> None:
    with pytest.raises(CursorExpiredError):
        read(tap(tmp_path, ""), cursor)


@pytest.mark.parametrize(
    ("body", "kind", "words"),
    [
        (f"sys.exit('{SECRET}')", PermanentSourceError, "exit code 1 at once; check config"),
        (f"record(1); sys.stderr.write('{SECRET}'); sys.exit(3)", SourceUnavailableError, "code 3"),
        ("record(1); os.kill(os.getpid(), 9)", SourceUnavailableError, "exit code -9"),
        ("record(1); time.sleep(60)", SourceUnavailableError, "said nothing for 1 seconds"),
        ("record(1); os.close(1); time.sleep(60)", SourceUnavailableError, "did not end"),
        (f"record(1); print('{SECRET}')", SourceSchemaError, "message 2 of the tap"),
        (f"print('[\"{SECRET}\"]')", SourceSchemaError, "message 1 of the tap"),
        ('record(1); sys.stdout.write(\'{"type": "REC\')', SourceSchemaError, "message 2"),
        ("say('RECORD', stream='users')", SourceSchemaError, "holds no record"),
        ("say('BATCH', stream='users')", SourceSchemaError, "switch batches off"),
        (
            "say('SCHEMA', stream='users', key_properties=['mail'])",
            SourceSchemaError,
            "key is mail",
        ),
    ],
)
def test_a_tap_that_fails_says_so(
    tmp_path: Path, body: str, kind: type[HubError], words: str
) -> None:
    error = failure(tap(tmp_path, body, silence_seconds=1, config={"password": SECRET}))
    assert type(error) is kind
    assert words in str(error)


def test_a_line_without_end_is_not_kept(tmp_path: Path) -> None:
    body = "while True: sys.stdout.write('x' * 1000000)"
    error = failure(tap(tmp_path, body))
    assert f"more than {MAX_LINE} bytes" in str(error)


def test_a_tap_and_its_children_end_with_the_read(tmp_path: Path) -> None:
    body = (
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'])\n"
        "record(os.getpid(), child=child.pid)\nrecord(0)\ntime.sleep(60)"
    )
    pages = tap(tmp_path, body).read("users", None)
    record = next(pages).records[0]
    pages.close()  # type: ignore[attr-defined]  # a generator
    assert wait_until_gone(int(record.key))
    assert wait_until_gone(record.data["child"])


def wait_until_gone(number: int) -> bool:
    for _ in range(100):
        status = Path(f"/proc/{number}/stat")
        if not status.exists() or status.read_text().rpartition(")")[2].split()[0] == "Z":
            return True
        time.sleep(0.05)
    return False


def test_the_tap_inherits_nothing_and_its_files_are_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HUB_SECRET", SECRET)
    body = (
        "record(1, environment=dict(os.environ), folder=os.getcwd(), config=given['--config'],"
        " modes=[os.stat(given[n]).st_mode for n in given] + [os.stat('.').st_mode])"
    )
    reader = tap(tmp_path, body, environment={"TAP_TOKEN": "t"}, config={"a": 1})
    seen = read(reader, {"state": {"at": 1}})[0].records[0].data
    assert SECRET not in str(seen["environment"])
    assert seen["environment"]["TAP_TOKEN"] == "t"
    assert {stat.S_IMODE(mode) for mode in seen["modes"]} == {0o600, 0o700}
    assert len(seen["modes"]) == 4
    assert not Path(seen["folder"]).exists()


def test_what_the_tap_logs_is_kept_only_if_asked(tmp_path: Path) -> None:
    log = tmp_path / "tap.log"
    body = "sys.stderr.write('x' * 300000 + 'the end'); record(1)"
    read(tap(tmp_path, body))
    assert not log.exists()
    read(tap(tmp_path, body, log=log))
    assert log.read_text().endswith("the end")
    assert log.stat().st_size < 80_000
    assert stat.S_IMODE(log.stat().st_mode) == 0o600
    assert sorted(path.name for path in tmp_path.glob("tap.log*")) == ["tap.log"]


def test_a_log_is_named_in_the_error(tmp_path: Path) -> None:
    log = tmp_path / "tap.log"
    error = failure(tap(tmp_path, f"sys.exit('{SECRET}')", log=log))
    assert str(log) in str(error)
    assert SECRET in log.read_text()


def test_discovery_and_check() -> None:
    standin = SingerStandIn(StandInState({}))
    settings = dict(standin.config)
    reader = SingerReader(SingerConfig.model_validate(settings))
    assert reader.check() == "the tap answers and has the 2 stream(s) of the settings"
    settings["streams"] = [{"name": "nobody", "key": ["id"]}]
    with pytest.raises(SourceSchemaError, match="it has customers, people"):
        SingerReader(SingerConfig.model_validate(settings)).check()
    settings["config"] = {"token": SECRET}
    with pytest.raises(PermanentSourceError, match="check config") as refused:
        SingerReader(SingerConfig.model_validate(settings)).check()
    assert SECRET not in str(refused.value)
    standin.stop()


def test_check_with_a_catalog_reads_one_message(tmp_path: Path) -> None:
    assert "1 stream(s)" in tap(tmp_path, "record(1)\ntime.sleep(60)").check()


def test_a_program_that_is_not_there(tmp_path: Path) -> None:
    reader = tap(tmp_path, "", command=["/nowhere/tap"])
    error = failure(reader)
    assert isinstance(error, PermanentSourceError)
    assert "can't be started (No such file or directory)" in str(error)


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"streams": 1}'])
def test_a_catalog_that_is_none(tmp_path: Path, content: bytes) -> None:
    reader = tap(tmp_path, "record(1)")
    (tmp_path / "catalog.json").write_bytes(content)
    assert "no Singer catalog" in str(failure(reader))
    os.unlink(tmp_path / "catalog.json")  # noqa: PTH108  # as the tap's owner would
    assert "can't be read" in str(failure(tap(tmp_path, "", catalog=tmp_path / "gone.json")))


def test_one_stream_is_selected_with_its_fields() -> None:
    users = {
        "tap_stream_id": "users",
        "schema": {"properties": {"id": {}, "note": {}}},
        "metadata": [{"breadcrumb": ["properties", "note"], "metadata": {"selected": False}}],
    }
    other = {"stream": "other", "schema": {}, "selected": True}
    catalog = {"streams": [users, other]}
    chosen, left = select(catalog, TapStream(name="users", key=("id",), cursor="at"))["streams"]
    assert catalog["streams"][1] == {"stream": "other", "schema": {}, "selected": True}
    assert (chosen["selected"], left["selected"]) == (True, False)
    marks = {tuple(item["breadcrumb"]): item["metadata"] for item in chosen["metadata"]}
    assert marks[()] == {
        "selected": True, "replication-method": "INCREMENTAL", "replication-key": "at",
    }  # fmt: skip
    assert marks["properties", "note"] == {"selected": False}
    assert marks["properties", "id"] == {"selected": True}


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"command": ["tap-shop"]}, "absolute path"),
        ({"command": []}, "at least 1"),
        ({"config": "[1]"}, "JSON object"),
        ({"config": "{"}, "JSON object"),
        ({"streams": [{"name": "a", "key": ["id"]}] * 2}, "same name"),
    ],
)
def test_settings_that_make_no_sense_are_refused(changed: dict[str, Any], reason: str) -> None:
    settings = {"command": ["/opt/tap"], "streams": [{"name": "a", "key": ["id"]}]}
    with pytest.raises(ValidationError, match=reason):
        SingerConfig.model_validate({**settings, **changed})


def test_the_capabilities_follow_from_the_settings() -> None:
    streams = [
        {"name": "a", "key": ["id"]},
        {"name": "b", "key": ["id", "x"], "cursor": "at", "deletes": True, "entities": ["ticket"]},
    ]
    config = SingerConfig.model_validate(
        {"command": ["/opt/tap"], "streams": streams, "config": {"key": SECRET}}
    )
    one, two = discover(config)
    assert one.capabilities == {Capability.FULL, Capability.CUSTOM_FIELDS}
    assert two.capabilities - one.capabilities == {Capability.INCREMENTAL, Capability.DELETES}
    assert (two.key, two.cursor, two.entities) == (("id", "x"), "at", ("ticket",))
    environment = {"TOKEN": SECRET}
    config = config.model_validate({**settings_of(config), "environment": environment})
    for shown in (repr(config), config.model_dump_json(), str(config.model_dump())):
        assert SECRET not in shown


def settings_of(config: SingerConfig) -> dict[str, Any]:
    return {"command": config.command, "streams": config.streams, "config": {"key": SECRET}}


def test_a_wrong_secret_is_not_in_the_error() -> None:
    settings = {"command": ["/opt/tap"], "streams": [{"name": "a", "key": ["id"]}]}
    with pytest.raises(ValidationError) as refused:
        SingerConfig.model_validate({**settings, "config": SECRET, "environment": SECRET})
    assert SECRET not in str(refused.value)


def test_what_comes_again_unchanged_is_not_handed_on_again(tmp_path: Path) -> None:
    body = (
        "record(1, at='a'); record(2, at='b', name='x' if state else 'y');"
        " record(3, at='b', _sdc_deleted_at='b'); say('STATE', value='b')"
    )
    reader = tap(tmp_path, body, page_size=10)
    (first,) = read(reader)
    (second,) = read(reader, orjson.loads(orjson.dumps(first.cursor)))
    assert (keys([first]), [stone.key for stone in first.tombstones]) == (["1", "2"], ["3"])
    assert (keys([second]), second.tombstones) == (["2"], [])
