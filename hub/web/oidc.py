"""A provider of OpenID Connect: the code flow with PKCE, state and nonce.

OpenID Connect Core 1.0 (https://openid.net/specs/openid-connect-core-1_0.html, 3.1), Discovery 1.0,
RFC 7636 (PKCE), RFC 9207 (the issuer in the answer), RFC 9700 (best practice).
"""

from __future__ import annotations

import hmac
import secrets
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

import requests

from hub.errors import AuthenticationError, SourceUnavailableError
from hub.roles import OidcSection, Role

_SECONDS: Final = 10.0
_LEEWAY: Final = 60
"""Seconds by which two clocks may differ."""
_SIGNED: Final = frozenset(
    {"RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"}
)
"""Signatures that only the provider can make: never "none", never one by the client's secret."""
_NEEDED: Final = ("issuer", "authorization_endpoint", "token_endpoint", "jwks_uri")
_LOOPBACK: Final = frozenset({"127.0.0.1", "localhost", "::1"})
Claims = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Errand:
    """What a browser is sent off with; it comes back with the same state."""

    state: str
    nonce: str
    verifier: str


@dataclass(frozen=True, slots=True)
class Identity:
    """Who came back: an id that never changes, a name, and the roles that the claims give."""

    id: str
    name: str
    roles: frozenset[Role]


