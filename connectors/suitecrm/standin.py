"""A stand-in for SuiteCRM's SOAP service v4_1, whose envelopes follow recorded ones.

Seed rows, by module (Accounts, Contacts, Leads, Opportunities, Cases) and id, are texts by the
names of the module's fields, plain: {"id": …, "name": "Example & Sons", "date_modified":
"2026-01-31 12:00:00" (UTC), "deleted": "0", …}. Values leave with HTML entities, as SuiteCRM's do.
A session lasts until :meth:`SuiteCrmStandIn.expire_tokens`; ``gone_in_body`` then lets the server
say so in an answer with status 200, instead of by a fault.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from hashlib import md5
from typing import Any, Final
from uuid import uuid4
from xml.sax.saxutils import escape

from lxml import etree
from pydantic import JsonValue

from connectors.suitecrm.standin_sql import read_condition
from hub.sdk import Fault, HttpStandIn, StandInState
from hub.sdk.standin import Request, Response, Row

USER: Final = "hub"
PASSWORD: Final = "stand-in-password"  # noqa: S105  # guards invented data only
PATH: Final = "/service/v4_1/soap.php"
MODULES: Final = ("Accounts", "Contacts", "Leads", "Opportunities", "Cases")
_INVALID_LOGIN: Final = (
    10,
    "Invalid Login",
    "Login attempt failed please check the username and password",
)
_INVALID_SESSION: Final = (11, "Invalid Session ID", "The session ID is invalid")
_NO_MODULE: Final = (
    20,
    "Module Does Not Exist",
    "This module is not available on this server",
)
_NO_ACCESS: Final = (40, "Access Denied", "You do not have access")
_SPACES: Final = (
    'xmlns:SOAP-ENV="http://schemas.xmlsoap.org/soap/envelope/"',
    'xmlns:xsd="http://www.w3.org/2001/XMLSchema"',
    'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"',
    'xmlns:SOAP-ENC="http://schemas.xmlsoap.org/soap/encoding/"',
)
_START: Final = (
    '<?xml version="1.0" encoding="UTF-8"?><SOAP-ENV:Envelope '
    'SOAP-ENV:encodingStyle="http://schemas.xmlsoap.org/soap/encoding/"'
)
_XML: Final = {"content-type": "text/xml; charset=UTF-8"}
_HTML: Final = {"content-type": "text/html; charset=UTF-8"}


class Refusal(Exception):  # noqa: N818  # not an error of ours: what the server says
    """Number, name and description of one of SuiteCRM's errors."""


class DuplicateError(Exception):
    """An id that the database has already: sugar_die ends the request with a line of text."""


