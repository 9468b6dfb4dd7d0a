"""Signs a SOAP body by X.509 and checks an answer's signature; only loaded where xmlsec is there.

zeep writes the signature. Checking is ours: zeep's check does not ask *what* was signed, so that
an attacker may move the signed body aside and put his own in its place (signature wrapping).
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final, cast

import xmlsec
from lxml import etree
from zeep.wsse.signature import _make_sign_key, _sign_envelope_with_key_binary

from hub.errors import ConfigError
from hub.sdk.soap.guard import local, parse_whole

_DS: Final = "{http://www.w3.org/2000/09/xmldsig#}"
_WSS: Final = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-"
_WSSE: Final = f"{{{_WSS}secext-1.0.xsd}}"
_WSU_SPACE: Final = f"{_WSS}utility-1.0.xsd"
_WSU: Final = f"{{{_WSU_SPACE}}}"
_EXCLUSIVE: Final = "http://www.w3.org/2001/10/xml-exc-c14n#"
_SKEW: Final = timedelta(minutes=5)
_SHA1: Final = frozenset(
    {
        "http://www.w3.org/2000/09/xmldsig#sha1",
        "http://www.w3.org/2000/09/xmldsig#rsa-sha1",
    }
)
_SHA2: Final = frozenset(
    {
        "http://www.w3.org/2001/04/xmlenc#sha256",
        "http://www.w3.org/2001/04/xmlenc#sha512",
        "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256",
        "http://www.w3.org/2001/04/xmldsig-more#rsa-sha512",
        "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256",
    }
)

KeyPair = tuple[bytes, bytes, str | None]
"""A key and its certificate as PEM, and the key's password."""


def sign(envelope: Any, pair: KeyPair, digest: str) -> Any:
    """The envelope with its body (and timestamp) signed; the certificate travels as a token."""
    transform = xmlsec.Transform
    strong = digest == "sha256"
    method = transform.RSA_SHA256 if strong else transform.RSA_SHA1
    try:
        key = cast("Any", _make_sign_key)(*pair)
        cast("Any", _sign_envelope_with_key_binary)(
            envelope, key, method, transform.SHA256 if strong else transform.SHA1
        )
    except xmlsec.Error as error:
        message = "the request can't be signed; check that key, certificate and password fit"
        raise ConfigError(message) from error
    return envelope


def verify(content: bytes, certificate: bytes, *, sha1: bool, now: datetime) -> None:
    """Raise ValueError unless the Body and the timestamp are signed by the certificate's key."""
    try:
        root = parse_whole(content)
    except etree.XMLSyntaxError as error:
        raise ValueError("the answer is no well-formed XML") from error
    security = _only(root.findall(f"./{{*}}Header/{_WSSE}Security"), "security header")
    signature = _only(security.findall(f"{_DS}Signature"), "signature")
    context = xmlsec.SignatureContext()
    signed = _signed_elements(root, signature, _SHA2 | (_SHA1 if sha1 else frozenset()))
    for element in signed:
        context.register_id(element, "Id", _WSU_SPACE)
    _check_covered(root, security, signed)
    _check_time(security, now)
    try:
        context.key = xmlsec.Key.from_memory(certificate, xmlsec.KeyFormat.CERT_PEM, None)
        context.verify(signature)
    except xmlsec.Error as error:
        raise ValueError("it was not made by the service's certificate") from error


def _signed_elements(root: Any, signature: Any, methods: frozenset[str]) -> list[Any]:
    """What the signature's references lead to: by one id each, with plain canonical XML."""
    info = _only(signature.findall(f"{_DS}SignedInfo"), "SignedInfo")
    used = {info.find(f"{_DS}SignatureMethod")} | set(
        info.findall(f"{_DS}Reference/{_DS}DigestMethod")
    )
    if not all(one is not None and one.get("Algorithm") in methods for one in used):
        raise ValueError("it uses an algorithm that is too weak or unknown")
    transforms = info.findall(f"{_DS}Reference/{_DS}Transforms/{_DS}Transform")
    if any(one.get("Algorithm") != _EXCLUSIVE for one in transforms):
        raise ValueError("it uses a transformation other than exclusive canonical XML")
    by_id: dict[str, list[Any]] = {}
    for element in root.iter():
        if (name := element.get(f"{_WSU}Id")) is not None:
            by_id.setdefault(name, []).append(element)
    references = [one.get("URI", "") for one in info.findall(f"{_DS}Reference")]
    if not all(uri.startswith("#") for uri in references):
        raise ValueError("it refers to something outside of the answer")
    return [_only(by_id.get(uri[1:], []), "element of a reference's id") for uri in references]


def _check_covered(root: Any, security: Any, signed: list[Any]) -> None:
    body = _only([child for child in root if local(child.tag) == "Body"], "body")
    stamps = security.findall(f"{_WSU}Timestamp")
    if not all(any(one is needed for one in signed) for needed in (body, *stamps)):
        raise ValueError("it does not cover the body, or not the timestamp")


def _check_time(security: Any, now: datetime) -> None:
    stamp = security.find(f"{_WSU}Timestamp")
    if stamp is None:
        return
    created, expires = (_moment(stamp.findtext(f"{_WSU}{name}")) for name in ("Created", "Expires"))
    if created is not None and created > now + _SKEW:
        raise ValueError("its timestamp lies in the future; compare the clocks")
    if expires is not None and expires < now - _SKEW:
        raise ValueError("its timestamp has expired")


def _moment(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)


def _only(found: list[Any], what: str) -> Any:
    if len(found) != 1:
        raise ValueError(f"there is not exactly one {what}")
    return found[0]
