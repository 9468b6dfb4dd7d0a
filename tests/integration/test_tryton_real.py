"""The Tryton connector against a real Tryton 8.2: what the stand-in claims has to be true there."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from pydantic import JsonValue

from connectors.tryton import TrytonConnector, hub_connector
from hub.errors import (
    AuthenticationError,
    ConflictError,
    RejectedError,
    SourceSchemaError,
    SourceUnavailableError,
)
from hub.mapping import compile_mapping, load_mapping
from hub.model import ENTITIES
from hub.sdk import Change, Cursor, New, Record
from tests.servers.tryton import SeededParty, TrytonServer

pytestmark = pytest.mark.servers
MAPPING = Path(__file__).parents[2] / "mappings" / "tryton.yaml"


def connect(server: TrytonServer, **changed: Any) -> TrytonConnector:
    spec = hub_connector()
    settings = {"base_url": f"{server.url}/{server.database}", "key": server.key, "page_size": 7}
    settings |= {"username": "admin", "password": server.password}
    connector = spec.open(spec.config.model_validate({**settings, **changed}))
    assert isinstance(connector, TrytonConnector)
    return connector


def read(
    server: TrytonServer, stream: str = "party.party", cursor: Cursor | None = None
) -> tuple[dict[str, Record], Cursor]:
    pages = list(connect(server).read(stream, cursor))
    records = [record for page in pages for record in page.records]
    assert len({record.key for record in records}) == len(records)
    return {record.key: record for record in records}, pages[-1].cursor


def put(server: TrytonServer, model: str, number: int, values: Mapping[str, Any]) -> None:
    headers = {**server.headers, "Content-Type": "application/json"}
    request = urllib.request.Request(
        f"{server.model_url(model)}/{number}",
        data=json.dumps(values).encode(),
        headers=headers,
        method="PUT",
    )
    with urllib.request.urlopen(request, timeout=30):
        pass


def remove(server: TrytonServer, model: str, number: int) -> None:
    request = urllib.request.Request(
        f"{server.model_url(model)}/{number}", headers=server.headers, method="DELETE"
    )
    with urllib.request.urlopen(request, timeout=30):
        pass


def seed_parties(server: TrytonServer, count: int, name: str) -> tuple[SeededParty, ...]:
    return server.seed(
        parties=[
            {
                "name": f"{name} {number} GmbH",
                "lang": "de",
                "identifiers": [{"type": "eu_vat", "code": "BE0897290877"}],
                "addresses": [
                    {"street": f"Musterweg {number}", "postal_code": "53111", "city": "Bonn",
                     "country": "DE"}
                ],
                "contact_mechanisms": [
                    {"type": "email", "value": f"info@{name.lower()}{number}.example"}
                ],
            }
            for number in range(count)
        ]
    ).parties  # fmt: skip


def translate(stream: str, record: Record) -> dict[str, Any]:
    mapping = compile_mapping(load_mapping(MAPPING.read_text(), file=MAPPING.name)).stream(stream)
    made = mapping.translate(record.data)
    assert not [gap for one in made for gap in one.gaps]
    return {one.part: ENTITIES[one.entity].model_validate(one.body) for one in made}


def test_check_and_a_wrong_key(tryton_server: TrytonServer) -> None:
    assert "accepts key and password" in connect(tryton_server).check()
    assert "accepts the key" in connect(tryton_server, username=None, password=None).check()
    for wrong in ("key", "password", "username"):
        with pytest.raises(AuthenticationError):
            connect(tryton_server, **{wrong: "wrong"}).check()


def test_a_missing_module_is_a_schema_error(tryton_server: TrytonServer) -> None:
    with pytest.raises(SourceSchemaError, match=r"no model or field 'production\.bom'"):
        connect(tryton_server)._client.search("production.bom", [], fields=["id"], limit=1)


def test_many_parties_of_one_transaction_are_read_once(tryton_server: TrytonServer) -> None:
    seeded = seed_parties(tryton_server, 20, "Bulk")
    found, cursor = read(tryton_server)
    assert {str(one.id) for one in seeded} <= set(found)
    assert read(tryton_server, cursor=cursor)[0] == {}


def test_changes_in_nested_rows_bring_their_party(tryton_server: TrytonServer) -> None:
    one, two, three, _ = seed_parties(tryton_server, 4, "Nested")
    _, cursor = read(tryton_server)
    put(tryton_server, "party.address", one.addresses[0], {"city": "Köln"})
    mail = two.contact_mechanisms[0]
    put(tryton_server, "party.contact_mechanism", mail, {"value": "new@nested.example"})
    put(tryton_server, "party.party", three.id, {"active": False})
    found, cursor = read(tryton_server, cursor=cursor)
    assert set(found) == {str(one.id), str(two.id), str(three.id)}
    assert found[str(one.id)].data["addresses"][0]["city"] == "Köln"
    assert not found[str(three.id)].data["active"]
    assert read(tryton_server, cursor=cursor)[0] == {}


def test_a_party_is_translated(tryton_server: TrytonServer) -> None:
    (seeded,) = seed_parties(tryton_server, 1, "Mapped")
    made = translate("party.party", read(tryton_server)[0][str(seeded.id)])
    party, account = made[""], made["account"]
    assert (party.kind, party.display_name, party.lang) == ("organisation", "Mapped 0 GmbH", "de")
    assert (party.addresses[0].country, party.contact_points[0].shared) == ("DE", True)
    assert account.account_no == seeded.code
    assert (account.currency, account.ar_balance) == ("EUR", 0)


def test_a_posted_sale_changes_the_balance_of_a_party_that_is_not_touched(
    tryton_server: TrytonServer,
) -> None:
    (seeded,) = seed_parties(tryton_server, 1, "Buyer")
    _, cursor = read(tryton_server)
    line = {"quantity": 2, "unit_price": "100.50", "description": "Consulting"}
    today = datetime.now(UTC).date().isoformat()  # invoice numbers follow their dates
    sale = {"party_id": seeded.id, "date": today, "reference": "PO-7", "lines": [line]}
    made = tryton_server.seed(sales=[sale]).sales[0]
    found, _ = read(tryton_server, cursor=cursor)
    account = translate("party.party", found[str(seeded.id)])["account"]
    assert str(account.ar_balance) == "201.00"
    order = translate("sale.sale", read(tryton_server, "sale.sale")[0][str(made.id)])[""]
    assert (order.status, str(order.gross), order.party.key) == ("open", "201.00", str(seeded.id))
    invoices, _ = read(tryton_server, "account.invoice")
    invoice = translate("account.invoice", invoices[str(made.invoices[0])])[""]
    assert (str(invoice.open_amount), invoice.order.key) == ("201.00", str(made.id))


def fetched(connector: TrytonConnector, number: int) -> Record:
    record = connector.fetch("party.party", str(number))
    assert record is not None
    return record


def change(record: Record, **fields: str) -> Change:
    return Change(
        stream="party.party",
        key=record.key,
        fields=fields,
        expected_version=record.version,
        idempotency_key="one",
    )


def test_a_party_is_written_in_one_go(tryton_server: TrytonServer) -> None:
    (seeded,) = seed_parties(tryton_server, 1, "Written")
    connector = connect(tryton_server)
    _, cursor = read(tryton_server)
    values = {"name": "Written anew GmbH", "email": "new@written.example", "phone": "+49 30 123456"}
    values |= {"street": "Ring 2\nHof", "postal_code": "1010", "city": "Wien", "country": "AT"}
    receipt = connector.write(change(fetched(connector, seeded.id), **values))
    found, _ = read(tryton_server, cursor=cursor)
    now = found[str(seeded.id)]
    assert {name: now.data[name] for name in values} == values
    assert receipt.version == now.version == fetched(connector, seeded.id).version
    ids = [row["id"] for row in now.data["contact_mechanisms"]]
    assert ids[0] == seeded.contact_mechanisms[0]
    assert (len(ids), [row["id"] for row in now.data["addresses"]]) == (2, list(seeded.addresses))


def test_a_party_is_made_once_under_an_external_key(tryton_server: TrytonServer) -> None:
    connector, key = connect(tryton_server), "019f3a54-0000-7000-8000-000000000001"
    _, cursor = read(tryton_server)
    assert connector.find("party.party", key) is None
    values = {"name": "Made GmbH", "email": "office@made.example", "phone": "+49 30 123456"}
    values |= {"street": "Ring 2\nHof", "postal_code": "1010", "city": "Wien", "country": "AT"}
    new = New(stream="party.party", fields=values, external_key=key)
    receipt = connector.create(new)
    assert connector.create(new).key == connector.find("party.party", key) == receipt.key
    found, _ = read(tryton_server, cursor=cursor)
    made = found[receipt.key]
    assert {name: made.data[name] for name in values} == values
    assert key in json.dumps(made.data["identifiers"])
    body = translate("party.party", made)[""]
    assert [item.scheme for item in body.identifiers] == ["customer_no"]
    with pytest.raises(RejectedError, match="colour"):
        connector.create(replace(new, fields={"colour": "red"}, external_key="another"))


def test_an_inactive_party_is_written_too(tryton_server: TrytonServer) -> None:
    (seeded,) = seed_parties(tryton_server, 1, "Inactive")
    put(tryton_server, "party.party", seeded.id, {"active": False})
    connector = connect(tryton_server)
    connector.write(change(fetched(connector, seeded.id), phone="+49 30 123456"))
    assert fetched(connector, seeded.id).data["phone"] == "+49 30 123456"


def test_an_old_version_is_a_conflict(tryton_server: TrytonServer) -> None:
    (seeded,) = seed_parties(tryton_server, 1, "Contested")
    connector = connect(tryton_server)
    before = fetched(connector, seeded.id)
    put(tryton_server, "party.address", seeded.addresses[0], {"city": "Köln"})
    fetched(connector, seeded.id)
    with pytest.raises(ConflictError, match="changed since"):
        connector.write(change(before, phone="+49 30 123456"))
    assert fetched(connector, seeded.id).data["phone"] is None


def test_a_change_after_the_look_is_refused_by_tryton_itself(tryton_server: TrytonServer) -> None:
    party, mail = seed_parties(tryton_server, 2, "Raced")
    connector = connect(tryton_server)
    before = fetched(connector, party.id)
    put(tryton_server, "party.party", party.id, {"name": "Theirs GmbH"})
    with pytest.raises(ConflictError, match="changed meanwhile"):
        connector.write(change(before, name="Ours GmbH"))
    assert fetched(connector, party.id).data["name"] == "Theirs GmbH"
    before = fetched(connector, mail.id)
    theirs = {"value": "theirs@raced.example"}
    put(tryton_server, "party.contact_mechanism", mail.contact_mechanisms[0], theirs)
    with pytest.raises(ConflictError, match="changed meanwhile"):
        connector.write(change(before, name="Ours GmbH", email="ours@raced.example"))
    now = fetched(connector, mail.id).data
    assert (now["name"], now["email"]) == ("Raced 1 GmbH", "theirs@raced.example")


def test_what_tryton_refuses_changes_nothing(tryton_server: TrytonServer) -> None:
    (seeded,) = seed_parties(tryton_server, 1, "Refused")
    connector = connect(tryton_server)
    before = fetched(connector, seeded.id)
    mail = seeded.contact_mechanisms[0]
    half: dict[str, JsonValue] = {"contact_mechanisms": [["write", [mail], {"value": ""}]]}
    with pytest.raises(RejectedError, match="rules"):
        connector._rpc.write("party.party", seeded.id, {"name": "Half", **half}, stamps={})
    with pytest.raises(RejectedError, match="rules"):
        connector._rpc.write("party.party", 987654, {"name": "Gone"}, stamps={})
    unknown: dict[str, JsonValue] = {"name": "Half", "colour": "red"}
    with pytest.raises(SourceUnavailableError, match="rolled"):
        connector._rpc.write("party.party", seeded.id, unknown, stamps={})
    assert fetched(connector, seeded.id) == before


def test_a_wrong_password_writes_nothing(tryton_server: TrytonServer) -> None:
    (seeded,) = seed_parties(tryton_server, 1, "Locked")
    wrong = connect(tryton_server, password="wrong")
    with pytest.raises(AuthenticationError):
        wrong.write(change(fetched(wrong, seeded.id), phone="+49 30 123456"))


def test_keys_are_those_of_the_records_and_a_deleted_party_is_not_among_them(
    tryton_server: TrytonServer,
) -> None:
    kept, deleted = seed_parties(tryton_server, 2, "Keyed")
    remove(tryton_server, "party.party", deleted.id)
    listed = {key for page in connect(tryton_server).keys("party.party") for key in page}
    assert listed == set(read(tryton_server)[0])
    assert str(kept.id) in listed
    assert str(deleted.id) not in listed


def test_tryton_counts_the_records_of_each_stream_however_many_there_are(
    tryton_server: TrytonServer,
) -> None:
    seed_parties(tryton_server, 120, "Counted")  # beyond ten times ten: it counts in steps
    for stream in ("party.party", "sale.sale", "account.invoice"):
        listed = {key for page in connect(tryton_server).keys(stream) for key in page}
        assert connect(tryton_server).count(stream).records == len(listed)
