"""Salesforce's sObject Collections against the stand-in: each record is answered for by itself."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import orjson
import pytest

from connectors.salesforce.config import SalesforceConfig
from connectors.salesforce.reader import SalesforceReader
from connectors.salesforce.standin import SalesforceStandIn
from hub.errors import (
    AuthenticationError,
    ConflictError,
    OutcomeUnknownError,
    RateLimitedError,
    RejectedError,
    SourceUnavailableError,
)
from hub.sdk import Change, Fault, Receipt, StandInState
from hub.sdk.standin import Request
from hub.testing.proxy import LOOPBACK, FaultProxy
from hub.testing.waits import Waits
from hub.testing.wire import Exchange

STAMP = "2026-01-31T12:00:00.000+0000"
COLLECTION = "/services/data/v64.0/composite/sobjects"


def account_id(number: int) -> str:
    return f"001{number:012d}AAA"


def account(number: int) -> dict[str, Any]:
    row = {"Id": account_id(number), "Name": f"Example {number}", "SystemModstamp": STAMP}
    return row | {"IsDeleted": False, "Phone": "+43 1 0000", "NumberOfEmployees": 3}


def change(number: int, version: str | None = STAMP, **fields: Any) -> Change:
    key = account_id(number)
    given = fields or {"Phone": f"+43 1 {number:04d}"}
    return Change(
        stream="Account", key=key, fields=given, expected_version=version, idempotency_key="k"
    )


@pytest.fixture
def standin() -> Iterator[SalesforceStandIn]:
    rows = [account(number) for number in range(1, 21)]
    running = SalesforceStandIn(StandInState({"Account": {row["Id"]: row for row in rows}}))
    yield running
    running.stop()


@pytest.fixture
def proxy(standin: SalesforceStandIn) -> Iterator[FaultProxy]:
    between = FaultProxy(LOOPBACK, int(standin.http.url.rpartition(":")[2]))
    yield between
    between.close()


@pytest.fixture
def source(standin: SalesforceStandIn, proxy: FaultProxy) -> Iterator[SalesforceReader]:
    reach = {**standin.config, "base_url": f"http://{LOOPBACK}:{proxy.port}"}
    config = SalesforceConfig.model_validate({**reach, "batch_writes": True})
    reader = SalesforceReader(config)
    yield reader
    reader.close()


def direct(standin: SalesforceStandIn) -> SalesforceReader:
    """Without the proxy, whose own breaks differ from the stand-in's."""
    return SalesforceReader(
        SalesforceConfig.model_validate({**standin.config, "batch_writes": True})
    )


def phones(standin: SalesforceStandIn) -> dict[int, str]:
    rows = standin.state.stream("Account").values()
    return {int(row["Id"][3:15]): row["Phone"] for row in rows if row["Phone"] != "+43 1 0000"}


def saves(standin: SalesforceStandIn) -> int:
    return standin.http.requests.get(f"PATCH {COLLECTION}", 0)


def write(source: SalesforceReader, *changes: Change) -> list[Any]:
    return list(source.write_many("Account", changes, within=60))


def test_a_batch_goes_in_three_requests(
    standin: SalesforceStandIn, source: SalesforceReader
) -> None:
    source.fetch_many("Account", [account_id(1)])
    before = sum(standin.http.requests.values())
    results = write(source, *[change(number) for number in range(1, 21)])
    assert [one.key for one in results] == [account_id(number) for number in range(1, 21)]
    assert sum(standin.http.requests.values()) - before == 3
    found = source.fetch_many("Account", [account_id(number) for number in range(1, 21)])
    assert [one.version for one in results] == [record.version for record in found.values()]
    assert phones(standin) == {number: f"+43 1 {number:04d}" for number in range(1, 21)}


def test_only_settings_that_want_it_write_in_batches(standin: SalesforceStandIn) -> None:
    plain = SalesforceReader(SalesforceConfig.model_validate(standin.config))
    assert plain.batch_limit("Account") == 1


def test_many_are_fetched_as_one_is(standin: SalesforceStandIn, source: SalesforceReader) -> None:
    standin.state.stream("Account")[account_id(2)]["IsDeleted"] = True
    keys = [account_id(1), account_id(2), account_id(99), "../x", account_id(3)]
    found = source.fetch_many("Account", keys)
    assert found == {key: source.fetch("Account", key) for key in (keys[0], keys[4])}


def test_each_record_that_is_refused_says_why_and_hinders_no_other(
    standin: SalesforceStandIn, source: SalesforceReader
) -> None:
    rows = standin.state.stream("Account")
    standin.saves.locked.add(account_id(2))
    rows[account_id(4)]["IsDeleted"] = True
    rows[account_id(5)]["SystemModstamp"] = standin.stamp()
    results = write(
        source,
        *[change(number) for number in (1, 2, 3, 4, 5)],
        *(change(6, Name=""), change(7, Phone="1" * 41), change(8, Nonesuch="x")),
        *(change(9, SystemModstamp="x"), change(99), change(10)),
    )
    busy, ok = SourceUnavailableError, Receipt
    kinds = [ok, busy, ok, ConflictError, ConflictError, *[RejectedError] * 4, ConflictError, ok]
    assert [type(one) for one in results] == kinds
    assert "UNABLE_TO_LOCK_ROW" in str(results[1])
    assert "REQUIRED_FIELD_MISSING" in str(results[5])
    assert "STRING_TOO_LONG" in str(results[6])
    assert set(phones(standin)) == {1, 3, 10}
    assert saves(standin) == 1


def test_what_is_done_already_is_a_receipt_and_not_sent(
    standin: SalesforceStandIn, source: SalesforceReader
) -> None:
    first = write(source, change(1), change(2))
    assert write(source, change(1), change(2)) == first
    assert saves(standin) == 1