class SuiteCrmStandIn:
    """SuiteCRM on loopback."""

    def __init__(self, state: StandInState, port: int = 0) -> None:
        self._state = state
        self._sessions: set[str] = set()
        self.gone_in_body = False
        self.http = HttpStandIn(state, self._answer, port)

    @property
    def config(self) -> dict[str, JsonValue]:
        """Settings with which the connector reaches it; nothing waits to settle here."""
        return {
            "base_url": self.http.url,
            "username": USER,
            "password": PASSWORD,
            "settle_seconds": 0,
        }

    @property
    def state(self) -> StandInState:
        """The records by module."""
        return self._state

    def fail(self, fault: Fault) -> None:
        """Queue a fault."""
        self.http.fail(fault)

    def stop(self) -> None:
        """Stop listening."""
        self.http.stop()

    def expire_tokens(self) -> None:
        """Forget every session, as the server does after some idle minutes."""
        self._sessions.clear()

    def _answer(self, request: Request) -> Response:
        if request.method != "POST" or request.path != PATH:
            return Response(404, "<h1>Not Found</h1>", {"content-type": "text/html"})
        call = read_call(request.body)
        if call is None:
            return _fault((0, "error in msg parsing", ""))
        name, parts = call
        try:
            with self._state.lock:
                content = self._run(name, parts)
        except Refusal as refused:
            if refused.args == _INVALID_SESSION and self.gone_in_body:
                return Response(200, _envelope(name, _error_value(refused.args)), _XML)
            return _fault(refused.args)
        except DuplicateError:
            return Response(500, "Database failure. Please refer to the log", _HTML)
        return Response(200, _envelope(name, content), _XML)

    def _run(self, name: str, parts: Row) -> str:
        if name == "login":
            return self._login(parts)
        if parts.get("session") not in self._sessions:
            raise Refusal(*_INVALID_SESSION)
        if parts.get("module_name") not in MODULES:
            raise Refusal(*_NO_MODULE)
        answer = {"get_entry_list": self._list, "get_entries_count": self._count}
        return answer.get(name, self._set)(parts)

    def _login(self, parts: Row) -> str:
        proof = parts.get("user_auth") or {}
        secret = md5(PASSWORD.encode(), usedforsecurity=False).hexdigest()
        if (proof.get("user_name"), proof.get("password")) != (USER, secret):
            raise Refusal(*_INVALID_LOGIN)
        session = uuid4().hex[:26]
        self._sessions.add(session)
        user: Row = {
            "user_id": "1",
            "user_name": USER,
            "user_language": "en_us",
            "user_currency_id": None,
            "user_is_admin": "1",
            "user_default_team_id": None,
            "user_default_dateformat": "m/d/Y",
            "user_default_timeformat": "H:i",
            "user_number_separator": ",",
            "user_decimal_separator": ".",
            "mobile_max_list_entries": None,
            "mobile_max_subpanel_entries": None,
            "user_currency_name": "US Dollar",
        }
        return f'<return xsi:type="tns:entry_value">{_entry(session, "Users", user)}</return>'

    def _list(self, parts: Row) -> str:
        module, table = parts["module_name"], parts["module_name"].lower()
        matches = read_condition(parts.get("query") or "", table)
        if matches is None:
            raise Refusal(*_NO_ACCESS)  # what checkQuery answers to SQL that it does not like
        found = list(filter(matches, self._state.stream(module).values()))
        if parts.get("deleted") in ("", "0", None):
            found = [row for row in found if row.get("deleted") != "1"]
        _sort(found, parts.get("order_by") or "id")
        start, size = _window(parts)
        rows = found[start : start + size]
        names = parts.get("select_fields") or []
        return _listing(module, rows, names, counts=(len(found), start + len(rows)))

    def _count(self, parts: Row) -> str:
        rows = self._state.stream(parts["module_name"]).values()
        with_deleted = parts.get("deleted") not in ("", "0", None)
        count = sum(with_deleted or row.get("deleted") != "1" for row in rows)
        return (
            '<return xsi:type="tns:get_entries_count_result">'
            f'<result_count xsi:type="xsd:int">{count}</result_count></return>'
        )

    def _set(self, parts: Row) -> str:
        pairs = parts.get("name_value_list") or []
        fields = {pair["name"]: pair.get("value", "") for pair in pairs}
        rows = self._state.stream(parts["module_name"])
        insert = fields.pop("new_with_id", "") not in ("", "0") or not fields.get("id")
        key = fields.get("id") or str(uuid4())
        if insert and key in rows:
            raise DuplicateError  # the database holds each id once, also a deleted record's
        with self._state.changing():
            if insert:
                rows[key] = {"id": key, "deleted": "0", "date_entered": _now("")}
            _update(rows, key, fields)
        return (
            '<return xsi:type="tns:new_set_entry_result">'
            f'<id xsi:type="xsd:string">{escape(key)}</id></return>'
        )


def _update(rows: dict[str, Row], key: str, fields: Row) -> None:
    """Without new_with_id an unknown id is an UPDATE of no row."""
    if row := rows.get(key):
        row |= {**fields, "id": key, "date_modified": _now(row.get("date_modified") or "")}


def read_call(body: bytes) -> tuple[str, Row] | None:
    """Operation and parts of a request; a list is an element whose children are items."""
    parser = etree.XMLParser(resolve_entities=False, no_network=True)
    try:
        root: Any = etree.fromstring(body, parser)
    except etree.XMLSyntaxError:
        return None
    calls = root.xpath("./*[local-name()='Body']/*")
    if not calls:
        return None
    name = etree.QName(calls[0]).localname
    return name, {etree.QName(part).localname: _value(part) for part in calls[0]}


def _value(element: Any) -> Any:
    if len(element) == 0:
        return element.text or ""
    if all(child.tag == "item" for child in element):
        return [_value(child) for child in element]
    return {etree.QName(child).localname: _value(child) for child in element}


