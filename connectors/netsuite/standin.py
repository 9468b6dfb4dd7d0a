"""Stand-in for NetSuite: tokens for signed assertions, the SuiteQL of our streams, record updates.

Seed rows: customer, contact, salesorder, invoice by internal id, in small letters, joined columns
and ``lastmodified`` (UTC) included, as the query gives them. Of SuiteQL it knows what the streams
ask, and refuses the rest as NetSuite does. Sources: connector.yaml.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import cache
from typing import Any, Final
from urllib.parse import parse_qs

import orjson
from pydantic import JsonValue

from connectors.netsuite.connector import TOKEN_PATH
from connectors.netsuite.streams import (
    COUNTED,
    FORM,
    QUERIES,
    QUERY_PATH,
    RECORD_PATH,
    VERSION,
)
from hub.sdk import HttpStandIn, StandInState
from hub.sdk.standin import Request, Response, Row

CLIENT: Final = "stand-in-client"
CERTIFICATE: Final = "stand-in-certificate"
_ASSERTION: Final = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
_LISTED: Final = re.compile(
    r"SELECT \* FROM \((?P<query>.+) ORDER BY t\.id\) WHERE ROWNUM <= (?P<most>\d+)$"
)
_COUNTED: Final = re.compile(
    rf"SELECT COUNT\(\*\) AS {COUNTED}(?P<sums>(?:, SUM\(\w+\) AS \w+)*) FROM \((?P<query>.+)\)$"
)
_SELECT: Final = re.compile(
    r"SELECT (?P<columns>.+) FROM (?P<tables>\w+ t[\w, ]*) WHERE (?P<if>.+)$"
)
_TEST: Final = re.compile(
    r"t\.id (?P<compares>[>=]) (?P<id>\d+)"
    r"|t\.lastmodifieddate >= TO_TIMESTAMP\('(?P<since>[\d :-]+)', 'YYYY-MM-DD HH24:MI:SS'\)"
    r"|t\.type = '(?P<type>\w+)'"
    r"|t\.\w+ = [ac]\.\w+\(\+\)"
)
_TYPES: Final = {"SalesOrd": "salesorder", "CustInvc": "invoice"}
_RECORD: Final = re.compile(rf"/{RECORD_PATH}/(customer|contact)/(\d+)$")


class NetsuiteStandIn(HttpStandIn):
    """Serves one account to one integration."""

    def __init__(self, state: StandInState, port: int = 0) -> None:
        self._tokens: set[str] = set()
        self._count = itertools.count(1)
        super().__init__(state, self._reply, port)

    @property
    def config(self) -> dict[str, JsonValue]:
        """Settings with which the connector reaches it."""
        return {
            "base_url": self.url,
            "client_id": CLIENT,
            "certificate_id": CERTIFICATE,
            "key": key_pair("ES256")[0],
            "algorithm": "ES256",
        }

    def expire_tokens(self) -> None:
        """End every access token."""
        self._tokens.clear()

    def _reply(self, request: Request) -> Response:
        if request.path == f"/{TOKEN_PATH}":
            return self._grant(request)
        if request.headers.get("authorization", "").removeprefix("Bearer ") not in self._tokens:
            return _error(401, "INVALID_LOGIN")
        with self.state.changing():
            if request.path == f"/{QUERY_PATH}" and request.method == "POST":
                return self._query(request)
            found = _RECORD.match(request.path)
            if found is None or request.method != "PATCH":
                return _error(404, "NONEXISTENT_ID")
            return _patched(self.state.stream(found[1]).get(found[2]), found[1], request)

    def _grant(self, request: Request) -> Response:
        import jwt

        form = {name: found[0] for name, found in parse_qs(request.body.decode()).items()}
        token = form.get("client_assertion", "")
        audience = _own_address(request)
        try:
            head = jwt.get_unverified_header(token)
            key, algorithms = key_pair(head["alg"])[1], ["PS256", "ES256"]
            claims = jwt.decode(token, key, algorithms=algorithms, audience=audience)
        except (jwt.PyJWTError, ValueError, TypeError):
            return Response(400, {"error": "invalid_grant"})
        proven = (head.get("kid"), claims.get("iss"), claims.get("scope"))
        asked = (form.get("grant_type"), form.get("client_assertion_type"))
        if proven != (CERTIFICATE, CLIENT, "rest_webservices"):
            return Response(400, {"error": "invalid_client"})
        if asked != ("client_credentials", _ASSERTION):
            return Response(400, {"error": "unsupported_grant_type"})
        fresh = f"access-{next(self._count)}"
        self._tokens.add(fresh)
        return Response(200, {"access_token": fresh, "expires_in": "3600", "token_type": "bearer"})

    def _query(self, request: Request) -> Response:
        if request.headers.get("prefer") != "transient":
            return _error(400, "INVALID_HEADER")
        text = orjson.loads(request.body)["q"]
        listed, counted = _LISTED.match(text), _COUNTED.match(text)
        outer = listed or counted
        selected = self._selected(outer["query"] if outer else text)
        if selected is None:
            return _error(400, "INVALID_PARAMETER")
        rows, names = selected
        if counted:
            return _total(rows, re.findall(r"SUM\((\w+)\)", counted["sums"]), names, request)
        return _shown(rows[: int(listed["most"])] if listed else rows, names, request)

    def _selected(self, text: str) -> tuple[list[Row], list[str]] | None:
        """The rows of a query and the names of its columns; None where it is no query of ours."""
        select = _SELECT.match(text)
        tests = [_TEST.fullmatch(part) for part in select["if"].split(" AND ")] if select else []
        if select is None or None in tests:
            return None
        rows = self._rows(select["tables"], [test for test in tests if test])
        return rows, _names(select["columns"])

    def _rows(self, tables: str, tests: list[re.Match[str]]) -> list[Row]:
        """What a query finds, in the order of internal ids."""
        kinds = [_TYPES[test["type"]] for test in tests if test["type"]]
        name = kinds[0] if kinds else tables.partition(" ")[0]
        found = [row for row in self.state.stream(name).values() if _holds(row, tests)]
        return sorted(found, key=lambda row: int(row["id"]))


@cache
def key_pair(algorithm: str) -> tuple[str, str]:
    """A private key and its public one, as PEM; made once."""
    from cryptography.hazmat.primitives.asymmetric import ec, rsa
    from cryptography.hazmat.primitives.serialization import (
        Encoding,
        NoEncryption,
        PrivateFormat,
        PublicFormat,
    )

    # An EC key signs in a tenth of a millisecond; an RSA key of this length takes 0.1 s to read.
    key = (
        rsa.generate_private_key(public_exponent=65_537, key_size=3072)
        if algorithm == "PS256"
        else ec.generate_private_key(ec.SECP256R1())
    )
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    public = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    return private.decode(), public.decode()


def _own_address(request: Request) -> str:
    return f"http://{request.headers['host']}/{TOKEN_PATH}"


def _holds(row: Row, tests: list[re.Match[str]]) -> bool:
    return all(_passes(row, test) for test in tests)


def _passes(row: Row, test: re.Match[str]) -> bool:
    """One condition; joins and types are none of the row's."""
    if test["since"]:
        return bool(row[VERSION] >= test["since"])
    if test["compares"] == ">":
        return int(row["id"]) > int(test["id"])
    return not test["id"] or int(row["id"]) == int(test["id"])


