"""A stand-in for Tryton 8.2's REST interface, tested against the real one.

Seed rows, by model and id as text, in Tryton's field names; times are ISO 8601 in UTC, dates ISO,
amounts texts. Of a relation, the row that points holds the id (``party``, ``sale``, ``invoice``,
``company``); the lists on the other side (addresses, lines …) are found from it and need not be
given. ``lang``, ``country``, ``subdivision``, ``currency`` and ``product`` hold the code or name::

    party.party              id name code active lang replaced_by receivable create_date write_date
    party.address            id party street city postal_code subdivision country active sequence
    party.contact_mechanism  id party type value active sequence
    party.identifier         id party type code
    company.company          id party currency
    sale.sale                id number reference party state sale_date currency company
                             untaxed_amount tax_amount total_amount
    sale.line                id sale type product description quantity amount
    account.invoice          id type number reference party state invoice_date currency company
                             sales untaxed_amount tax_amount total_amount amount_to_pay
    account.invoice.line     id invoice
    account.move.line        id party maturity_date invoice

A party is written by JSON-RPC, with orders for its addresses and contact mechanisms; countries
are known by their codes and found under ids made of those.

``active`` is true and ``create_date`` the first second of 2026 where a row leaves them out.
"""

from __future__ import annotations

import operator
import re
from base64 import b64encode, urlsafe_b64decode
from collections.abc import Callable, Mapping
from datetime import datetime
from functools import cache
from typing import Any, Final
from urllib.parse import parse_qs

import orjson

from connectors.tryton.standin_change import (
    COUNTRIES,
    FIRST_TIME,
    TO_MANY,
    Change,
    Refusal,
    country_id,
    page,
    timestamp,
)
from connectors.tryton.wire import decode, encode_time
from hub.sdk import HttpStandIn, StandInState
from hub.sdk.standin import Request, Response, Row

DATABASE: Final = "hub"
KEY: Final = "stand-in-key"
USERNAME: Final = "hub"
PASSWORD: Final = "stand-in-password"  # noqa: S105  # of a server that listens on loopback only
PATH: Final = re.compile(rf"/{DATABASE}/rest/model/([a-z_.-]+)(?:/(\d+))?")

_COMMON: Final = "id create_date write_date rec_name _timestamp"
_MONEY: Final = "untaxed_amount tax_amount total_amount"
_FIELDS: Final[Mapping[str, str]] = {
    "party.party": "name code active lang replaced_by receivable addresses contact_mechanisms"
    " identifiers",
    "party.address": "party street city postal_code subdivision country active sequence",
    "party.contact_mechanism": "party type value active sequence",
    "party.identifier": "party type code",
    "party.party.lang": "party lang",
    "company.company": "party currency",
    "country.country": "code",
    "sale.sale": f"number reference party state sale_date currency company lines {_MONEY}",
    "sale.line": "sale type product description quantity amount",
    "account.invoice": "type number reference party state invoice_date currency company sales"
    f" amount_to_pay lines_to_pay {_MONEY}",
    "account.invoice.line": "invoice",
    "account.invoice-account.move.line": "invoice",
    "account.move.line": "party maturity_date invoice",
}
_TO_ONE: Final[Mapping[str, str]] = {
    "party": "party.party",
    "replaced_by": "party.party",
    "sale": "sale.sale",
    "invoice": "account.invoice",
    "company": "company.company",
}
_AMOUNTS: Final = frozenset(f"{_MONEY} amount amount_to_pay receivable".split())
_DATES: Final = frozenset(("sale_date", "invoice_date", "maturity_date"))
_TIMES: Final = frozenset(("create_date", "write_date"))
_DEFAULTS: Final[Mapping[str, Any]] = {
    "write_date": None,
    "create_date": FIRST_TIME,
    "active": True,
}
_OPERATORS: Final[Mapping[str, Callable[[Any, Any], bool]]] = {
    "=": operator.eq,
    "!=": operator.ne,
    ">": operator.gt,
    ">=": operator.ge,
    "<": operator.lt,
    "<=": operator.le,
    "in": lambda value, choices: value in choices,
    "not in": lambda value, choices: value not in choices,
}


