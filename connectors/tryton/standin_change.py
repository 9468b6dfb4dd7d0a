"""Writes to the stand-in's rows by JSON-RPC, with what Tryton's own rules refuse.

Lists of other models take orders: ``["create", [{…}]]`` and ``["write", [ids], {…}]``
(docs.tryton.org, fields One2Many). A row whose ``_timestamp`` in the context is not its own any
more is a ConcurrencyException. All of a call is done or nothing of it; what went wrong is an
``error`` in an answer with status 200.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any, Final

from pydantic import JsonValue

from hub.sdk import StandInState
from hub.sdk.standin import Response, Row
from hub.sdk.sweep import format_time

FIRST_TIME: Final = "2026-01-01T00:00:00.000000Z"
COUNTRIES: Final = (
    *("AT", "BE", "CH", "CZ", "DE", "DK", "ES", "FR", "GB"),
    *("IE", "IT", "LU", "NL", "NO", "PL", "PT", "SE", "US"),
)
TO_MANY: Final[Mapping[str, tuple[str, str]]] = {
    "addresses": ("party.address", "party"),
    "contact_mechanisms": ("party.contact_mechanism", "party"),
    "identifiers": ("party.identifier", "party"),
    "lines": ("sale.line", "sale"),
    "lines_to_pay": ("account.move.line", "invoice"),
}
_WRITABLE: Final[Mapping[str, frozenset[str]]] = {
    "party.party": frozenset(
        ("name", "code", "active", "addresses", "contact_mechanisms", "identifiers")
    ),
    "party.identifier": frozenset(("type", "code")),
    "party.address": frozenset(("street", "city", "postal_code", "country", "active", "sequence")),
    "party.contact_mechanism": frozenset(("type", "value", "active", "sequence")),
}
_HTML: Final = {"content-type": "text/html; charset=utf-8"}


class Refusal(Exception):  # noqa: N818  # it carries an answer, nothing went wrong here
    """Ends a request early with this answer."""

    def __init__(self, response: Response) -> None:
        super().__init__()
        self.response = response


def timestamp(row: Row) -> str:
    """The stamp of a row's last change, as Tryton computes it."""
    moment = row.get("write_date") or row.get("create_date") or FIRST_TIME
    return f"{datetime.fromisoformat(moment).timestamp():.5f}"


class Change:
    """One request's writes; hold the state's lock.

    ``formats`` spells phone numbers as Tryton does where the package phonenumbers is installed.
    """

    def __init__(self, state: StandInState, stamps: Mapping[str, str], *, formats: bool) -> None:
        self._state = state
        self._stamps = stamps
        self._formats = formats
        self._now = format_time(datetime.now(UTC))

    def write(self, model: str, keys: Iterable[int], values: Mapping[str, Any]) -> None:
        """Write values to rows; all is checked before the first one is changed."""
        self._check(model, keys, values)
        self._write(model, keys, values)

    def create(self, model: str, rows: Iterable[Mapping[str, Any]]) -> list[int]:
        """Make rows with what is below them; a party without a code is numbered."""
        made = []
        for values in rows:
            self._check(model, (), values)
            number = max((int(key) for key in self._state.stream(model)), default=0) + 1
            row: Row = {"id": number, "create_date": self._now, "code": str(number)}
            self._state.stream(model)[str(number)] = row
            self._write(model, [number], values)
            made.append(number)
        return made

    def _write(self, model: str, keys: Iterable[int], values: Mapping[str, Any]) -> None:
        for key in keys:
            row = self._state.stream(model)[str(key)]
            for field, value in values.items():
                if field in TO_MANY:
                    self._follow(field, row, value)
                else:
                    row[field] = self._stored(field, value)
            row["write_date"] = self._now

    def _follow(self, field: str, row: Row, orders: Iterable[Any]) -> None:
        model, back = TO_MANY[field]
        below = self._state.stream(model)
        for order, *content in orders:
            if order == "create":
                for values in content[0]:
                    number = max((int(key) for key in below), default=0) + 1
                    made = {name: self._stored(name, value) for name, value in values.items()}
                    made |= {"id": number, back: row["id"], "create_date": self._now}
                    below[str(number)] = made
            else:
                self._write(model, content[0], content[1])

    def _check(self, model: str, keys: Iterable[int], values: Mapping[str, Any]) -> None:
        for key in keys:
            self._check_row(model, key)
        for field, value in values.items():
            _check_field(model, field, value)
            for order, *content in value if field in TO_MANY else ():
                below = TO_MANY[field][0]
                if order == "write":
                    self._check(below, content[0], content[1])
                for fresh in content[0] if order == "create" else ():
                    self._check(below, (), fresh)

    def _check_row(self, model: str, key: int) -> None:
        row = self._state.stream(model).get(str(key))
        if row is None:
            raise error("UserError", ["You are trying to write to records.", "", None])
        if self._stamps.get(f"{model},{key}", timestamp(row)) != timestamp(row):
            raise error("ConcurrencyException", "Records were modified in the meanwhile")

    def _stored(self, field: str, value: Any) -> Any:
        if field == "country" and value is not None:
            return next((code for code in COUNTRIES if country_id(code) == value), None)
        return _spelt(value) if field == "value" and self._formats else value


def country_id(code: str) -> int:
    """The id under which the stand-in knows a country."""
    first, second = (ord(letter) - ord("A") for letter in code)
    return 26 * first + second + 1


def page(status: int, title: str, text: str = "") -> Response:
    """An error as Tryton's server tells it."""
    body = f"<!doctype html>\n<title>{status} {title}</title>\n<h1>{title}</h1>\n<p>{text}</p>\n"
    return Response(status, body, _HTML)


def _check_field(model: str, field: str, value: Any) -> None:
    if field not in _WRITABLE.get(model, frozenset()):
        raise error(f"'{field}'", "")
    if field == "value" and not value:
        raise error("UserError", ["A value is required for field Value.", "", None])


def error(kind: str, detail: JsonValue) -> Refusal:
    """An exception as JSON-RPC tells it."""
    return Refusal(Response(200, {"id": 1, "error": [kind, detail]}))


def _spelt(value: str) -> str:
    import phonenumbers

    try:
        number = phonenumbers.parse(value, None)
    except phonenumbers.NumberParseException:
        return value
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.INTERNATIONAL)