def _names(columns: str) -> list[str]:
    """The names under which the columns are given."""
    parts = re.split(r", (?![^(]*\))", columns)
    return [re.split(r" AS |\.", part)[-1] for part in parts]


def _shown(rows: list[Row], names: list[str], request: Request) -> Response:
    """One page; a column without a value is left out, as NetSuite does."""
    asked = {name: found[0] for name, found in parse_qs(request.query).items()}
    limit, start = int(asked.get("limit", 1000)), int(asked.get("offset", 0))
    page = rows[start : start + limit]
    items = [
        {"links": [], **{name: row[name] for name in names if row.get(name) is not None}}
        for row in page
    ]
    body: Row = {"links": [], "count": len(page), "hasMore": start + limit < len(rows)}
    body |= {"items": items, "offset": start, "totalResults": len(rows)}
    return Response(200, body)


def _total(rows: list[Row], sums: list[str], names: list[str], request: Request) -> Response:
    """One row of texts, as all numbers of a query are; a sum of nothing is left out."""
    if not {*sums} <= {*names}:
        return _error(400, "INVALID_PARAMETER")
    told = {COUNTED: str(len(rows))}
    for name in sums:
        values = [Decimal(row[name]) for row in rows if row.get(name) is not None]
        told |= {name: str(sum(values))} if values else {}
    return _shown([told], list(told), request)


def _patched(row: Row | None, name: str, request: Request) -> Response:
    if row is None:
        return _error(404, "NONEXISTENT_ID")
    fields: Mapping[str, Any] = orjson.loads(request.body)
    known = {column.rpartition(".")[2] for column in QUERIES[name].columns}
    if not {field.lower() for field in fields} <= known | set(row):
        return _error(400, "INVALID_CONTENT")
    if any(isinstance(value, dict | list) for value in fields.values()):
        return _error(400, "INVALID_CONTENT")
    row |= {field.lower(): value for field, value in fields.items()}
    before = datetime.strptime(row[VERSION], FORM).replace(tzinfo=UTC)
    row[VERSION] = max(datetime.now(UTC), before + timedelta(seconds=1)).strftime(FORM)
    return Response(204, b"", {"location": request.path})


def _error(status: int, code: str) -> Response:
    details: list[JsonValue] = [{"detail": "see the code", "o:errorCode": code}]
    return Response(status, {"title": "Error", "status": status, "o:errorDetails": details})