class TrytonStandIn(HttpStandIn):
    """The searches and writes that the connector makes, with Tryton's answers to mistakes.

    ``formats_numbers`` spells phone numbers anew, as Tryton does with the package phonenumbers.
    """

    def __init__(self, state: StandInState, port: int = 0) -> None:
        self.formats_numbers = False
        for model in _FIELDS:
            state.stream(model)
        super().__init__(state, self.answer, port)

    @property
    def config(self) -> dict[str, Any]:
        """Settings with which the connector reaches it."""
        reach = {"base_url": f"{self.url}/{DATABASE}", "key": KEY}
        return {**reach, "username": USERNAME, "password": PASSWORD}

    def answer(self, request: Request) -> Response:
        """Answer one request as Tryton's REST interface does."""
        try:
            return self._route(request)
        except Refusal as refusal:
            return refusal.response

    def _route(self, request: Request) -> Response:
        if request.path == f"/{DATABASE}/rpc/" and request.method == "POST":
            return self._call(request)
        if request.headers.get("authorization") != f"bearer {KEY}":
            raise Refusal(page(401, "Unauthorized"))
        found = PATH.fullmatch(request.path)
        if found is None or request.method != "GET":
            raise Refusal(page(404, "Not Found"))
        model = found.group(1)
        if model not in _FIELDS:
            raise Refusal(_unknown(model))
        with self.state.lock:
            return self._search(model, request)

    def _call(self, request: Request) -> Response:
        """JSON-RPC of three methods: the user's preferences, model.MODEL.write and .create."""
        if request.headers.get("authorization") != _basic(USERNAME, PASSWORD):
            raise Refusal(Response(401, b""))
        call = orjson.loads(request.body)
        if call["method"] == "model.res.user.get_preferences":
            return Response(200, {"id": call["id"], "result": {"language": "en"}})
        model, _, verb = str(call["method"]).removeprefix("model.").rpartition(".")
        if model not in _FIELDS or verb not in ("write", "create"):
            raise Refusal(page(403, "Forbidden"))
        *params, context = call["params"]
        with self.state.changing():
            change = Change(self.state, context.get("_timestamp", {}), formats=self.formats_numbers)
            made = getattr(change, verb)(model, *params)
        return Response(200, {"id": call["id"], "result": made})

    def _search(self, model: str, request: Request) -> Response:
        query = {name: values[0] for name, values in parse_qs(request.query).items()}
        domain = _decoded(query.get("d"), [])
        matches = _compiled(model, self._below(domain))
        rows = [row for row in self._rows(model, request) if matches(row)]
        for field, direction in reversed(_decoded(query.get("o"), [["id", "ASC"]])):
            rows.sort(key=lambda row: _order(row, field), reverse=direction == "DESC")
        start, end = _asked_range(request.headers.get("range"))
        taken = rows[start:end]
        if start and not taken:
            raise Refusal(page(416, "Requested Range Not Satisfiable"))
        paths = parse_qs(request.query).get("f", ["rec_name"])
        shape = _Shape(self.state)
        content: list[Any] = [shape.render(model, _completed(model, row), paths) for row in taken]
        most = 10 * (end if end is not None else start + len(taken))
        total = "*" if len(rows) >= most > 0 else str(len(rows))
        return Response(
            200, content, {"content-range": f"records {start}-{start + len(taken)}/{total}"}
        )

    def _below(self, domain: list[Any]) -> list[Any]:
        """A search by a row below (``identifiers.code``) as one by the ids that it belongs to."""
        if len(domain) == 3 and isinstance(domain[1], str) and "." in str(domain[0]):
            relation, _, field = domain[0].partition(".")
            model, back = TO_MANY[relation]
            matches = _compiled(model, [field, *domain[1:]])
            rows = filter(matches, self.state.stream(model).values())
            return ["id", "in", [row[back] for row in rows]]
        return [self._below(clause) if isinstance(clause, list) else clause for clause in domain]

    def _rows(self, model: str, request: Request) -> list[Row]:
        context = _decoded(request.headers.get("x-tryton-context"), {})
        everything = context.get("active_test") is False
        if model == "country.country":
            return [{"id": country_id(code), "code": code} for code in COUNTRIES]
        rows = self.state.stream(model).values()
        return [row for row in rows if everything or row.get("active", True)]


