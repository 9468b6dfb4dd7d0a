"""Certificates are verified, always; a company's own authority is named as a CA bundle."""

from __future__ import annotations

import shutil
import ssl
import subprocess
import threading
import traceback
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from hub.errors import ConfigError, PermanentSourceError, SourceUnavailableError
from hub.sdk.limits import RestPolicy
from hub.sdk.rest import RestClient

OPENSSL = shutil.which("openssl")


class Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("content-length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A self-signed certificate for 127.0.0.1, with its key, in one file."""
    if OPENSSL is None:
        pytest.skip("needs the openssl command to make a certificate")
    folder = tmp_path_factory.mktemp("tls")
    key, cert, both = folder / "key.pem", folder / "cert.pem", folder / "both.pem"
    options = "req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=127.0.0.1"
    command = [OPENSSL, *options.split(), "-addext", "subjectAltName=IP:127.0.0.1"]
    subprocess.run([*command, "-keyout", key, "-out", cert], check=True, capture_output=True)
    both.write_text(cert.read_text() + key.read_text())
    return both


@pytest.fixture
def url(certificate: Path) -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"https://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()


def test_an_unknown_authority_is_refused_for_good(url: str) -> None:
    client = RestClient(url, system="sfa")
    with pytest.raises(PermanentSourceError, match="not trusted"):
        client.get("/a")
    with pytest.raises(PermanentSourceError, match="not trusted"):
        client.send("POST", "/a", json={})


def test_a_named_authority_is_trusted(url: str, certificate: Path) -> None:
    policy = RestPolicy(ca_bundle=str(certificate))
    assert RestClient(url, system="sfa", policy=policy).get("/a").json() == {}


def test_a_bundle_that_is_not_there_stops_at_start_up() -> None:
    with pytest.raises(ConfigError, match="is not there"):
        RestClient("https://a.example", system="sfa", policy=RestPolicy(ca_bundle="/no/such.pem"))


def test_a_failure_does_not_show_the_query() -> None:
    client = RestClient("http://127.0.0.1:1", system="sfa", policy=RestPolicy(attempts=1))
    query = {"name": "jane-doe"}
    with pytest.raises(SourceUnavailableError) as caught:
        client.get("/a", params=query)
    assert "jane-doe" not in "".join(traceback.format_exception(caught.value))
