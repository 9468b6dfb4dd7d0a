"""OAuth2 refresh tokens that rotate: each use may bring a new one, and the old one then is dead.

Two workers that use the same refresh token at once lose the connection: the server takes the
second use for theft and revokes both (RFC 9700 section 4.14.2). So the token lies in a
:class:`TokenStore`; whoever wants to use it takes the lease, reads it again, and stores the new one
before anybody else may look.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Protocol

from pydantic import SecretStr

from hub.sdk.auth.base import Ask, AuthCall
from hub.sdk.auth.tokens import FetchedAuth, Proof, bearer, lifetime, read_grant


@dataclass(frozen=True, slots=True)
class StoredToken:
    """What the last refresh brought; ``seed`` tells from which first token it descends.

    ``access_until`` is in seconds since 1970: another worker may use the access token until then.
    """

    refresh: str = field(repr=False)
    access: str = field(default="", repr=False)
    access_until: float = 0.0
    seed: str = ""


class TokenSlot(Protocol):
    """One stored token, while its lease is held."""

    def read(self) -> StoredToken | None:
        """What is stored now."""

    def write(self, token: StoredToken) -> None:
        """Replace it; durable when this returns."""


class TokenStore(Protocol):
    """Where rotating tokens are kept between runs and workers; the hub gives one to ``open``."""

    def lease(self, name: str) -> AbstractContextManager[TokenSlot]:
        """Hold the token of that name alone; waits for another holder, within bounds."""


class MemoryTokens:
    """A token store for one process: for tests, and for systems that don't rotate."""

    def __init__(self) -> None:
        self._tokens: dict[str, StoredToken] = {}
        self._lock = threading.Lock()

    @contextmanager
    def lease(self, name: str) -> Iterator[TokenSlot]:
        """Hold the token of that name alone."""
        with self._lock:
            yield _MemorySlot(self._tokens, name)


class _MemorySlot:
    def __init__(self, tokens: dict[str, StoredToken], name: str) -> None:
        self._tokens, self._name = tokens, name

    def read(self) -> StoredToken | None:
        return self._tokens.get(self._name)

    def write(self, token: StoredToken) -> None:
        self._tokens[self._name] = token


class RefreshToken(FetchedAuth):
    """OAuth2 refresh (RFC 6749 section 6), safe with rotation.

    ``refresh_token`` is the one from the settings; once it was used, the store's goes before it. A
    new one in the settings is noticed, and goes before those that descend from the old one.
    """

    def __init__(
        self,
        token_url: str,
        refresh_token: SecretStr,
        *,
        tokens: TokenStore,
        form: Mapping[str, str | SecretStr],
        name: str = "oauth",
    ) -> None:
        super().__init__(token_url)
        self._first = refresh_token
        self._tokens = tokens
        self._form = form
        self._name = name
        self._refused: set[str] = set()

    def renew(self, refused: Mapping[str, str]) -> bool:
        """Drop the access token here, and don't take it from the store again."""
        self._refused.add(refused.get("authorization", "").removeprefix("Bearer "))
        return super().renew(refused)

    def fetch(self, ask: Ask) -> Proof:
        """Use what another worker fetched meanwhile, or refresh and store before going on."""
        with self._tokens.lease(self._name) as slot:
            stored = self._stored(slot)
            left = stored.access_until - time.time()
            if stored.access and left > 0 and stored.access not in self._refused:
                return bearer({"access_token": stored.access, "expires_in": left})
            fresh = self._refresh(ask, stored)
            slot.write(fresh)
        return bearer(
            {"access_token": fresh.access, "expires_in": fresh.access_until - time.time()}
        )

    def _stored(self, slot: TokenSlot) -> StoredToken:
        first = self._first.get_secret_value()
        seed = sha256(first.encode()).hexdigest()[:16]
        stored = slot.read()
        return stored if stored and stored.seed == seed else StoredToken(first, seed=seed)

    def _refresh(self, ask: Ask, stored: StoredToken) -> StoredToken:
        plain = {
            name: value.get_secret_value() if isinstance(value, SecretStr) else value
            for name, value in self._form.items()
        }
        form = {"grant_type": "refresh_token", "refresh_token": stored.refresh, **plain}
        grant = read_grant(ask(AuthCall(url=self.token_url, form=form)), "refresh token")
        seconds = min(lifetime(grant.get("expires_in")), 86_400.0)
        return StoredToken(
            refresh=str(grant.get("refresh_token") or stored.refresh),
            access=str(grant["access_token"]),
            access_until=time.time() + seconds,
            seed=stored.seed,
        )
