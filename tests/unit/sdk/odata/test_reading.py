"""Reading over real sockets: nothing is lost at a page border, whatever happens in between."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hub.errors import CursorExpiredError, SourceSchemaError
from hub.sdk import Cursor, Fault
from hub.sdk.odata import Edm, ODataStream, Reading, Service
from hub.sdk.sweep import format_time
from tests.unit.sdk.odata.served import (
    PEOPLE,
    STAMP,
    V2,
    V4,
    connector,
    gone,
    keys,
    person,
    read,
    service,
)

DELTA = replace(PEOPLE, reading=Reading.DELTA, cursor="Number", types={"Number": Edm.INT64})
SWEEP = replace(PEOPLE, reading=Reading.SWEEP)
BY_KEY = replace(PEOPLE, reading=Reading.SWEEP, by_key=True)
WAYS: list[tuple[ODataStream, Service, dict[str, Any]]] = [
    (PEOPLE, V4, {}),
    (PEOPLE, V2, {}),
    (DELTA, V4, {"sequence": "Number"}),
    (SWEEP, V4, {"or_over_fields": False}),
    (BY_KEY, V4, {}),
    (BY_KEY, V2, {"or_over_fields": False}),
]
IDS = ["keyset-4", "keyset-2", "delta", "sweep", "by-key-4", "by-key-2"]
EVERYBODY = [f"P{number:02}" for number in range(1, 11)]
every_way = pytest.mark.parametrize(("stream", "one", "dialect"), WAYS, ids=IDS)


@every_way
def test_all_is_read_at_equal_times(stream: ODataStream, one: Service, dialect: Any) -> None:
    with service([person(n) for n in range(1, 11)], one, **dialect) as standin:
        pages = read(connector(standin, stream, one))
    assert sorted(keys(pages)) == EVERYBODY
    assert len(pages) == 4
    record = pages[0].records[0]
    assert record.data["Changed"].startswith("2026-01-31T12:00:00")
    assert not [name for name in record.data if "@" in name or name.startswith("__")]
    assert "Mails" not in record.data


@every_way
def test_resuming_after_each_page_loses_nothing(
    stream: ODataStream, one: Service, dialect: Any
) -> None:
    with service([person(n) for n in range(1, 11)], one, **dialect) as standin:
        cursor: Cursor | None = None
        found: list[str] = []
        for _ in range(4):
            page = next(connector(standin, stream, one).read("people", cursor))
            found, cursor = found + keys([page]), page.cursor
        assert keys(read(connector(standin, stream, one), cursor)) == []
    assert sorted(found) == EVERYBODY


@every_way
def test_a_scan_gives_all_keys(stream: ODataStream, one: Service, dialect: Any) -> None:
    with service([person(n) for n in range(1, 11)], one, **dialect) as standin:
        scans = list(connector(standin, stream, one).keys("people"))
    assert len(scans) == 4
    assert [key for scan in scans for key in scan] == EVERYBODY


@every_way
def test_only_what_changed_comes_afterwards(
    stream: ODataStream, one: Service, dialect: Any
) -> None:
    with service([person(n) for n in range(1, 8)], one, **dialect) as standin:
        source = connector(standin, stream, one)
        *_, last = read(source)
        rows = standin.state.stream("people")
        later = _stamp(3600)
        rows["P03"] |= {"Phone": "2", "Changed": later, "Number": 11}
        rows["P99"] = person(99, Changed=later)
        pages = read(source, last.cursor)
        assert sorted(keys(pages)) == ["P03", "P99"]
        assert keys(read(source, pages[-1].cursor)) == []


@every_way
@pytest.mark.parametrize(
    "cursor",
    [
        {"since": "?"},
        {"after": {}, "n": 7},
        {"at": ["x' or 1 eq 1", "y"]},
        {"at": [1]},
        {"link": 1},
    ],
)
def test_a_foreign_cursor_has_expired(
    stream: ODataStream, one: Service, dialect: Any, cursor: Cursor
) -> None:
    with (
        service([person(1)], one, **dialect) as standin,
        pytest.raises(CursorExpiredError),
    ):
        read(connector(standin, stream, one), cursor)


EDITS = st.lists(st.tuples(st.integers(0, 3), st.integers(1, 9), st.booleans()), max_size=6)


@every_way
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(edits=EDITS)
def test_changes_while_reading_are_never_lost(
    stream: ODataStream, one: Service, dialect: Any, edits: list[tuple[int, int, bool]]
) -> None:
    """Rows change and come between the pages; after the next run all are known as they are."""
    with service([person(n) for n in range(1, 10)], one, **dialect) as standin:
        rows = standin.state.stream("people")
        known: dict[str, str] = {}
        cursor: Cursor | None = None
        source = connector(standin, stream, one, settle=60)
        for run in range(2):
            for place, page in enumerate(source.read("people", cursor)):
                known |= {record.key: record.data["Phone"] for record in page.records}
                cursor = page.cursor
                for step, (when, who, fresh) in enumerate(edits):
                    if run == 0 and when == place:
                        _edit(rows, who + 50 * fresh, step)
        assert known == {key: row["Phone"] for key, row in rows.items()}


def _stamp(seconds_ago: float) -> str:
    """In milliseconds, which is all that version 2 sends."""
    moment = datetime.now(UTC) - timedelta(seconds=seconds_ago)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _edit(rows: dict[str, Any], number: int, step: int) -> None:
    now = _stamp(0)
    newest = max(row["Number"] for row in rows.values())
    row = person(number, Phone=f"new {step}", Changed=now, Number=newest + 1)
    rows[row["Id"]] = row


def test_a_change_within_the_settle_time_is_read_again() -> None:
    """What was stamped before and committed after lies behind it, and is found."""
    now = datetime.now(UTC)
    rows = [person(1), person(2, Changed=format_time(now - timedelta(seconds=1)))]
    with service(rows) as standin:
        source = connector(standin, settle=60)
        *_, last = read(source)
        assert last.cursor == {"at": [STAMP, "P01"]}
        late = person(3, Changed=format_time(now - timedelta(seconds=5)))
        standin.state.stream("people")["P03"] = late
        assert sorted(keys(read(source, last.cursor))) == ["P02", "P03"]


def test_rows_without_a_time_are_read_as_well() -> None:
    with service([person(1, Changed=None), person(2, Changed=None), person(3)]) as standin:
        source = connector(standin, page_size=1)
        pages = read(source)
        assert keys(pages) == ["P01", "P02", "P03"]
        assert keys(read(source, pages[0].cursor)) == ["P02", "P03"]


def test_removed_entities_are_tombstones() -> None:
    with service([person(n) for n in range(1, 6)], sequence="Number") as standin:
        source = connector(standin, DELTA)
        *_, last = read(source)
        del standin.state.stream("people")["P02"]
        standin.state.stream("people$deleted")["P02"] = {"Number": 9}
        pages = read(source, last.cursor)
        assert (keys(pages), gone(pages)) == ([], ["P02"])
        assert gone(read(source, pages[-1].cursor)) == []


def test_a_flag_marks_a_deleted_record() -> None:
    stream = replace(PEOPLE, deleted=("Gone", True))
    with service([person(1), person(2, Gone=True)]) as standin:
        pages = read(connector(standin, stream))
    assert (keys(pages), gone(pages)) == (["P01"], ["P02"])


def test_an_expired_delta_token_opens_a_new_epoch() -> None:
    with service([person(1)], sequence="Number") as standin:
        source = connector(standin, DELTA)
        *_, last = read(source)
        standin.state.stream("people")["P01"]["Number"] = 0
        with pytest.raises(CursorExpiredError):
            read(source, last.cursor)


def test_a_kept_link_names_no_host() -> None:
    with service([person(n) for n in range(1, 6)], sequence="Number") as standin:
        first, *_, last = read(connector(standin, DELTA))
    assert str(first.cursor["link"]).startswith("People?")
    assert str(last.cursor["link"]).startswith("People?")


def test_a_link_to_another_host_is_not_followed() -> None:
    with service([person(n) for n in range(1, 6)]) as other, service([person(1)]) as standin:
        source = connector(standin, SWEEP)
        link = f"{other.url}/v4/People?$skiptoken=P01"
        cursor: Cursor = {"since": None, "started": STAMP, "place": {"link": link}}
        assert keys(read(source, cursor)) == ["P01"]
        assert other.requests == {}


def test_a_service_that_ignores_the_filter_is_not_read_for_ever() -> None:
    with service([person(n) for n in range(1, 6)]) as standin:
        route: Callable[..., Any] = standin._list
        standin._list = lambda found, request: route(found, replace(request, query="$top=3"))  # type: ignore[method-assign]  # a service with a fault
        with pytest.raises(SourceSchemaError, match="does not honour the filter"):
            read(connector(standin))


def test_a_link_that_no_longer_holds_begins_the_sweep_anew() -> None:
    with service([person(n) for n in range(1, 6)]) as standin:
        source = connector(standin, SWEEP)
        page = next(source.read("people", None))
        standin.fail(Fault(kind="status", status=400, path="People"))
        assert sorted(keys([page])) == ["P01", "P02", "P03"]
        assert keys(read(source, page.cursor)) == ["P04", "P05"]


def test_a_malformed_row_is_kept_with_its_reason() -> None:
    with service([person(1), person(2, Changed=STAMP, Number="x")]) as standin:
        stream = replace(PEOPLE, version="Number", types={"Number": Edm.INT64})
        pages = read(connector(standin, stream))
    assert keys(pages) == ["P01"]
    assert [one.key for page in pages for one in page.unreadable] == ["P02"]
