"""A stand-in for Request Tracker 5's REST2, tested against the real one.

Seed rows, keyed by the number as text; times are ISO 8601 in UTC with whole seconds, fields that
are left out are empty::

    user    id Name EmailAddress RealName NickName Organization Lang Address1 Address2 City State
            Zip Country WorkPhone MobilePhone HomePhone Privileged (0, 1) Disabled (0, 1)
            Created LastUpdated
    ticket  id Subject Status Queue (name) Priority Owner (name) Type Created Started Due Resolved
            LastUpdated Requestor (list of user names or addresses; an unknown one becomes a user)

    transaction  id ObjectId (ticket) Type Field NewValue Created

A ticket of status ``deleted``, and one with ``EffectiveId`` (merged into that ticket), is in no
search; a transaction (Type Status, NewValue deleted; or Field MergedInto, NewValue a URI that ends
with the number) tells when it went. The ETag of a record is made of its content.
"""

from __future__ import annotations

import math
import re
from base64 import b64encode
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from urllib.parse import parse_qs, unquote
from zlib import crc32

import orjson

from hub.sdk import HttpStandIn, StandInState
from hub.sdk.standin import Request, Response, Row

USER: Final = "root"
PASSWORD: Final = "stand-in"  # noqa: S105  # a loopback server that lives as long as a test
NEVER: Final = "1970-01-01T00:00:00Z"
PRIVILEGED_GROUP: Final = 4

_LENGTHS: Final[Mapping[str, int]] = {"WorkPhone": 30, "MobilePhone": 30, "HomePhone": 30}
_WRITABLE: Final = frozenset(
    (
        *("EmailAddress", "RealName", "NickName", "Organization", "Lang", "Address1", "Address2"),
        *("City", "State", "Zip", "Country", "WorkPhone", "MobilePhone", "HomePhone", "Disabled"),
    )
)
_TIMES: Final = ("Created", "Started", "Due", "Resolved", "LastUpdated")
_TICKET_DEFAULTS: Final[Row] = {
    "Subject": "",
    "Status": "new",
    "Type": "ticket",
    "Priority": "0",
    "Queue": "General",
    "Owner": "Nobody",
    "Requestor": [],
}
_QUERY: Final = re.compile(
    r"(?:id > (?P<after>\d+)|id = (?P<id>\d+))(?: AND LastUpdated > '(?P<ago>\d+) seconds ago')?"
)


_TRANSACTIONS: Final = re.compile(
    r"ObjectType = 'RT::Ticket' AND"
    r" \( \( Type = 'Status' AND NewValue = 'deleted' \) OR Field = 'MergedInto' \)"
    r" AND Created > '(?P<ago>\d+) seconds ago' AND id > (?P<after>\d+)"
)