def test_a_record_deleted_after_the_comparison_is_gone(
    standin: SalesforceStandIn, proxy: FaultProxy, source: SalesforceReader
) -> None:
    def delete(exchange: Exchange) -> None:
        if exchange.method == "PATCH":
            standin.state.stream("Account")[account_id(2)].update(IsDeleted=True)

    proxy.before = delete
    one, gone, three = write(source, change(1), change(2), change(3))
    assert isinstance(gone, ConflictError)
    assert "ENTITY_IS_DELETED" in str(gone)
    assert [one.key, three.key] == [account_id(1), account_id(3)]


def test_a_request_that_is_refused_as_a_whole_is_sent_in_halves(
    standin: SalesforceStandIn, source: SalesforceReader
) -> None:
    """As for a value of the wrong type, which Salesforce finds before it looks at records."""
    wrong = change(3, NumberOfEmployees="many")
    changes = [change(number) if number != 3 else wrong for number in range(1, 9)]
    results = write(source, *changes)
    assert [number for number, one in enumerate(results, 1) if isinstance(one, RejectedError)] == [
        3
    ]
    assert set(phones(standin)) == {1, 2, 4, 5, 6, 7, 8}
    assert saves(standin) == 7


@pytest.mark.parametrize("kind", ["drop", "truncate", "not_json"])
def test_an_answer_that_is_lost_or_spoilt_is_unknown_for_all_that_were_sent(
    standin: SalesforceStandIn, kind: Any
) -> None:
    with closing(direct(standin)) as source:
        write(source, change(1))
        standin.fail(Fault(kind=kind, method="PATCH"))
        done, *unknown = write(source, change(1), change(2), change(3))
    assert isinstance(done, Receipt)
    assert [type(one) for one in unknown] == [OutcomeUnknownError] * 2
    assert saves(standin) == 2


@pytest.mark.parametrize(
    "body",
    [
        b"{}",
        b"[]",
        b"[null,null]",
        b'[{"id":"001000000000001AAA","success":true}]',
        b'[{"success":true},{"success":true}]',
        b'[{"success":false,"errors":[]},{"success":true,"id":"001000000000002AAA"}]',
    ],
)
def test_an_answer_that_does_not_say_what_was_done_is_unknown(
    proxy: FaultProxy, source: SalesforceReader, body: bytes
) -> None:
    def blur(exchange: Exchange) -> None:
        if exchange.method == "PATCH":
            exchange.answer = body

    proxy.after = blur
    results = write(source, change(1), change(2))
    assert [type(one) for one in results] == [OutcomeUnknownError] * 2


def test_after_its_time_a_batch_sends_nothing_more(
    standin: SalesforceStandIn, proxy: FaultProxy, source: SalesforceReader
) -> None:
    with pytest.raises(SourceUnavailableError, match="too long"):
        source.write_many("Account", [change(1), change(2)], within=-1)
    proxy.after = lambda exchange: time.sleep(0.2 * (exchange.method == "PATCH"))
    wrong = change(1, NumberOfEmployees="many")
    results = source.write_many("Account", [wrong, change(2)], within=0.15)
    assert [type(one) for one in results] == [SourceUnavailableError] * 2
    assert (phones(standin), saves(standin)) == ({}, 1)


@pytest.mark.parametrize(("status", "error"), [(401, AuthenticationError), (429, RateLimitedError)])
def test_what_is_raised_was_not_made(
    standin: SalesforceStandIn, status: int, error: type[Exception]
) -> None:
    standin.fail(Fault(kind="status", status=status, method="PATCH", times=9))
    with Waits(), closing(direct(standin)) as source, pytest.raises(error):
        write(source, change(1), change(2))
    assert phones(standin) == {}


def test_the_new_stamps_may_stay_unknown(
    standin: SalesforceStandIn, source: SalesforceReader
) -> None:
    source.fetch_many("Account", [account_id(1)])
    path = f"{COLLECTION}/Account"
    standin.fail(Fault(kind="delay", method="POST", path=path))
    standin.fail(Fault(kind="status", status=403, method="POST", path=path))
    assert write(source, change(1)) == [Receipt(key=account_id(1), version=None)]


def test_the_stand_in_rolls_back_where_all_or_none_is_asked(standin: SalesforceStandIn) -> None:
    records = [
        {"attributes": {"type": "Account"}, "id": account_id(number), "Phone": phone}
        for number, phone in ((1, "1"), (2, "2" * 41))
    ]
    results = _save(standin, {"allOrNone": True, "records": records})
    codes = [one["errors"][0]["statusCode"] for one in results]
    assert codes == ["ALL_OR_NONE_OPERATION_ROLLED_BACK", "STRING_TOO_LONG"]
    assert phones(standin) == {}


def _save(standin: SalesforceStandIn, body: Any) -> Any:
    request = Request("PATCH", COLLECTION, "", {}, orjson.dumps(body))
    answer = standin.saves.answer("/composite/sobjects", request)
    assert answer is not None
    return orjson.loads(answer.encoded())


@pytest.mark.parametrize(
    ("count", "kinds", "code"),
    [(201, 1, "EXCEEDED_ID_LIMIT"), (12, 2, "INVALID_OPERATION")],
    ids=["too many records", "too many chunks"],
)
def test_the_stand_in_has_the_limits_of_a_collection(
    standin: SalesforceStandIn, count: int, kinds: int, code: str
) -> None:
    types = ("Account", "Contact")
    records = [{"attributes": {"type": types[number % kinds]}} for number in range(count)]
    with pytest.raises(ValueError, match=code):
        _save(standin, {"records": records})
