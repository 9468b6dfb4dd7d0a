"""First loads of Salesforce by Bulk API 2.0 query jobs: the same records, none lost."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import orjson
import pytest

from connectors.salesforce import hub_connector
from connectors.salesforce.config import SalesforceConfig
from connectors.salesforce.layout import Layout
from connectors.salesforce.reader import SalesforceReader
from connectors.salesforce.standin import SalesforceStandIn
from hub.errors import (
    AuthenticationError,
    CursorExpiredError,
    SourceSchemaError,
    SourceUnavailableError,
)
from hub.pipeline.extract import StreamTask, extract
from hub.sdk import Cursor, Fault, Page, StandInState
from hub.sdk.overrides import policy_overrides
from hub.store.database import Engine

STAMP = "2026-01-31T12:00:00.000+0000"
JOBS = "/services/data/v64.0/jobs/query"


def key_of(number: int) -> str:
    return f"001{number:012d}AAA"


def account(number: int, **fields: Any) -> dict[str, Any]:
    row: dict[str, Any] = {
        "Id": key_of(number),
        "Name": f'"Example", {number}',
        "SystemModstamp": STAMP,
    }
    row |= {"BillingStreet": "Musterweg 1\r\n2. Stock\nHof", "Website": None, "Type": "Ünïque"}
    row |= {"NumberOfEmployees": 40 + number, "CreatedDate": "2025-12-31T23:59:59.000+0000"}
    row |= {"Credit__c": 1000 if number % 2 else 12.5, "Key__c": bool(number % 2)}
    return row | {"IsDeleted": False, "Digits__c": "0012"} | fields


@pytest.fixture
def standin() -> Iterator[SalesforceStandIn]:
    """Eleven accounts, one of them in the recycle bin."""
    rows = [account(n) for n in range(1, 11)]
    rows.append(account(11, IsDeleted=True, MasterRecordId=key_of(1)))
    running = SalesforceStandIn(StandInState({"Account": {r["Id"]: r for r in rows}}))
    yield running
    running.stop()


def reader(standin: SalesforceStandIn, **settings: Any) -> SalesforceReader:
    known = {"bulk_from": 5, "bulk_page_size": 4, **standin.config}
    known["extra_fields"] = {"Account": ["Credit__c", "Key__c", "Digits__c"]}
    with policy_overrides(sleep=lambda _: None, backoff=0.0):
        return SalesforceReader(SalesforceConfig.model_validate({**known, **settings}))


def read(source: SalesforceReader, cursor: Cursor | None = None) -> list[Page]:
    return list(source.read("Account", cursor))


def stored(pages: list[Page]) -> dict[str, bytes]:
    """The records as the hub stores and hashes them."""
    return {
        record.key: orjson.dumps(record.data, option=orjson.OPT_SORT_KEYS)
        for page in pages
        for record in page.records
    }


def created(standin: SalesforceStandIn) -> int:
    return standin.http.requests.get(f"POST {JOBS}", 0)


def test_a_job_and_a_query_give_the_same_records(standin: SalesforceStandIn) -> None:
    by_job, by_query = read(reader(standin)), read(reader(standin, bulk_from=0))
    assert created(standin) == 1
    assert len(stored(by_job)) == 10
    assert stored(by_job) == stored(by_query)
    gone = [stone for page in by_job for stone in page.tombstones]
    assert gone == [stone for page in by_query for stone in page.tombstones]
    assert [(stone.key, stone.merged_into) for stone in gone] == [(key_of(11), key_of(1))]


def test_values_have_the_types_that_describe_says(standin: SalesforceStandIn) -> None:
    pages = read(reader(standin))
    first = next(r.data for page in pages for r in page.records if r.key == key_of(1))
    assert first["BillingStreet"] == "Musterweg 1\r\n2. Stock\nHof"
    assert (first["NumberOfEmployees"], first["Digits__c"], first["Website"]) == (41, "0012", None)
    assert isinstance(first["Credit__c"], float)
    assert first["Key__c"] is True
    assert first["CreatedDate"] == "2025-12-31T23:59:59.000+0000"


def test_results_come_in_sets(standin: SalesforceStandIn) -> None:
    pages = read(reader(standin))
    sizes = [len(page.records) + len(page.tombstones) for page in pages]
    assert sizes == [0, 4, 4, 3]


def test_a_job_is_deleted_when_the_reader_is_closed(standin: SalesforceStandIn) -> None:
    source = reader(standin)
    read(source)
    half = source.read("Account", None)
    next(half)
    assert len(standin.jobs.ids) == 2, "a page that was given need not be stored yet"
    source.close()
    assert len(standin.jobs.ids) == 1, "and one that was not read to its end is needed again"


def test_the_cursor_is_that_of_a_read_without_a_job(standin: SalesforceStandIn) -> None:
    by_job, by_query = read(reader(standin)), read(reader(standin, bulk_from=0))
    assert by_job[-1].cursor == by_query[-1].cursor


def test_few_records_are_queried(standin: SalesforceStandIn) -> None:
    assert len(stored(read(reader(standin, bulk_from=12)))) == 10
    assert created(standin) == 0


def test_what_no_csv_can_hold_is_queried(standin: SalesforceStandIn) -> None:
    source = reader(standin)
    layout = source._layout("Account")
    compound = Layout("Account", {**layout.types, "BillingAddress": "address"}, layout.at)
    assert (layout.fits_csv, compound.fits_csv) == (True, False)


@pytest.mark.parametrize("pages_read", [1, 2, 3, 4])
def test_an_interrupted_read_goes_on_without_another_job(
    standin: SalesforceStandIn, pages_read: int
) -> None:
    pages = reader(standin).read("Account", None)
    first = [next(pages) for _ in range(pages_read)]
    rest = read(reader(standin), first[-1].cursor)
    assert stored(first) | stored(rest) == stored(read(reader(standin, bulk_from=0)))
    assert not stored(first).keys() & stored(rest).keys()
    assert created(standin) == 1


@pytest.mark.parametrize("when", [0, 1, 2])
def test_what_changes_while_the_job_runs_is_read_after_it(
    standin: SalesforceStandIn, when: int
) -> None:
    rows = standin.state.stream("Account")
    pages = []
    for number, page in enumerate(reader(standin).read("Account", None)):
        pages.append(page)
        if number == when:
            rows[key_of(2)].update(Name="Renamed", SystemModstamp=standin.stamp())
            rows[key_of(12)] = account(12, SystemModstamp=standin.stamp())
            rows[key_of(3)].update(IsDeleted=True, SystemModstamp=standin.stamp())
    found = stored(pages)
    assert orjson.loads(found[key_of(2)])["Name"] == "Renamed"
    assert key_of(12) in found
    assert pages[-1].tombstones[-1].key == key_of(3)


def test_after_the_job_reading_is_incremental(standin: SalesforceStandIn) -> None:
    source = reader(standin)
    cursor = read(source)[-1].cursor
    assert stored(read(source, cursor)) == {}
    standin.state.stream("Account")[key_of(4)].update(SystemModstamp=standin.stamp(), Phone="1")
    assert list(stored(read(source, cursor))) == [key_of(4)]
    assert created(standin) == 1


def test_the_young_are_met_after_the_job(standin: SalesforceStandIn) -> None:
    standin.state.stream("Account")[key_of(4)]["SystemModstamp"] = standin.stamp()
    source = reader(standin, settle_seconds=60)
    pages = read(source)
    assert len(stored(pages)) == 10
    assert "full" not in pages[-1].cursor
    assert stored(read(source, pages[-1].cursor)) == {}


def test_a_job_is_polled_with_growing_pauses(standin: SalesforceStandIn) -> None:
    standin.jobs.polls = 7
    pauses: list[float] = []
    with policy_overrides(sleep=pauses.append):
        config = SalesforceConfig.model_validate({**standin.config, "bulk_from": 5})
        pages = read(SalesforceReader(config))
    assert pauses == [1, 2, 4, 8, 16, 30, 30]
    assert len(stored(pages)) == 10
    assert sum(1 for page in pages if not page.records and "job" in page.cursor) == 8


def test_a_slow_job_is_left_to_the_next_run(standin: SalesforceStandIn) -> None:
    standin.jobs.polls = 6
    pages: list[Page] = []
    with pytest.raises(SourceUnavailableError, match="still InProgress; the next run"):
        pages.extend(reader(standin, bulk_wait_seconds=4).read("Account", None))
    assert len(stored(read(reader(standin), pages[-1].cursor))) == 10
    assert created(standin) == 1


@pytest.mark.parametrize(
    ("state", "error"), [("Failed", SourceSchemaError), ("Aborted", SourceUnavailableError)]
)
def test_a_job_that_ends_badly(
    standin: SalesforceStandIn, state: str, error: type[Exception]
) -> None:
    standin.jobs.outcome = state
    standin.jobs.error = (
        "InvalidBatch : Failed to process query: QUERY_TOO_COMPLICATED: Anna Muster"
    )
    pages: list[Page] = []
    with pytest.raises(error) as caught:
        pages.extend(reader(standin).read("Account", None))
    assert ("TOO_COMPLICATED" in str(caught.value)) == (state == "Failed")
    assert "Muster" not in str(caught.value)
    with pytest.raises(CursorExpiredError, match=state):
        read(reader(standin), pages[-1].cursor)


@pytest.mark.parametrize("pages_read", [1, 2, 3])
def test_a_job_that_is_gone_opens_a_new_epoch(standin: SalesforceStandIn, pages_read: int) -> None:
    pages = reader(standin).read("Account", None)
    cursor = [next(pages) for _ in range(pages_read)][-1].cursor
    standin.jobs.expire()
    with pytest.raises(CursorExpiredError, match="query job"):
        read(reader(standin), cursor)


def test_a_job_of_another_api_version_is_not_read_on(standin: SalesforceStandIn) -> None:
    cursor = next(reader(standin).read("Account", None)).cursor
    with pytest.raises(CursorExpiredError):
        read(reader(standin, api_version="65.0"), cursor)


@pytest.mark.parametrize(
    "changed",
    [{"job": "../../limits"}, {"locator": "x&y"}, {"watermark": "' OR '"}, {"stamp": "x"}],
)
def test_a_foreign_cursor_is_refused(standin: SalesforceStandIn, changed: dict[str, str]) -> None:
    cursor = next(reader(standin).read("Account", None)).cursor
    with pytest.raises(CursorExpiredError):
        read(reader(standin), {**cursor, **changed})


@pytest.mark.parametrize("kind", ["truncate", "reset", "status"])
def test_results_that_break_off_are_asked_for_again(standin: SalesforceStandIn, kind: str) -> None:
    standin.fail(Fault(kind=kind, path="/results", status=503))
    assert len(stored(read(reader(standin)))) == 10


def test_results_that_are_no_csv_are_said_without_saying_them(standin: SalesforceStandIn) -> None:
    layout = reader(standin)._layout("Account")
    for content in (b'"Id"\n"Anna"\n', b'"Id","SystemModstamp","IsDeleted"\n"1"\n', b"\xff\xff"):
        with pytest.raises(SourceSchemaError, match="not the CSV") as caught:
            layout.parse(content)
        assert caught.value.__cause__ is None
    assert layout.parse(b"") == []


def test_a_gateway_that_strips_the_locator_loses_nothing(standin: SalesforceStandIn) -> None:
    standin.fail(Fault(kind="not_json", path="/results"))
    with pytest.raises(SourceSchemaError, match="set bulk_from to 0"):
        read(reader(standin))


def test_a_token_that_expires_while_a_job_runs_is_renewed(standin: SalesforceStandIn) -> None:
    pages = []
    for page in reader(standin).read("Account", None):
        pages.append(page)
        standin.expire_tokens()
    assert len(stored(pages)) == 10


def test_a_user_who_may_not_use_the_bulk_api_is_told(standin: SalesforceStandIn) -> None:
    standin.fail(Fault(kind="status", status=403, path="/jobs/query", method="POST"))
    with pytest.raises(AuthenticationError, match="permission"):
        read(reader(standin))


def extracted(engine: Engine, source: SalesforceReader, *, full: bool) -> dict[str, Any]:
    (stream, *_) = hub_connector().streams
    task = StreamTask(connection="sfa", connector="salesforce", stream=stream, full=full)
    kinds = ("read", "new", "changed", "unchanged", "repeated", "tombstones", "vanished")
    counts = extract(engine, source, task=task).counts
    return {kind: counts[kind] for kind in kinds if counts.get(kind)}


def test_the_store_sees_no_difference_between_a_job_and_a_query(
    store: Engine, standin: SalesforceStandIn
) -> None:
    source = reader(standin)
    assert extracted(store, source, full=False) == {"read": 11, "new": 10, "tombstones": 1}
    assert extracted(store, source, full=False) == {}
    again = extracted(store, reader(standin, bulk_from=0), full=True)
    assert again == {"read": 11, "unchanged": 11}
    assert extracted(store, source, full=True) == again


def test_a_full_read_deletes_no_record_that_was_just_changed(
    store: Engine, standin: SalesforceStandIn
) -> None:
    for settings in ({"bulk_from": 0}, {"bulk_from": 5}):
        source = reader(standin, settle_seconds=60, **settings)
        extracted(store, source, full=True)
        standin.state.stream("Account")[key_of(4)]["SystemModstamp"] = standin.stamp()
        assert "vanished" not in extracted(store, source, full=True)
