"""A stand-in for one company of Business Central: API v2.0, and Entra's tokens.

Seed rows are records of the API without annotations, by entity and by id::

    {"customers": {"00000000-0000-4000-8000-000000000001": {
        "id": "00000000-0000-4000-8000-000000000001", "number": "10000", "type": "Company",
        "displayName": "Example Ltd", "lastModifiedDateTime": "2026-01-31T12:00:00.123Z"}}}

Answers follow "API (v2.0) for Business Central", "Using Filter Expressions in OData URIs" (no `or`
over two fields), "Error Codes" and "Operational Limits for Business Central Online".
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final
from zlib import crc32

import orjson
from pydantic import JsonValue

from connectors.business_central.samples import guid, stamp
from connectors.business_central.streams import service_root, streams_at
from hub.sdk import StandInState
from hub.sdk.odata import Service
from hub.sdk.odata.standin import ODataStandIn
from hub.sdk.odata.standin_login import CLIENT_ID, CLIENT_SECRET, TokenDesk
from hub.sdk.odata.standin_rows import Dialect, EntitySet
from hub.sdk.standin import Request, Response, Row

TENANT: Final = "standin-tenant"
ENVIRONMENT: Final = "sandbox"
COMPANY: Final = guid(9_000_000)
LARGEST_PAGE: Final = 20_000
_ERRORS: Final[Mapping[str, tuple[int, str]]] = {
    "ObjectNotFound": (404, "BadRequest_ResourceNotFound"),
    "ResourceNotFound": (404, "BadRequest_ResourceNotFound"),
    "ServiceNotFound": (404, "BadRequest_NotFound"),
    "PreconditionFailed": (409, "Request_EntityChanged"),
    "PreconditionRequired": (400, "BadRequest_InvalidToken"),
    "PropertyNotUpdatable": (400, "BadRequest_InvalidOperation"),
}


def _etag(row: Row) -> str:
    """Opaque, as the service's own."""
    mark = crc32(orjson.dumps(row, option=orjson.OPT_SORT_KEYS))
    return f'W/"{b64encode(f"19;{mark};1;{chr(39)}".encode()).decode()}"'


def _touch(_state: StandInState, row: Row) -> None:
    row["lastModifiedDateTime"] = stamp(datetime.now(UTC))


class BusinessCentralStandIn(ODataStandIn):
    """One company on loopback."""

    def __init__(self, state: StandInState, port: int = 0) -> None:
        self.desk = TokenDesk()
        root = service_root(TENANT, ENVIRONMENT, COMPANY)
        sets = [
            EntitySet(
                stream=stream.name,
                resource=stream.name,
                key=stream.keys,
                root=root,
                nested=stream.expand,
                fixed=frozenset({"lastModifiedDateTime", "number"}),
                etag=_etag,
                touch=_touch,
            )
            for stream in streams_at(Service())
        ]
        super().__init__(state, sets, Dialect(page=LARGEST_PAGE, or_over_fields=False), port)

    @property
    def config(self) -> dict[str, JsonValue]:
        """Settings with which the connector reaches it."""
        return {
            "base_url": self.url,
            "login_url": self.url,
            "tenant": TENANT,
            "environment": ENVIRONMENT,
            "company": COMPANY,
            "client_id": CLIENT_ID,
            "client_secret": CLIENT_SECRET,
        }

    def expire_tokens(self) -> None:
        """End all tokens, as their lifetime does."""
        self.desk.expire()

    def authorise(self, request: Request) -> Response | None:
        """Entra's endpoint for all, the API for those with its tokens."""
        if request.path == f"/{TENANT}/oauth2/v2.0/token":
            return self.desk.grant(request)
        if self.desk.admits(request):
            return None
        return super().error(401, "Authentication_InvalidCredentials", {})

    def error(self, status: int, code: str, headers: Mapping[str, str]) -> Response:
        """An error by the service's own table."""
        status, code = _ERRORS.get(code, (status, code))
        return super().error(status, code, headers)
