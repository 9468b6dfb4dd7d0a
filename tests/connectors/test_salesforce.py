"""The Salesforce connector against its stand-in, over real sockets."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from connectors.salesforce import hub_connector, hub_standin
from connectors.salesforce.client import SalesforceClient
from connectors.salesforce.config import SalesforceConfig
from connectors.salesforce.reader import SalesforceReader
from connectors.salesforce.standin import SalesforceStandIn
from hub.errors import (
    AuthenticationError,
    ConflictError,
    CursorExpiredError,
    OutcomeUnknownError,
    RateLimitedError,
    RejectedError,
    SourceSchemaError,
)
from hub.sdk import Capability, Change, Cursor, Fault, Page, StandInState

STAMP = "2026-01-31T12:00:00.000+0000"


def account_id(number: int) -> str:
    return f"001{number:012d}AAA"


def account(number: int, **fields: Any) -> dict[str, Any]:
    row = {"Id": account_id(number), "Name": f"Example {number}", "SystemModstamp": STAMP}
    return row | {"IsDeleted": False, "Phone": "+43 1 0000", "Type": "Customer"} | fields


@pytest.fixture
def standin() -> Iterator[SalesforceStandIn]:
    """Eleven accounts, nine of them changed at the same moment; three in one answer."""
    rows = [account(n) for n in range(1, 10)]
    rows.append(account(10, SystemModstamp="2026-01-30T00:00:00.000+0000"))
    rows.append(account(11, SystemModstamp="2026-02-01T00:00:00.000+0000"))
    running = SalesforceStandIn(StandInState({"Account": {r["Id"]: r for r in rows}}), batch=3)
    yield running
    running.stop()


def reader(standin: SalesforceStandIn, **settings: Any) -> SalesforceReader:
    return SalesforceReader(SalesforceConfig.model_validate({**standin.config, **settings}))


def read(source: SalesforceReader, cursor: Cursor | None = None) -> list[Page]:
    return list(source.read("Account", cursor))


def keys(pages: list[Page]) -> list[str]:
    return [record.key for page in pages for record in page.records]


def change(number: int, version: str | None = STAMP, **fields: Any) -> Change:
    key = account_id(number)
    return Change(
        stream="Account", key=key, fields=fields, expected_version=version, idempotency_key="k1"
    )


def test_the_plugin_declares_itself(standin: SalesforceStandIn) -> None:
    spec = hub_connector()
    assert [stream.name for stream in spec.streams] == ["Account", "Contact", "Lead", "Opportunity"]
    assert spec.config is SalesforceConfig
    assert isinstance(spec.open(SalesforceConfig.model_validate(standin.config)), SalesforceReader)
    assert hub_standin().name == spec.name
    assert Capability.WRITE not in spec.streams[3].capabilities


def test_check_says_what_was_reached(standin: SalesforceStandIn) -> None:
    assert reader(standin).check().startswith("Salesforce API 64.0 reached: Account ")


def test_a_full_read_gives_every_record_in_order_of_change(standin: SalesforceStandIn) -> None:
    pages = read(reader(standin))
    assert keys(pages) == [account_id(n) for n in (10, *range(1, 10), 11)]
    assert [len(page.records) for page in pages] == [3, 3, 3, 2]
    record = pages[0].records[0]
    assert record.version == "2026-01-30T00:00:00.000+0000"
    assert record.data["Name"] == "Example 10"
    assert "attributes" not in record.data


@pytest.mark.parametrize("query_limit", [1, 2, 4, 50])
def test_the_keyset_goes_on_from_every_page(standin: SalesforceStandIn, query_limit: int) -> None:
    source = reader(standin, query_limit=query_limit)
    pages = read(source)
    everything = keys(pages)
    assert len(everything) == 11
    read_so_far: list[str] = []
    for page in pages:
        read_so_far += [record.key for record in page.records]
        assert read_so_far + keys(read(source, page.cursor)) == everything


def test_an_incremental_read_gives_what_changed_and_nothing_twice(
    standin: SalesforceStandIn,
) -> None:
    source = reader(standin)
    cursor = read(source)[-1].cursor
    assert read(source, cursor) == []
    standin.state.stream("Account")[account_id(4)].update(SystemModstamp=standin.stamp(), Phone="1")
    pages = read(source, cursor)
    assert [(r.key, r.data["Phone"]) for r in pages[0].records] == [(account_id(4), "1")]
    assert read(source, pages[-1].cursor) == []


def test_deleted_and_merged_records_are_tombstones(standin: SalesforceStandIn) -> None:
    source = reader(standin)
    cursor = read(source)[-1].cursor
    rows = standin.state.stream("Account")
    rows[account_id(1)].update(IsDeleted=True, SystemModstamp=standin.stamp())
    rows[account_id(2)].update(
        IsDeleted=True, MasterRecordId=account_id(3), SystemModstamp=standin.stamp()
    )
    (page,) = read(source, cursor)
    assert page.records == []
    gone = [(tombstone.key, tombstone.merged_into) for tombstone in page.tombstones]
    assert gone == [(account_id(1), None), (account_id(2), account_id(3))]


def test_a_token_that_expires_in_mid_stream_is_renewed(standin: SalesforceStandIn) -> None:
    pages = []
    for page in reader(standin).read("Account", None):
        pages.append(page)
        standin.expire_tokens()
    assert len(set(keys(pages))) == 11
    assert standin.http.requests["POST /services/oauth2/token"] == 4


def test_an_expired_locator_starts_again_after_the_last_record(standin: SalesforceStandIn) -> None:
    pages = []
    for page in reader(standin).read("Account", None):
        pages.append(page)
        standin.expire_locators()
    assert keys(pages) == [account_id(n) for n in (10, *range(1, 10), 11)]


def test_a_record_changed_while_reading_hides_no_other(standin: SalesforceStandIn) -> None:
    """It shows its new stamp in its old place; taken as the position, it would skip the rest."""
    source = reader(standin, settle_seconds=1)
    pages = source.read("Account", None)
    next(pages)
    rows = standin.state.stream("Account")
    rows[account_id(5)]["SystemModstamp"] = "2999-01-01T00:00:00.000+0000"
    second = next(pages)
    assert [record.key for record in second.records][-1] == account_id(5)
    rest = keys(read(source, second.cursor))
    assert rest == [account_id(n) for n in (6, 7, 8, 9, 11, 5)]


def test_what_is_too_young_waits_for_the_next_run(standin: SalesforceStandIn) -> None:
    patient = reader(standin, settle_seconds=60)
    cursor = read(patient)[-1].cursor
    row = standin.state.stream("Account")[account_id(1)]
    row["SystemModstamp"] = standin.stamp()
    assert read(patient, cursor) == []
    assert keys(read(reader(standin), cursor)) == [account_id(1)]


@pytest.mark.parametrize("query_limit", [2, 50])
def test_a_full_read_meets_the_young_too_and_the_next_run_reads_them_again(
    standin: SalesforceStandIn, query_limit: int
) -> None:
    """Else a full read would take a record that was just changed for a deleted one."""
    rows = standin.state.stream("Account")
    for number in (1, 2, 3, 4):
        rows[account_id(number)]["SystemModstamp"] = standin.stamp()
    pages = read(reader(standin, settle_seconds=60, query_limit=query_limit))
    assert set(keys(pages)) == set(rows)
    assert keys(pages)[-4:] == [account_id(n) for n in (1, 2, 3, 4)]
    assert pages[-1].cursor == {"stamp": rows[account_id(11)]["SystemModstamp"]} | {
        "id": account_id(11)
    }
    assert len(keys(read(reader(standin), pages[-1].cursor))) == 4


def test_an_organisation_of_young_records_only_is_read_once_in_full(
    standin: SalesforceStandIn,
) -> None:
    for row in standin.state.stream("Account").values():
        row["SystemModstamp"] = standin.stamp()
    source = reader(standin, settle_seconds=60)
    pages = read(source)
    assert len(set(keys(pages))) == 11
    assert read(source, pages[-1].cursor) == []


def test_an_interrupted_full_read_goes_on_to_the_young(standin: SalesforceStandIn) -> None:
    source = reader(standin, settle_seconds=60)
    standin.state.stream("Account")[account_id(7)]["SystemModstamp"] = standin.stamp()
    for page in read(source)[:-1]:
        assert account_id(7) in keys(read(source, page.cursor))


def test_a_foreign_cursor_opens_a_new_epoch(standin: SalesforceStandIn) -> None:
    with pytest.raises(CursorExpiredError):
        read(reader(standin), {"stamp": "' OR Name != '", "id": account_id(1)})


def test_a_cursor_from_the_future_gives_nothing(standin: SalesforceStandIn) -> None:
    cursor = {"stamp": "2999-01-01T00:00:00.000+0000", "id": account_id(1)}
    assert read(reader(standin), cursor) == []


def test_fields_that_the_organisation_has_not_are_not_asked_for(standin: SalesforceStandIn) -> None:
    first = next(reader(standin).read("Account", None)).records[0]
    assert "VAT_Number__c" not in first.data
    standin.state.stream("Account")[account_id(10)]["VAT_Number__c"] = "ATU00000000"
    first = next(reader(standin).read("Account", None)).records[0]
    assert first.data["VAT_Number__c"] == "ATU00000000"


def test_an_extra_field_must_be_there(standin: SalesforceStandIn) -> None:
    with pytest.raises(SourceSchemaError, match="not visible: Region__c"):
        read(reader(standin, extra_fields={"Account": ["Region__c"]}))
    standin.state.stream("Account")[account_id(10)]["Region__c"] = "East"
    pages = read(reader(standin, extra_fields={"Account": ["Region__c"]}))
    assert pages[0].records[0].data["Region__c"] == "East"


def test_wrong_credentials_are_said_without_saying_them(standin: SalesforceStandIn) -> None:
    with pytest.raises(AuthenticationError) as caught:
        reader(standin, client_secret="not-the-secret").check()
    assert "not-the-secret" not in str(caught.value)


def test_used_up_requests_are_a_rate_limit_and_not_asked_again(
    standin: SalesforceStandIn,
) -> None:
    standin.calls_left = 2
    with pytest.raises(RateLimitedError) as caught:
        read(reader(standin))
    assert (caught.value.retry_after or 0) > 60
    assert standin.calls_left == -1


def test_a_denied_permission_is_no_rate_limit(standin: SalesforceStandIn) -> None:
    standin.fail(Fault(kind="status", status=403, path="/queryAll"))
    with pytest.raises(AuthenticationError, match="permission"):
        read(reader(standin))


def test_writes_and_gives_the_new_version(standin: SalesforceStandIn) -> None:
    source = reader(standin)
    receipt = source.write(change(1, Phone="+43 1 1111"))
    now = source.fetch("Account", account_id(1))
    assert now is not None
    assert now.data["Phone"] == "+43 1 1111"
    assert receipt.version == now.version != STAMP


def test_a_changed_version_is_a_conflict_and_nothing_is_written(
    standin: SalesforceStandIn,
) -> None:
    row = standin.state.stream("Account")[account_id(1)]
    row["SystemModstamp"] = standin.stamp()
    with pytest.raises(ConflictError, match="changed since"):
        reader(standin).write(change(1, Phone="+43 1 1111"))
    assert row["Phone"] == "+43 1 0000"


def test_a_change_between_comparing_and_writing_is_a_conflict(standin: SalesforceStandIn) -> None:
    client = SalesforceClient(SalesforceConfig.model_validate(standin.config))
    row = standin.state.stream("Account")[account_id(1)]
    row["SystemModstamp"] = standin.stamp()
    compared_at = datetime(2026, 1, 31, 12, tzinfo=UTC)
    with pytest.raises(ConflictError, match="412"):
        client.update("Account", row["Id"], fields={"Phone": "1"}, unless_since=compared_at)
    assert row["Phone"] == "+43 1 0000"


def reads(standin: SalesforceStandIn) -> int:
    path = f"GET /services/data/v64.0/sobjects/Account/{account_id(1)}"
    return standin.http.requests.get(path, 0)


def test_a_record_that_was_looked_at_is_not_read_again_to_write_it(
    standin: SalesforceStandIn,
) -> None:
    source = reader(standin)
    looked = source.fetch("Account", account_id(1))
    assert looked is not None
    before = reads(standin)
    assert source.write(change(1, looked.version, Phone="+43 1 1111")).version is not None
    assert reads(standin) == before + 1, "the one that gives the new version"
    with pytest.raises(ConflictError, match="changed since"):
        source.write(change(1, looked.version, Phone="+43 1 2222"))


def test_a_change_after_the_look_meets_the_condition(standin: SalesforceStandIn) -> None:
    source = reader(standin)
    looked = source.fetch("Account", account_id(1))
    assert looked is not None
    row = standin.state.stream("Account")[account_id(1)]
    row["SystemModstamp"] = standin.stamp()
    with pytest.raises(ConflictError, match="412"):
        source.write(change(1, looked.version, Phone="+43 1 1111"))
    assert row["Phone"] == "+43 1 0000"


def test_where_the_condition_is_too_coarse_the_exact_stamp_is_compared(
    standin: SalesforceStandIn,
) -> None:
    """Two changes within one second, which If-Unmodified-Since can't tell apart."""
    source = reader(standin)
    row = standin.state.stream("Account")[account_id(1)]
    row["SystemModstamp"] = standin.stamp()
    looked = source.fetch("Account", account_id(1))
    assert looked is not None
    row["SystemModstamp"] = standin.stamp()
    with pytest.raises(ConflictError, match="changed since"):
        source.write(change(1, looked.version, Phone="+43 1 1111"))


