"""A stand-in for SAP S/4HANA: API_BUSINESS_PARTNER and API_SALES_ORDER_SRV, OData 2, CSRF tokens.

Seed rows are entities with their navigation properties as lists, by stream and source key; dates
are ISO texts, times of day as SAP has them::

    {"business_partner": {"0000000001": {
        "BusinessPartner": "0000000001", "BusinessPartnerCategory": "2",
        "CreationDate": "2020-01-01T00:00:00", "CreationTime": "PT00H00M00S",
        "to_BusinessPartnerAddress": [{"AddressID": "1", "to_EmailAddress": [
            {"AddressID": "1", "Person": "", "OrdinalNumber": "1",
             "EmailAddress": "a@b.example"}]}]}}, "contact_person": {}, "sales_order": {}}

Answers follow SAP's documentation of both services and "Cross-Site Request Forgery Protection" of
SAP Gateway. ETags are those of the properties that change last, as SAP's are.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import quote

from pydantic import JsonValue

from connectors.sap_s4hana.samples import stamps
from connectors.sap_s4hana.streams import CONTACT, ORDER, PARTNER, PARTNERS
from hub.sdk import StandInState, composite_key
from hub.sdk.odata import Edm, Field, ODataStream
from hub.sdk.odata.standin import ODataStandIn
from hub.sdk.odata.standin_login import TokenDesk
from hub.sdk.odata.standin_rows import Dialect, EntitySet, content_etag
from hub.sdk.standin import Request, Response, Row

USER: Final = "HUB_USER"
PASSWORD: Final = "standin-secret"  # noqa: S105  # of a server that listens on loopback only
TOKENS: Final = "/sap/bc/sec/oauth2/token"
LARGEST_PAGE: Final = 5000
_DATES: Final[Mapping[str, Edm]] = {
    **dict.fromkeys(
        ("CreationDate", "LastChangeDate", "BirthDate", "SalesOrderDate"), Edm.DATETIME
    ),
    **dict.fromkeys(("ValidityStartDate", "ValidityEndDate"), Edm.DATETIME),
    "LastChangeDateTime": Edm.DATETIMEOFFSET,
}
_ERRORS: Final[Mapping[str, str]] = {
    "ObjectNotFound": "/IWBEP/CM_MGW_RT/020",
    "ResourceNotFound": "/IWBEP/CM_MGW_RT/000",
    "PreconditionFailed": "/IWBEP/CM_MGW_RT/041",
    "PreconditionRequired": "/IWBEP/CM_MGW_RT/040",
    "BadRequest": "/IWBEP/CM_MGW_EXPR_OSQL/001",
    "CSRFTokenRequired": "/IWFND/CM_BEC/026",
}
_PLACE: Final = (Field("AddressID"), Field("Person"), Field("OrdinalNumber"))


def _partner_etag(row: Row) -> str:
    """SAP's is made of the last change; the term is in it since seconds are too coarse here."""
    text = f"{row.get('LastChangeDate')}{row.get('LastChangeTime')}{row.get('SearchTerm1')}"
    return f'W/"{quote(text)}"'


def _order_etag(row: Row) -> str:
    return f"W/\"datetimeoffset'{quote(row['LastChangeDateTime'])}'\""


def _touch_partner(_state: StandInState, row: Row) -> None:
    row |= stamps(datetime.now(UTC), "LastChange")


def _nested(state: StandInState, relation: str) -> Iterator[Row]:
    for partner in state.stream(PARTNER.name).values():
        for address in partner.get("to_BusinessPartnerAddress") or []:
            yield from address.get(relation) or []


def _place(row: Row) -> str:
    return composite_key([row[one.name] for one in _PLACE])


def _touch_owner(state: StandInState, row: Row) -> None:
    """A partner is changed with its mail addresses and phone numbers."""
    if "PhoneNumber" in row:
        row["InternationalPhoneNumber"] = row["PhoneNumber"]
    for partner in state.stream(PARTNER.name).values():
        addresses = partner.get("to_BusinessPartnerAddress") or []
        if any(address["AddressID"] == row["AddressID"] for address in addresses):
            _touch_partner(state, partner)


def _main(stream: ODataStream, **special: Any) -> EntitySet:
    nested = {path.partition("/")[0] for path in stream.expand}
    return EntitySet(
        stream=stream.name,
        resource=stream.resource,
        key=stream.keys,
        root=stream.service.root,
        nested=tuple(nested),
        types=_DATES,
        **special,
    )


def _communication(resource: str, relation: str) -> EntitySet:
    return EntitySet(
        stream=relation,
        resource=resource,
        key=_PLACE,
        root=PARTNERS.root,
        etag=content_etag,
        touch=_touch_owner,
        rows=lambda state: {_place(row): row for row in _nested(state, relation)},
    )


class SapStandIn(ODataStandIn):
    """One system on loopback.

    Takes Basic of one communication user, or the tokens that it grants it at ``TOKENS``.
    """

    def __init__(self, state: StandInState, port: int = 0) -> None:
        self.desk = TokenDesk(USER, PASSWORD)
        fixed = frozenset({"BusinessPartnerFullName", "CreationDate", "LastChangeDate"})
        sets = [
            _main(PARTNER, etag=_partner_etag, touch=_touch_partner, fixed=fixed),
            _main(CONTACT),
            _main(ORDER, etag=_order_etag),
            _communication("A_AddressEmailAddress", "to_EmailAddress"),
            _communication("A_AddressPhoneNumber", "to_PhoneNumber"),
        ]
        dialect = Dialect(version=PARTNERS.version, page=LARGEST_PAGE, csrf=True)
        super().__init__(state, sets, dialect, port)

    @property
    def config(self) -> dict[str, JsonValue]:
        """Settings with which the connector reaches it."""
        return {"base_url": self.url, "username": USER, "password": PASSWORD}

    def authorise(self, request: Request) -> Response | None:
        """The token endpoint for all, the services for the communication user."""
        if request.path == TOKENS:
            return self.desk.grant(request)
        basic = f"Basic {b64encode(f'{USER}:{PASSWORD}'.encode()).decode()}"
        if request.headers.get("authorization") == basic or self.desk.admits(request):
            return None
        return Response(401, "", {"www-authenticate": 'Basic realm="SAP NetWeaver"'})

    def error(self, status: int, code: str, headers: Mapping[str, str]) -> Response:
        """An error with a message number of SAP Gateway."""
        return super().error(status, _ERRORS.get(code, code), headers)