class RequestTrackerStandIn(HttpStandIn):
    """The lists, records and writes that the connector uses, with RT's answers to mistakes.

    With ``hides_system_groups`` it shows the groups that people made alone, as RT does since the
    fix of CVE-2026-108353.
    """

    def __init__(self, state: StandInState, port: int = 0) -> None:
        self.hides_system_groups = False
        super().__init__(state, self.answer, port)

    @property
    def config(self) -> dict[str, Any]:
        """Settings with which the connector reaches it."""
        return {"base_url": self.url, "username": USER, "password": PASSWORD}

    def answer(self, request: Request) -> Response:
        """Answer one request as REST2 does."""
        expected = f"Basic {b64encode(f'{USER}:{PASSWORD}'.encode()).decode()}"
        if request.headers.get("authorization") != expected:
            return _message(401, "Unauthorized")
        _, _, path = request.path.partition("/REST/2.0/")
        name, _, key = path.partition("/")
        routes: Mapping[tuple[str, str], Callable[[Request, str], Response]] = {
            ("GET", "rt"): self._version,
            ("GET", "users"): self._users,
            ("GET", "tickets"): self._tickets,
            ("GET", "transactions"): self._transactions,
            ("GET", "user"): self._user,
            ("PUT", "user"): self._change,
            ("POST", "groups"): self._groups,
            ("GET", "group"): self._group,
        }
        route = routes.get((request.method, name))
        if route is None:
            return _message(404, "Not Found")
        with self.state.lock:
            return route(request, unquote(key))

    def _version(self, _request: Request, _key: str) -> Response:
        return Response(200, {"Version": "5.0.3", "Plugins": []})

    def _users(self, request: Request, _key: str) -> Response:
        query = _query(request)
        everybody = "find_disabled_rows" in query
        rows = [row for row in self._stored("user") if everybody or not row.get("Disabled")]
        fields = query.get("fields", "").split(",")
        return _listed(rows, query, lambda row: _in_list(row, fields))

    def _tickets(self, request: Request, _key: str) -> Response:
        query = _query(request)
        asked = _QUERY.fullmatch(query.get("query", ""))
        if asked is None:
            return _message(400, "Unknown field or broken query")
        rows = [row for row in self._stored("ticket") if _is_alive(row) and _is_asked(row, asked)]
        people = self._names()
        return _listed(rows, query, lambda row: self._ticket(row, people))

    def _transactions(self, request: Request, _key: str) -> Response:
        query = _query(request)
        asked = _TRANSACTIONS.fullmatch(query.get("query", ""))
        if asked is None:
            return _message(400, "Unknown field or broken query")
        rows = [row for row in self._stored("transaction") if _is_end(row, asked)]
        return _listed(rows, query, lambda row: {**row, "type": "transaction"})

    def _ticket(self, row: Row, people: dict[str, Row]) -> Row:
        plain = {**_TICKET_DEFAULTS, **{name: value for name, value in row.items() if value}}
        times = {name: row.get(name) or NEVER for name in _TIMES}
        texts = ("Subject", "Status", "Type", "Priority")
        return {
            "id": int(row["id"]),
            "type": "ticket",
            "_url": f"{self.url}/REST/2.0/ticket/{row['id']}",
            "Queue": {"type": "queue", "id": "1", "Name": plain["Queue"]},
            "Owner": {"type": "user", "id": plain["Owner"], "Name": plain["Owner"]},
            "Requestor": [self._requestor(name, people) for name in plain["Requestor"]],
            **{name: str(plain[name]) for name in texts},
            **times,
        }

    def _requestor(self, name: str, people: dict[str, Row]) -> Row:
        """The user of a name or address; RT makes one for an address that it does not know."""
        user = people.get(name.lower())
        if user is None:
            number = max((int(key) for key in self.state.stream("user")), default=20) + 1
            user = {"id": number, "Name": name, "EmailAddress": name, "LastUpdated": _now()}
            self.state.stream("user")[str(number)] = people[name.lower()] = user
        return {"type": "user", "id": int(user["id"]), "Name": user["Name"]}

    def _user(self, _request: Request, key: str) -> Response:
        row = self._find(key)
        if row is None:
            return _message(404, "Not Found")
        filled = {name: value for name, value in row.items() if value not in ("", None)}
        flags = {"Privileged": row.get("Privileged", 0), "Disabled": str(row.get("Disabled", 0))}
        content = {**filled, **_user_times(row), **flags, "id": int(row["id"]), "CustomFields": []}
        return Response(200, content, {"etag": _etag(row)})

    def _change(self, request: Request, key: str) -> Response:
        row = self._find(key)
        if row is None:
            return _message(404, "Resource does not exist; use POST to create")
        if request.headers.get("if-match", _etag(row)) != _etag(row):
            return _message(412, "Precondition Failed")
        with self.state.changing():
            wanted: dict[str, Any] = orjson.loads(request.body)
            sentences = [self._set(row, name, value) for name, value in wanted.items()]
        return Response(200, [sentence for sentence in sentences if sentence])

    def _set(self, row: Row, name: str, value: Any) -> str:
        """Set one field, or say why not; RT answers both with status 200."""
        if name not in _WRITABLE or value is None or row.get(name, "") == value:
            return ""
        if name == "EmailAddress" and (refusal := self._refuse_address(row, value)):
            return f"User {row['Name']}: {refusal}"
        old, new = row.get(name, ""), str(value)[: _LENGTHS.get(name, 200)]
        row[name] = new
        row["LastUpdated"] = _now()
        return f"User {row['id']}: {name} changed from '{old}' to '{new}'"

    def _refuse_address(self, row: Row, address: str) -> str:
        if address and "@" not in address:
            return "Invalid syntax for email address"
        found = self._find(address)
        return "Email address in use" if found is not None and found is not row else ""

    def _groups(self, _request: Request, _key: str) -> Response:
        group: Row = {"type": "group", "id": PRIVILEGED_GROUP, "Name": "Privileged"}
        items: list[Any] = [] if self.hides_system_groups else [group]
        count = len(items)
        return Response(
            200, {"count": count, "total": count, "page": 1, "per_page": 100, "items": items}
        )

    def _group(self, _request: Request, _key: str) -> Response:
        if self.hides_system_groups:
            return _message(404, "Not Found")
        staff = [row["Name"] for row in self._stored("user") if row.get("Privileged")]
        members: list[Any] = [{"type": "user", "id": name} for name in staff]
        return Response(200, {"id": PRIVILEGED_GROUP, "Name": "Privileged", "Members": members})

    def _stored(self, stream: str) -> list[Row]:
        return sorted(self.state.stream(stream).values(), key=lambda row: int(row["id"]))

    def _find(self, key: str) -> Row | None:
        users = self.state.stream("user")
        return users[key] if key in users else self._names().get(key.lower())

    def _names(self) -> dict[str, Row]:
        """Users by name and by address, whatever the case; a name goes before an address."""
        users = self.state.stream("user").values()
        return {
            str(row[field]).lower(): row
            for field in ("EmailAddress", "Name")
            for row in users
            if row.get(field)
        }


