"""Each real server starts, answers in its own protocol and takes bulk data."""

from __future__ import annotations

import datetime as dt

import psycopg
import pytest
import requests

from tests.servers.cyrus import CyrusServer
from tests.servers.dovecot import DovecotServer
from tests.servers.postgres import PostgresServer
from tests.servers.request_tracker import RequestTrackerServer
from tests.servers.tryton import TrytonServer

pytest_plugins = ["tests.servers.fixtures"]
pytestmark = [pytest.mark.servers, pytest.mark.slow]

LINES = [{"quantity": 2, "unit_price": "9.50"}]
MESSAGE = b"From: anna@example.org\r\nTo: hub@example.org\r\nSubject: Order\r\n\r\nHello.\r\n"


def test_postgres_gives_each_caller_an_empty_database(postgres_server: PostgresServer) -> None:
    urls = [postgres_server.fresh_database() for _ in range(2)]
    for url in urls:
        with psycopg.connect(url.replace("+psycopg", "")) as connection:
            connection.execute("CREATE TABLE customer (id int)")
            assert connection.execute("SELECT 1").fetchone() == (1,)
        postgres_server.drop_database(url)


def test_dovecot_stores_and_finds_mail(dovecot_server: DovecotServer) -> None:
    assert dovecot_server.append("anna", [MESSAGE, MESSAGE]) == 2
    client = dovecot_server.connect("anna")
    assert client.enable("CONDSTORE")[0] == "OK"
    client.select("INBOX")
    status, found = client.uid("SEARCH", "SUBJECT", "Order")
    assert (status, found) == ("OK", [b"1 2"])
    client.logout()


def test_cyrus_gives_over_jmap_what_came_over_imap(cyrus_server: CyrusServer) -> None:
    assert cyrus_server.append("bruno", [MESSAGE]) == 1
    calls = [["Email/query", {"accountId": "bruno"}, "0"]]
    using = ["urn:ietf:params:jmap:core", "urn:ietf:params:jmap:mail"]
    answer = requests.post(
        f"{cyrus_server.base_url}/jmap/",
        json={"using": using, "methodCalls": calls},
        auth=("bruno", cyrus_server.passwords["bruno"]),
        timeout=30,
    )
    assert len(answer.json()["methodResponses"][0][1]["ids"]) == 1


def test_tryton_seeds_a_customer_with_a_paid_invoice(tryton_server: TrytonServer) -> None:
    today = dt.datetime.now(tz=dt.UTC).date().isoformat()
    seeded = tryton_server.seed(
        parties=[{"name": "Rossi S.p.A.", "addresses": [{"city": "Roma", "country": "IT"}]}],
        sales=[{"party": 0, "date": today, "lines": LINES, "until": "paid"}],
    )
    assert _read(tryton_server, "party.party", seeded.parties[0].id)["name"] == "Rossi S.p.A."
    invoice = _read(tryton_server, "account.invoice", seeded.sales[0].invoices[0])
    assert invoice["state"] == "paid"
    assert invoice["total_amount"] == {"__class__": "Decimal", "decimal": "19.00"}


def test_tryton_refuses_a_wrong_key(tryton_server: TrytonServer) -> None:
    headers = {"Authorization": "bearer wrong"}
    answer = requests.get(tryton_server.model_url("party.party"), headers=headers, timeout=30)
    assert answer.status_code == 401


def test_request_tracker_seeds_and_lists_tickets(rt_server: RequestTrackerServer) -> None:
    seeded = rt_server.seed(
        users=[{"Name": "bea@example.org", "EmailAddress": "bea@example.org"}],
        tickets=[{"Subject": "Caffè", "Requestor": "bea@example.org", "Content": "Perché?"}],
    )
    query = {"query": f"id={seeded.tickets[0]}", "fields": "Subject,Status"}
    answer = _session(rt_server).get(f"{rt_server.rest_url}/tickets", params=query)
    (ticket,) = answer.json()["items"]
    assert (ticket["Subject"], ticket["Status"]) == ("Caffè", "new")


@pytest.mark.parametrize("kind", ["user", "ticket"])
def test_request_tracker_refuses_a_stale_etag(rt_server: RequestTrackerServer, kind: str) -> None:
    session = _session(rt_server)
    seeded = rt_server.seed(
        users=[{"Name": f"{kind}@example.org", "EmailAddress": f"{kind}@example.org"}],
        tickets=[{"Subject": "Order", "Requestor": f"{kind}@example.org"}],
    )
    number, field = (
        (seeded.users[0], "WorkPhone") if kind == "user" else (seeded.tickets[0], "Subject")
    )
    address = f"{rt_server.rest_url}/{kind}/{number}"
    fresh = {"If-Match": session.get(address).headers["ETag"]}
    assert session.put(address, json={field: "first"}, headers=fresh).status_code == 200
    assert session.put(address, json={field: "second"}, headers=fresh).status_code == 412
    assert session.get(address).json()[field] == "first"


def _session(server: RequestTrackerServer) -> requests.Session:
    session = requests.Session()
    session.auth = (server.user, server.password)
    return session


def _read(server: TrytonServer, model: str, number: int) -> dict[str, object]:
    address = f"{server.model_url(model)}/{number}"
    wanted = {"f": ["name"]} if model == "party.party" else {"f": ["state", "total_amount"]}
    answer = requests.get(address, params=wanted, headers=server.headers, timeout=30)
    record: dict[str, object] = answer.json()
    return record
