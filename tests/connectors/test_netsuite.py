"""What is particular to NetSuite: SuiteQL above the last id, local times, signed assertions."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import orjson
import pytest

from connectors.netsuite import hub_connector
from connectors.netsuite.connector import explain_code
from connectors.netsuite.samples import SAMPLES
from connectors.netsuite.standin import NetsuiteStandIn, key_pair
from connectors.netsuite.streams import QUERY_PATH, with_zone
from hub.errors import AuthenticationError, ConfigError, RejectedError, SourceSchemaError
from hub.sdk import Change, Cursor, Page, Sample, Services, StandInState
from hub.sdk.resource import RestConnector
from hub.sdk.rest import RestResponse
from hub.sdk.standin import Request, Response

SPEC = hub_connector()
LONG_AGO = datetime(2026, 2, 1, 9, 30, tzinfo=UTC)


class Recorder(NetsuiteStandIn):
    """Keeps the queries that it was asked."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        super().__init__(StandInState({}))

    def _query(self, request: Request) -> Response:
        self.asked.append(orjson.loads(request.body)["q"])
        return super()._query(request)


@pytest.fixture
def standin() -> Iterator[Recorder]:
    running = Recorder()
    for number in range(1, 8):
        put(running, number, at=LONG_AGO)
    yield running
    running.stop()


def put(standin: NetsuiteStandIn, number: int, revision: int = 0, *, at: datetime) -> None:
    SAMPLES.put(SAMPLES, standin.state, Sample("customer", number, revision, at))


def key(number: int) -> str:
    return SAMPLES.key("customer", number)


def connect(standin: NetsuiteStandIn, **settings: object) -> RestConnector:
    config = SPEC.config.model_validate({**standin.config, "page_size": 3, **settings})
    connector = SPEC.connect(config, Services())
    assert isinstance(connector, RestConnector)
    return connector


def read(connector: RestConnector, cursor: Cursor | None = None) -> list[Page]:
    return list(connector.read("customer", cursor))


def keys(pages: list[Page]) -> list[str]:
    return [record.key for page in pages for record in page.records]


def test_each_query_asks_for_the_rows_above_the_last_id(standin: Recorder) -> None:
    assert keys(read(connect(standin))) == [key(number) for number in range(1, 8)]
    assert [f"t.id > {last} ORDER BY t.id) WHERE ROWNUM <= 3" in asked for last, asked in zip(
        ["0", key(3), key(6), key(7)], standin.asked, strict=True
    )] == [True] * 4  # fmt: skip
    assert all(f"/{QUERY_PATH}" in name or "token" in name for name in standin.requests)


def test_a_later_run_asks_by_the_time_of_change_in_the_local_zone(standin: Recorder) -> None:
    connector = connect(standin, time_zone="Europe/Berlin", overlap_seconds=0)
    cursor = read(connector)[-1].cursor
    assert cursor["since"] == "2026-02-01T08:30:00.000000Z"  # the row says 9:30, in Berlin
    read(connector, cursor)
    assert "lastmodifieddate >= TO_TIMESTAMP('2026-02-01 09:30:00'" in standin.asked[-1]


def test_a_change_in_the_hour_that_comes_twice_is_not_passed_by(standin: Recorder) -> None:
    connector = connect(standin, time_zone="Europe/Berlin")
    for number, text in ((1, "2026-10-25 02:50:00"), (2, "2026-10-25 01:00:00")):
        standin.state.stream("customer")[key(number)]["lastmodified"] = text
    cursor = read(connector)[-1].cursor
    row = standin.state.stream("customer")[key(2)]
    row |= {"phone": "+44 161 496 0001", "lastmodified": "2026-10-25 02:10:00"}  # an hour later
    assert keys(read(connector, cursor)) == [key(2)]


def test_a_time_gets_the_offset_of_its_day() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    summer = with_zone(berlin, {"lastmodified": "2026-07-01 12:00:00"})
    assert summer == {"lastmodified": "2026-07-01T12:00:00+02:00"}
    assert with_zone(berlin, {"lastmodified": "soon"}) == {"lastmodified": "soon"}


@pytest.mark.parametrize("algorithm", ["PS256", "ES256"])
def test_both_kinds_of_keys_open_it(standin: Recorder, algorithm: str) -> None:
    connector = connect(standin, algorithm=algorithm, key=key_pair(algorithm)[0])
    assert "lets us read customer" in connector.check()


@pytest.mark.parametrize("name", ["client_id", "certificate_id"])
def test_a_wrong_assertion_is_refused(standin: Recorder, name: str) -> None:
    with pytest.raises(AuthenticationError, match="signed assertion"):
        connect(standin, **{name: "another"}).check()


def test_a_key_that_is_not_the_certificates_is_refused(standin: Recorder) -> None:
    key_pair.cache_clear()
    other = key_pair("ES256")[0]
    key_pair.cache_clear()
    with pytest.raises(AuthenticationError) as refused:
        connect(standin, key=other).check()
    assert other not in str(refused.value)


