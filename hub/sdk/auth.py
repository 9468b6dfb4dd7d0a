"""How a REST client proves who it is: not at all, Basic, a fixed token, OAuth2."""

from __future__ import annotations

import threading
import time
from base64 import b64encode
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Final, Literal, Protocol

from pydantic import SecretStr

from hub.errors import AuthenticationError, SourceSchemaError

if TYPE_CHECKING:
    from hub.sdk.rest import RestResponse

EXPIRY_MARGIN_SECONDS: Final = 30.0

PostForm = Callable[[str, Mapping[str, str], Mapping[str, str]], "RestResponse"]
"""Posts a form (url, fields, headers) on the client's own connections; gives any status back."""


class Auth(Protocol):
    """What a client asks before each request; one instance may serve several threads.

    ``token_url`` is where it fetches tokens, '' if nowhere: the client may then talk to that host.
    """

    @property
    def token_url(self) -> str: ...

    def headers(self, post: PostForm) -> Mapping[str, str]:
        """The headers that prove who we are; may fetch a token first."""

    def renew(self, refused: Mapping[str, str]) -> bool:
        """Forget what those headers held; False where there is nothing fresher to try."""


class NoAuth:
    """Sends nothing."""

    token_url = ""

    def headers(self, post: PostForm) -> Mapping[str, str]:  # noqa: ARG002  # the protocol's shape
        return {}

    def renew(self, refused: Mapping[str, str]) -> bool:  # noqa: ARG002  # the protocol's shape
        return False


class _FixedAuth(NoAuth):
    def __init__(self, value: str) -> None:
        self._headers = {"authorization": value}

    def headers(self, post: PostForm) -> Mapping[str, str]:  # noqa: ARG002  # the protocol's shape
        return self._headers


class BasicAuth(_FixedAuth):
    """User name and password with each request (RFC 7617, UTF-8)."""

    def __init__(self, user: str, password: SecretStr) -> None:
        super().__init__(_basic(user, password))


class BearerAuth(_FixedAuth):
    """A fixed token or key; ``scheme`` for the systems that call it otherwise (``token``, …)."""

    def __init__(self, token: SecretStr, *, scheme: str = "Bearer") -> None:
        super().__init__(f"{scheme} {token.get_secret_value()}")


class ClientCredentials:
    """OAuth2 client credentials (RFC 6749 section 4.4): fetches a token, keeps it, renews it.

    The token is renewed shortly before it expires, where the server says when, and after a 401.
    Of several threads refused at once, one fetches and the others use what it got.
    """

    def __init__(
        self,
        token_url: str,
        client_id: str,
        client_secret: SecretStr,
        *,
        scope: str = "",
        send: Literal["body", "basic"] = "body",
    ) -> None:
        self.token_url = token_url
        self._form = {"grant_type": "client_credentials"}
        self._form_headers: dict[str, str] = {}
        if scope:
            self._form["scope"] = scope
        if send == "basic":
            self._form_headers["authorization"] = _basic(client_id, client_secret)
        else:
            self._form |= {
                "client_id": client_id,
                "client_secret": client_secret.get_secret_value(),
            }
        self._current: Mapping[str, str] | None = None
        self._expires_at = 0.0
        self._lock = threading.Lock()

    def headers(self, post: PostForm) -> Mapping[str, str]:
        """The bearer header, with a fresh token where there is none or it is about to expire."""
        with self._lock:
            if self._current is None or time.monotonic() >= self._expires_at:
                self._fetch(post)
            assert self._current is not None
            return self._current

    def renew(self, refused: Mapping[str, str]) -> bool:
        """Drop the token unless another thread has renewed it already."""
        with self._lock:
            if self._current is refused:
                self._current = None
            return True

    def _fetch(self, post: PostForm) -> None:
        answer = post(self.token_url, self._form, self._form_headers)
        if answer.status >= 400:
            message = (
                f"the token endpoint refuses the client credentials (status {answer.status}); "
                "check client id, client secret and what the application is allowed to do"
            )
            raise AuthenticationError(message, system=answer.system)
        grant = answer.json()
        token = grant.get("access_token") if isinstance(grant, dict) else None
        if not isinstance(token, str) or not token:
            message = "the token endpoint's answer has no access_token"
            raise SourceSchemaError(message, system=answer.system)
        self._current = {"authorization": f"Bearer {token}"}
        self._expires_at = time.monotonic() + _lifetime(grant.get("expires_in"))


def _lifetime(expires_in: object) -> float:
    """Seconds to use a token; for ever where the server does not say (a 401 will)."""
    try:
        seconds = float(str(expires_in))
    except ValueError:
        return float("inf")
    return max(seconds - EXPIRY_MARGIN_SECONDS, seconds / 2)


def _basic(user: str, password: SecretStr) -> str:
    pair = f"{user}:{password.get_secret_value()}".encode()
    return f"Basic {b64encode(pair).decode()}"
