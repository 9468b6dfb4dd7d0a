"""WS-Security: what is in the header, whose signature is believed, and that secrets stay inside."""

from __future__ import annotations

import hashlib
import logging
import shutil
import subprocess
import sys
from base64 import b64decode, b64encode
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from lxml import etree
from pydantic import SecretStr

from hub.errors import ConfigError, OutcomeUnknownError, PermanentSourceError
from hub.sdk import Fault
from hub.sdk.soap import RowShape, Timestamp, UsernameToken, XmlSignature
from hub.sdk.soap.signature import sign, verify
from tests.unit.sdk.soap.service import Service, answer

OPENSSL = shutil.which("openssl")
WSS = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-"
WSSE, WSU = f"{{{WSS}wssecurity-secext-1.0.xsd}}", f"{{{WSS}wssecurity-utility-1.0.xsd}}"
PASSWORD = SecretStr("swordfish-7391")
NOW = datetime.now(UTC)


def asked_header(service: Service) -> Any:
    root = etree.fromstring(service.asked[-1].body)
    return root.find(f"./{{*}}Header/{WSSE}Security")


def test_a_user_name_with_its_password(service: Service) -> None:
    client = service.client()
    client.secure(UsernameToken("anna", PASSWORD))
    client.call("ask", {"id": "1"})
    token = asked_header(service).find(f"{WSSE}UsernameToken")
    assert token.findtext(f"{WSSE}Username") == "anna"
    password = token.find(f"{WSSE}Password")
    assert password.text == PASSWORD.get_secret_value()
    assert password.get("Type").endswith("#PasswordText")
    assert asked_header(service).find(f"{WSU}Timestamp") is None


def test_a_digest_is_fresh_each_time_and_right(service: Service) -> None:
    client = service.client()
    client.secure(UsernameToken("anna", PASSWORD, digest=True))
    nonces = set()
    for _ in range(2):
        client.call("ask", {"id": "1"})
        token = asked_header(service).find(f"{WSSE}UsernameToken")
        nonce, created = token.findtext(f"{WSSE}Nonce"), token.findtext(f"{WSU}Created")
        whole = b64decode(nonce) + created.encode() + PASSWORD.get_secret_value().encode()
        assert token.findtext(f"{WSSE}Password") == b64encode(hashlib.sha1(whole).digest()).decode()
        assert PASSWORD.get_secret_value() not in service.asked[-1].body.decode()
        assert created.endswith("Z")
        nonces.add(nonce)
    assert len(nonces) == 2


def test_a_read_that_is_repeated_has_another_nonce(service: Service) -> None:
    client = service.client(attempts=2, sleep=lambda _: None)
    client.secure(UsernameToken("anna", PASSWORD, digest=True))
    service.http.fail(Fault(kind="drop"))  # the service saw the first one
    client.call("ask", {"id": "1"})
    nonces = [etree.fromstring(one.body).findtext(f".//{WSSE}Nonce") for one in service.asked]
    assert len(nonces) == len(set(nonces)) == 2


def test_a_request_expires(service: Service) -> None:
    client = service.client()
    client.secure(UsernameToken("anna", PASSWORD, lifetime=60))
    for _ in range(2):
        client.call("ask", {"id": "1"})
        (stamp,) = asked_header(service).findall(f"{WSU}Timestamp")
        created, expires = (
            datetime.fromisoformat(stamp.findtext(f"{WSU}{name}"))
            for name in ("Created", "Expires")
        )
        assert abs(created - datetime.now(UTC)) < timedelta(seconds=10)
        assert expires - created == timedelta(seconds=60)