def _in_list(row: Row, fields: list[str]) -> Row:
    """A user in a list: the fields asked for, empty ones as empty texts, flags always empty."""
    content = {field: row.get(field) or "" for field in fields if field}
    content |= {flag: "" for flag in ("Privileged", "Disabled") if flag in content}
    content |= {name: value for name, value in _user_times(row).items() if name in content}
    number = int(row["id"]) if "id" in content else row["Name"]
    return {"type": "user", **content, "id": number}


def _user_times(row: Row) -> dict[str, str]:
    return {name: row.get(name) or NEVER for name in ("Created", "LastUpdated")}


def _listed(rows: list[Row], query: Mapping[str, str], render: Callable[[Row], Row]) -> Response:
    size = min(int(query.get("per_page", "20")), 100)
    page = int(query.get("page", "1"))
    taken = [render(row) for row in rows[(page - 1) * size : page * size]]
    content: dict[str, Any] = {
        "count": len(taken),
        "total": len(rows),
        "per_page": size,
        "page": page,
        "pages": math.ceil(len(rows) / size),
        "items": taken,
    }
    return Response(200, content)


def _is_asked(row: Row, asked: re.Match[str]) -> bool:
    number = int(row["id"])
    if asked["id"]:
        return number == int(asked["id"])
    if number <= int(asked["after"]):
        return False
    if asked["ago"] is None:
        return True
    return _is_after(row["LastUpdated"], asked["ago"])


def _is_alive(row: Row) -> bool:
    return row.get("Status") != "deleted" and not row.get("EffectiveId")


def _is_end(row: Row, asked: re.Match[str]) -> bool:
    ended = row.get("NewValue") == "deleted" or row.get("Field") == "MergedInto"
    fresh = _is_after(row["Created"], asked["ago"])
    return ended and fresh and int(row["id"]) > int(asked["after"])


def _is_after(moment: str, seconds_ago: str) -> bool:
    since = datetime.now(UTC) - timedelta(seconds=int(seconds_ago))
    return datetime.fromisoformat(moment) > since


def _query(request: Request) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(request.query).items()}


def _etag(row: Row) -> str:
    return f'"{crc32(orjson.dumps(row, option=orjson.OPT_SORT_KEYS))}"'


def _now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _message(status: int, text: str) -> Response:
    return Response(status, {"message": text})