def _now(before: str) -> str:
    """The server's clock in whole seconds, later than the record's last change."""
    now = datetime.now(UTC).replace(microsecond=0)
    if before:
        last = datetime.strptime(before, "%Y-%m-%d %H:%M:%S").replace(tzinfo=UTC)
        now = max(now, last + timedelta(seconds=1))
    return now.strftime("%Y-%m-%d %H:%M:%S")


def _listing(module: str, rows: list[Row], names: list[str], *, counts: tuple[int, int]) -> str:
    entries = "".join(
        f'<item xsi:type="tns:entry_value">{entry}</item>'
        for entry in (_entry(row["id"], module, _selected(row, names)) for row in rows)
    )
    total, following = counts
    return (
        '<return xsi:type="tns:get_entry_list_result_version2">'
        f'<result_count xsi:type="xsd:int">{len(rows)}</result_count>'
        f'<total_count xsi:type="xsd:int">{total}</total_count>'
        f'<next_offset xsi:type="xsd:int">{following}</next_offset>'
        f"{_array('entry_list', 'tns:entry_value', len(rows), entries)}"
        f"{_array('relationship_list', 'tns:link_list2', 0, '')}</return>"
    )


def _window(parts: Row) -> tuple[int, int]:
    return int(parts.get("offset") or 0), int(parts.get("max_results") or 20)


def _sort(rows: list[Row], order_by: str) -> None:
    names = [part.split()[0].rpartition(".")[2] for part in order_by.split(",")]
    rows.sort(key=lambda row: [str(row.get(name) or "") for name in names])


def _selected(row: Row, names: list[str]) -> Row:
    """The fields asked for, empty where the record has none."""
    return {name: str(row.get(name) or "") for name in names}


def _entry(key: str, module: str, fields: Row) -> str:
    pairs = "".join(
        f'<item xsi:type="tns:name_value"><name xsi:type="xsd:string">{escape(name)}</name>'
        f"{_text(value)}</item>"
        for name, value in fields.items()
    )
    return (
        f'<id xsi:type="xsd:string">{escape(key)}</id>'
        f'<module_name xsi:type="xsd:string">{module}</module_name>'
        f"{_array('name_value_list', 'tns:name_value', len(fields), pairs)}"
    )


def _text(value: str | None) -> str:
    """A value with SuiteCRM's HTML entities, and these again escaped for XML."""
    if value is None:
        return '<value xsi:nil="true" xsi:type="xsd:string"/>'
    coded = escape(value, {'"': "&quot;", "'": "&#039;"})
    return f'<value xsi:type="xsd:string">{escape(coded)}</value>'


def _array(name: str, kind: str, count: int, content: str) -> str:
    head = f'<{name} xsi:type="SOAP-ENC:Array" SOAP-ENC:arrayType="{kind}[{count}]">'
    return f"{head}{content}</{name}>"


def _envelope(name: str, content: str) -> str:
    space = "http://www.sugarcrm.com/sugarcrm"
    return (
        f'{_START} {" ".join(_SPACES)} xmlns:tns="{space}"><SOAP-ENV:Body>'
        f'<ns1:{name}Response xmlns:ns1="{space}">{content}</ns1:{name}Response>'
        "</SOAP-ENV:Body></SOAP-ENV:Envelope>"
    )


def _error_value(said: tuple[Any, ...]) -> str:
    number, name, description = said
    return (
        '<return><error xsi:type="tns:error_value">'
        f'<number xsi:type="xsd:string">{number}</number>'
        f'<name xsi:type="xsd:string">{name}</name>'
        f'<description xsi:type="xsd:string">{description}</description></error></return>'
    )


def _fault(said: tuple[Any, ...]) -> Response:
    number, name, description = said
    spaces = "".join(f"\n  {space}" for space in _SPACES)
    body = (
        f"{_START}{spaces}>\n<SOAP-ENV:Body><SOAP-ENV:Fault>"
        f'<faultcode xsi:type="xsd:int">{number}</faultcode>'
        '<faultactor xsi:type="xsd:string"></faultactor>'
        f'<faultstring xsi:type="xsd:string">{name}</faultstring>'
        f'<detail xsi:type="xsd:string">{description}</detail>'
        "</SOAP-ENV:Fault></SOAP-ENV:Body></SOAP-ENV:Envelope>"
    )
    return Response(500, body, _XML)
