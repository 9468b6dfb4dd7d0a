"""Logging in to a real mail server over STARTTLS, with a certificate made for the test."""

from __future__ import annotations

import datetime as dt
import ipaddress
import ssl
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from hub.errors import AuthenticationError, ConfigError
from hub.errors import PermanentSourceError as Refused
from hub.pipeline.report_mail import mail_reports
from hub.pipeline.workplace import Workplace
from hub.store.database import Engine
from tests.servers.process import free_port
from tests.unit.pipeline.test_report_mail import Mailbox, workplace

SECRET = "s3cret-of-the-mailer"  # the test server's own
LOGIN = (b"hub", SECRET.encode())


class Post(NamedTuple):
    """A running mail server that demands STARTTLS and a login."""

    box: Mailbox
    port: int
    authority: Path


def certificate(folder: Path) -> Path:
    """A certificate for 127.0.0.1 that is its own authority; the key stands beside it."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = dt.datetime.now(dt.UTC)
    names = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(names, critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    form = (serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    (folder / "key.pem").write_bytes(key.private_bytes(serialization.Encoding.PEM, *form))
    path = folder / "certificate.pem"
    path.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    return path


def check(_server: Any, _session: Any, _envelope: Any, _how: str, said: Any) -> AuthResult:
    right = isinstance(said, LoginPassword) and (said.login, said.password) == LOGIN
    return AuthResult(success=right, handled=False)


@pytest.fixture
def post(tmp_path: Path) -> Iterator[Post]:
    path = certificate(tmp_path)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(path, tmp_path / "key.pem")
    box, port = Mailbox(), free_port()
    controller = Controller(
        box,
        hostname="127.0.0.1",
        port=port,
        tls_context=context,
        require_starttls=True,
        authenticator=check,
        auth_required=True,
    )
    controller.start()
    yield Post(box, port, path)
    controller.stop()


def work(store: Engine, folder: Path, post: Post) -> Workplace:
    return workplace(
        store, folder, post.port, 'tls = "starttls"\ncredentials = "env:HUB_TEST_SMTP"\n'
    )


def test_the_login_goes_over_starttls(
    store: Engine, tmp_path: Path, post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(post.authority))
    monkeypatch.setenv("HUB_TEST_SMTP", f'{{"username": "hub", "password": "{SECRET}"}}')
    assert mail_reports(work(store, tmp_path, post)) == 2
    assert post.box.mails[0]["From"] == "hub@x.example"


def test_a_wrong_password_is_refused_and_not_shown(
    store: Engine, tmp_path: Path, post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(post.authority))
    monkeypatch.setenv("HUB_TEST_SMTP", f'{{"username": "hub", "password": "{SECRET}x"}}')
    with pytest.raises(AuthenticationError, match="refuses the login") as caught:
        mail_reports(work(store, tmp_path, post))
    said = f"{caught.value!r} {caught.value} {caught.value.__cause__}"
    assert SECRET not in said
    assert not post.box.mails


def test_a_strange_certificate_gets_no_password(
    store: Engine, tmp_path: Path, post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HUB_TEST_SMTP", f'{{"username": "hub", "password": "{SECRET}"}}')
    with pytest.raises(Refused, match="is not trusted") as caught:
        mail_reports(work(store, tmp_path, post))
    assert SECRET not in str(caught.value)
    assert not post.box.mails


def test_half_of_a_login_is_refused_before_anything_is_sent(
    store: Engine, tmp_path: Path, post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(post.authority))
    monkeypatch.setenv("HUB_TEST_SMTP", '{"username": "hub"}')
    with pytest.raises(ConfigError, match="username and password"):
        mail_reports(work(store, tmp_path, post))
    assert not post.box.mails
