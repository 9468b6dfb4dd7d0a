"""OAuth2 for programs: client credentials, and a signed assertion in place of a secret."""

from __future__ import annotations

import time
from collections.abc import Mapping
from secrets import token_urlsafe
from typing import Any, Final, Literal

from pydantic import SecretStr

from hub.errors import ConfigError
from hub.sdk.auth.base import Ask, AuthCall, basic_proof
from hub.sdk.auth.tokens import FetchedAuth, Proof, bearer, read_grant

_ASSERTION_GRANT: Final = "urn:ietf:params:oauth:grant-type:jwt-bearer"
_ASSERTION_CLIENT: Final = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


class ClientCredentials(FetchedAuth):
    """OAuth2 client credentials (RFC 6749 section 4.4): fetches a token, keeps it, renews it.

    The token is renewed shortly before it expires, where the server says when, and after a 401.
    ``extra`` are further fields of the form that a vendor asks for (``resource``, ``audience``).
    """

    def __init__(
        self,
        token_url: str,
        client_id: str,
        client_secret: SecretStr,
        *,
        scope: str = "",
        send: Literal["body", "basic"] = "body",
        extra: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(token_url)
        self._form = {"grant_type": "client_credentials", **(extra or {})}
        self._form_headers: dict[str, str] = {}
        if scope:
            self._form["scope"] = scope
        if send == "basic":
            self._form_headers["authorization"] = basic_proof(client_id, client_secret)
        else:
            self._form |= {
                "client_id": client_id,
                "client_secret": client_secret.get_secret_value(),
            }

    def fetch(self, ask: Ask) -> Proof:
        """Ask for a token."""
        call = AuthCall(url=self.token_url, form=self._form, headers=self._form_headers)
        return bearer(read_grant(ask(call), "client credentials"))


class JwtBearer(FetchedAuth):
    """OAuth2 with a signed assertion: a key pair in place of a secret (RFC 7523).

    ``as_client`` sends the assertion as the client's proof with the grant ``client_credentials``
    (section 2.2: NetSuite, Microsoft Entra); else it is the grant itself (section 2.1: Salesforce,
    Google). ``claims`` are the assertion's own (``iss``, ``sub``, ``aud``, ``scope``); the times
    and ``jti`` are added. The token is renewed like that of :class:`ClientCredentials`.
    """

    def __init__(
        self,
        token_url: str,
        private_key: SecretStr,
        *,
        claims: Mapping[str, Any],
        algorithm: Literal["RS256", "PS256", "ES256"] = "RS256",
        key_id: str = "",
        as_client: bool = False,
    ) -> None:
        super().__init__(token_url)
        self._key = private_key
        self._claims = dict(claims)
        self._algorithm = algorithm
        self._header = {"kid": key_id} if key_id else {}
        self._as_client = as_client

    def fetch(self, ask: Ask) -> Proof:
        """Sign a fresh assertion and exchange it."""
        assertion = self._sign()
        if self._as_client:
            form = {
                "grant_type": "client_credentials",
                "client_assertion_type": _ASSERTION_CLIENT,
                "client_assertion": assertion,
            }
        else:
            form = {"grant_type": _ASSERTION_GRANT, "assertion": assertion}
        return bearer(read_grant(ask(AuthCall(url=self.token_url, form=form)), "signed assertion"))

    def _sign(self) -> str:
        import jwt  # PyJWT, the most used and maintained of its kind; with cryptography, 0.1 s

        now = int(time.time())
        claims = {"iat": now, "exp": now + 180, "jti": token_urlsafe(16), **self._claims}
        key = self._key.get_secret_value()
        try:
            return jwt.encode(claims, key, algorithm=self._algorithm, headers=self._header)
        except (ValueError, TypeError, jwt.PyJWTError):
            # The library's message may quote the key, so it is not chained (law 10).
            raise ConfigError(
                f"the private key is no PEM key for {self._algorithm}; check what was pasted"
            ) from None