class Provider:
    """The configured provider; it is asked for its addresses when somebody signs in first."""

    def __init__(self, settings: OidcSection, secret: str | None, *, back: str) -> None:
        self._settings = settings
        self._secret = secret
        self._back = back
        self._lock = threading.Lock()
        self._found: Claims | None = None

    def send_off(self) -> tuple[str, Errand]:
        """The address to which a browser goes, and what to remember meanwhile."""
        errand = Errand(*(secrets.token_urlsafe(48) for _ in range(3)))
        url, _ = self._client().create_authorization_url(
            self._metadata()["authorization_endpoint"],
            state=errand.state,
            nonce=errand.nonce,
            code_verifier=errand.verifier,
        )
        return str(url), errand

    def welcome(self, errand: Errand, answer: Mapping[str, str]) -> Identity:
        """Who came back with this answer; AuthenticationError where it does not show that."""
        self._check(errand, answer)
        claims, token = self._claims(errand, answer["code"])
        settings = self._settings
        if _inside(claims, settings.roles_claim) is None:
            claims = {**self._more(claims, token), **claims}
        groups = _texts(_inside(claims, settings.roles_claim))
        roles = frozenset(settings.roles[name] for name in groups if name in settings.roles)
        id_ = str(claims["sub"])
        name = claims.get(settings.name_claim)
        return Identity(id_, name if isinstance(name, str) and name.strip() else id_, roles)

    def _check(self, errand: Errand, answer: Mapping[str, str]) -> None:
        if not hmac.compare_digest(answer.get("state", "").encode(), errand.state.encode()):
            raise _refused("the answer belongs to another sign-in")
        if answer.get("iss", self._settings.issuer) != self._settings.issuer:
            raise _refused("the answer comes from another provider")
        if not answer.get("code"):
            raise _refused("the provider has not let you in")

    def _claims(self, errand: Errand, code: str) -> tuple[Claims, str]:
        from authlib.integrations.base_client.errors import OAuthError

        try:
            token = self._client().fetch_token(
                self._metadata()["token_endpoint"],
                grant_type="authorization_code",
                code=code,
                code_verifier=errand.verifier,
                timeout=_SECONDS,
            )
        except OAuthError as error:
            raise _refused("the provider does not take its code back") from error
        except (requests.RequestException, ValueError) as error:
            raise self._away(error) from error
        claims = self._verified(str(token.get("id_token", "")))
        if not hmac.compare_digest(str(claims.get("nonce", "")).encode(), errand.nonce.encode()):
            raise _refused("the token was made for another sign-in")
        return claims, str(token.get("access_token", ""))

    def _verified(self, token: str) -> Claims:
        """The claims of an ID token by OpenID Connect Core, 3.1.3.7."""
        import jwt

        found, settings = self._metadata(), self._settings
        said = found.get("id_token_signing_alg_values_supported", ["RS256"])
        try:
            claims: Claims = jwt.decode(
                token,
                self._key(token),
                algorithms=sorted(_SIGNED & set(said)),
                audience=settings.client_id,
                issuer=settings.issuer,
                leeway=_LEEWAY,
                options={"require": ["exp", "iat", "iss", "aud", "sub"]},
            )
        except jwt.PyJWKClientConnectionError as error:
            raise self._away(error) from error
        except jwt.PyJWTError as error:
            raise _refused("the provider's token is not good") from error
        if claims.get("azp", settings.client_id) != settings.client_id:
            raise _refused("the token was made for another program")
        return claims

    def _key(self, token: str) -> Any:
        """The provider's key that a token names; a token need not where there is one (10.1)."""
        import jwt

        client = jwt.PyJWKClient(self._metadata()["jwks_uri"], timeout=_SECONDS)
        named = jwt.get_unverified_header(token).get("kid")
        keys = client.get_signing_keys()
        if named is None and len(keys) == 1:
            return keys[0].key
        return client.get_signing_key(str(named)).key

    def _more(self, claims: Claims, token: str) -> Claims:
        """What the provider tells of the person beside its token; it must be the same one."""
        address = self._metadata().get("userinfo_endpoint")
        if address is None:
            return {}
        found = self._get(address, {"Authorization": f"Bearer {token}"})
        if found.get("sub") != claims["sub"]:
            raise _refused("the provider tells of another person")
        return found

    def _metadata(self) -> Claims:
        with self._lock:
            if self._found is None:
                base = self._settings.issuer.rstrip("/")
                self._found = self._checked(
                    self._get(f"{base}/.well-known/openid-configuration", {})
                )
            return self._found

    def _checked(self, found: Claims) -> Claims:
        """Discovery 1.0, 4.3: the issuer must be the very one; and nothing goes without TLS."""
        if found.get("issuer") != self._settings.issuer:
            raise _refused("web.oidc.issuer is not what the provider calls itself")
        for name in _NEEDED:
            parts = urlsplit(str(found.get(name, "")))
            if parts.scheme != "https" and parts.hostname not in _LOOPBACK:
                raise _refused(f"the provider's {name} is missing or without TLS")
        return found

    def _get(self, url: str, headers: Mapping[str, str]) -> Claims:
        try:
            answer = requests.get(url, headers=headers, timeout=_SECONDS, allow_redirects=False)
            answer.raise_for_status()
            found = answer.json()
        except (requests.RequestException, ValueError) as error:
            raise self._away(error) from error
        return found if isinstance(found, dict) else {}

    def _client(self) -> Any:
        from authlib.integrations.requests_client import OAuth2Session

        known = self._metadata().get("token_endpoint_auth_methods_supported")
        basic = known is None or "client_secret_basic" in known
        method = "client_secret_basic" if basic else "client_secret_post"
        return OAuth2Session(
            self._settings.client_id,
            self._secret,
            token_endpoint_auth_method=method if self._secret else "none",
            scope=" ".join(dict.fromkeys(("openid", *self._settings.scopes))),
            redirect_uri=self._back,
            code_challenge_method="S256",
        )

    def _away(self, error: Exception) -> SourceUnavailableError:
        return SourceUnavailableError(
            f"the provider of web.oidc can't be asked ({type(error).__name__}); try again later",
            system="sign-in",
        )


def _refused(why: str) -> AuthenticationError:
    return AuthenticationError(f"{why}; sign in again", system="sign-in")


def _inside(claims: Claims, path: str) -> Any:
    """A claim by its name, which may itself hold dots (a URL), or by the names that lead to it."""
    if path in claims:
        return claims[path]
    found: Any = claims
    for name in path.split("."):
        found = found.get(name) if isinstance(found, Mapping) else None
    return found


def _texts(found: Any) -> list[str]:
    items = found if isinstance(found, list) else [found]
    return [item for item in items if isinstance(item, str)]