class _Shape:
    """Renders the rows of one answer; what belongs to what is looked up once for all of them."""

    def __init__(self, state: StandInState) -> None:
        self._state = state
        self._children: dict[str, dict[Any, list[Row]]] = {}

    def render(self, model: str, row: Row, paths: list[str]) -> dict[str, Any]:
        """A row with the fields asked for; a path goes into the rows that a field relates to."""
        content: dict[str, Any] = {"id": row["id"], "__name__": model}
        nested: dict[str, list[str]] = {}
        for path in paths:
            field, _, rest = path.partition(".")
            if field not in _known_fields(model):
                raise Refusal(_unknown(field))
            nested.setdefault(field, []).extend([rest] if rest else [])
        for field, inner in nested.items():
            content[field] = self._value(row, field, inner)
        return content

    def _value(self, row: Row, field: str, inner: list[str]) -> Any:
        if field in TO_MANY:
            model, mine = TO_MANY[field][0], self._below(field).get(row["id"], [])
            return [self.render(model, child, inner) if inner else child["id"] for child in mine]
        value = timestamp(row) if field == "_timestamp" else row.get(field)
        if not inner or value is None:
            return _encoded(field, value)
        if field == "sales":
            return [{"id": sale, "__name__": "sale.sale"} for sale in value]
        if field in _TO_ONE:
            model = _TO_ONE[field]
            target = self._state.stream(model).get(str(value), {"id": value})
            return self.render(model, _completed(model, target), inner)
        return {"id": 1, "__name__": field, **dict.fromkeys(inner, value)}

    def _below(self, field: str) -> dict[Any, list[Row]]:
        if field not in self._children:
            model, back = TO_MANY[field]
            found: dict[Any, list[Row]] = {}
            for row in self._state.stream(model).values():
                found.setdefault(row.get(back), []).append(_completed(model, row))
            self._children[field] = found
        return self._children[field]


def _completed(model: str, row: Row) -> Row:
    return {**dict.fromkeys(_known_fields(model)), **_DEFAULTS, **row}


def _compiled(model: str, domain: list[Any]) -> Callable[[Row], bool]:
    """A domain as a test of rows; its values are decoded once, not for each row."""
    if domain and domain[0] == "OR":
        choices = [_compiled(model, clause) for clause in domain[1:]]
        return lambda row: any(choice(row) for choice in choices)
    if len(domain) == 3 and isinstance(domain[1], str):
        return _comparison(model, *domain)
    clauses = [_compiled(model, clause) for clause in domain if clause != "AND"]
    return lambda row: all(clause(row) for clause in clauses)


def _comparison(model: str, field: str, operation: str, expected: Any) -> Callable[[Row], bool]:
    if field not in _known_fields(model):
        raise Refusal(_unknown(field))
    compare, wanted = _OPERATORS[operation], _comparable(field, decode(expected))
    default, of_nothing = _DEFAULTS.get(field), operation in ("=", "!=", "in")

    def test(row: Row) -> bool:
        value = _comparable(field, row.get(field, default))
        return compare(value, wanted) if value is not None or of_nothing else False

    return test


@cache
def _known_fields(model: str) -> frozenset[str]:
    return frozenset(f"{_COMMON} {_FIELDS[model]}".split())


def _comparable(field: str, value: Any) -> Any:
    return datetime.fromisoformat(value) if field in _TIMES and value else value


def _order(row: Row, field: str) -> tuple[bool, Any]:
    value = _comparable(field, row.get(field, _DEFAULTS.get(field)))
    return (value is not None, value)


def _encoded(field: str, value: Any) -> Any:
    """A value in Tryton's JSON; truth values are 1 and 0, as they are on SQLite."""
    if value is None:
        return None
    if field in _TIMES:
        return encode_time(datetime.fromisoformat(value))
    if field in _DATES:
        year, month, day = (int(part) for part in value.split("-"))
        return {"__class__": "date", "year": year, "month": month, "day": day}
    if field in _AMOUNTS:
        return {"__class__": "Decimal", "decimal": str(value)}
    return int(value) if isinstance(value, bool) else value


def _decoded(text: str | None, default: Any) -> Any:
    return orjson.loads(urlsafe_b64decode(text)) if text else default


def _asked_range(header: str | None) -> tuple[int, int | None]:
    if header is None:
        return 0, None
    start, _, end = header.removeprefix("records=").partition("-")
    return int(start), int(end) if end else None


def _unknown(name: str) -> Response:
    return page(500, "Internal Server Error", f"&#39;{name}&#39;")


def _basic(user: str, password: str) -> str:
    return f"Basic {b64encode(f'{user}:{password}'.encode()).decode()}"
