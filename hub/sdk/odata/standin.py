"""A stand-in for a service of OData 2 or 4: what the vendors' stand-ins have in common.

Rows are kept in the vendor's own field names, moments as ISO texts (version 2 sends ``/Date()/``).
A row's fields that ``nested`` names are given only where they are expanded. With ``sequence`` the
service tracks changes: that field numbers every change of the service, and the rows of the stream
``<stream>$deleted`` say what is gone, each with its number.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from typing import Any, Final
from urllib.parse import parse_qsl, unquote

import orjson

from hub.sdk.odata.batch import split_head, split_multipart
from hub.sdk.odata.edm import Version
from hub.sdk.odata.filters import Filter, sort_key, sort_rows
from hub.sdk.odata.query import encode, key_of_id, source_key
from hub.sdk.odata.standin_rows import (
    DELETED,
    Dialect,
    EntitySet,
    Refusal,
    asked_page_size,
    http_part,
    join_parts,
    show_row,
)
from hub.sdk.standin import HttpStandIn, Request, Response, Row, StandInState

_COUNT: Final = "/$count"
_MIXED: Final = "multipart/mixed; boundary="


class ODataStandIn(HttpStandIn):
    """Serves entity sets on loopback; vendors' stand-ins add how one logs in.

    ``expire_csrf`` ends all sessions of writers.
    """

    def __init__(
        self, state: StandInState, sets: Sequence[EntitySet], dialect: Dialect, port: int = 0
    ) -> None:
        self.sets = {(one.root, one.resource): one for one in sets}
        self.dialect = dialect
        self._csrf: dict[str, str] = {}
        self._here = ""
        super().__init__(state, self.handle, port)

    def authorise(self, request: Request) -> Response | None:  # noqa: ARG002  # for those who override it
        """An answer instead of the service's, where the request may not be answered."""
        return None

    def expire_csrf(self) -> None:
        """Forget every token, as the end of a session does."""
        self._csrf.clear()

    def handle(self, request: Request) -> Response:
        """Answer one request."""
        refused = self.authorise(request)
        if refused is not None:
            return refused
        try:
            with self.state.lock:
                # Links name the host that was asked, as behind a proxy.
                self._here = f"http://{request.headers.get('host', '')}"
                return self._route(request)
        except Refusal as refusal:
            return self.error(refusal.status, refusal.code, refusal.headers)
        except (KeyError, ValueError):
            return self.error(400, "BadRequest", {})

    def error(self, status: int, code: str, headers: Mapping[str, str]) -> Response:
        """An error as the protocol's version writes it; the message quotes, as services do."""
        text: Any = f"An error occurred: {code}"
        if self.dialect.version is Version.V2:
            text = {"lang": "en", "value": text}
        return Response(status, {"error": {"code": code, "message": text}}, headers)

    def _route(self, request: Request) -> Response:
        root = self._root(request.path)
        path = unquote(request.path.removeprefix(root).lstrip("/"))
        if request.method != "GET" and self.dialect.csrf:
            self._check_csrf(request)
        if path == "$batch":
            return self._batch(root, request)
        if not path:
            return Response(200, {}, self._new_csrf(request))
        resource, _, key = path.partition("(")
        found = self.sets.get((root, resource.removesuffix(_COUNT)))
        if found is None:
            raise Refusal(404, "ResourceNotFound")
        if not key:
            return self._several(found, request, counted=resource.endswith(_COUNT))
        return self._one(found, f"({key}", request)

    def _root(self, path: str) -> str:
        roots = sorted({root for root, _ in self.sets}, key=len, reverse=True)
        for root in roots:
            if path == root or path.startswith(f"{root}/"):
                return root
        raise Refusal(404, "ServiceNotFound")

    def rows(self, found: EntitySet) -> Mapping[str, Row]:
        """The rows of an entity set, by source key."""
        return found.rows(self.state) if found.rows else self.state.stream(found.stream)

    def _several(self, found: EntitySet, request: Request, *, counted: bool) -> Response:
        if not counted:
            return self._list(found, request)
        rows = self._filtered(found, dict(parse_qsl(request.query)).get("$filter", ""))
        return Response(200, str(len(rows)).encode(), {"content-type": "text/plain"})

    def _list(self, found: EntitySet, request: Request) -> Response:
        query = dict(parse_qsl(request.query, keep_blank_values=True))
        if self.dialect.sequence and self._is_tracked(query, request):
            return self._tracked(found, query, request)
        rows = self._filtered(found, query.get("$filter", ""))
        rows = sort_rows(rows, query.get("$orderby") or ",".join(one.name for one in found.key))
        rows = self._behind(found, rows[int(query.get("$skip", 0)) :], query)
        wanted, size = int(query.get("$top", 0)) or len(rows), self._size(request)
        link = ""
        if min(wanted, len(rows)) > size:
            token = source_key(rows[size - 1], found.key)
            if query.get("$orderby"):
                token = str(int(query.get("$skiptoken", 0)) + size)
            link = self._link(found, query, {"$skiptoken": token})
        return self._collection(found, rows[: min(wanted, size)], query, {"next": link})

    def _filtered(self, found: EntitySet, text: str) -> list[Row]:
        condition = Filter(text)
        if len(condition.fields_of_or) > 1 and not self.dialect.or_over_fields:
            raise Refusal(400, "BadRequest_MethodNotImplemented")
        return [row for row in self.rows(found).values() if condition.test(row)]

    def _is_tracked(self, query: Mapping[str, str], request: Request) -> bool:
        token = query.get("$deltatoken", query.get("$skiptoken", ""))
        return "track-changes" in request.headers.get("prefer", "") or "!" in token

    def _behind(self, found: EntitySet, rows: list[Row], query: Mapping[str, str]) -> list[Row]:
        """What is left behind a token: a key, or a place where the rows are ordered."""
        token = query.get("$skiptoken")
        if token is None:
            return rows
        if query.get("$orderby"):
            return rows[int(token) :]
        last = sort_key(token)
        return [row for row in rows if sort_key(source_key(row, found.key)) > last]

    def _size(self, request: Request) -> int:
        return min(self.dialect.page, asked_page_size(request) or self.dialect.page)

    def _tracked(self, found: EntitySet, query: dict[str, str], request: Request) -> Response:
        """All rows and then a delta link, or what changed since the token of one.

        A token is ``number!``; within a read it holds where the read began, too, and came to.
        """
        if self.dialect.untracked & {name for name in query if query[name]}:
            raise Refusal(400, "QueryOptionNotSupported")
        changes = self._changes(found)
        since, until, after = self._span(query, max((n for n, _ in changes), default=0))
        pending = [(n, row) for n, row in changes if max(since, after) < n]
        if since == 0:
            pending = [(n, row) for n, row in pending if DELETED not in row]
        size = self._size(request)
        if len(pending) > size:
            token = {"$skiptoken": f"{since}!{until}!{pending[size - 1][0]}"}
            links = {"next": self._link(found, query, token)}
        else:
            links = {"delta": self._link(found, query, {"$deltatoken": f"{until}!"})}
        return self._collection(found, [row for _, row in pending[:size]], query, links)

    def _changes(self, found: EntitySet) -> list[tuple[int, Row]]:
        live = self.rows(found).values()
        gone = self.state.stream(found.stream + DELETED)
        numbered = [(int(row[self.dialect.sequence]), row) for row in live]
        numbered += [
            (int(row[self.dialect.sequence]), {**row, DELETED: key}) for key, row in gone.items()
        ]
        return sorted(numbered, key=lambda one: one[0])

    def _span(self, query: Mapping[str, str], newest: int) -> tuple[int, int, int]:
        if text := query.get("$skiptoken"):
            since, until, after = (int(part) for part in text.split("!"))
            return since, until, after
        text = query.get("$deltatoken", "0!")
        since = int(text.partition("!")[0])
        if since and (since > newest or self.is_expired(since)):
            raise Refusal(*self.dialect.expired)
        return since, newest, 0

    def is_expired(self, token: int) -> bool:  # noqa: ARG002  # for those who override it
        """Whether a delta token is too old."""
        return False

    def _link(self, found: EntitySet, query: Mapping[str, str], token: Mapping[str, str]) -> str:
        own = {name: value for name, value in query.items() if "token" not in name}
        return f"{self._here}{found.root}/{found.resource}?{encode({**own, **token})}"

    def _collection(
        self,
        found: EntitySet,
        rows: Sequence[Row],
        query: Mapping[str, str],
        links: Mapping[str, str],
    ) -> Response:
        base, version = self._here + found.root, self.dialect.version
        shown: Any = [show_row(found, row, query, base=base, version=version) for row in rows]
        if self.dialect.version is Version.V2:
            body: Any = {"results": shown}
            if query.get("$inlinecount") == "allpages":
                body["__count"] = str(len(rows))
            if links.get("next"):
                body["__next"] = links["next"]
            return Response(200, {"d": body})
        body = {"@odata.context": f"{base}/$metadata#{found.resource}"}
        names = {"next": "@odata.nextLink", "delta": "@odata.deltaLink"}
        body |= {names[name]: link for name, link in links.items() if link}
        return Response(200, {**body, "value": shown}, {"odata-version": "4.0"})

    def _one(self, found: EntitySet, predicate: str, request: Request) -> Response:
        key = key_of_id(predicate, found.key)
        row = self.rows(found).get(key)
        if row is None:
            return self.answer_missing(found, key, request)
        if request.method == "GET":
            query = dict(parse_qsl(request.query))
            base, version = self._here + found.root, self.dialect.version
            shown: Any = show_row(found, row, query, base=base, version=version)
            body: Any = {"d": shown} if self.dialect.version is Version.V2 else shown
            etag = found.etag(row)
            return Response(200, body, {"etag": etag} if etag else {})
        if request.method in {"PATCH", "MERGE"}:
            return self._change(found, row, request)
        raise Refusal(405, "MethodNotAllowed")

    def _change(self, found: EntitySet, row: Row, request: Request) -> Response:
        matched = request.headers.get("if-match")
        if found.etag(row) and matched is None and self.dialect.must_match:
            raise Refusal(428, "PreconditionRequired")
        if matched not in {None, "*", found.etag(row)}:
            raise Refusal(412, "PreconditionFailed")
        wanted = orjson.loads(request.body)
        self.check_change(found, row, wanted)
        with self.state.changing():
            row.update(wanted)
            found.touch(self.state, row)
        return Response(204, b"", {"etag": found.etag(row)})

    def answer_missing(self, found: EntitySet, key: str, request: Request) -> Response:  # noqa: ARG002  # for those who override it
        """What comes in place of an entity that is not there."""
        raise Refusal(404, "ObjectNotFound")

    def check_change(self, found: EntitySet, row: Row, wanted: Row) -> None:  # noqa: ARG002  # for those who override it
        """Refuse a change of what can't be changed."""
        if set(wanted) & (found.fixed | {one.name for one in found.key}):
            raise Refusal(400, "PropertyNotUpdatable")

    def _new_csrf(self, request: Request) -> dict[str, str]:
        if not self.dialect.csrf or request.headers.get("x-csrf-token", "").lower() != "fetch":
            return {}
        session, token = secrets.token_hex(8), secrets.token_hex(12)
        self._csrf[session] = token
        return {"x-csrf-token": token, "set-cookie": f"SAP_SESSIONID={session}; path=/; HttpOnly"}

    def _check_csrf(self, request: Request) -> None:
        cookies = dict(
            pair.strip().partition("=")[::2]
            for pair in request.headers.get("cookie", "").split(";")
        )
        token = self._csrf.get(cookies.get("SAP_SESSIONID", ""))
        if token is None or request.headers.get("x-csrf-token") != token:
            raise Refusal(403, "CSRFTokenRequired", {"x-csrf-token": "Required"})

    def _batch(self, root: str, request: Request) -> Response:
        kind = request.headers.get("content-type", "")
        if kind.startswith("application/json"):
            calls = orjson.loads(request.body)["requests"]
            return Response(200, {"responses": [self._json_call(root, one) for one in calls]})
        boundary = f"answer_{secrets.token_hex(6)}"
        parts = []
        for headers, body in split_multipart(request.body, kind):
            inner = headers.get("content-type", "")
            if inner.startswith("multipart/mixed"):
                parts.append(self._change_set(root, split_multipart(body, inner)))
            else:
                parts.append(http_part(self._call(root, body)))
        return Response(200, join_parts(parts, boundary), {"content-type": _MIXED + boundary})

    def _change_set(self, root: str, calls: Sequence[tuple[Mapping[str, str], bytes]]) -> bytes:
        """All of it, or the first refusal and nothing done."""
        before = orjson.dumps(self.state.records)
        answers = []
        for _, body in calls:
            answer = self._call(root, body)
            if answer.status >= 400:
                self.state.records = orjson.loads(before)
                return http_part(answer)
            answers.append(http_part(answer))
        boundary = f"changes_{secrets.token_hex(6)}"
        head = f"Content-Type: {_MIXED}{boundary}\r\n\r\n".encode()
        return head + join_parts(answers, boundary)

    def _call(self, root: str, part: bytes) -> Response:
        line, _, rest = part.partition(b"\r\n")
        method, path, _ = line.decode().split(" ")
        headers, body = split_head(rest)
        return self._inner(Request(method, f"{root}/{path}", "", headers, body))

    def _json_call(self, root: str, one: Mapping[str, Any]) -> dict[str, Any]:
        headers = {name.lower(): value for name, value in one.get("headers", {}).items()}
        body = orjson.dumps(one.get("body"))
        answer = self._inner(Request(one["method"], f"{root}/{one['url']}", "", headers, body))
        content = answer.encoded()
        shown = {"id": one["id"], "status": answer.status, "headers": dict(answer.headers)}
        return {**shown, **({"body": orjson.loads(content)} if content else {})}

    def _inner(self, request: Request) -> Response:
        path, _, query = request.path.partition("?")
        resource, _, key = unquote(path).rpartition("/")[2].partition("(")
        try:
            found = self.sets[self._root(path), resource]
            asked = Request(request.method, path, query, request.headers, request.body)
            return self._one(found, f"({key}", asked) if key else self._list(found, asked)
        except Refusal as refusal:
            return self.error(refusal.status, refusal.code, refusal.headers)
        except (KeyError, ValueError):
            return self.error(400, "BadRequest", {})
