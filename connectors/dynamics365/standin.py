"""A stand-in for one Dataverse environment: Web API 9.2 with change tracking, and Entra's tokens.

Seed rows are records of the Web API without annotations, by table and by id::

    {"accounts": {"00000000-0000-4000-8000-000000000001": {
        "accountid": "00000000-0000-4000-8000-000000000001", "name": "Example Ltd",
        "statecode": 0, "modifiedon": "2026-01-31T12:00:00Z", "versionnumber": 1001}}}

``versionnumber`` counts every change of the environment; rows without one get it at the start. Rows
of ``accounts$deleted`` (``{id: {"versionnumber": 1002}}``) are gone, and told by delta links.
Answers follow "Use change tracking to synchronize data with external systems", "Perform conditional
operations using the Web API" and "Service protection API limits" of Microsoft's documentation.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

import orjson
from pydantic import JsonValue

from connectors.dynamics365.samples import DELETED, EURO, KEYS, next_number, stamp
from connectors.dynamics365.streams import COLUMNS, EXPIRED, ROOT
from hub.sdk import StandInState
from hub.sdk.odata import Edm, Field
from hub.sdk.odata.standin import ODataStandIn
from hub.sdk.odata.standin_login import CLIENT_ID, CLIENT_SECRET, TokenDesk
from hub.sdk.odata.standin_rows import Dialect, EntitySet
from hub.sdk.standin import Request, Response, Row

TENANT: Final = "standin-tenant"
LARGEST_PAGE: Final = 5000
_CODES: Final[Mapping[str, str]] = {
    "ObjectNotFound": "0x80040217",
    "PreconditionFailed": "0x80060882",
    "BadRequest": "0x80060888",
    "QueryOptionNotSupported": "0x80060888",
    "PropertyNotUpdatable": "0x80048d19",
    "ResourceNotFound": "0x8006088a",
}
_CURRENCY: Final[Row] = {"transactioncurrencyid": EURO, "isocurrencycode": "EUR"}


def _etag(row: Row) -> str:
    return f'W/"{row["versionnumber"]}"'


def _touch(state: StandInState, row: Row) -> None:
    row["versionnumber"] = next_number(state)
    row["modifiedon"] = stamp(datetime.now(UTC))


def _table(name: str) -> EntitySet:
    return EntitySet(
        stream=name,
        resource=name,
        key=(Field(KEYS[name], Edm.GUID),),
        root=ROOT,
        fixed=frozenset({"versionnumber", "createdon", "modifiedon", "fullname"}),
        etag=_etag,
        touch=_touch,
    )


def _currencies(_state: StandInState) -> Mapping[str, Row]:
    return {EURO: _CURRENCY}


class DataverseStandIn(ODataStandIn):
    """One environment on loopback.

    ``oldest_token`` is the oldest change that delta links may
    begin at: raise it, and older ones have expired as after seven days.
    """

    def __init__(self, state: StandInState, port: int = 0) -> None:
        self.desk = TokenDesk()
        self.oldest_token = 0
        for name in KEYS:
            for row in state.stream(name).values():
                if "versionnumber" not in row:
                    row["versionnumber"] = next_number(state)
        currencies = EntitySet(
            stream="transactioncurrencies",
            resource="transactioncurrencies",
            key=(Field("transactioncurrencyid", Edm.GUID),),
            root=ROOT,
            etag=lambda _row: "",
            rows=_currencies,
        )
        dialect = Dialect(
            page=LARGEST_PAGE,
            sequence="versionnumber",
            expired=(400, EXPIRED),
            must_match=False,
            untracked=frozenset({"$filter", "$orderby", "$expand", "$top"}),
        )
        super().__init__(state, [*map(_table, KEYS), currencies], dialect, port)

    @property
    def config(self) -> dict[str, JsonValue]:
        """Settings with which the connector reaches it."""
        return {
            "base_url": self.url,
            "login_url": self.url,
            "tenant": TENANT,
            "client_id": CLIENT_ID,
            "client_secret": CLIENT_SECRET,
        }

    def expire_tokens(self) -> None:
        """End all tokens, as their lifetime does."""
        self.desk.expire()

    def authorise(self, request: Request) -> Response | None:
        """Entra's endpoint for all, the Web API for those with its tokens."""
        if request.path == f"/{TENANT}/oauth2/v2.0/token":
            return self.desk.grant(request)
        if self.desk.admits(request):
            return None
        challenge = f'Bearer authorization_uri="{self.url}/{TENANT}/oauth2/authorize"'
        return Response(401, b"", {"www-authenticate": challenge})

    def is_expired(self, token: int) -> bool:
        """Changes are kept for a time (ExpireChangeTrackingInDays)."""
        return token < self.oldest_token

    def error(self, status: int, code: str, headers: Mapping[str, str]) -> Response:
        """An error with Dataverse's number."""
        return super().error(status, _CODES.get(code, code), headers)

    def answer_missing(self, found: EntitySet, key: str, request: Request) -> Response:
        """Upsert: a PATCH creates what is not there, unless ``If-Match`` is sent."""
        if request.method != "PATCH" or "if-match" in request.headers:
            return super().answer_missing(found, key, request)
        wanted = dict.fromkeys(COLUMNS.get(found.stream, ()))
        row: dict[str, Any] = {found.key[0].name: key, **wanted, **orjson.loads(request.body)}
        with self.state.changing():
            _touch(self.state, row)
            self.state.stream(found.stream + DELETED).pop(key, None)
            self.state.stream(found.stream)[key] = row
        return Response(204, b"", {"etag": _etag(row)})
