"""What a client asks for its proof of identity, and the proofs that never change."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from pydantic import JsonValue, SecretStr

if TYPE_CHECKING:
    from hub.sdk.rest import RestResponse


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthCall:
    """A request for a token or session: a form, a JSON body, or neither."""

    url: str
    form: Mapping[str, str] | None = field(default=None, repr=False)
    json: JsonValue = field(default=None, repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)


Ask = Callable[[AuthCall], "RestResponse"]
"""Posts a call on the client's own connections; gives the answer back whatever its status, except
where the server is overloaded or away (those errors are raised, and the call may be made again)."""


class Auth(Protocol):
    """What a client asks before each request; one instance may serve several threads.

    ``token_url`` is where it fetches tokens, '' if nowhere: the client may then talk to that host.
    """

    @property
    def token_url(self) -> str: ...

    def headers(self, ask: Ask) -> Mapping[str, str]:
        """The headers that prove who we are; may fetch a token first."""

    def renew(self, refused: Mapping[str, str]) -> bool:
        """Forget what those headers held; False where there is nothing fresher to try."""


class NoAuth:
    """Sends nothing."""

    token_url = ""

    def headers(self, ask: Ask) -> Mapping[str, str]:  # noqa: ARG002  # the protocol's shape
        return {}

    def renew(self, refused: Mapping[str, str]) -> bool:  # noqa: ARG002  # the protocol's shape
        return False


class _FixedAuth(NoAuth):
    def __init__(self, headers: Mapping[str, str]) -> None:
        self._headers = headers

    def headers(self, ask: Ask) -> Mapping[str, str]:  # noqa: ARG002  # the protocol's shape
        return self._headers


class ApiKey(_FixedAuth):
    """A key in a header of the vendor's own: ``ApiKey("x-api-key", config.key)``.

    A key in the query is not offered: URLs end up in logs, and a log holds no secret (law 10).
    """

    def __init__(self, header: str, key: SecretStr, *, prefix: str = "") -> None:
        super().__init__({header: f"{prefix}{key.get_secret_value()}"})


class BasicAuth(_FixedAuth):
    """User name and password with each request (RFC 7617, UTF-8)."""

    def __init__(self, user: str, password: SecretStr) -> None:
        super().__init__({"authorization": basic_proof(user, password)})


class BearerAuth(_FixedAuth):
    """A fixed token or key; ``scheme`` for the systems that call it otherwise (``token``, …)."""

    def __init__(self, token: SecretStr, *, scheme: str = "Bearer") -> None:
        super().__init__({"authorization": f"{scheme} {token.get_secret_value()}"})


def basic_proof(user: str, password: SecretStr) -> str:
    """The value of an Authorization header of the scheme Basic."""
    pair = f"{user}:{password.get_secret_value()}".encode()
    return f"Basic {b64encode(pair).decode()}"
