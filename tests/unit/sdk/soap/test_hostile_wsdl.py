"""No import of a WSDL makes a connection or reads a file outside: a listening socket is still."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from hub.errors import ConfigError, ContractError
from hub.sdk.soap import SoapClient
from hub.sdk.soap.imports import SCHEMAS, load
from hub.sdk.soap.wsdl import Wsdl
from tests.unit.sdk.soap.service import Service, write_wsdl

XSD = 'xmlns:xsd="http://www.w3.org/2001/XMLSchema"'
SCHEMA = f'<xsd:schema {XSD} targetNamespace="urn:o">{{}}</xsd:schema>'


class Ear:
    """A socket that notes who connects, on IPv4 loopback."""

    def __init__(self) -> None:
        self.heard = 0
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port = self._socket.getsockname()[1]
        self._thread = threading.Thread(target=self._listen, daemon=True)
        self._thread.start()

    def _listen(self) -> None:
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            self.heard += 1
            connection.close()

    def close(self) -> None:
        self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        self._thread.join(5)


@pytest.fixture
def ear() -> Iterator[Ear]:
    listening = Ear()
    yield listening
    listening.close()


LOCATIONS = [
    "http://127.0.0.1:{port}/evil.xsd",
    "HTTP://127.0.0.1:{port}/evil.xsd",
    "https://127.0.0.1:{port}/evil.xsd",
    " http://127.0.0.1:{port}/evil.xsd ",
    "\thttp://127.0.0.1:{port}/evil.xsd",
    "http://2130706433:{port}/decimal.xsd",
    "http://0x7f000001:{port}/hex.xsd",
    "http://[::ffff:127.0.0.1]:{port}/mapped.xsd",
    "http://[::1]:{port}/six.xsd",
    "http://user@127.0.0.1:{port}/who.xsd",
    "http://localhost:{port}/redirect?to=http://169.254.169.254/",
    "//127.0.0.1:{port}/share.xsd",
    "\\\\127.0.0.1@{port}\\share.xsd",
    "ftp://127.0.0.1:{port}/x.xsd",
    "gopher://127.0.0.1:{port}/x",
    "jar:http://127.0.0.1:{port}/x!/y.xsd",
    "data:text/xml,&lt;x/&gt;",
    "http://169.254.169.254/latest/meta-data/",
    "file:///etc/passwd",
    "FILE:///etc/passwd",
    "file://127.0.0.1/etc/passwd",
    "file:/etc/passwd",
    "/etc/passwd",
    "../outside.xsd",
    "./../outside.xsd",
    "sub/../../outside.xsd",
    "..%2foutside.xsd",
    "%2e%2e/outside.xsd",
    "link.xsd",
    "missing.xsd",
    "",
]
PLACES = {
    "import": '<xsd:import namespace="urn:o" schemaLocation="{}"/>',
    "include": '<xsd:include schemaLocation="{}"/>',
    "redefine": '<xsd:redefine schemaLocation="{}"/>',
}


def lay_out(folder: Path) -> Path:
    """A folder for the WSDL, with a file outside and a link that leads to it."""
    inside = folder / "inside"
    (inside / "sub").mkdir(parents=True)
    (folder / "outside.xsd").write_text(SCHEMA.format(""))
    (inside / "link.xsd").symlink_to(folder / "outside.xsd")
    return inside


def refused(path: Path) -> str:
    with pytest.raises(ConfigError) as caught:
        SoapClient(path, system="t", url="http://127.0.0.1:9/").call("ask", {"id": "1"})
    return str(caught.value)


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("location", LOCATIONS)
def test_an_import_that_leads_away_is_refused(
    tmp_path: Path, ear: Ear, location: str, place: str
) -> None:
    inside = lay_out(tmp_path)
    path = write_wsdl(inside, PLACES[place].format(location.format(port=ear.port)))
    assert "root:" not in refused(path)
    assert ear.heard == 0


@pytest.mark.parametrize("location", LOCATIONS)
def test_an_import_of_a_wsdl_that_leads_away_is_refused(
    tmp_path: Path, ear: Ear, location: str
) -> None:
    path = write_wsdl(lay_out(tmp_path))
    added = f'<import namespace="urn:o" location="{location.format(port=ear.port)}"/><types>'
    path.write_text(path.read_text().replace("<types>", added))
    refused(path)
    assert ear.heard == 0


@pytest.mark.parametrize("location", LOCATIONS)
def test_an_imported_schema_may_not_lead_away(tmp_path: Path, ear: Ear, location: str) -> None:
    inside = lay_out(tmp_path)
    path = write_wsdl(inside, '<xsd:import namespace="urn:o" schemaLocation="sub/near.xsd"/>')
    away = f'<xsd:include schemaLocation="{location.format(port=ear.port)}"/>'
    if location == "../outside.xsd":
        away = '<xsd:include schemaLocation="../../outside.xsd"/>'
    (inside / "sub" / "near.xsd").write_text(SCHEMA.format(away))
    refused(path)
    assert ear.heard == 0


DOCUMENTS = {
    "dtd": '<!DOCTYPE d [<!ENTITY x "y">]>',
    "external dtd": '<!DOCTYPE d SYSTEM "http://127.0.0.1:{port}/x.dtd">',
    "external entity": '<!DOCTYPE d [<!ENTITY x SYSTEM "http://127.0.0.1:{port}/x">]>',
    "parameter entity": '<!DOCTYPE d [<!ENTITY % x SYSTEM "http://127.0.0.1:{port}/x"> %x;]>',
    "file entity": '<!DOCTYPE d [<!ENTITY x SYSTEM "file:///etc/passwd">]>',
    "billion laughs": '<!DOCTYPE d [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]>',
}


@pytest.mark.parametrize("name", DOCUMENTS)
def test_a_dtd_is_refused(tmp_path: Path, ear: Ear, name: str) -> None:
    refused(write_wsdl(tmp_path, prolog=DOCUMENTS[name].replace("{port}", str(ear.port))))
    assert ear.heard == 0


@pytest.mark.parametrize("name", DOCUMENTS)
def test_a_dtd_in_an_imported_schema_is_refused(tmp_path: Path, ear: Ear, name: str) -> None:
    prolog = DOCUMENTS[name].replace("{port}", str(ear.port))
    (tmp_path / "near.xsd").write_text(prolog + SCHEMA.format(""))
    types = '<xsd:import namespace="urn:o" schemaLocation="near.xsd"/>'
    refused(write_wsdl(tmp_path, types))
    assert ear.heard == 0


def test_xinclude_is_refused(tmp_path: Path, ear: Ear) -> None:
    away = f"http://127.0.0.1:{ear.port}/x"
    types = f'<i:include xmlns:i="http://www.w3.org/2001/XInclude" href="{away}" parse="text"/>'
    assert "XInclude" in refused(write_wsdl(tmp_path, types))
    assert ear.heard == 0


def test_a_stylesheet_and_a_hint_are_not_followed(service: Service, ear: Ear) -> None:
    away = f"http://127.0.0.1:{ear.port}/x"
    text = service.wsdl.read_text()
    space = "http://www.w3.org/2001/XMLSchema-instance"
    hint = f'xmlns:xsi="{space}" xsi:schemaLocation="urn:t {away}"'
    text = text.replace("<definitions xmlns=", f"<definitions {hint} xmlns=", 1)
    service.wsdl.write_text(f'<?xml-stylesheet href="{away}"?>' + text)
    assert service.client().call("ask", {"id": "1"}) == {"id": "1"}
    assert ear.heard == 0


@pytest.mark.parametrize(
    "namespace",
    [
        "http://schemas.xmlsoap.org/soap/encoding/",
        "http://schemas.xmlsoap.org/wsdl/",
        "http://schemas.xmlsoap.org/soap/envelope/",
        "http://www.w3.org/XML/1998/namespace",
        "http://www.w3.org/2005/08/addressing",
    ],
)
def test_well_known_schemas_are_our_copies_wherever_they_are_said_to_be(
    tmp_path: Path, ear: Ear, namespace: str
) -> None:
    away = f"http://127.0.0.1:{ear.port}/x"
    types = f'<xsd:import namespace="{namespace}" schemaLocation="{away}"/>'
    assert Wsdl(write_wsdl(tmp_path, types)).seal("ask", {"id": "1"})
    assert ear.heard == 0


def test_a_local_import_is_fine(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "other.xsd").write_text(
        SCHEMA.format('<xsd:include schemaLocation="../third.xsd"/>')
    )
    (tmp_path / "third.xsd").write_text(SCHEMA.format(""))
    types = '<xsd:import namespace="urn:o" schemaLocation="sub/other.xsd"/>'
    client = SoapClient(write_wsdl(tmp_path, types), system="t", url="http://127.0.0.1:9/")
    with pytest.raises(ContractError):
        client.call("unknown", {})


def test_our_copies_import_nothing_outside() -> None:
    for path in SCHEMAS.glob("*.xsd"):
        assert load(path, SCHEMAS)


@pytest.mark.parametrize("size", [33 * 1024 * 1024])
def test_a_huge_wsdl_is_not_read(tmp_path: Path, size: int) -> None:
    path = tmp_path / "huge.wsdl"
    with path.open("wb") as file:
        file.truncate(size)
    refused(path)


def nested(depth: int) -> str:
    return "<xsd:sequence>" * depth + "</xsd:sequence>" * depth


def test_a_deep_wsdl_is_refused(tmp_path: Path) -> None:
    types = f'<xsd:complexType name="d">{nested(5_000)}</xsd:complexType>'
    refused(write_wsdl(tmp_path, types))


def test_types_that_import_each_other_end(tmp_path: Path) -> None:
    again = '<xsd:import namespace="urn:t" schemaLocation="b.xsd"/>'
    (tmp_path / "a.xsd").write_text(SCHEMA.format(again))
    (tmp_path / "b.xsd").write_text(
        SCHEMA.format('<xsd:import namespace="urn:o" schemaLocation="a.xsd"/>').replace(
            "urn:o", "urn:t", 1
        )
    )
    types = '<xsd:import namespace="urn:o" schemaLocation="a.xsd"/>'
    sealed: Any = Wsdl(write_wsdl(tmp_path, types)).seal("ask", {"id": "1"})
    assert b"<id>1</id>" in sealed.body
