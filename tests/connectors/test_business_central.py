"""The Business Central connector against its stand-in, over real sockets."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from connectors.business_central.config import BusinessCentralConfig
from connectors.business_central.reader import open_connector
from connectors.business_central.samples import SAMPLES, guid, stamp
from connectors.business_central.standin import COMPANY, BusinessCentralStandIn
from hub.errors import ConflictError, RateLimitedError, SourceSchemaError, SourceUnavailableError
from hub.mapping import compile_mapping, load_mapping
from hub.model import ENTITIES
from hub.sdk import Change, Cursor, Fault, Page, Sample, StandInState
from hub.sdk.odata import ODataConnector, Query
from hub.sdk.overrides import policy_overrides

AT = datetime(2026, 1, 31, 12, tzinfo=UTC)
STREAMS = ("customers", "contacts", "salesOrders", "salesInvoices")
ROOT = f"/v2.0/standin-tenant/sandbox/api/v2.0/companies({COMPANY})"


@pytest.fixture
def standin() -> Iterator[BusinessCentralStandIn]:
    state = StandInState({})
    for stream in STREAMS:
        for number in range(1, 8):
            SAMPLES.put(SAMPLES, state, Sample(stream, number, 0, AT))
    running = BusinessCentralStandIn(state)
    yield running
    running.stop()


def connect(standin: BusinessCentralStandIn, **settings: Any) -> ODataConnector:
    config = {**standin.config, "page_size": 3, **settings}
    return open_connector(BusinessCentralConfig.model_validate(config))


def read(source: ODataConnector, stream: str, cursor: Cursor | None = None) -> list[Page]:
    return list(source.read(stream, cursor))


def keys(pages: list[Page]) -> list[str]:
    return [record.key for page in pages for record in page.records]


def change(version: str | None, **fields: Any) -> Change:
    return Change(
        stream="customers",
        key=guid(1),
        fields=fields,
        expected_version=version,
        idempotency_key="k",
    )


@pytest.mark.parametrize("stream", STREAMS)
def test_each_page_is_behind_a_next_link(standin: BusinessCentralStandIn, stream: str) -> None:
    pages = read(connect(standin), stream)
    assert [len(page.records) for page in pages] == [3, 3, 1]
    assert standin.requests[f"GET {ROOT}/{stream}"] == 3


def test_documents_come_with_their_lines(standin: BusinessCentralStandIn) -> None:
    record = read(connect(standin), "salesInvoices")[0].records[0]
    assert record.data["salesInvoiceLines"][0]["lineObjectNumber"] == "1896-S"
    assert record.version == "2026-01-31T12:00:00.000000Z"


def test_a_run_asks_from_the_last_time_on_and_looks_back(standin: BusinessCentralStandIn) -> None:
    """A record that was stamped before the last one seen, and committed after it, is found."""
    source = connect(standin)
    *_, last = read(source, "customers")
    rows = standin.state.stream("customers")
    late = stamp(AT - timedelta(seconds=200))
    rows[guid(50)] = {**rows[guid(1)], "id": guid(50), "lastModifiedDateTime": late}
    older = stamp(AT - timedelta(seconds=400))
    rows[guid(51)] = {**rows[guid(1)], "id": guid(51), "lastModifiedDateTime": older}
    pages = read(source, "customers", last.cursor)
    assert keys(pages) == [guid(50)]


def test_the_service_refuses_or_over_two_fields(standin: BusinessCentralStandIn) -> None:
    source = connect(standin)
    client = source.client(source._streams["customers"])
    condition = {"$filter": "number eq '1' or displayName eq 'x'"}
    with pytest.raises(SourceSchemaError, match="BadRequest_MethodNotImplemented"):
        client.query(Query("customers", condition))


def test_a_write_over_another_change_is_a_conflict(standin: BusinessCentralStandIn) -> None:
    source = connect(standin)
    before = source.fetch("customers", guid(1))
    assert before is not None
    receipt = source.write(change(before.version, phoneNumber="+43 1 1"))
    assert receipt.version is not None
    assert receipt.version > (before.version or "")
    with pytest.raises(ConflictError):
        source.write(change(before.version, phoneNumber="+43 1 2"))
    client = source.client(source._streams["customers"])
    with pytest.raises(ConflictError, match="Request_EntityChanged"):
        client.update(f"customers({guid(1)})", {"email": "x"}, etag='W/"old"', stream="customers")


def test_limits_and_long_requests_are_transient(standin: BusinessCentralStandIn) -> None:
    with policy_overrides(attempts=1):
        source = connect(standin)
        source.check()
        standin.fail(Fault(kind="status", status=429, path=ROOT))
        with pytest.raises(RateLimitedError):
            source.check()
        standin.fail(Fault(kind="status", status=504, path=ROOT))
        with pytest.raises(SourceUnavailableError):
            source.check()


def test_a_scan_finds_what_is_gone(standin: BusinessCentralStandIn) -> None:
    source = connect(standin)
    del standin.state.stream("contacts")[guid(4)]
    found = [key for scan in source.keys("contacts") for key in scan]
    assert found == [guid(number) for number in (1, 2, 3, 5, 6, 7)]


def test_names_of_the_address_can_not_lead_elsewhere() -> None:
    fine = {"tenant": "t", "company": COMPANY, "client_id": "c", "client_secret": "s"}
    for wrong in ({"tenant": "../x"}, {"company": "1)/x("}, {"environment": "a/b"}):
        with pytest.raises(ValidationError):
            BusinessCentralConfig.model_validate({**fine, **wrong})


def test_the_mapping_takes_empty_choices_for_nothing(standin: BusinessCentralStandIn) -> None:
    path = Path(__file__).parents[2] / "mappings" / "business_central.yaml"
    mapping = compile_mapping(load_mapping(path.read_text(encoding="utf-8"), file=path.name))
    made = {}
    for stream in STREAMS:
        row = read(connect(standin), stream)[0].records[0].data
        for one in mapping.stream(stream).translate(row):
            assert one.gaps == []
            made[stream, one.part] = ENTITIES[one.entity].model_validate(one.body)
    assert "business_central.blocked" not in made["customers", ""].ext
    assert made["contacts", "contact_of"].model_dump()["to_party"]["part"] == "company"
    invoice = made["salesInvoices", ""].model_dump()
    assert (invoice["open_amount"], invoice["order"]["type"]) == (10.5, "salesOrders")
    account = made["customers", "account"].model_dump()
    assert (account["active"], account["hold"]) == (True, False)
