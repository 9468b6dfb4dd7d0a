"""A Microsoft Graph for tests: its token endpoint, delta queries, and contacts under ETags.

Delta tokens stand for what a folder held when they were given, so tests may change the state as
they like. What changed comes with no more than its changed properties and its id where
``manners.whole_rows`` is off, as Graph may do.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import blake2b
from typing import Any, Final
from urllib.parse import parse_qs, quote, unquote

import orjson
from pydantic import JsonValue

from connectors.microsoft_graph.samples import USER
from connectors.microsoft_graph.streams import CONTACT_FIELDS, MESSAGE_FIELDS, OWN_CONTACTS
from hub.sdk import HttpStandIn, StandInState
from hub.sdk.standin import Request, Response, Row

TENANT: Final = "example.onmicrosoft.com"
CLIENT_ID: Final = "00000000-0000-0000-0000-000000000001"
CLIENT_SECRET: Final = "stand-in secret"  # noqa: S105  # of a server on loopback
ROOT: Final = "/v1.0/"
DEFAULT_PAGE: Final = 10
LISTS: Final = ("businessPhones", "homePhones", "imAddresses", "emailAddresses", "categories")

_PLACE: Final = frozenset({"user", "folder", "copy"})

Items = dict[str, Row]


@dataclass
class Manners:
    """What Graph may do: name no more of a changed item than what changed."""

    whole_rows: bool = True


@dataclass(frozen=True)
class _Round:
    """One round of a delta query: from one snapshot to another, and how far it got."""

    before: str
    after: str
    offset: int
    select: tuple[str, ...]
    created_only: bool


class GraphStandIn(HttpStandIn):
    """Contacts by ``[user, folder, id]``, mails by their message id."""

    def __init__(self, state: StandInState, port: int = 0) -> None:
        self.manners = Manners()
        self._token = 0
        self._host = ""
        super().__init__(state, self._respond, port)
        with state.changing():
            state.stream("contact")
            state.stream("message")

    @property
    def config(self) -> dict[str, JsonValue]:
        """Settings with which the connector reaches it."""
        return {
            "base_url": f"{self.url}/v1.0",
            "login_url": self.url,
            "tenant": TENANT,
            "client_id": CLIENT_ID,
            "client_secret": CLIENT_SECRET,
            "users": [USER],
            "own_domains": ["example.com"],
        }

    def expire_token(self) -> None:
        """Let the access token that is in use expire."""
        self._token += 1

    def forget_deltas(self) -> None:
        """Let every delta token expire."""
        with self.state.changing():
            self.state.stream("snapshot").clear()

    def _respond(self, request: Request) -> Response:
        if request.path == f"/{TENANT}/oauth2/v2.0/token":
            return self._grant(request)
        if request.headers.get("authorization") != f"Bearer token-{self._token}":
            return _refuse(401, "InvalidAuthenticationToken")
        if not request.path.startswith(ROOT):
            return _refuse(404, "ResourceNotFound")
        segments = [unquote(one) for one in request.path.removeprefix(ROOT).split("/")]
        with self.state.lock:
            self._host = request.headers.get("host", "")
            return self._route(request, segments)

    def _grant(self, request: Request) -> Response:
        form = parse_qs(request.body.decode())
        known = {"client_id": [CLIENT_ID], "client_secret": [CLIENT_SECRET]}
        if any(form.get(name) != value for name, value in known.items()):
            return Response(401, {"error": "invalid_client"})
        if form.get("grant_type") != ["client_credentials"] or "scope" not in form:
            return Response(400, {"error": "invalid_request"})
        token = f"token-{self._token}"
        return Response(200, {"access_token": token, "token_type": "Bearer", "expires_in": 3599})

    def _route(self, request: Request, segments: list[str]) -> Response:
        match segments:
            case ["users", user, "contacts", *rest]:
                return self._items(request, "contact", (user, OWN_CONTACTS), rest)
            case ["users", user, "contactFolders", folder, "contacts", *rest]:
                return self._items(request, "contact", (user, folder), rest)
            case ["users", user, "mailFolders", folder, "messages", *rest]:
                return self._items(request, "message", (user, folder), rest)
        return _refuse(404, "ResourceNotFound")

    def _items(
        self, request: Request, stream: str, place: tuple[str, str], rest: list[str]
    ) -> Response:
        if place[0] != USER:
            return _refuse(404, "ErrorInvalidUser")
        held = self._held(stream, place)
        if rest == ["delta"] and request.method == "GET":
            return self._delta(request, held)
        if len(rest) != 1 or rest[0] not in held:
            return _refuse(404, "ErrorItemNotFound")
        return self._item(request, stream, held[rest[0]], composite(place, rest[0]))

    def _item(self, request: Request, stream: str, held: Row, key: str) -> Response:
        if request.method == "GET":
            return Response(200, _selected(held, _select(request, stream)))
        if request.method == "PATCH" and stream == "contact":
            return self._update(request, held, key)
        return _refuse(405, "ErrorInvalidRequest")

    def _held(self, stream: str, place: tuple[str, str]) -> Items:
        """The whole items of a folder, by id."""
        if stream == "contact":
            rows = {tuple(orjson.loads(key)): row for key, row in self._rows("contact").items()}
            return {key[2]: _contact(key[2], row) for key, row in rows.items() if key[:2] == place}
        return {
            _id(key, row): _message(_id(key, row), row)
            for key, row in self._rows("message").items()
            if (row["user"], row["folder"]) == place
        }

    def _rows(self, stream: str) -> dict[str, Row]:
        return self.state.stream(stream)

    def _delta(self, request: Request, held: Items) -> Response:
        query = {name: values[0] for name, values in parse_qs(request.query).items()}
        stream = "message" if "/messages/" in request.path else "contact"
        found = self._started(query, held, stream, request)
        if found is None:
            return _refuse(410, "syncStateNotFound")
        rows = self._changes(found, held)
        size = _page_size(request)
        page = rows[found.offset : found.offset + size]
        body: dict[str, Any] = {"value": page}
        address = f"http://{self._host}{request.path}"
        if found.offset + size < len(rows):
            token = _write_token(found, found.offset + size)
            body["@odata.nextLink"] = f"{address}?$skiptoken={token}"
        else:
            body["@odata.deltaLink"] = f"{address}?$deltatoken={_write_token(found, 0)}"
        return Response(200, body)

    def _started(
        self, query: Mapping[str, str], held: Items, stream: str, request: Request
    ) -> _Round | None:
        """The round that a request begins or goes on with; None where its token is too old."""
        snapshots = self._rows("snapshot")
        if token := query.get("$skiptoken"):
            found = _read_token(token)
            return found if {found.before, found.after} <= {"", *snapshots} else None
        select, created, before = _select(request, stream), query.get("changeType"), ""
        is_created = created == "created"
        if token := query.get("$deltatoken"):
            last = _read_token(token)
            if last.after not in snapshots:
                return None
            before, select, is_created = last.after, last.select, last.created_only
        return _Round(before, self._snapshot(held), 0, select, is_created)

    def _snapshot(self, held: Items) -> str:
        state = {key: row["changeKey"] for key, row in held.items()}
        name = blake2b(orjson.dumps(sorted(state.items())), digest_size=9).hexdigest()
        with self.state.changing():
            self._rows("snapshot")[name] = {"items": held, "keys": state}
        return name

    def _changes(self, found: _Round, held: Items) -> list[Row]:
        snapshots = self._rows("snapshot")
        before: Items = snapshots[found.before]["items"] if found.before else {}
        after: Items = snapshots[found.after]["items"]
        rows: list[Row] = []
        for key in {**before, **after}:
            old, new = before.get(key), after.get(key)
            if old == new or (found.created_only and (old or not new)):
                continue
            if new is None:
                rows.append({"id": key, "@removed": {"reason": "deleted"}})
            else:
                now = held.get(key, new)
                rows.append(self._shown(old, now, found.select))
        return rows

    def _shown(self, old: Row | None, now: Row, select: tuple[str, ...]) -> Row:
        whole = _selected(now, select)
        if old is None or self.manners.whole_rows:
            return whole
        changed = {name: value for name, value in whole.items() if old.get(name) != value}
        return {"id": now["id"], **changed}

    def _update(self, request: Request, held: Row, key: str) -> Response:
        lock = request.headers.get("if-match")
        if lock is not None and lock != held["@odata.etag"]:
            return _refuse(412, "ErrorIrresolvableConflict")
        changes = orjson.loads(request.body)
        if not set(changes) <= set(CONTACT_FIELDS) - {"changeKey", "lastModifiedDateTime"}:
            return _refuse(400, "RequestBodyRead")
        now = f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"
        with self.state.changing():
            self._rows("contact")[key] |= {**changes, "lastModifiedDateTime": now}
        return Response(200, _contact(held["id"], self._rows("contact")[key]))


def composite(place: tuple[str, str], key: str) -> str:
    """The key of a contact in the state."""
    return orjson.dumps([*place, key]).decode()


def _id(message_id: str, row: Row) -> str:
    copy = f"{message_id} {row.get('copy', 0)}"
    return f"AAkALg{blake2b(copy.encode(), digest_size=12).hexdigest()}"


def _contact(key: str, row: Row) -> Row:
    blank: Row = {name: [] if name in LISTS else None for name in CONTACT_FIELDS}
    return _stamped({**blank, **row}, key)


def _message(key: str, row: Row) -> Row:
    blank: Row = dict.fromkeys(MESSAGE_FIELDS)
    plain = {name: value for name, value in row.items() if name not in _PLACE}
    return _stamped({**blank, **plain}, key)


def _stamped(row: Row, key: str) -> Row:
    change = blake2b(orjson.dumps(row, option=orjson.OPT_SORT_KEYS), digest_size=9).hexdigest()
    return {**row, "id": key, "changeKey": change, "@odata.etag": f'W/"{change}"'}


def _selected(row: Row, select: tuple[str, ...]) -> Row:
    return {name: row[name] for name in ("@odata.etag", "id", *select) if name in row}


def _select(request: Request, stream: str) -> tuple[str, ...]:
    known = CONTACT_FIELDS if stream == "contact" else MESSAGE_FIELDS
    asked = parse_qs(request.query).get("$select", [",".join(known)])[0]
    return tuple(asked.split(","))


def _page_size(request: Request) -> int:
    for wish in request.headers.get("prefer", "").split(","):
        name, _, value = wish.strip().partition("=")
        if name == "odata.maxpagesize" and value.isdecimal():
            return int(value)
    return DEFAULT_PAGE


def _write_token(found: _Round, offset: int) -> str:
    parts = [found.before, found.after, offset, list(found.select), found.created_only]
    return quote(orjson.dumps(parts).decode(), safe="")


def _read_token(token: str) -> _Round:
    before, after, offset, select, created_only = orjson.loads(token)
    return _Round(before, after, offset, tuple(select), created_only)


def _refuse(status: int, code: str) -> Response:
    return Response(status, {"error": {"code": code, "message": "refused by the stand-in"}})
