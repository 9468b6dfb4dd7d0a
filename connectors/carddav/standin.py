"""A CardDAV server for tests: discovery, sync-collection, multiget, and writes under ETags.

It answers as RFC 6764, RFC 6352 and RFC 6578 say. A sync token stands for what an address book held
when the token was given, so tests may put cards into the state as they like.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any, Final

from lxml import etree
from pydantic import JsonValue

from connectors.carddav.samples import BOOK
from hub.sdk import HttpStandIn, StandInState
from hub.sdk.dav import CARDDAV, DAV
from hub.sdk.standin import Request, Response, Row
from hub.sdk.vcard import VCard
from hub.sdk.xml import SAFE

USER: Final = "anna"
PASSWORD: Final = "stand-in password"  # noqa: S105  # of a server on loopback
ROOT: Final = "/dav/"
PRINCIPAL: Final = f"/dav/principals/{USER}/"
HOME: Final = f"/dav/addressbooks/{USER}/"
_D: Final = f"{{{DAV}}}"
_C: Final = f"{{{CARDDAV}}}"
_XML: Final = {"content-type": "application/xml; charset=utf-8"}
_TOKEN: Final = "http://stand-in.example/sync/"  # noqa: S105  # names no secret

Properties = dict[str, Any]


@dataclass
class Manners:
    """What servers do differently: cut their lists, want a limit, keep no sync tokens."""

    max_results: int = 0
    wants_limit: bool = False
    syncs: bool = True
    tells_etag: bool = True
    multigets: bool = True


class CardDavStandIn(HttpStandIn):
    """One user; address books in the stream ``book``, cards in the stream ``card``, by path."""

    def __init__(self, state: StandInState, port: int = 0) -> None:
        self.manners = Manners()
        super().__init__(state, self._respond, port)
        with state.changing():
            state.stream("card")

    @property
    def config(self) -> dict[str, JsonValue]:
        """Settings with which the connector reaches it."""
        return {"base_url": f"{self.url}/", "username": USER, "password": PASSWORD}

    def forget_tokens(self) -> None:
        """Let every sync token expire."""
        with self.state.changing():
            self.state.stream("token").clear()

    def _books(self) -> dict[str, Row]:
        """The books in the state, or one where it names none."""
        return {**self.state.stream("book")} or {BOOK: {"displayname": "Contacts"}}

    def _respond(self, request: Request) -> Response:
        pair = b64encode(f"{USER}:{PASSWORD}".encode()).decode()
        if request.path == "/.well-known/carddav":
            return Response(301, "", {"location": ROOT})
        if request.headers.get("authorization") != f"Basic {pair}":
            return Response(401, "", {"www-authenticate": 'Basic realm="stand-in"'})
        rules: Mapping[str, Callable[[Request], Response]] = {
            "PROPFIND": self._propfind,
            "REPORT": self._report,
            "GET": self._get,
            "PUT": self._put,
            "DELETE": self._delete,
        }
        rule = rules.get(request.method)
        if rule is None:
            return Response(405, "")
        with self.state.lock:
            return rule(request)

    def _propfind(self, request: Request) -> Response:
        found = self._resource(request.path)
        if found is None:
            return Response(404, "")
        wanted = [child.tag for child in _parse(request.body).find(f"{_D}prop")]
        listed = {request.path: found}
        if request.headers.get("depth") == "1":
            listed |= self._members(request.path)
        return _multistatus(
            _answer(path, properties, wanted) for path, properties in listed.items()
        )

    def _resource(self, path: str) -> Properties | None:
        """What is known of a resource: its properties as elements."""
        books = self._books()
        if path == ROOT:
            return {f"{_D}resourcetype": [f"{_D}collection"], **_principal()}
        if path == PRINCIPAL:
            home = _element(f"{_D}href", HOME)
            return {f"{_D}resourcetype": [f"{_D}principal"], f"{_C}addressbook-home-set": [home]}
        if path == HOME:
            return {f"{_D}resourcetype": [f"{_D}collection"], **_principal()}
        if path in books:
            kinds = [f"{_D}collection", f"{_C}addressbook"]
            return {f"{_D}resourcetype": kinds, f"{_D}displayname": books[path]["displayname"]}
        row = self.state.stream("card").get(path)
        return None if row is None else _card(row)

    def _members(self, folder: str) -> dict[str, Properties]:
        places = [*self._books(), *self.state.stream("card")]
        inside = [path for path in places if _parent(path) == folder]
        return {path: self._resource(path) or {} for path in inside}

    def _report(self, request: Request) -> Response:
        body = _parse(request.body)
        if body.tag == f"{_C}addressbook-multiget" and self.manners.multigets:
            return self._multiget(body)
        if body.tag == f"{_D}sync-collection" and self.manners.syncs:
            return self._sync(request.path, body)
        return _refuse(403, f"{_D}supported-report")

    def _multiget(self, body: Any) -> Response:
        cards = self.state.stream("card")
        wanted = [f"{_D}getetag", f"{_C}address-data"]
        paths = [str(one.text) for one in body.iter(f"{_D}href")]
        return _multistatus(
            _answer(path, _card(cards[path]), wanted) if path in cards else _status(path, 404)
            for path in paths
        )

    def _sync(self, book: str, body: Any) -> Response:
        token = (body.findtext(f"{_D}sync-token") or "").strip().removeprefix(_TOKEN)
        limit = body.findtext(f"{_D}limit/{_D}nresults")
        if token and token not in self.state.stream("token"):
            return _refuse(403, f"{_D}valid-sync-token")
        if self.manners.wants_limit and limit is None:
            return _refuse(507, f"{_D}number-of-matches-within-limits")
        before: dict[str, str] = self.state.stream("token").get(token, {"cards": {}})["cards"]
        return self._list_changes(book, before, int(limit or self.manners.max_results))

    def _list_changes(self, book: str, before: dict[str, str], most: int) -> Response:
        cards = self.state.stream("card").items()
        now = {path: _etag(row) for path, row in cards if _parent(path) == book}
        changed = [path for path in {**before, **now} if before.get(path) != now.get(path)]
        told = changed[: most or None]
        answers = [self._changed(path, now) for path in told]
        if len(told) < len(changed):
            answers.append(_status(book, 507))
        after = {**before, **{path: now.get(path, "") for path in told}}
        held = {path: etag for path, etag in after.items() if etag}
        return _multistatus(answers, token=self._token(book, held))

    def _changed(self, path: str, now: Mapping[str, str]) -> Any:
        if path not in now:
            return _status(path, 404)
        return _answer(path, _card(self.state.stream("card")[path]), [f"{_D}getetag"])

    def _token(self, book: str, cards: dict[str, str]) -> str:
        digest = blake2b(repr((book, sorted(cards.items()))).encode(), digest_size=12).hexdigest()
        with self.state.changing():
            self.state.stream("token")[digest] = {"cards": cards}
        return _TOKEN + digest

    def _get(self, request: Request) -> Response:
        row = self.state.stream("card").get(request.path)
        if row is None:
            return Response(404, "")
        headers = {"content-type": "text/vcard; charset=utf-8", "etag": _etag(row)}
        return Response(200, row["vcard"], headers)

    def _put(self, request: Request) -> Response:
        held = self.state.stream("card").get(request.path)
        if _parent(request.path) not in self._books():
            return Response(409, "")
        if _is_locked(request, held):
            return Response(412, "")
        try:
            VCard.parse(request.body)
        except ValueError:
            return _refuse(403, f"{_C}valid-address-data")
        row = {"vcard": request.body.decode("utf-8", "replace")}
        with self.state.changing():
            self.state.stream("card")[request.path] = row
        headers = {"etag": _etag(row)} if self.manners.tells_etag else {}
        return Response(204 if held else 201, "", headers)

    def _delete(self, request: Request) -> Response:
        held = self.state.stream("card").get(request.path)
        if held is None:
            return Response(404, "")
        if _is_locked(request, held):
            return Response(412, "")
        with self.state.changing():
            del self.state.stream("card")[request.path]
        return Response(204, "")


def _principal() -> Properties:
    return {f"{_D}current-user-principal": [_element(f"{_D}href", PRINCIPAL)]}


def _card(row: Row) -> Properties:
    return {
        f"{_D}resourcetype": [],
        f"{_D}getetag": _etag(row),
        f"{_C}address-data": row["vcard"],
    }


def _etag(row: Row) -> str:
    return f'"{blake2b(row["vcard"].encode(), digest_size=10).hexdigest()}"'


def _is_locked(request: Request, held: Row | None) -> bool:
    """Whether If-Match or If-None-Match forbids the write (RFC 9110 section 13.1)."""
    wanted = request.headers.get("if-match")
    if wanted is not None and (held is None or wanted not in ("*", _etag(held))):
        return True
    return request.headers.get("if-none-match") == "*" and held is not None


def _parent(path: str) -> str:
    return path.rstrip("/").rpartition("/")[0] + "/"


def _parse(body: bytes) -> Any:
    return etree.fromstring(body, etree.XMLParser(**SAFE))


def _element(name: str, text: str = "") -> Any:
    made = etree.Element(name, nsmap={"d": DAV, "card": CARDDAV})
    made.text = text or None
    return made


def _answer(path: str, properties: Properties, wanted: list[str]) -> Any:
    response = _element(f"{_D}response")
    response.append(_element(f"{_D}href", path))
    known = {name: properties[name] for name in wanted if name in properties}
    response.append(_propstat("HTTP/1.1 200 OK", known))
    missing: Properties = {name: [] for name in wanted if name not in properties}
    if missing:
        response.append(_propstat("HTTP/1.1 404 Not Found", missing))
    return response


def _propstat(status: str, properties: Properties) -> Any:
    part, holder = _element(f"{_D}propstat"), _element(f"{_D}prop")
    for name, value in properties.items():
        made = _element(name, value if isinstance(value, str) else "")
        if not isinstance(value, str):
            made.extend(_element(one) if isinstance(one, str) else one for one in value)
        holder.append(made)
    part.extend([holder, _element(f"{_D}status", status)])
    return part


def _status(path: str, code: int) -> Any:
    response = _element(f"{_D}response")
    words = {404: "Not Found", 507: "Insufficient Storage"}
    response.append(_element(f"{_D}href", path))
    response.append(_element(f"{_D}status", f"HTTP/1.1 {code} {words[code]}"))
    if code == 507:
        error = _element(f"{_D}error")
        error.append(_element(f"{_D}number-of-matches-within-limits"))
        response.append(error)
    return response


def _multistatus(answers: Any, token: str = "") -> Response:
    root = _element(f"{_D}multistatus")
    root.extend(answers)
    if token:
        root.append(_element(f"{_D}sync-token", token))
    return Response(207, etree.tostring(root, xml_declaration=True, encoding="utf-8"), _XML)


def _refuse(status: int, condition: str) -> Response:
    root = _element(f"{_D}error")
    root.append(_element(condition))
    return Response(status, etree.tostring(root, xml_declaration=True, encoding="utf-8"), _XML)
