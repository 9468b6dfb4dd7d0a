"""The Tryton connector against its stand-in: nothing lost, nothing said twice, valid records."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import connectors.tryton as plugin
from connectors.tryton import TrytonConnector
from connectors.tryton.client import TrytonClient
from connectors.tryton.config import TrytonConfig
from connectors.tryton.standin import TrytonStandIn
from connectors.tryton.wire import decode
from hub.errors import (
    AuthenticationError,
    CursorExpiredError,
    RateLimitedError,
    SourceSchemaError,
)
from hub.mapping import compile_mapping, load_mapping
from hub.model import ENTITIES
from hub.model.commerce import CustomerAccount, Invoice, Order
from hub.model.party import Party
from hub.sdk import Cursor, Fault, Page, Record, StandInState

MAPPING = Path(__file__).parents[2] / "mappings" / "tryton.yaml"
BULK = "2026-03-01T10:00:00.000000Z"
LATER = "2026-03-05T09:30:00.250000Z"


def party(number: int, **changed: Any) -> dict[str, Any]:
    row = {"id": number, "name": f"Example {number} GmbH", "code": f"C{number}"}
    return {**row, "create_date": BULK, "receivable": "0", "lang": "de", **changed}


def seed() -> dict[str, dict[str, dict[str, Any]]]:
    """Twenty-five parties of one moment; number 1 is the company itself."""
    money = {"untaxed_amount": "100.00", "tax_amount": "19.00", "total_amount": "119.00"}
    sale = {"id": 1, "party": 3, "currency": "EUR", "company": 1, "state": "processing", **money}
    sale |= {"number": "S1", "sale_date": "2026-02-01", "create_date": BULK, "reference": "PO-7"}
    invoice = {**sale, "type": "out", "number": "I1", "invoice_date": "2026-02-02", "sales": [1]}
    invoice |= {"state": "posted", "amount_to_pay": "119.00"}
    credit = {**invoice, "id": 2, "number": "I2", "sales": [], "amount_to_pay": "0"}
    credit |= {"untaxed_amount": "-50.00", "tax_amount": "-9.50", "total_amount": "-59.50"}
    bought = {**invoice, "id": 3, "number": "X9", "type": "in"}
    address = {"id": 1, "party": 3, "street": "Musterweg 1\nHof", "city": "Bonn", "country": "DE"}
    mail = {"id": 1, "party": 3, "type": "email", "value": "info@example3.example"}
    line = {"id": 1, "sale": 1, "type": "line", "product": "Service", "quantity": 2.0}
    return {
        "party.party": {str(n): party(n) for n in range(1, 26)},
        "party.address": {"1": {**address, "create_date": BULK, "postal_code": "53111"}},
        "party.contact_mechanism": {"1": {**mail, "create_date": BULK}},
        "party.identifier": {"1": {"id": 1, "party": 3, "type": "eu_vat", "code": "DE136695976"}},
        "company.company": {"1": {"id": 1, "party": 1, "currency": "EUR"}},
        "sale.sale": {"1": sale},
        "sale.line": {"1": {**line, "amount": "100.00", "create_date": BULK}},
        "account.invoice": {"1": invoice, "2": credit, "3": bought},
        "account.move.line": {"1": {"id": 1, "party": 3, "maturity_date": "2026-03-04"}},
    }


@pytest.fixture
def standin() -> Iterator[TrytonStandIn]:
    server = plugin.hub_standin().start(StandInState(seed()), 0)
    assert isinstance(server, TrytonStandIn)
    yield server
    server.stop()


def connect(standin: TrytonStandIn, **changed: Any) -> TrytonConnector:
    spec = plugin.hub_connector()
    config = spec.config.model_validate({**standin.config, "page_size": 10, **changed})
    connector = spec.open(config)
    assert isinstance(connector, TrytonConnector)
    return connector


def read(
    standin: TrytonStandIn,
    stream: str = "party.party",
    cursor: Cursor | None = None,
    **changed: Any,
) -> list[Page]:
    return list(connect(standin, **changed).read(stream, cursor))


def keys(pages: list[Page]) -> list[str]:
    return [record.key for page in pages for record in page.records]


def change(standin: TrytonStandIn, model: str, key: str, **fields: Any) -> None:
    with standin.state.changing():
        standin.state.stream(model)[key] |= {"write_date": LATER, **fields}


def test_check_says_what_was_reached(standin: TrytonStandIn) -> None:
    assert "accepts key and password" in connect(standin).check()
    assert "accepts the key" in connect(standin, password=None).check()


def test_a_full_read_gives_every_party_once_and_counts_the_company_out(
    standin: TrytonStandIn,
) -> None:
    pages = read(standin)
    assert keys(pages) == [str(n) for n in range(2, 26)]
    assert pages[0].excluded == {"own company": 1}
    assert len(pages) == 3


def test_inactive_parties_are_read(standin: TrytonStandIn) -> None:
    change(standin, "party.party", "7", active=False)
    (record,) = (r for page in read(standin) for r in page.records if r.key == "7")
    assert not record.data["active"]


def test_nothing_changed_gives_no_records(standin: TrytonStandIn) -> None:
    cursor = read(standin)[-1].cursor
    assert keys(read(standin, cursor=cursor)) == []


@pytest.mark.parametrize(
    ("model", "key", "fields", "touched"),
    [
        ("party.party", "9", {"name": "Renamed GmbH"}, "9"),
        ("party.address", "1", {"city": "Köln"}, "3"),
        ("party.contact_mechanism", "1", {"value": "new@example3.example"}, "3"),
        ("party.identifier", "1", {"code": "DE999999999"}, "3"),
    ],
)
def test_a_change_anywhere_in_a_party_brings_the_party(
    standin: TrytonStandIn, model: str, key: str, fields: dict[str, Any], touched: str
) -> None:
    cursor = read(standin)[-1].cursor
    change(standin, model, key, **fields)
    pages = read(standin, cursor=cursor)
    assert keys(pages) == [touched]
    assert [record.version for page in pages for record in page.records] == [LATER]
    assert keys(read(standin, cursor=pages[-1].cursor)) == []


def test_a_new_balance_brings_the_party(standin: TrytonStandIn) -> None:
    cursor = read(standin)[-1].cursor
    standin.state.stream("party.party")["5"]["receivable"] = "75.50"
    line = {"id": 2, "party": 5, "create_date": LATER, "invoice": None, "maturity_date": None}
    standin.state.stream("account.move.line")["2"] = line
    (record,) = (r for page in read(standin, cursor=cursor) for r in page.records)
    assert (record.key, record.data["receivable"]) == ("5", "75.50")
    assert record.data["company_currency"] == "EUR"


def test_equal_times_over_page_borders_lose_nothing(standin: TrytonStandIn) -> None:
    cursor = read(standin, overlap_seconds=0)[-1].cursor
    for number in range(2, 26):
        change(standin, "party.party", str(number), name=f"Bulk {number} GmbH")
    pages = read(standin, cursor=cursor, page_size=7, overlap_seconds=0)
    assert keys(pages) == [str(n) for n in range(2, 26)]


def test_a_transaction_that_commits_late_is_found_by_the_overlap(standin: TrytonStandIn) -> None:
    change(standin, "party.party", "9", name="Early GmbH")
    cursor = read(standin)[-1].cursor
    late = "2026-03-05T09:29:00.000000Z"
    change(standin, "party.party", "4", name="Late GmbH", write_date=late)
    assert keys(read(standin, cursor=cursor)) == ["4"]


def test_a_change_behind_the_position_comes_in_the_next_run(standin: TrytonStandIn) -> None:
    reading = connect(standin).read("party.party", None)
    next(reading)
    change(standin, "party.party", "2", name="Changed meanwhile GmbH")
    cursor = list(reading)[-1].cursor
    assert keys(read(standin, cursor=cursor)) == ["2"]


@pytest.mark.parametrize("full", [True, False])
def test_every_page_cursor_resumes_without_loss(standin: TrytonStandIn, *, full: bool) -> None:
    start = None if full else read(standin)[-1].cursor
    for number in range(2, 26):
        change(standin, "party.party", str(number), name=f"Round {number} GmbH")
    pages = read(standin, cursor=start)
    for place, page in enumerate(pages):
        rest = read(standin, cursor=page.cursor)
        assert keys(pages[: place + 1]) + keys(rest) == keys(pages)


def test_a_replaced_party_is_a_tombstone_that_names_the_other(standin: TrytonStandIn) -> None:
    cursor = read(standin)[-1].cursor
    change(standin, "party.party", "6", replaced_by=2, active=False)
    pages = read(standin, cursor=cursor)
    assert keys(pages) == []
    assert [tuple(stone) for stone in pages[0].tombstones] == [("6", LATER, "2")]


def test_only_customer_invoices_are_read(standin: TrytonStandIn) -> None:
    assert keys(read(standin, "account.invoice")) == ["1", "2"]


def test_a_wrong_key_is_an_authentication_error(standin: TrytonStandIn) -> None:
    with pytest.raises(AuthenticationError) as caught:
        connect(standin, key="wrong-key-value").check()
    assert "wrong-key-value" not in str(caught.value)


def test_a_missing_module_is_a_schema_error_at_once(standin: TrytonStandIn) -> None:
    client = TrytonClient(TrytonConfig.model_validate(standin.config))
    with pytest.raises(SourceSchemaError, match=r"no model or field 'production\.bom'"):
        client.search("production.bom", [], fields=["id"], limit=1)
    assert sum(standin.requests.values()) == 1


def test_a_foreign_cursor_opens_a_new_epoch(standin: TrytonStandIn) -> None:
    with pytest.raises(CursorExpiredError):
        read(standin, cursor={"since": "yesterday"})


def test_an_unknown_stream_is_refused(standin: TrytonStandIn) -> None:
    with pytest.raises(SourceSchemaError, match=r"it has account\.invoice"):
        read(standin, "product.product")


@pytest.mark.parametrize(
    "fault",
    [
        Fault(kind="status", status=429, headers={"retry-after": "0"}),
        Fault(kind="status", status=500),
        Fault(kind="truncate"),
        Fault(kind="reset"),
    ],
    ids=lambda fault: f"{fault.kind}{fault.status}",
)
def test_a_passing_fault_is_survived(standin: TrytonStandIn, fault: Fault) -> None:
    reading = connect(standin).read("party.party", None)
    first = next(reading)
    standin.fail(fault)
    assert keys([first, *reading]) == [str(n) for n in range(2, 26)]


def test_a_long_wait_is_left_to_the_scheduler(standin: TrytonStandIn) -> None:
    standin.fail(Fault(kind="status", status=429, headers={"retry-after": "3600"}))
    with pytest.raises(RateLimitedError) as caught:
        read(standin)
    assert caught.value.retry_after == 3600


def test_a_login_page_is_no_empty_answer(standin: TrytonStandIn) -> None:
    standin.fail(Fault(kind="not_json", times=9))
    with pytest.raises(SourceSchemaError):
        read(standin)


def test_classes_on_the_wire_become_plain_json() -> None:
    time = {"__class__": "datetime", "year": 2026, "month": 1, "day": 2, "microsecond": 5}
    time |= {"hour": 3, "minute": 4, "second": 0}
    day = {"__class__": "date", "year": 2026, "month": 1, "day": 2}
    amount = {"__class__": "Decimal", "decimal": "1E+3"}
    assert decode([time, {"d": day, "a": amount, "n": None}]) == [
        "2026-01-02T03:04:00.000005Z",
        {"d": "2026-01-02", "a": "1000", "n": None},
    ]


def translate(standin: TrytonStandIn, stream: str, key: str) -> dict[str, Any]:
    mapping = compile_mapping(load_mapping(MAPPING.read_text(), file=MAPPING.name))
    record = next(r for page in read(standin, stream) for r in page.records if r.key == key)
    assert isinstance(record, Record)
    made = mapping.stream(stream).translate(record.data)
    assert not [gap for one in made for gap in one.gaps]
    return {one.part: ENTITIES[one.entity].model_validate(one.body) for one in made}


def test_a_party_becomes_an_organisation_with_an_account(standin: TrytonStandIn) -> None:
    made = translate(standin, "party.party", "3")
    found, account = made[""], made["account"]
    assert isinstance(found, Party)
    assert isinstance(account, CustomerAccount)
    assert (found.kind, found.display_name, found.lang) == ("organisation", "Example 3 GmbH", "de")
    assert [(one.scheme, one.issuer) for one in found.identifiers] == [
        ("customer_no", "erp"),
        ("eu_vat", None),
    ]
    assert found.addresses[0].lines == ("Musterweg 1", "Hof")
    assert found.addresses[0].country == "DE"
    assert found.contact_points[0].shared
    assert (account.account_no, account.currency, account.ledger) == ("C3", "EUR", "tryton")
    assert account.party.key == "3"


def test_a_party_with_a_person_s_name_becomes_a_person(standin: TrytonStandIn) -> None:
    change(standin, "party.party", "4", name="Erika Beispiel", active=False)
    made = translate(standin, "party.party", "4")
    found = made[""]
    assert isinstance(found, Party)
    assert found.person is not None
    assert (found.person.family, found.status) == ("Beispiel", "inactive")
    assert found.organisation is None
    assert not made["account"].active


def test_inactive_addresses_and_contacts_are_left_out(standin: TrytonStandIn) -> None:
    change(standin, "party.address", "1", active=False)
    change(standin, "party.contact_mechanism", "1", active=False)
    found = translate(standin, "party.party", "3")[""]
    assert (found.addresses, found.contact_points) == ((), ())


def test_a_sale_becomes_an_order(standin: TrytonStandIn) -> None:
    order = translate(standin, "sale.sale", "1")[""]
    assert isinstance(order, Order)
    assert (order.number, order.status, str(order.gross)) == ("S1", "open", "119.00")
    assert (order.party and order.party.key, order.account and order.account.part) == (
        "3",
        "account",
    )
    assert str(order.lines[0].net) == "100.00"
    assert order.ext == {"tryton.reference": "PO-7"}


def test_a_draft_without_number_and_date_is_still_an_order(standin: TrytonStandIn) -> None:
    change(standin, "sale.sale", "1", number=None, sale_date=None, state="draft")
    order = translate(standin, "sale.sale", "1")[""]
    assert (order.number, str(order.date), order.status) == ("draft-1", "2026-03-01", "draft")


def test_the_sign_tells_invoices_from_credit_notes(standin: TrytonStandIn) -> None:
    invoice = translate(standin, "account.invoice", "1")[""]
    credit = translate(standin, "account.invoice", "2")[""]
    assert isinstance(invoice, Invoice)
    assert isinstance(credit, Invoice)
    assert (invoice.kind, credit.kind) == ("invoice", "credit_note")
    assert (str(invoice.open_amount), str(credit.gross)) == ("119.00", "-59.50")
    assert invoice.order is not None
    assert invoice.order.key == "1"


@pytest.mark.parametrize("stream", ["party.party", "sale.sale", "account.invoice"])
def test_the_keys_are_those_of_a_full_read(standin: TrytonStandIn, stream: str) -> None:
    change(standin, "party.party", "9", replaced_by=4, active=False)
    listed = [key for page in connect(standin).keys(stream) for key in page]
    assert listed == keys(read(standin, stream))


def test_a_deleted_party_is_missing_from_the_keys(standin: TrytonStandIn) -> None:
    with standin.state.changing():
        del standin.state.stream("party.party")["7"]
    listed = {key for page in connect(standin).keys("party.party") for key in page}
    assert listed == {str(n) for n in range(2, 26)} - {"7"}


def test_the_keys_of_an_unknown_stream_are_refused(standin: TrytonStandIn) -> None:
    with pytest.raises(SourceSchemaError, match="no such stream"):
        list(connect(standin).keys("party.cat"))


def test_the_count_goes_on_beyond_where_tryton_stops_counting(standin: TrytonStandIn) -> None:
    counts = [connect(standin).count(stream).records for stream in ("party.party", "sale.sale")]
    assert counts == [24, 1]
    with standin.state.lock:
        rows = standin.state.stream("party.party")
        rows.update({str(n): party(n) for n in range(26, 1_234)})
        rows["30"]["replaced_by"] = 31
    assert connect(standin).count("party.party").records == 1_231
