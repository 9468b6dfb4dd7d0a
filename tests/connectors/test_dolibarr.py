"""The Dolibarr connector against its stand-in and against exchanges recorded from a real server."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import requests
from lxml import etree

import connectors.dolibarr as plugin
from connectors.dolibarr.client import _FOLDER, LISTS, DolibarrClient
from connectors.dolibarr.config import DolibarrConfig
from connectors.dolibarr.standin import KEY, LOGIN, PASSWORD, DolibarrStandIn
from connectors.dolibarr.streams import DolibarrConnector
from hub.errors import (
    AuthenticationError,
    ConflictError,
    OutcomeUnknownError,
    RejectedError,
    SourceSchemaError,
    SourceUnavailableError,
)
from hub.mapping import compile_mapping, load_mapping
from hub.model import ENTITIES, CanonicalRecord
from hub.model.commerce import CustomerAccount, Invoice, Order
from hub.model.party import Party, Relationship
from hub.sdk import Change, Fault, Page, Record, StandInState
from hub.sdk.soap.rows import RowShape, read_rows
from hub.sdk.soap.values import SoapFault, read_answer
from hub.sdk.soap.wsdl import Wsdl

FILE = Path(__file__).parents[2] / "mappings" / "dolibarr.yaml"
MAPPING = compile_mapping(load_mapping(FILE.read_text(), file=FILE.name))
RECORDED = Path(__file__).parents[3] / "shared" / "data" / "soap" / "dolibarr"
recorded = pytest.mark.skipif(not RECORDED.is_dir(), reason="the recorded exchanges are not here")

BRUSSELS = {
    "id": "3", "ref": "Initech NV 2", "ref_ext": "hub-2", "status": "1", "client": "1",
    "supplier": "0", "customer_code": "CU00002", "date_creation": "2026-11-22T04:07:14Z",
    "date_modification": "2026-11-22T04:07:14Z", "address": "Hauptstr. 3", "zip": "1000",
    "town": "Brussels", "country_id": "2", "country_code": "BE", "country": "Belgium",
    "phone": "+4930100074", "email": "user2@initech2.example", "profid1": "", "profid2": "",
    "profid3": "", "profid4": "", "profid5": "", "profid6": "", "vat_used": "1", "vat_number": "",
}  # fmt: skip
INVOICE = {
    "id": "7", "ref": "FA2601-0001", "thirdparty_id": "3", "date": "2026-01-31",
    "date_due": "2026-03-02", "date_modification": "2026-02-01T08:00:00Z", "type": "0",
    "status": "1", "total_net": "298.50000000", "total_vat": "56.72000000",
    "total": "355.22000000",
    "lines": [{"id": "9", "qty": "3", "unitprice": "99.50000000", "total_net": "298.50000000",
               "total_vat": "56.72000000", "total": "355.22000000", "product_ref": "SRV"}],
}  # fmt: skip


@pytest.fixture
def standin() -> Iterator[DolibarrStandIn]:
    rows = {str(n): {**BRUSSELS, "id": str(n), "ref": f"Example {n}"} for n in range(1, 26)}
    rows["3"] = dict(BRUSSELS)
    server = plugin.hub_standin().start(
        StandInState({"thirdparty": rows, "invoice": {"7": INVOICE}}), 0
    )
    assert isinstance(server, DolibarrStandIn)
    yield server
    server.stop()


def connect(standin: DolibarrStandIn, **changed: Any) -> DolibarrConnector:
    spec = plugin.hub_connector()
    config = spec.config.model_validate({**standin.config, "page_size": 10, **changed})
    connector = spec.open(config)
    assert isinstance(connector, DolibarrConnector)
    return connector


def keys(pages: list[Page]) -> list[str]:
    return [record.key for page in pages for record in page.records]


def test_check_logs_in(standin: DolibarrStandIn) -> None:
    assert "accepts" in connect(standin).check()


def test_reads_all_third_parties_in_pages(standin: DolibarrStandIn) -> None:
    pages = list(connect(standin).read("thirdparty", None))
    assert [len(page.records) for page in pages] == [10, 10, 5]
    assert keys(pages) == [str(n) for n in range(1, 26)]
    assert pages[0].records[2].data == BRUSSELS
    assert pages[0].records[2].version == "2026-11-22T04:07:14Z"


def test_resumes_from_every_cursor(standin: DolibarrStandIn) -> None:
    connector = connect(standin, page_size=4)
    pages = list(connector.read("thirdparty", None))
    for place, page in enumerate(pages):
        rest = list(connector.read("thirdparty", page.cursor))
        assert keys(rest) == keys(pages[place + 1 :])


def test_empty_system_gives_no_page() -> None:
    server = plugin.hub_standin().start(StandInState({}), 0)
    assert isinstance(server, DolibarrStandIn)
    assert list(connect(server).read("thirdparty", None)) == []
    server.stop()


def test_a_third_party_deleted_while_reading_is_counted(standin: DolibarrStandIn) -> None:
    reading = connect(standin, page_size=20).read("thirdparty", None)
    next(reading)
    del standin.state.records["thirdparty"]["25"]
    page = next(reading)
    assert len(page.records) == 4
    assert page.excluded == {"deleted while reading": 1}


def test_reads_invoices_with_third_party_and_currency(standin: DolibarrStandIn) -> None:
    pages = list(connect(standin, currency="CHF").read("invoice", None))
    assert keys(pages) == ["7"]
    invoice = pages[0].records[0].data
    assert (invoice["thirdparty_id"], invoice["currency"]) == ("3", "CHF")
    assert invoice["lines"][0]["qty"] == "3"


@pytest.mark.parametrize("wrong", ["key", "login", "password"])
def test_wrong_credentials(standin: DolibarrStandIn, wrong: str) -> None:
    connector = connect(standin, **{wrong: "wrong-canary"})
    with pytest.raises(AuthenticationError) as caught:
        connector.check()
    assert "canary" not in str(caught.value)
    with pytest.raises(AuthenticationError):
        list(connector.read("thirdparty", None))


@pytest.mark.parametrize("kind", ["reset", "truncate", "status", "drop"])
def test_one_fault_is_ridden_out(standin: DolibarrStandIn, kind: str) -> None:
    standin.fail(Fault(kind=kind, status=503))
    assert len(keys(list(connect(standin).read("thirdparty", None)))) == 25


@pytest.mark.parametrize("kind", ["reset", "truncate", "status"])
def test_lasting_faults_become_unavailable(standin: DolibarrStandIn, kind: str) -> None:
    standin.fail(Fault(kind=kind, status=503, times=9))
    with pytest.raises(SourceUnavailableError):
        connect(standin).check()


def test_a_gateway_page_is_refused(standin: DolibarrStandIn) -> None:
    standin.fail(Fault(kind="not_json"))
    with pytest.raises(SourceSchemaError):
        connect(standin).check()


def test_write_keeps_what_it_does_not_change(standin: DolibarrStandIn) -> None:
    connector = connect(standin)
    before = connector.fetch("thirdparty", "3")
    assert before is not None
    receipt = connector.write(change({"phone": "+3222222222"}, before.version))
    after = connector.fetch("thirdparty", "3")
    assert after is not None
    assert receipt.version == after.version != before.version
    different = {name for name, value in before.data.items() if after.data.get(name) != value}
    assert different == {"phone", "date_modification"}


def test_write_meets_a_changed_version(standin: DolibarrStandIn) -> None:
    with pytest.raises(ConflictError):
        connect(standin).write(change({"phone": "1"}, "2020-01-01T00:00:00Z"))
    assert standin.state.records["thirdparty"]["3"]["phone"] == BRUSSELS["phone"]


@pytest.mark.parametrize(
    ("bad", "error"),
    [
        ({"key": "999"}, ConflictError),
        ({"fields": {"colour": "red"}}, RejectedError),
        ({"stream": "invoice"}, RejectedError),
    ],
)
def test_write_is_rejected(
    standin: DolibarrStandIn, bad: dict[str, Any], error: type[Exception]
) -> None:
    plain = change({"phone": "1"}, None)
    with pytest.raises(error):
        connect(standin).write(
            Change(
                stream=bad.get("stream", plain.stream),
                key=bad.get("key", plain.key),
                fields=bad.get("fields", plain.fields),
                expected_version=None,
                idempotency_key="k",
            )
        )


def test_a_lost_answer_to_a_write_is_unknown(standin: DolibarrStandIn) -> None:
    client = DolibarrClient(DolibarrConfig.model_validate(standin.config))
    standin.fail(Fault(kind="drop"))
    with pytest.raises(OutcomeUnknownError):
        client.update({**BRUSSELS, "phone": "+3299"})
    assert standin.state.records["thirdparty"]["3"]["phone"] == "+3299"


def canonical(record: Record, stream: str) -> dict[str, CanonicalRecord]:
    """What the mapping makes of a record, by part; none may be invalid."""
    made = MAPPING.stream(stream).translate(record.data)
    assert [one.gaps for one in made] == [[]] * len(made)
    return {one.part: ENTITIES[one.entity].model_validate(one.body) for one in made}


def test_maps_a_third_party_and_its_account(standin: DolibarrStandIn) -> None:
    standin.state.records["thirdparty"]["3"] |= {"vat_number": "BE0123456789", "supplier": "1"}
    record = connect(standin).fetch("thirdparty", "3")
    assert record is not None
    made = canonical(record, "thirdparty")
    party, account = made[""], made["account"]
    assert isinstance(party, Party)
    assert isinstance(account, CustomerAccount)
    assert (party.kind, party.display_name) == ("organisation", "Initech NV 2")
    assert {one.scheme: one.value for one in party.identifiers} == {
        "customer_no": "CU00002",
        "eu_vat": "BE0123456789",
    }
    assert [one.role for one in party.roles] == ["customer", "supplier"]
    assert [one.value for one in party.contact_points] == [BRUSSELS["email"], BRUSSELS["phone"]]
    assert (party.addresses[0].postcode, party.addresses[0].country) == ("1000", "BE")
    assert (account.ledger, account.account_no, account.party.key) == ("dolibarr", "CU00002", "3")


def test_maps_a_person_without_a_customer_number(standin: DolibarrStandIn) -> None:
    bare = {"id": "4", "ref": "Karla Beispiel", "client": "2", "status": "0"}
    made = canonical(Record(key="4", data=bare), "thirdparty")
    assert list(made) == [""]
    party = made[""]
    assert isinstance(party, Party)
    assert party.person is not None
    assert (party.kind, party.person.family, party.status) == ("person", "Beispiel", "inactive")
    assert [one.role for one in party.roles] == ["prospect"]


@pytest.mark.parametrize(
    ("kind", "status", "expected"),
    [("0", "1", ("invoice", "open", None)), ("2", "2", ("credit_note", "done", Decimal(0)))],
)
def test_maps_an_invoice(
    standin: DolibarrStandIn, kind: str, status: str, expected: tuple[Any, ...]
) -> None:
    standin.state.records["invoice"]["7"] |= {"type": kind, "status": status}
    record = next(iter(connect(standin).read("invoice", None))).records[0]
    invoice = canonical(record, "invoice")[""]
    assert isinstance(invoice, Invoice)
    assert (invoice.kind, invoice.status, invoice.open_amount) == expected
    assert (invoice.net, invoice.tax, invoice.gross) == (
        Decimal("298.5"),
        Decimal("56.72"),
        Decimal("355.22"),
    )
    assert invoice.party is not None
    assert (invoice.party.key, invoice.currency) == ("3", "EUR")
    assert (invoice.lines[0].product, invoice.lines[0].quantity) == ("SRV", Decimal(3))


CONTACT = {
    "id": "5", "socid": "3", "firstname": "Kim", "lastname": "Example", "civility_id": "MME",
    "poste": "CFO", "email": "kim@example.com", "phone_pro": "+32 2 1", "country_code": "BE",
    "town": "Brussels", "status": "0",
}  # fmt: skip
ORDER = {
    "id": "6", "ref": "CO2601-0001", "socid": "3", "status": "-1", "date": "2026-01-30",
    "total_net": "99.50000000", "total_vat": "18.91000000", "total": "118.41000000",
    "lines": [{"id": "1", "desc": "Service", "qty": "1", "total_net": "99.50000000"}],
}  # fmt: skip


def test_maps_a_contact(standin: DolibarrStandIn) -> None:
    standin.state.records["contact"] = {"5": CONTACT}
    record = next(iter(connect(standin).read("contact", None))).records[0]
    assert record.version is None
    made = canonical(record, "contact")
    party, relation = made[""], made["contact_of"]
    assert isinstance(party, Party)
    assert isinstance(relation, Relationship)
    assert party.person is not None
    assert (party.person.prefix, party.status, party.addresses[0].country) == (
        "Mrs",
        "inactive",
        "BE",
    )
    assert (relation.to_party.key, relation.job_title) == ("3", "CFO")


def test_maps_an_order(standin: DolibarrStandIn) -> None:
    standin.state.records["order"] = {"6": ORDER}
    record = next(iter(connect(standin, currency="CHF").read("order", None))).records[0]
    order = canonical(record, "order")[""]
    assert isinstance(order, Order)
    assert order.party is not None
    assert (order.status, order.currency, order.gross) == ("cancelled", "CHF", Decimal("118.41"))
    assert (order.party.key, order.lines[0].description) == ("3", "Service")


def change(fields: dict[str, Any], version: str | None) -> Change:
    return Change(
        stream="thirdparty", key="3", fields=fields, expected_version=version, idempotency_key="k"
    )


@recorded
@pytest.mark.parametrize("name", sorted(path.name for path in RECORDED.glob("*_response.xml")))
def test_reads_every_recorded_answer(name: str) -> None:
    answer = read_answer((RECORDED / name).read_bytes(), system="dolibarr")
    assert not isinstance(answer, SoapFault)
    assert set(answer["result"]) == {"result_code", "result_label"}


@recorded
def test_reads_the_recorded_list_row_by_row() -> None:
    body = (RECORDED / "getListOfThirdParties_response.xml").read_bytes()
    rows = list(read_rows(body, RowShape(within="thirdparties"), system="dolibarr"))
    assert len(rows) == 49
    assert isinstance(rows[0], dict)
    assert (rows[0]["ref"], rows[0]["fax"]) == ("Acme GmbH 0", None)


@recorded
@pytest.mark.parametrize("name", ["getThirdParty", "getThirdParty_missing", "getThirdParty_badkey"])
def test_standin_answers_as_recorded(standin: DolibarrStandIn, name: str) -> None:
    assert parsed(ask(standin, f"{name}_request.xml")) == parsed(
        (RECORDED / f"{name}_response.xml").read_bytes()
    )


@recorded
@pytest.mark.parametrize(
    ("name", "stream"),
    [("getContactsForThirdParty", "contact"), ("getOrdersForThirdParty", "order")],
)
def test_standin_gives_belongings_as_recorded(name: str, stream: str) -> None:
    body = (RECORDED / f"{name}_response.xml").read_bytes()
    answer = read_answer(body, system="dolibarr")
    assert isinstance(answer, dict)
    rows = {row["id"]: row for row in answer[f"{stream}s"]}
    server = DolibarrStandIn(StandInState({"thirdparty": {"3": BRUSSELS}, stream: rows}))
    said = ask(server, f"{name}_request.xml", stream)
    (page,) = connect(server).read(stream, None)
    server.stop()
    assert parsed(said) == parsed(body)
    assert [record.key for record in page.records] == ["3"]
    assert canonical(page.records[0], stream)


@recorded
@pytest.mark.parametrize("stream", ["contact", "order", "invoice", "thirdparty"])
def test_our_wsdls_agree_with_the_recorded_ones(stream: str) -> None:
    ours, theirs = (described(folder / f"{stream}.wsdl") for folder in (_FOLDER, RECORDED))
    assert ours
    assert {name: theirs[name] for name in ours} == ours


def described(path: Path) -> dict[str, tuple[str, list[str]]]:
    """Action and parts of each operation."""
    space = "{http://schemas.xmlsoap.org/wsdl/}"
    root = etree.parse(path).getroot()
    parts = {
        str(one.get("name")): [str(part.get("name")) for part in one.iter(f"{space}part")]
        for one in root.iter(f"{space}message")
    }
    actions = {
        str(one.get("name")): str(one[0].get("soapAction"))
        for one in root.iter(f"{space}operation")
        if one[0].get("soapAction")
    }
    optional = {"ref", "ref_ext", "barcode", "profid1", "profid2"}
    return {
        name: (action, [part for part in parts[name] if part not in optional])
        for name, action in actions.items()
    }


@recorded
@pytest.mark.parametrize("stream", ["contact", "order", "invoice"])
def test_our_requests_for_belongings_are_the_recorded_ones(stream: str) -> None:
    name = LISTS[stream][0]
    proof = {"dolibarrkey": "hubsoapkey", "sourceapplication": "hub", "login": "admin"}
    parts = {"authentication": {**proof, "password": "admin", "entity": ""}, "idthirdparty": "3"}
    ours = parsed(Wsdl(_FOLDER / f"{stream}.wsdl").seal(name, parts).body)
    assert ours == parsed((RECORDED / f"{name}_request.xml").read_bytes())


@recorded
def test_standin_lists_as_recorded() -> None:
    body = (RECORDED / "getListOfThirdParties_response.xml").read_bytes()
    answer = read_answer(body, system="dolibarr")
    assert isinstance(answer, dict)
    rows = {row["id"]: {**row, "client": "1"} for row in answer["thirdparties"]}
    server = DolibarrStandIn(StandInState({"thirdparty": rows}))
    said = ask(server, "getListOfThirdParties_request.xml")
    server.stop()
    assert parsed(said) == parsed(body)


@recorded
@pytest.mark.parametrize("name", ["getThirdParty", "getListOfThirdParties"])
def test_our_requests_have_the_recorded_shape(standin: DolibarrStandIn, name: str) -> None:
    proof = {"dolibarrkey": "hubsoapkey", "sourceapplication": "hub", "login": "admin"}
    parts: dict[str, Any] = {"authentication": {**proof, "password": "admin", "entity": ""}}
    parts |= {"id": "3"} if name == "getThirdParty" else {"filterthirdparty": {"client": "1"}}
    ours = parsed(Wsdl(_FOLDER / "thirdparty.wsdl").seal(name, parts).body)
    theirs = parsed((RECORDED / f"{name}_request.xml").read_bytes())
    for unused in ("name", "category"):  # the recorded client sent empty filters along
        theirs = [element for element in theirs if element[0] != unused]
    assert ours == theirs


def ask(standin: DolibarrStandIn, name: str, service: str = "thirdparty") -> bytes:
    body = (RECORDED / name).read_bytes().replace(b"hubsoapkey", KEY.encode())
    body = body.replace(b"<login>admin", b"<login>" + LOGIN.encode())
    body = body.replace(b"<password>admin", b"<password>" + PASSWORD.encode())
    url = f"{standin.http.url}/webservices/server_{service}.php"
    return requests.post(url, data=body, timeout=5).content


def parsed(body: bytes) -> list[tuple[str, str, tuple[tuple[str, str], ...]]]:
    """Every element in order: its name, text and attributes."""
    root: Any = etree.fromstring(body)
    return [
        (
            element.tag,
            element.text or "",
            tuple(sorted(element.attrib.items())) if element is not root else (),
        )
        for element in root.iter()
    ]
