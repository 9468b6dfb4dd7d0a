"""A Microsoft Graph for tests: its token endpoint, delta queries, and contacts under ETags.

Delta tokens stand for what a folder held when they were given, so tests may change the state as
they like. What changed comes with no more than its changed properties and its id where
``manners.whole_rows`` is off, as Graph may do.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
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

    def expire_tokens(self) -> None:
        """Let every access token expire."""
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
            return self._delta(request, held, stream)
        if len(rest) != 1 or rest[0] not in held:
            return _refuse(404, "ErrorItemNotFound")
        item = _whole(stream, rest[0], held[rest[0]])
        return self._item(request, stream, item, composite(place, rest[0]))

    def _item(self, request: Request, stream: str, held: Row, key: str) -> Response:
        if request.method == "GET":
            return Response(200, _selected(held, _select(request, stream)))
        if request.method == "PATCH" and stream == "contact":
            return self._update(request, held, key)
        return _refuse(405, "ErrorInvalidRequest")

    def _held(self, stream: str, place: tuple[str, str]) -> Items:
        """What a folder holds, by id, as it stands in the state."""
        if stream == "contact":
            prefix = orjson.dumps([*place, ""]).decode()[:-2]
            rows = self._rows("contact").items()
            return {key[len(prefix) : -2]: row for key, row in rows if key.startswith(prefix)}
        return {
            _id(key, row): row
            for key, row in self._rows("message").items()
            if (row["user"], row["folder"]) == place
        }

    def _rows(self, stream: str) -> dict[str, Row]:
        return self.state.stream(stream)

    def _delta(self, request: Request, held: Items, stream: str) -> Response:
        found = self._round(request, held, stream)
        if found is None:
            return _refuse(410, "syncStateNotFound")
        changed = self._changed(found)
        end = found.offset + _page_size(request)
        shown = (self._shown(stream, key, found, held) for key in changed[found.offset : end])
        body: dict[str, Any] = {"value": [row for row in shown if row]}
        address = f"http://{self._host}{request.path}"
        if end < len(changed):
            token = _write_token(replace(found, offset=end))
            body["@odata.nextLink"] = f"{address}?$skiptoken={token}"
        else:
            token = _write_token(replace(found, before="", offset=0))
            body["@odata.deltaLink"] = f"{address}?$deltatoken={token}"
        return Response(200, body)

    def _round(self, request: Request, held: Items, stream: str) -> _Round | None:
        """The round that a request begins or goes on with; None where its token is too old."""
        query = {name: values[0] for name, values in parse_qs(request.query).items()}
        known = {"", *self._rows("snapshot")}
        if token := query.get("$skiptoken"):
            found = _read_token(token)
            return found if {found.before, found.after} <= known else None
        after = self._snapshot(stream, held)
        if token := query.get("$deltatoken"):
            last = _read_token(token)
            return replace(last, before=last.after, after=after) if last.after in known else None
        return _Round("", after, 0, _select(request, stream), query.get("changeType") == "created")

    def _snapshot(self, stream: str, held: Items) -> str:
        """Keep what a folder holds now: its ids and versions, and whole rows where they are asked
        for again.
        """
        versions = {key: _whole(stream, key, row)["changeKey"] for key, row in held.items()}
        name = blake2b(orjson.dumps(sorted(versions.items())), digest_size=9).hexdigest()
        items = () if self.manners.whole_rows else held.items()
        kept = {key: _whole(stream, key, row) for key, row in items}
        with self.state.changing():
            self._rows("snapshot")[name] = {"versions": versions, "items": kept}
        return name

    def _changed(self, found: _Round) -> list[str]:
        snapshots = self._rows("snapshot")
        before = snapshots[found.before]["versions"] if found.before else {}
        after = snapshots[found.after]["versions"]
        if found.created_only:
            return [key for key in after if key not in before]
        return [key for key in {**before, **after} if before.get(key) != after.get(key)]

    def _shown(self, stream: str, key: str, found: _Round, held: Items) -> Row | None:
        """An item of the round as it is now; None for one that went since the round began."""
        snapshots = self._rows("snapshot")
        if key not in snapshots[found.after]["versions"]:
            return {"id": key, "@removed": {"reason": "deleted"}}
        if key not in held:
            return None
        whole = _selected(_whole(stream, key, held[key]), found.select)
        old = snapshots[found.before]["items"].get(key) if found.before else None
        if old is None:
            return whole
        changed = {name for name in whole if old.get(name) != whole[name]} - {"changeKey"}
        return {"id": key} | {name: whole[name] for name in changed if name[0] != "@"}

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
        return Response(200, _whole("contact", held["id"], self._rows("contact")[key]))


def composite(place: tuple[str, str], key: str) -> str:
    """The key of a contact in the state."""
    return orjson.dumps([*place, key]).decode()


def _id(message_id: str, row: Row) -> str:
    copy = f"{message_id} {row.get('copy', 0)}"
    return f"AAkALg{blake2b(copy.encode(), digest_size=12).hexdigest()}"


def _whole(stream: str, key: str, row: Row) -> Row:
    """An item with all its properties, as Graph knows it."""
    fields = CONTACT_FIELDS if stream == "contact" else MESSAGE_FIELDS
    blank: Row = {name: [] if name in LISTS else None for name in fields}
    return _stamped({**blank, **{k: v for k, v in row.items() if k not in _PLACE}}, key)


def _stamped(row: Row, key: str) -> Row:
    change = blake2b(orjson.dumps(row, option=orjson.OPT_SORT_KEYS), digest_size=9).hexdigest()
    return {**row, "id": key, "changeKey": change, "@odata.etag": f'W/"{change}"'}


def _selected(row: Row, select: tuple[str, ...]) -> Row:
    """The properties asked for; a mail without headers of its own has no such property."""
    held = {name: row[name] for name in ("@odata.etag", "id", *select) if name in row}
    if held.get("internetMessageHeaders", ()) is None:
        del held["internetMessageHeaders"]
    return held


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


def _write_token(found: _Round) -> str:
    parts = [found.before, found.after, found.offset, list(found.select), found.created_only]
    return quote(orjson.dumps(parts).decode(), safe="")


def _read_token(token: str) -> _Round:
    before, after, offset, select, created_only = orjson.loads(token)
    return _Round(before, after, offset, tuple(select), created_only)


def _refuse(status: int, code: str) -> Response:
    return Response(status, {"error": {"code": code, "message": "refused by the stand-in"}})
