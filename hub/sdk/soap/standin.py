"""A stand-in for declared SOAP streams: it deals out their lists as the declarations say.

It knows the service only as well as the declaration; where the vendor's documents say more, give
the connector a stand-in of its own (:class:`~hub.sdk.HttpStandIn`).
"""

from __future__ import annotations

from base64 import b64decode, b64encode
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from hashlib import sha1
from typing import Any, Final
from urllib.parse import urlencode
from xml.sax.saxutils import escape

from pydantic import JsonValue, SecretStr

from hub.sdk.auth.base import basic_proof
from hub.sdk.resource.standin import Served
from hub.sdk.resource.writer import nest
from hub.sdk.soap.stream import SoapStream
from hub.sdk.standin import HttpStandIn, Request, Response, StandInState

_ENVELOPE: Final = (
    '<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/" '
    'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><s:Body>{}</s:Body></s:Envelope>'
)
_REFUSED: Final = "wsse:FailedAuthentication"  # WS-Security 1.1 section 12


class SoapStandIn(HttpStandIn):
    """Serves the lists of declared streams at ``/soap``, for a user with a password.

    A request proves who sends it by a UsernameToken, HTTP Basic, user and password among its parts,
    or by the session that ``login``, an operation, gives at the path ``session`` of its answer.
    Single records and writes need a stand-in of their own.
    """

    def __init__(
        self,
        state: StandInState,
        streams: Sequence[SoapStream],
        *,
        login: str = "",
        session: str = "session",
        port: int = 0,
    ) -> None:
        self._user, self._password = "hub", "stand-in-password"
        self._served = {one.operation: Served(_listing(one)) for one in streams}
        self._login, self._path, self._logins = login, session, 1
        if login:  # without sessions there is nothing that expires
            self.expire_tokens = self._end_sessions
        super().__init__(state, self._reply, port)

    @property
    def config(self) -> dict[str, JsonValue]:
        """Settings with which the connector reaches it."""
        known: dict[str, JsonValue] = {"username": self._user, "password": self._password}
        return {"base_url": f"{self.url}/soap", **known}

    def _end_sessions(self) -> None:
        self._logins += 1

    def _reply(self, request: Request) -> Response:
        from lxml import etree

        envelope = etree.fromstring(request.body, etree.XMLParser(resolve_entities=False))
        call = envelope.find("{*}Body")[0]
        operation, asked = etree.QName(call).localname, dict(_leaves(call))
        if not self._is_proven(request, envelope, asked):
            return _fault(_REFUSED)
        if operation == self._login:
            return _answer(operation, nest({self._path: self._session}))
        served = self._served.get(operation)
        if served is None:
            return _fault("s:Client")
        with self.state.changing():
            wanted = Request("GET", operation, urlencode(asked), request.headers, b"")
            found = served.reply(self.state.stream(served.name), wanted)
        return _answer(operation, found.body) if found else _fault("s:Client")

    @property
    def _session(self) -> str:
        return f"session-{self._logins}"

    def _is_proven(self, request: Request, envelope: Any, asked: Mapping[str, str]) -> bool:
        given = {*asked.values(), *(text for _, text in _leaves(envelope.find("{*}Header")))}
        if self._login and asked and self._session in given:
            return True
        basic = basic_proof(self._user, SecretStr(self._password))
        digest = _digest(envelope, self._password)
        known = {self._user, self._password} <= given
        by_digest = digest is not None and {self._user, digest} <= given
        return known or by_digest or request.headers.get("authorization") == basic


def _listing(stream: SoapStream) -> Any:
    """The stream as its stand-in deals it out: its list at the place where the answer has it."""
    within, item = stream.rows.within, stream.rows.item
    wrapped = within == f"{stream.operation}Response"
    return replace(stream.listed(), rows=item if wrapped else f"{within}.{item}", write=None)


def _digest(envelope: Any, password: str) -> str | None:
    """What a UsernameToken with a digest must hold (UsernameToken Profile 1.1.1, section 3.1)."""
    token = envelope.find(".//{*}UsernameToken")
    nonce = None if token is None else token.findtext("{*}Nonce")
    if nonce is None:
        return None
    whole = b64decode(nonce) + (token.findtext("{*}Created") or "").encode() + password.encode()
    return b64encode(sha1(whole, usedforsecurity=False).digest()).decode()


def _leaves(element: Any) -> Iterator[tuple[str, str]]:
    """Name and text of every element that holds no other."""
    from lxml import etree

    for one in () if element is None else element.iter(etree.Element):
        if not len(one):
            yield etree.QName(one).localname, one.text or ""


def _answer(operation: str, content: Any) -> Response:
    body = f'<a:{operation}Response xmlns:a="urn:stand-in">{_xml(content)}</a:{operation}Response>'
    return Response(200, _ENVELOPE.format(body), {"content-type": "text/xml; charset=utf-8"})


def _fault(code: str) -> Response:
    body = f"<s:Fault><faultcode>{code}</faultcode><faultstring>refused</faultstring></s:Fault>"
    return Response(500, _ENVELOPE.format(body), {"content-type": "text/xml; charset=utf-8"})


def _xml(value: Any) -> str:
    """A value as elements: a list is a repeated one, None is nil."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if not isinstance(value, Mapping):
        return escape(str(value))
    return "".join(
        f'<a:{name} xsi:nil="true"/>' if one is None else f"<a:{name}>{_xml(one)}</a:{name}>"
        for name, several in value.items()
        for one in (several if isinstance(several, list) else [several])
    )
