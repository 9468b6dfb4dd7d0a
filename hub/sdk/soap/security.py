"""WS-Security: who sends (UsernameToken), until when it holds (Timestamp), and signatures.

OASIS Web Services Security 1.1.1: UsernameToken Profile, X.509 Certificate Token Profile.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final, Literal, Protocol, cast

from pydantic import SecretStr

from hub.errors import ConfigError

_WSU: Final = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd"


class SecurityToken(Protocol):
    """What a client puts into the security header of a request, and checks in an answer."""

    def apply(self, envelope: Any, headers: Any) -> tuple[Any, Any]:
        """The envelope (an element) and the HTTP headers with the token in them."""

    def verify(self, content: bytes) -> None:
        """Raise ValueError, with the reason, where the answer is not what it must be."""


class UsernameToken:
    """User name and password; ``digest`` sends SHA-1 over nonce, time and password instead.

    ``lifetime`` adds a timestamp that lets a request expire after so many seconds. Without
    ``digest`` the password is in the body as it is: only over https.
    """

    def __init__(
        self,
        user: str,
        password: SecretStr,
        *,
        digest: bool = False,
        lifetime: float | None = None,
    ) -> None:
        self._user, self._password = user, password
        self._digest, self._lifetime = digest, lifetime

    def apply(self, envelope: Any, headers: Any) -> tuple[Any, Any]:
        from zeep.wsse import UsernameToken as Token

        token = cast("Any", Token)(
            self._user,
            self._password.get_secret_value(),
            use_digest=self._digest,
            timestamp_token=None if self._lifetime is None else build_timestamp(self._lifetime),
            zulu_timestamp=True,
        )
        sealed: tuple[Any, Any] = token.apply(envelope, headers)
        return sealed

    def verify(self, content: bytes) -> None:
        """An answer carries no user name."""


class Timestamp:
    """A timestamp alone, for a signature to cover; set it before the signature."""

    def __init__(self, lifetime: float = 300.0) -> None:
        self._lifetime = lifetime

    def apply(self, envelope: Any, headers: Any) -> tuple[Any, Any]:
        from zeep.wsse.utils import get_security_header

        security: Any = get_security_header(envelope)  # type: ignore[no-untyped-call]  # zeep has no types
        security.append(build_timestamp(self._lifetime))
        return envelope, headers

    def verify(self, content: bytes) -> None:
        """A signature checks the timestamp that it covers."""


class XmlSignature:
    """Signs the body, and a timestamp where one stands before it, with a key and its certificate.

    ``verify_with`` names the service's certificate (PEM): then each answer's body must be signed by
    it. ``digest`` is what is signed with and the least that is accepted. Needs the extra
    ``soap-signature`` (xmlsec).
    """

    def __init__(
        self,
        key_file: Path,
        certificate_file: Path,
        *,
        key_password: SecretStr | None = None,
        verify_with: Path | None = None,
        digest: Literal["sha256", "sha1"] = "sha256",
    ) -> None:
        _require_xmlsec()
        self._key, self._certificate = _read(key_file), _read(certificate_file)
        self._key_password = key_password
        self._trusted = _read(verify_with) if verify_with else None
        self._digest = digest

    def apply(self, envelope: Any, headers: Any) -> tuple[Any, Any]:
        from hub.sdk.soap.signature import sign

        password = self._key_password.get_secret_value() if self._key_password else None
        pair = (self._key, self._certificate, password)
        return sign(envelope, pair, self._digest), headers

    def verify(self, content: bytes) -> None:
        """The body must be signed by the trusted certificate, and still hold."""
        if self._trusted is not None:
            from hub.sdk.soap.signature import verify

            verify(content, self._trusted, sha1=self._digest == "sha1", now=datetime.now(UTC))


def build_timestamp(lifetime: float) -> Any:
    """A wsu:Timestamp from now on."""
    from lxml import etree

    now = datetime.now(UTC)
    stamp = etree.Element(f"{{{_WSU}}}Timestamp", nsmap={"wsu": _WSU})
    for name, moment in (("Created", now), ("Expires", now + timedelta(seconds=lifetime))):
        part = etree.SubElement(stamp, f"{{{_WSU}}}{name}")
        part.text = moment.strftime("%Y-%m-%dT%H:%M:%SZ")
    return stamp


def _require_xmlsec() -> None:
    try:
        import xmlsec  # noqa: F401  # only whether it is there
    except ImportError as error:
        message = (
            "XML signatures need xmlsec; install it: pip install 'customer-hub[soap-signature]'"
        )
        raise ConfigError(message) from error


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise ConfigError(f"{path.name} can't be read; correct the path") from error