def test_a_write_goes_to_the_record_and_is_read_back(standin: Recorder) -> None:
    connector = connect(standin)
    before = connector.fetch("customer", key(2))
    assert before is not None
    change = Change(
        stream="customer",
        key=key(2),
        fields={"phone": "+44 161 496 0001"},
        expected_version=before.version,
        idempotency_key="delivery-1",
    )
    receipt = connector.write(change)
    assert connector.write(change) == receipt  # the second finds it done
    assert standin.requests[f"PATCH /services/rest/record/v1/customer/{key(2)}"] == 1
    assert receipt.version is not None
    assert receipt.version > (before.version or "")


def test_a_key_that_is_no_number_is_no_part_of_a_query(standin: Recorder) -> None:
    assert connect(standin).fetch("customer", "0 OR 1 = 1") is None
    assert standin.asked[-1].endswith("t.id = 0")


def test_further_columns_are_plain_names(standin: Recorder) -> None:
    standin.state.stream("customer")[key(1)]["custentity_region"] = "north"
    connector = connect(standin, extra_fields={"customer": ["custentity_region"]})
    record = connector.fetch("customer", key(1))
    assert record is not None
    assert record.data["custentity_region"] == "north"
    with pytest.raises(ConfigError, match="is no column"):
        connect(standin, extra_fields={"customer": ["id FROM employee --"]})


def test_a_zone_must_be_known(standin: Recorder) -> None:
    with pytest.raises(ValueError, match="no such time zone"):
        connect(standin, time_zone="Mars/Olympus")


def test_a_refusal_names_the_code_and_not_the_text() -> None:
    details = [{"detail": "Ada Example has no such field", "o:errorCode": "INVALID_PARAMETER"}]
    body = orjson.dumps({"status": 400, "o:errorDetails": details})
    read_error = explain_code(RestResponse(400, {}, body, "netsuite", "customer"))
    write = RestResponse(400, {}, body, "netsuite", "customer", "PATCH", reading=False)
    assert isinstance(read_error, SourceSchemaError)
    assert isinstance(explain_code(write), RejectedError)
    assert "INVALID_PARAMETER" in str(read_error)
    assert "Ada" not in str(read_error)


def test_an_overlap_does_not_hand_on_what_is_unchanged(standin: Recorder) -> None:
    connector = connect(standin)
    put(standin, 7, 1, at=datetime.now(UTC) - timedelta(minutes=5))
    cursor = read(connector)[-1].cursor
    assert keys(read(connector, cursor)) == []


def put_invoices(standin: NetsuiteStandIn, amounts: list[tuple[str, str | None]]) -> None:
    """Invoices with these totals and unpaid amounts."""
    for number, (total, unpaid) in enumerate(amounts, start=1):
        SAMPLES.put(SAMPLES, standin.state, Sample("invoice", number, 0, LONG_AGO))
        row = standin.state.stream("invoice")[SAMPLES.key("invoice", number)]
        row |= {"foreigntotal": total, "foreignamountunpaid": unpaid}


def test_counts_and_sums_are_made_of_the_rows_that_are_read(standin: Recorder) -> None:
    put_invoices(standin, [("1000.10", "0"), ("-20.30", None), ("9007199254740993.01", "5.5")])
    connector = connect(standin)
    total = connector.count("invoice")
    assert total.records == 3
    assert total.sums["foreigntotal"] == Decimal("9007199254741972.81")
    assert total.sums["foreignamountunpaid"] == Decimal("5.5")
    counted = standin.asked[-1]
    list(connector.read("invoice", None))
    rows = counted.partition(" FROM (")[2].removesuffix(")")
    assert rows.partition(" FROM transaction t")[2] in standin.asked[-2]
    assert "t.type = 'CustInvc' AND t.currency = c.id(+) AND t.id > 0" in rows


def test_an_empty_account_has_sums_of_nothing(standin: Recorder) -> None:
    assert connect(standin).count("salesorder").records == 0
    assert set(connect(standin).count("salesorder").sums.values()) == {Decimal(0)}


class LoudCase(NetsuiteStandIn):
    """Gives the names of columns in capitals, as a release of NetSuite may."""

    def _query(self, request: Request) -> Response:
        told: Any = super()._query(request).body
        told["items"] = [
            {name.upper(): value for name, value in row.items()} for row in told["items"]
        ]
        return Response(200, told)


def test_a_count_does_not_depend_on_the_case_of_names() -> None:
    running = LoudCase(StandInState({}))
    put_invoices(running, [("10.5", "1"), ("20", "2")])
    try:
        total = connect(running).count("invoice")
    finally:
        running.stop()
    assert total.records == 2
    assert total.sums["foreigntotal"] == Decimal("30.5")
    assert total.sums["foreignamountunpaid"] == 3
