"""The SAP S/4HANA connector against its stand-in, over real sockets."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from pydantic import ValidationError

from connectors.sap_s4hana.config import SapS4HanaConfig
from connectors.sap_s4hana.orders import with_totals
from connectors.sap_s4hana.partners import changed_in, since_in
from connectors.sap_s4hana.reader import open_connector
from connectors.sap_s4hana.samples import SAMPLES, stamps
from connectors.sap_s4hana.standin import PASSWORD, SapStandIn
from hub.errors import AuthenticationError, ConflictError, RejectedError
from hub.mapping import compile_mapping, load_mapping
from hub.model import ENTITIES
from hub.sdk import Change, Cursor, Page, Sample, StandInState
from hub.sdk.odata import ODataConnector

AT = datetime(2026, 1, 31, 12, tzinfo=UTC)
STREAMS = ("business_partner", "contact_person", "sales_order")
PARTNERS = "/sap/opu/odata/sap/API_BUSINESS_PARTNER"


@pytest.fixture
def standin() -> Iterator[SapStandIn]:
    state = StandInState({})
    for stream in STREAMS:
        for number in range(1, 8):
            SAMPLES.put(SAMPLES, state, Sample(stream, number, 0, AT))
    running = SapStandIn(state)
    yield running
    running.stop()


def connect(standin: SapStandIn, **settings: Any) -> ODataConnector:
    config = {**standin.config, "page_size": 3, **settings}
    return open_connector(SapS4HanaConfig.model_validate(config))


def read(source: ODataConnector, stream: str, cursor: Cursor | None = None) -> list[Page]:
    return list(source.read(stream, cursor))


def keys(pages: list[Page]) -> list[str]:
    return [record.key for page in pages for record in page.records]


def change(fields: dict[str, Any], version: str | None = None) -> Change:
    return Change(
        stream="business_partner",
        key="0000000001",
        fields=fields,
        expected_version=version,
        idempotency_key="k",
    )


def partner(standin: SapStandIn) -> dict[str, Any]:
    return standin.state.stream("business_partner")["0000000001"]


def test_a_partner_comes_with_its_addresses_mails_and_numbers(standin: SapStandIn) -> None:
    record = read(connect(standin), "business_partner")[0].records[0]
    assert record.data["DefaultEmailAddress"] == "info@example1.example"
    assert record.data["DefaultPhoneNumber"] == "+43 1 555 0000"
    assert record.data["to_BusinessPartnerTax"][0]["BPTaxNumber"] == "ATU00000001"
    assert record.data["changed_at"] == record.version == "2026-01-31T12:00:00.000000Z"
    assert record.data["LastChangeDate"] == "2026-01-31T00:00:00"


def test_a_filter_by_day_brings_more_and_only_news_is_handed_on(standin: SapStandIn) -> None:
    source = connect(standin, overlap_seconds=60)
    *_, last = read(source, "business_partner")
    rows = standin.state.stream("business_partner")
    rows["0000000002"] |= stamps(AT + timedelta(seconds=1), "LastChange")
    rows["0000000003"] |= stamps(AT - timedelta(hours=1), "LastChange")
    fresh = {**rows["0000000001"], "BusinessPartner": "A1", "LastChangeDate": None}
    rows["A1"] = fresh | {"LastChangeTime": None} | stamps(AT + timedelta(seconds=2), "Creation")
    pages = read(source, "business_partner", last.cursor)
    assert keys(pages) == ["0000000002", "A1"]
    assert keys(read(source, "business_partner", pages[-1].cursor)) == []


def test_times_are_in_the_zone_of_the_system() -> None:
    row = {"LastChangeDate": "2026-01-31T00:00:00", "LastChangeTime": "PT00H30M00S"}
    row |= {"CreationDate": "2020-05-01T00:00:00", "CreationTime": "PT08H00M00S"}
    moment = datetime(2026, 1, 30, 23, 30, tzinfo=UTC)
    berlin = ZoneInfo("Europe/Berlin")
    assert changed_in(berlin)(row) == moment
    assert since_in(berlin)(moment).startswith("LastChangeDate ge datetime'2026-01-31T00:00:00'")
    with pytest.raises(ValueError):
        changed_in(berlin)({"LastChangeDate": None})
    with pytest.raises(ValidationError):
        SapS4HanaConfig(base_url="https://x", username="u", password="p", time_zone="CET/Moon")


def test_a_mail_address_is_written_where_it_belongs(standin: SapStandIn) -> None:
    source = connect(standin)
    before = source.fetch("business_partner", "0000000001")
    assert before is not None
    wanted = {"DefaultEmailAddress": "new@example.example"}
    receipt = source.write(change(wanted, before.version))
    assert receipt.version is not None
    assert receipt.version > (before.version or "")
    (address,) = partner(standin)["to_BusinessPartnerAddress"]
    assert address["to_EmailAddress"][0]["EmailAddress"] == "new@example.example"
    assert source.write(change(wanted, before.version)) == receipt
    with pytest.raises(ConflictError):
        source.write(change({"DefaultEmailAddress": "other@example.example"}, before.version))


def test_a_partner_without_a_mail_address_gets_none(standin: SapStandIn) -> None:
    partner(standin)["to_BusinessPartnerAddress"][0]["to_EmailAddress"] = []
    with pytest.raises(RejectedError, match="standard address"):
        connect(standin).write(change({"DefaultEmailAddress": "x@example.example"}))


def test_fields_of_two_entities_are_refused_together(standin: SapStandIn) -> None:
    fields = {"DefaultPhoneNumber": "1", "SearchTerm1": "X"}
    with pytest.raises(RejectedError, match="one by one"):
        connect(standin).write(change(fields))
    assert partner(standin)["SearchTerm1"] == "EXAMPLE 0"


def test_a_search_term_is_written_with_token_and_etag(standin: SapStandIn) -> None:
    source = connect(standin)
    source.write(change({"SearchTerm1": "NEW"}))
    standin.expire_csrf()
    source.write(change({"SearchTerm1": "NEWER"}))
    assert partner(standin)["SearchTerm1"] == "NEWER"
    assert standin.requests[f"GET {PARTNERS}/"] == 2
    assert standin.requests[f"PATCH {PARTNERS}/A_BusinessPartner('0000000001')"] == 3


def test_a_contact_has_a_key_of_four_fields(standin: SapStandIn) -> None:
    source = connect(standin)
    pages = read(source, "contact_person")
    assert len(pages) == 3
    key = pages[0].records[0].key
    assert key == '["000000000001","0000000001","9000000001","9999-12-31T00:00:00"]'
    found = source.fetch("contact_person", key)
    assert found is not None
    assert found.data == pages[0].records[0].data
    assert source.fetch("contact_person", '["1"]') is None


def test_orders_have_exact_sums(standin: SapStandIn) -> None:
    record = read(connect(standin), "sales_order")[0].records[0]
    totals = [
        record.data[name] for name in ("TotalNetAmount", "TotalTaxAmount", "TotalGrossAmount")
    ]
    assert totals == ["100.50", "20.10", "120.60"]
    many = with_totals({"TotalNetAmount": "0.10", "to_Item": [{"TaxAmount": "0.10"}] * 3})
    assert many["TotalGrossAmount"] == "0.40"


def test_a_token_is_as_good_as_a_password(standin: SapStandIn) -> None:
    login = f"{standin.url}/sap/bc/sec/oauth2/token"
    assert connect(standin, login_url=login).check()
    with pytest.raises(AuthenticationError) as refused:
        connect(standin, login_url=login, password="swordfish").check()
    assert "swordfish" not in str(refused.value)
    assert PASSWORD not in str(refused.value)


def test_the_mapping_knows_roles_taxes_and_stages(standin: SapStandIn) -> None:
    path = Path(__file__).parents[2] / "mappings" / "sap_s4hana.yaml"
    mapping = compile_mapping(load_mapping(path.read_text(encoding="utf-8"), file=path.name))
    made = {}
    for stream in STREAMS:
        row = read(connect(standin), stream)[0].records[0].data
        for one in mapping.stream(stream).translate(row):
            assert one.gaps == []
            made[stream, one.part] = ENTITIES[one.entity].model_validate(one.body).model_dump()
    found = made["business_partner", ""]
    assert [role["role"] for role in found["roles"]] == ["customer"]
    assert [one["scheme"] for one in found["identifiers"]] == ["customer_no", "eu_vat"]
    assert found["addresses"][0]["lines"] == ("Sample Street 1",)
    assert [point["rank"] for point in found["contact_points"]] == [1, 1]
    assert made["contact_person", ""]["job_title"] == "Buyer 0"
    assert made["sales_order", ""]["status"] == "open"