def test_a_password_is_logged_nowhere(service: Service, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    client = service.client()
    client.secure(UsernameToken("anna", PASSWORD))
    client.call("ask", {"id": "1"})
    assert PASSWORD.get_secret_value() not in caplog.text


@pytest.fixture(scope="module")
def pems(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Keys and certificates of ours, theirs and somebody else."""
    if OPENSSL is None:
        pytest.skip("needs the openssl command to make certificates")
    folder = tmp_path_factory.mktemp("pems")
    for name in ("ours", "theirs", "other"):
        options = f"req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN={name}"
        files = ["-keyout", str(folder / f"{name}.key"), "-out", str(folder / f"{name}.pem")]
        subprocess.run([OPENSSL, *options.split(), *files], check=True, capture_output=True)
    return folder


def written(root: Any) -> bytes:
    text: bytes = etree.tostring(root)
    return text


def signature(pems: Path, **options: Any) -> XmlSignature:
    return XmlSignature(pems / "ours.key", pems / "ours.pem", **options)


def test_a_request_is_signed_with_its_timestamp(service: Service, pems: Path) -> None:
    client = service.client()
    client.secure(UsernameToken("anna", PASSWORD), Timestamp(), signature(pems))
    client.call("ask", {"id": "1"})
    body = service.asked[-1].body
    verify(body, (pems / "ours.pem").read_bytes(), sha1=False, now=datetime.now(UTC))
    root = etree.fromstring(body)
    assert len(root.findall(".//{http://www.w3.org/2000/09/xmldsig#}Reference")) == 2
    with pytest.raises(ValueError, match="certificate"):
        verify(body, (pems / "other.pem").read_bytes(), sha1=False, now=datetime.now(UTC))


def test_a_changed_request_is_noticed(service: Service, pems: Path) -> None:
    client = service.client()
    client.secure(signature(pems))
    client.call("ask", {"id": "4711"})
    changed = service.asked[-1].body.replace(b"4711", b"4712")
    with pytest.raises(ValueError, match="certificate"):
        verify(changed, (pems / "ours.pem").read_bytes(), sha1=False, now=NOW)


def signed(pems: Path, by: str = "theirs", *, lifetime: float | None = 300.0) -> bytes:
    """An answer that a service signed."""
    root = etree.fromstring(answer("<id>1</id>").encode())
    if lifetime is not None:
        Timestamp(lifetime).apply(root, {})
    pair = (pems / f"{by}.key").read_bytes(), (pems / f"{by}.pem").read_bytes(), None
    return written(sign(root, pair, "sha256"))


def test_a_signed_answer_is_believed(service: Service, pems: Path) -> None:
    client = service.client()
    client.secure(signature(pems, verify_with=pems / "theirs.pem"))
    for lifetime in (300.0, None):
        service.say(signed(pems, lifetime=lifetime))
        assert client.call("ask", {"id": "1"}) == {"id": "1"}


def wrapped(body: bytes) -> bytes:
    """Signature wrapping: the signed body is kept aside, another one takes its place."""
    root: Any = etree.fromstring(body)
    real = root.find("{*}Body")
    root.remove(real)
    forged: Any = etree.fromstring(etree.tostring(real))
    del forged.attrib[f"{WSU}Id"]
    forged[0][0].text = "forged"
    aside = etree.SubElement(root.find("{*}Header"), "aside")
    aside.append(real)
    root.append(forged)
    return written(root)


def twice(body: bytes) -> bytes:
    """Two elements with the id that was signed."""
    root: Any = etree.fromstring(body)
    real = root.find("{*}Body")
    copy: Any = etree.fromstring(etree.tostring(real))
    etree.SubElement(root.find("{*}Header"), "aside").append(copy)
    real[0][0].text = "forged"
    return written(root)


def unsigned_stamp(body: bytes) -> bytes:
    root: Any = etree.fromstring(body)
    Timestamp(9_999).apply(root, {})
    return written(root)


FORGED: dict[str, Callable[[Path], bytes]] = {
    "not signed": lambda _: answer("<id>1</id>").encode(),
    "signed by another": lambda pems: signed(pems, "other"),
    "signed by ourselves": lambda pems: signed(pems, "ours"),
    "changed": lambda pems: signed(pems).replace(b"<id>1<", b"<id>2<"),
    "wrapped": lambda pems: wrapped(signed(pems)),
    "two of one id": lambda pems: twice(signed(pems)),
    "another timestamp": lambda pems: unsigned_stamp(signed(pems, lifetime=None)),
    "expired": lambda pems: signed(pems, lifetime=-900),
    "weak digest": lambda pems: signed(pems).replace(
        b"http://www.w3.org/2001/04/xmlenc#sha256", b"http://www.w3.org/2000/09/xmldsig#sha1"
    ),
    "symmetric": lambda pems: signed(pems).replace(
        b"http://www.w3.org/2001/04/xmldsig-more#rsa-sha256",
        b"http://www.w3.org/2000/09/xmldsig#hmac-sha1",
    ),
    "xslt": lambda pems: signed(pems).replace(
        b'Transform Algorithm="http://www.w3.org/2001/10/xml-exc-c14n#"',
        b'Transform Algorithm="http://www.w3.org/TR/1999/REC-xslt-19991116"',
    ),
    "the whole document": lambda pems: signed(pems).replace(b'URI="#id', b'URI="id'),
    "no reference": lambda pems: _without_references(signed(pems)),
}


def _without_references(body: bytes) -> bytes:
    root: Any = etree.fromstring(body)
    for one in root.findall(".//{http://www.w3.org/2000/09/xmldsig#}Reference"):
        one.getparent().remove(one)
    return written(root)


@pytest.mark.parametrize("name", FORGED)
def test_a_forged_answer_is_refused(service: Service, pems: Path, name: str) -> None:
    client = service.client()
    client.secure(signature(pems, verify_with=pems / "theirs.pem"))
    service.say(FORGED[name](pems))
    with pytest.raises(PermanentSourceError, match="signature"):
        client.call("ask", {"id": "1"})
    with pytest.raises(PermanentSourceError):
        list(client.rows("ask", {"id": "1"}, shape=RowShape(within="askResponse")))
    with pytest.raises(OutcomeUnknownError):
        client.call("ask", {"id": "1"}, reading=False)


def test_a_key_that_does_not_fit(service: Service, pems: Path) -> None:
    client = service.client()
    client.secure(XmlSignature(pems / "ours.pem", pems / "ours.pem"))
    with pytest.raises(ConfigError):
        client.call("ask", {"id": "1"})
    with pytest.raises(ConfigError, match=r"none\.pem"):
        XmlSignature(pems / "none.pem", pems / "ours.pem")


def test_without_xmlsec_the_error_says_what_to_install(pems: Path) -> None:
    code = (
        "import sys; sys.modules['xmlsec'] = None\n"
        "from pathlib import Path; from hub.errors import ConfigError\n"
        "from hub.sdk.soap import XmlSignature\n"
        "try: XmlSignature(Path('a'), Path('b'))\n"
        "except ConfigError as error: print(error)"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "customer-hub[soap-signature]" in run.stdout