def test_a_lost_answer_is_unknown_and_the_retry_finds_it_done(standin: SalesforceStandIn) -> None:
    source = reader(standin)
    source.check()
    path = f"/sobjects/Account/{account_id(1)}"
    standin.http.fail(Fault(kind="delay", path=path))
    standin.http.fail(Fault(kind="drop", path=path))
    with pytest.raises(OutcomeUnknownError):
        source.write(change(1, Phone="+43 1 1111"))
    patches = dict(standin.http.requests)
    receipt = source.write(change(1, Phone="+43 1 1111"))
    assert receipt.version is not None
    patched = f"PATCH /services/data/v64.0{path}"
    assert standin.http.requests[patched] == patches[patched] == 1


@pytest.mark.parametrize(
    "bad",
    [
        change(99, Phone="1"),
        change(1, None, SystemModstamp="x"),
        change(1, None, **{"Phone\r\n": "x"}),
        replace(change(1, Phone="x"), stream="Opportunity"),
        replace(change(1, Phone="x"), key="../Contact"),
    ],
    ids=["gone", "read-only field", "bad field name", "read-only stream", "path in the key"],
)
def test_what_cannot_be_written_is_refused(standin: SalesforceStandIn, bad: Change) -> None:
    with pytest.raises((ConflictError, RejectedError)):
        reader(standin).write(bad)


def test_fetch_of_a_deleted_record_is_none(standin: SalesforceStandIn) -> None:
    standin.state.stream("Account")[account_id(1)]["IsDeleted"] = True
    source = reader(standin)
    assert source.fetch("Account", account_id(1)) is None
    assert source.fetch("Account", account_id(98)) is None
    assert source.fetch("Account", "../describe") is None
