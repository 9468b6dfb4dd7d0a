"""The stand-in refuses what Salesforce refuses, so that a wrong query can't pass here."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from pydantic import SecretStr

from connectors.salesforce.soql import parse
from connectors.salesforce.standin import CLIENT_ID, CLIENT_SECRET, SalesforceStandIn
from hub.errors import RejectedError, SourceSchemaError
from hub.sdk import StandInState
from hub.sdk.auth import ClientCredentials
from hub.sdk.rest import RestClient

DATA = "/services/data/v64.0"
KEY = "003000000000001AAA"
ROWS: dict[str, dict[str, Any]] = {
    "1": {"Id": "1", "Name": "Ada", "SystemModstamp": "2026-01-31T12:00:00.000+0000"},
    "2": {"Id": "2", "Name": "Bo's", "SystemModstamp": "2026-01-31T13:00:00.000+0000"},
    "3": {"Id": "3", "Name": None, "SystemModstamp": "2026-02-01T12:00:00.000+0000"},
}


@pytest.mark.parametrize(
    ("where", "found"),
    [
        ("", "123"),
        ("WHERE Name = 'ADA'", "1"),
        (r"WHERE Name = 'Bo\'s'", "2"),
        ("WHERE Name = null", "3"),
        ("WHERE Name != null", "12"),
        ("WHERE SystemModstamp > 2026-01-31T12:00:00Z", "23"),
        ("WHERE SystemModstamp >= 2026-01-31T14:00:00.000+01:00 AND Id < '3'", "2"),
        ("WHERE (Id = '1' OR Id = '3') AND Name = 'Ada'", "1"),
        ("ORDER BY Name DESC, Id LIMIT 2", "21"),
        ("order by Name", "312"),
        ("LIMIT 0", ""),
    ],
)
def test_queries(where: str, found: str) -> None:
    query = parse(f"SELECT Id, Name FROM Contact {where}")
    assert "".join(row["Id"] for row in query.run(ROWS.values())) == found


@pytest.mark.parametrize(
    "text",
    [
        "",
        "SELECT FROM Contact",
        "SELECT Id Name FROM Contact",
        "SELECT Id FROM Contact WHERE",
        "SELECT Id FROM Contact WHERE Id = '1' AND Id = '2' OR Id = '3'",
        "SELECT Id FROM Contact WHERE SystemModstamp > '",
        "SELECT Id FROM Contact WHERE (Id = '1'",
        "SELECT Id FROM Contact LIMIT many",
        "SELECT Id FROM Contact; DROP",
    ],
)
def test_malformed_queries(text: str) -> None:
    with pytest.raises(ValueError, match="MALFORMED_QUERY"):
        parse(text)


@pytest.fixture
def client() -> Iterator[RestClient]:
    rows = {**ROWS, KEY: {"Id": KEY, "SystemModstamp": ROWS["1"]["SystemModstamp"]}}
    standin = SalesforceStandIn(StandInState({"Contact": rows}))
    auth = ClientCredentials("/services/oauth2/token", CLIENT_ID, SecretStr(CLIENT_SECRET))
    yield RestClient(standin.http.url, system="salesforce", auth=auth)
    standin.stop()


@pytest.mark.parametrize(
    "path",
    [
        "/services/data/v64.0/query?q=SELECT+Nonsense__c+FROM+Contact",
        "/services/data/v64.0/query?q=SELECT+Id+FROM+Nonsense",
        "/services/data/v64.0/query?q=SELECT",
        "/services/data/v64.0/query/01g000000000000000-2000",
        "/services/data/v64.0/sobjects/Nonsense/describe",
        "/services/data/v64.0/nonsense",
        "/nonsense",
    ],
)
def test_reads_that_salesforce_refuses(client: RestClient, path: str) -> None:
    with pytest.raises(SourceSchemaError):
        client.get(path)


def test_a_field_of_the_system_is_not_written(client: RestClient) -> None:
    with pytest.raises(RejectedError, match="400"):
        client.send("PATCH", f"{DATA}/sobjects/Contact/{KEY}", json={"SystemModstamp": "x"})


def test_query_hides_deleted_rows_and_query_all_does_not(client: RestClient) -> None:
    client.send("DELETE", f"{DATA}/sobjects/Contact/{KEY}")
    found = {}
    for path in ("query", "queryAll"):
        answer = client.get(f"{DATA}/{path}", params={"q": "SELECT Id FROM Contact"}).json()
        found[path] = {record["Id"] for record in answer["records"]}
        assert answer["totalSize"] == len(found[path])
    assert found["queryAll"] - found["query"] == {KEY}
