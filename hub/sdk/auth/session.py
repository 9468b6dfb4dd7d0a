"""Log in once, then send what came back: session ids and tokens of a system's own making."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from pydantic import JsonValue, SecretStr

from hub.errors import AuthenticationError
from hub.sdk.auth.base import Ask, AuthCall
from hub.sdk.auth.tokens import FetchedAuth, Proof
from hub.sdk.records import compile_path

if TYPE_CHECKING:
    from hub.sdk.rest import RestResponse

Body = Mapping[str, Any]
"""JSON, with secrets as ``SecretStr``."""


class SessionLogin(FetchedAuth):
    """Posts a login and sends its token with each request, until the system says that it is over.

    ``body`` is sent as JSON, or as a form with ``as_form``; secrets in it stay ``SecretStr`` until
    then. ``token`` is where the answer's body holds the token (``data.token``), or ``cookie:NAME``
    or ``header:NAME``. ``send`` names the header that carries it, with ``{token}`` in its value;
    a cookie goes back as a cookie unless ``send`` says otherwise. A session that is over shows as
    status 401, or by :attr:`~hub.sdk.limits.RestPolicy.inspect` raising AuthenticationError.
    """

    def __init__(
        self,
        login_url: str,
        body: Body,
        *,
        token: str,
        send: tuple[str, str] | None = None,
        as_form: bool = False,
    ) -> None:
        super().__init__(login_url)
        self._body = body
        self._as_form = as_form
        self._find = _finder(token)
        self._header, self._value = send or _default_header(token)

    def fetch(self, ask: Ask) -> Proof:
        """Log in."""
        answer = ask(self._call())
        if answer.status >= 400:
            message = (
                f"the login is refused (status {answer.status}); check the user and the password"
            )
            raise AuthenticationError(message, system=answer.system)
        token = self._find(answer)
        if not isinstance(token, str | int) or not token:
            if answer.content and not self._as_form:
                answer.json()  # a page of a gateway is no refused login; a form is answered by one
            message = "the login's answer holds no token; check the user and the password"
            raise AuthenticationError(message, system=answer.system)
        return Proof({self._header: self._value.format(token=token)})

    def _call(self) -> AuthCall:
        plain = {name: _plain(value) for name, value in self._body.items()}
        if self._as_form:
            form = {name: str(value) for name, value in plain.items()}
            return AuthCall(url=self.token_url, form=form)
        return AuthCall(url=self.token_url, json=plain)


def _finder(token: str) -> Callable[[RestResponse], object]:
    kind, _, name = token.rpartition(":")
    if kind == "header":
        return lambda answer: answer.headers.get(name)
    if kind == "cookie":
        return lambda answer: _cookie(answer, name)
    path = compile_path(token)
    return lambda answer: path(answer.json())


def _default_header(token: str) -> tuple[str, str]:
    kind, _, name = token.rpartition(":")
    return (
        ("cookie", f"{name}={{token}}") if kind == "cookie" else ("authorization", "Bearer {token}")
    )


def _cookie(answer: RestResponse, name: str) -> str | None:
    """The value of a cookie that the answer sets (RFC 6265 section 4.1)."""
    for part in answer.headers.get("set-cookie", "").replace(";", ",").split(","):
        key, _, value = part.strip().partition("=")
        if key == name:
            return value
    return None


def _plain(value: object) -> JsonValue:
    if isinstance(value, SecretStr):
        return value.get_secret_value()
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if value is None or isinstance(value, str | int | float | bool):
        return value
    raise TypeError(f"a login can't send a {type(value).__name__}")
