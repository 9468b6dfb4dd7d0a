"""A stand-in for Dolibarr's SOAP services: rpc/encoded envelopes as the real server writes them.

Seed rows are texts by the names of the services' WSDLs:

- ``thirdparty``, by id: {"id": "3", "ref": "Example NV" (the name), "client": "1", "supplier": "0",
  "customer_code", "date_modification": "2026-01-31T12:00:00Z", "address", "zip", "town",
  "country_code", "country", "phone", "email", "vat_number", …}; an absent or None field is left out
  of getThirdParty and is nil in the list.
- ``invoice``, by id: {"id", "ref", "thirdparty_id", "type": "0", "status": "1", "date", "date_due",
  "date_modification", "total_net", "total_vat", "total", "lines": [{"id", "qty", "unitprice",
  "total_net", "total_vat", "total", "product_ref", "product_label", …}]}.
- ``contact``, by id: {"id", "socid" (its third party), "lastname", "firstname", "civility_id",
  "poste", "email", "phone_pro", "phone_mobile", "address", "zip", "town", "country_code", …}.
- ``order``, by id: {"id", "ref", "socid", "status": "1" (-1 cancelled, 0 draft, 1 open, 2 being
  sent, 3 done), "date", "total_net", "total_vat", "total", "lines": […]}.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from xml.sax.saxutils import escape

from lxml import etree
from pydantic import JsonValue

from connectors.dolibarr.standin_fields import (
    CONTACT,
    INVOICE,
    LINE,
    LISTED,
    ORDER,
    ORDER_LINE,
    THIRDPARTY,
)
from hub.sdk import Fault, HttpStandIn, StandInState
from hub.sdk.standin import Request, Response, Row

KEY: Final = "stand-in-key"
LOGIN: Final = "hub"
PASSWORD: Final = "stand-in-password"  # noqa: S105  # guards invented data only

_TIMES: Final = frozenset({"date_creation", "date_modification"})
_HEAD: Final = (
    '<?xml version="1.0" encoding="UTF-8"?><SOAP-ENV:Envelope '
    'SOAP-ENV:encodingStyle="http://schemas.xmlsoap.org/soap/encoding/" '
    'xmlns:SOAP-ENV="http://schemas.xmlsoap.org/soap/envelope/" '
    'xmlns:xsd="http://www.w3.org/2001/XMLSchema" '
    'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" '
    'xmlns:SOAP-ENC="http://schemas.xmlsoap.org/soap/encoding/" '
    'xmlns:tns="http://www.dolibarr.org/ns/"><SOAP-ENV:Body>'
)
_TAIL: Final = "</SOAP-ENV:Body></SOAP-ENV:Envelope>"
_EMPTY: Final = {
    "getThirdParty": '<thirdparty xsi:nil="true" xsi:type="tns:thirdparty"/>',
    "getListOfThirdParties": (
        '<thirdparties xsi:type="SOAP-ENC:Array" SOAP-ENC:arrayType="tns:thirdparty[0]"/>'
    ),
    "getInvoicesForThirdParty": (
        '<invoices xsi:nil="true" xsi:type="SOAP-ENC:Array" SOAP-ENC:arrayType="tns:invoice[0]"/>'
    ),
    "getContactsForThirdParty": (
        '<contacts xsi:nil="true" xsi:type="SOAP-ENC:Array" SOAP-ENC:arrayType="tns:contact[0]"/>'
    ),
    "getOrdersForThirdParty": (
        '<orders xsi:nil="true" xsi:type="SOAP-ENC:Array" SOAP-ENC:arrayType="tns:order[0]"/>'
    ),
    "updateThirdParty": '<id xsi:nil="true" xsi:type="xsd:string"/>',
    "deleteThirdParty": "",
    "createThirdParty": '<id xsi:nil="true" xsi:type="xsd:string"/>',
}
_BAD_KEY: Final = (
    "BAD_VALUE_FOR_SECURITY_KEY",
    (
        "Value provided into dolibarrkey entry field does not match security key defined in "
        "Webservice module setup"
    ),
)


class DolibarrStandIn:
    """Dolibarr's services on loopback."""

    def __init__(self, state: StandInState, port: int = 0) -> None:
        self._state = state
        self.http = HttpStandIn(state, self._answer, port)

    @property
    def config(self) -> dict[str, JsonValue]:
        """Settings with which the connector reaches it."""
        return {"base_url": self.http.url, "key": KEY, "login": LOGIN, "password": PASSWORD}

    @property
    def state(self) -> StandInState:
        """The third parties and invoices."""
        return self._state

    def fail(self, fault: Fault) -> None:
        """Queue a fault; ``path`` is part of the service's path."""
        self.http.fail(fault)

    def stop(self) -> None:
        """Stop listening."""
        self.http.stop()

    def _answer(self, request: Request) -> Response:
        if request.method != "POST" or not request.path.startswith("/webservices/server_"):
            return Response(404, "<h1>Not found</h1>", {"content-type": "text/html"})
        call = _read_call(request.body)
        if call is None:
            return Response(500, _fault("no SOAP request"), {"content-type": "text/xml"})
        name, parts = call
        code, label, content = self._run(name, parts)
        body = _envelope(name, _result(code, label) + (content or _EMPTY[name]))
        return Response(200, body, {"content-type": "text/xml; charset=UTF-8"})

    def _run(self, name: str, parts: Row) -> tuple[str, str, str]:
        """Result code, label and content of one operation."""
        proof = parts.get("authentication") or {}
        if proof.get("dolibarrkey") != KEY:
            return (*_BAD_KEY, "")
        if (proof.get("login"), proof.get("password")) != (LOGIN, PASSWORD):
            return ("BAD_CREDENTIALS", "Bad value for login or password", "")
        run: dict[str, Callable[[Row], tuple[str, str, str]]] = {
            "getListOfThirdParties": self._list,
            "getThirdParty": self._get,
            "getInvoicesForThirdParty": self._invoices,
            "getContactsForThirdParty": self._contacts,
            "getOrdersForThirdParty": self._orders,
            "updateThirdParty": self._update,
            "createThirdParty": self._create,
            "deleteThirdParty": self._delete,
        }
        with self._state.lock:
            return run[name](parts)

    def _list(self, parts: Row) -> tuple[str, str, str]:
        wanted = str((parts.get("filterthirdparty") or {}).get("client") or "")
        rows = [
            row
            for row in self._state.stream("thirdparty").values()
            if not wanted or row.get("client") == wanted
        ]
        return ("OK", "", _array("thirdparties", [_members(row, LISTED) for row in rows]))

    def _get(self, parts: Row) -> tuple[str, str, str]:
        number, ref_ext = str(parts.get("id") or ""), str(parts.get("ref_ext") or "")
        rows = self._state.stream("thirdparty")
        named = (row for row in rows.values() if ref_ext and row.get("ref_ext") == ref_ext)
        row = rows.get(number) if number else next(named, None)
        if row is None:
            told = f"id={number} nor ref= nor ref_ext={ref_ext}"
            return ("NOT_FOUND", f"Object not found for {told}", "")
        fields = "".join(
            _member(name, row[name]) for name in THIRDPARTY if row.get(name) is not None
        )
        return ("OK", "", f'<thirdparty xsi:type="tns:thirdparty">{fields}</thirdparty>')

    def _invoices(self, parts: Row) -> tuple[str, str, str]:
        rows = [
            _members(row, INVOICE) + _lines(row.get("lines") or [], LINE)
            for row in self._of("invoice", "thirdparty_id", parts)
        ]
        return ("OK", "", _array("invoices", rows))

    def _contacts(self, parts: Row) -> tuple[str, str, str]:
        """Every field is a text here, empty where there is nothing."""
        rows = [
            _members({name: row.get(name) or "" for name in CONTACT}, CONTACT)
            for row in self._of("contact", "socid", parts)
        ]
        return ("OK", "", _array("contacts", rows))

    def _orders(self, parts: Row) -> tuple[str, str, str]:
        rows = [
            _members(row, ORDER) + _lines(row.get("lines") or [], ORDER_LINE)
            for row in self._of("order", "socid", parts)
        ]
        return ("OK", "", _array("orders", rows))

    def _of(self, stream: str, owner: str, parts: Row) -> list[Row]:
        """The rows of one third party."""
        number = str(parts.get("idthirdparty") or "")
        return [row for row in self._state.stream(stream).values() if str(row.get(owner)) == number]

    def _update(self, parts: Row) -> tuple[str, str, str]:
        """As the real service does: what is not sent is emptied."""
        sent = parts.get("thirdparty") or {}
        number = str(sent.get("id") or "")
        with self._state.changing():
            rows = self._state.stream("thirdparty")
            row = rows.get(number)
            if row is None:
                return ("NOT_FOUND", f"Thirdparty id={number} cannot be found", "")
            kept = {name: row.get(name) for name in ("id", "date_creation", "country")}
            taken = {name: sent.get(name, "") for name in THIRDPARTY if name not in _TIMES}
            moment = _later(row.get("date_modification"))
            rows[number] = {**row, **taken, **kept, "date_modification": moment}
        return ("OK", "", f'<id xsi:type="xsd:string">{escape(number)}</id>')

    def _create(self, parts: Row) -> tuple[str, str, str]:
        """As the real service does: a name is demanded, and the code -1 asks for a number."""
        sent = parts.get("thirdparty") or {}
        if not sent.get("ref"):
            return ("KO", "Name is mandatory.", "")
        with self._state.changing():
            rows = self._state.stream("thirdparty")
            number = str(max((int(key) for key in rows), default=0) + 1)
            taken = {name: sent[name] for name in THIRDPARTY if sent.get(name)}
            now = _later(None)
            stamps = {"date_creation": now, "date_modification": now}
            if taken.get("customer_code") == "-1":
                taken["customer_code"] = f"CU{int(number):05d}"
            rows[number] = {"status": "1", **taken, "id": number, **stamps}
        return ("OK", "", f'<id xsi:type="xsd:string">{escape(number)}</id>')

    def _delete(self, parts: Row) -> tuple[str, str, str]:
        """As the real service does: a third party with invoices stays."""
        number = str(parts.get("id") or "")
        if self._of("invoice", "thirdparty_id", {"idthirdparty": number}):
            return ("KO", "ErrorRecordHasChildren", "")
        with self._state.changing():
            gone = self._state.stream("thirdparty").pop(number, None)
        return ("OK", "", "") if gone else ("NOT_FOUND", f"Object not found for id={number}", "")


