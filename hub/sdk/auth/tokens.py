"""Tokens that are fetched, kept while they hold, and renewed: the part all such proofs share."""

from __future__ import annotations

import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from hub.errors import AuthenticationError, SourceSchemaError
from hub.sdk.auth.base import Ask

if TYPE_CHECKING:
    from hub.sdk.rest import RestResponse

EXPIRY_MARGIN_SECONDS: Final = 30.0


@dataclass(frozen=True, slots=True)
class Proof:
    """The headers that prove who we are, and for how many seconds."""

    headers: Mapping[str, str] = field(repr=False)
    seconds: float = float("inf")


class FetchedAuth(ABC):
    """Fetches a proof when there is none, when it is about to expire, and after a refusal.

    Of several threads refused at once, one fetches and the others use what it got.
    """

    def __init__(self, token_url: str) -> None:
        self.token_url = token_url
        self._current: Mapping[str, str] | None = None
        self._expires_at = 0.0
        self._lock = threading.Lock()

    @abstractmethod
    def fetch(self, ask: Ask) -> Proof:
        """Get a fresh proof; called by one thread at a time."""

    def headers(self, ask: Ask) -> Mapping[str, str]:
        """The proof in use, fetched anew where there is none or it is about to expire."""
        with self._lock:
            if self._current is None or time.monotonic() >= self._expires_at:
                proof = self.fetch(ask)
                self._current = proof.headers
                self._expires_at = time.monotonic() + proof.seconds
            return self._current

    def renew(self, refused: Mapping[str, str]) -> bool:
        """Drop the proof unless another thread has renewed it already."""
        with self._lock:
            if self._current is refused:
                self._current = None
            return True


def read_grant(answer: RestResponse, what: str) -> dict[str, Any]:
    """A token endpoint's answer (RFC 6749 section 5); ``what`` names what it was asked with.

    Raises AuthenticationError where it refuses, naming the standard's error code and no more: its
    description may quote what was sent.
    """
    if answer.status >= 400:
        code = _error_code(answer)
        message = (
            f"the token endpoint refuses the {what} (status {answer.status}{code}); "
            "check them, and what the application is allowed to do"
        )
        raise AuthenticationError(message, system=answer.system)
    grant = answer.json()
    token = grant.get("access_token") if isinstance(grant, dict) else None
    if not isinstance(token, str) or not token:
        raise SourceSchemaError(
            "the token endpoint's answer has no access_token", system=answer.system
        )
    return dict(grant)


def bearer(grant: Mapping[str, Any]) -> Proof:
    """The proof that a grant gives."""
    headers = {"authorization": f"Bearer {grant['access_token']}"}
    return Proof(headers, lifetime(grant.get("expires_in")))


def lifetime(expires_in: object) -> float:
    """Seconds to use a token; for ever where the server does not say (a 401 will)."""
    try:
        seconds = float(str(expires_in))
    except ValueError:
        return float("inf")
    return max(seconds - EXPIRY_MARGIN_SECONDS, seconds / 2)


_CODES: Final = frozenset(
    {
        "invalid_request",
        "invalid_client",
        "invalid_grant",
        "unauthorized_client",
        "unsupported_grant_type",
        "invalid_scope",
    }
)


def _error_code(answer: RestResponse) -> str:
    try:
        body = answer.json()
    except SourceSchemaError:
        return ""
    code = body.get("error") if isinstance(body, dict) else None
    return f", {code}" if isinstance(code, str) and code in _CODES else ""