def start(state: StandInState, port: int) -> DolibarrStandIn:
    """Start the stand-in."""
    return DolibarrStandIn(state, port)


def _read_call(body: bytes) -> tuple[str, Row] | None:
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False)
    try:
        root: Any = etree.fromstring(body, parser)
    except etree.XMLSyntaxError:
        return None
    for call in root.iterfind("{http://schemas.xmlsoap.org/soap/envelope/}Body/*"):
        name = etree.QName(call).localname
        return (name, {part.tag: _read(part) for part in call}) if name in _EMPTY else None
    return None


def _read(part: Any) -> Any:
    return {child.tag: child.text or "" for child in part} if len(part) else part.text or ""


def _later(moment: object) -> str:
    """Now, or a second after the last change: versions must grow."""
    now = datetime.now(UTC).replace(microsecond=0)
    last = datetime.fromisoformat(str(moment)) if moment else now - timedelta(seconds=1)
    return max(now, last + timedelta(seconds=1)).strftime("%Y-%m-%dT%H:%M:%SZ")


def _member(name: str, value: object) -> str:
    if value is None:
        return f'<{name} xsi:nil="true"/>'
    kind = "dateTime" if name in _TIMES else "string"
    return f'<{name} xsi:type="xsd:{kind}">{escape(str(value))}</{name}>'


def _members(row: Row, names: Iterable[str]) -> str:
    """Fields of an untyped struct: always there, null as nil, all of them strings."""
    return "".join(
        _member(name, row.get(name)).replace("xsd:dateTime", "xsd:string") for name in names
    )


def _array(name: str, items: list[str]) -> str:
    content = "".join(f'<item xsi:type="xsd:">{item}</item>' for item in items)
    kind = 'xsi:type="SOAP-ENC:Array" SOAP-ENC:arrayType'
    return f'<{name} {kind}=":[{len(items)}]">{content}</{name}>'


def _lines(lines: list[Row], names: Iterable[str]) -> str:
    content = "".join(f"<item>{_members(line, names)}</item>" for line in lines)
    kind = f'SOAP-ENC:arrayType="unnamed_struct_use_soapval[{len(lines)}]"'
    return f'<lines xsi:type="SOAP-ENC:Array" {kind}>{content}</lines>'


def _result(code: str, label: str) -> str:
    return (
        f'<result xsi:type="tns:result"><result_code xsi:type="xsd:string">{escape(code)}'
        f'</result_code><result_label xsi:type="xsd:string">{escape(label)}</result_label></result>'
    )


def _envelope(name: str, content: str) -> str:
    space = 'xmlns:ns1="http://www.dolibarr.org/ns/"'
    return f"{_HEAD}<ns1:{name}Response {space}>{content}</ns1:{name}Response>{_TAIL}"


def _fault(text: str) -> str:
    return (
        f"{_HEAD}<SOAP-ENV:Fault><faultcode>SOAP-ENV:Client</faultcode>"
        f"<faultstring>{escape(text)}</faultstring></SOAP-ENV:Fault>{_TAIL}"
    )
