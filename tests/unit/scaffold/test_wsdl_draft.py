"""A WSDL is described as it is, and the connector drafted from it is sound source."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from importlib import import_module, invalidate_caches
from pathlib import Path
from types import ModuleType

import pytest
import yaml
from typer.testing import CliRunner

from hub.cli.main import app
from hub.errors import ConfigError
from hub.mapping import compile_mapping, load_mapping
from hub.plugins import discover
from hub.scaffold.render import render, write_files
from hub.scaffold.soap import draft_files
from hub.scaffold.soapdraft import draft_connector
from hub.scaffold.wsdl import describe_wsdl
from tests.unit.scaffold.conftest import Check

WSDL = """<definitions xmlns="http://schemas.xmlsoap.org/wsdl/" targetNamespace="urn:desk"
  xmlns:soap="http://schemas.xmlsoap.org/wsdl/soap/" xmlns:d="urn:desk"
  xmlns:xsd="http://www.w3.org/2001/XMLSchema">
  <types><xsd:schema targetNamespace="urn:desk" elementFormDefault="qualified">
    <xsd:include schemaLocation="ticket.xsd"/>
    <xsd:element name="LogIn"><xsd:complexType><xsd:sequence>
      <xsd:element name="userName" type="xsd:string"/>
      <xsd:element name="password" type="xsd:string"/></xsd:sequence></xsd:complexType>
    </xsd:element>
    <xsd:element name="LogInResponse"><xsd:complexType><xsd:sequence>
      <xsd:element name="sessionId" type="xsd:string"/></xsd:sequence></xsd:complexType>
    </xsd:element>
    <xsd:element name="ListTickets"><xsd:complexType><xsd:sequence>
      <xsd:element name="sessionId" type="xsd:string"/>
      <xsd:element name="modifiedAfter" type="xsd:dateTime" minOccurs="0"/>
      <xsd:element name="queue" type="xsd:string" minOccurs="0"/>
      <xsd:element name="offset" type="xsd:int"/><xsd:element name="limit" type="xsd:int"/>
      </xsd:sequence></xsd:complexType></xsd:element>
    <xsd:element name="ListTicketsResponse"><xsd:complexType><xsd:sequence>
      <xsd:element name="Tickets"><xsd:complexType><xsd:sequence>
        <xsd:element name="Ticket" type="d:Ticket" minOccurs="0" maxOccurs="unbounded"/>
        </xsd:sequence></xsd:complexType></xsd:element>
      <xsd:element name="Total" type="xsd:int"/></xsd:sequence></xsd:complexType></xsd:element>
  </xsd:schema></types>
  <message name="LogInIn"><part name="p" element="d:LogIn"/></message>
  <message name="LogInOut"><part name="p" element="d:LogInResponse"/></message>
  <message name="ListIn"><part name="p" element="d:ListTickets"/></message>
  <message name="ListOut"><part name="p" element="d:ListTicketsResponse"/></message>
  <portType name="Desk">
    <operation name="LogIn"><input message="d:LogInIn"/><output message="d:LogInOut"/></operation>
    <operation name="ListTickets"><input message="d:ListIn"/><output message="d:ListOut"/>
    </operation></portType>
  <binding name="B" type="d:Desk">
    <soap:binding style="document" transport="http://schemas.xmlsoap.org/soap/http"/>
    <operation name="LogIn"><soap:operation soapAction="urn:desk/in"/>
      <input><soap:body use="literal"/></input><output><soap:body use="literal"/></output>
    </operation>
    <operation name="ListTickets"><soap:operation soapAction="urn:desk/list"/>
      <input><soap:body use="literal"/></input><output><soap:body use="literal"/></output>
    </operation></binding>
  <service name="DeskService"><port name="DeskPort" binding="d:B">
    <soap:address location="https://desk.example/soap"/></port></service>
</definitions>"""
TICKET = """<xsd:schema xmlns:xsd="http://www.w3.org/2001/XMLSchema" targetNamespace="urn:desk"
  elementFormDefault="qualified"><xsd:complexType name="Ticket"><xsd:sequence>
  <xsd:element name="TicketNo" type="xsd:string"/><xsd:element name="Subject" type="xsd:string"/>
  <xsd:element name="Status" type="xsd:string"/><xsd:element name="Deleted" type="xsd:boolean"/>
  <xsd:element name="LastModified" type="xsd:dateTime"/></xsd:sequence></xsd:complexType>
  </xsd:schema>"""
RUN = CliRunner()


@pytest.fixture
def wsdl(tmp_path: Path) -> Path:
    folder = tmp_path / "wsdl"
    folder.mkdir()
    (folder / "ticket.xsd").write_text(TICKET)
    (folder / "desk.wsdl").write_text(WSDL)
    return folder / "desk.wsdl"


@pytest.fixture
def drafted(wsdl: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The draft, written, and importable."""
    target = tmp_path / "draft"
    answer = RUN.invoke(
        app, ["connector", "inspect", str(wsdl), "--draft", str(target), "--name", "desk"]
    )
    assert answer.exit_code == 0, answer.output
    monkeypatch.syspath_prepend(str(target))
    invalidate_caches()
    yield target
    for name in [name for name in sys.modules if name.startswith("hub_desk")]:
        del sys.modules[name]


def plugin() -> ModuleType:
    return import_module("hub_desk")


def test_describes_ports_and_operations(wsdl: Path) -> None:
    (port,) = describe_wsdl(wsdl)
    assert (port.service, port.name, port.version) == ("DeskService", "DeskPort", "1.1")
    assert port.address == "https://desk.example/soap"
    listing = next(one for one in port.operations if one.name == "ListTickets")
    assert [field.describe() for field in listing.takes] == [
        "sessionId: string",
        "modifiedAfter?: dateTime",
        "queue?: string",
        "offset: int",
        "limit: int",
    ]
    assert (listing.wrapper, listing.action) == ("ListTicketsResponse", "urn:desk/list")


def test_guesses_the_stream(wsdl: Path) -> None:
    draft = draft_connector(describe_wsdl(wsdl), "desk")
    (stream,) = draft.streams
    assert (stream.name, stream.entity, stream.within, stream.item) == (
        "ticket",
        "ticket",
        "Tickets",
        "Ticket",
    )
    assert (stream.key, stream.version, stream.deleted) == ("TicketNo", "LastModified", "Deleted")
    assert (stream.offset, stream.size, stream.since) == ("offset", "limit", "modifiedAfter")
    assert (draft.session, [one.name for one in stream.others]) == ("sessionId", ["queue"])
    assert draft.login is not None
    assert draft.login.name == "LogIn"


def test_lists_on_the_command_line(wsdl: Path) -> None:
    table = RUN.invoke(app, ["connector", "inspect", str(wsdl)])
    assert "DeskService, port DeskPort: SOAP 1.1 at https://desk.example/soap" in table.output
    assert "modifiedAfter?: dateTime" in table.output
    machine = RUN.invoke(app, ["connector", "inspect", str(wsdl), "--json"])
    assert '"name": "ListTickets"' in machine.output


def test_the_draft_is_a_plugin_the_hub_accepts(drafted: Path) -> None:
    registry = discover({"desk": plugin()})
    assert [item for item in registry.refused if item.plugin == "desk"] == []
    spec = registry.connector("desk")
    assert [stream.name for stream in spec.streams] == ["ticket"]
    assert spec.mapping is not None
    mapping = compile_mapping(load_mapping(spec.mapping, file="desk.yaml"))
    made = mapping.stream("ticket").translate({"TicketNo": "1", "Subject": "x", "Status": "new"})
    assert made[0].body["number"] == "1"
    facts = yaml.safe_load((drafted / "hub_desk" / "connector.yaml").read_text())
    assert set(facts["streams"]["ticket"]["capabilities"]) == {
        str(one) for one in spec.streams[0].capabilities
    }


def test_the_draft_opens_and_seals(drafted: Path) -> None:
    spec = plugin().hub_connector()
    config = spec.config(base_url="http://127.0.0.1:9/", username="u", password="p")
    spec.open(config).close()
    assert (drafted / "hub_desk" / "ticket.xsd").read_text() == TICKET
    (port,) = describe_wsdl(drafted / "hub_desk" / "service.wsdl")
    assert len(port.operations) == 2


def test_the_draft_passes_ruff_and_mypy(drafted: Path) -> None:
    rules = "E,F,I,B,UP,C4,SIM,RET,ANN,S"
    checks = (
        ["ruff", "check", "--isolated", "--line-length", "100", "--select", rules, "hub_desk"],
        ["ruff", "format", "--check", "--isolated", "--line-length", "100", "."],
        ["mypy", "--strict", "--ignore-missing-imports", "hub_desk"],
    )
    for check in checks:
        run = subprocess.run(
            [sys.executable, "-m", *check], cwd=drafted, capture_output=True, text=True, check=False
        )
        assert run.returncode == 0, run.stdout + run.stderr


@pytest.mark.slow
def test_the_draft_passes_its_own_checks(wsdl: Path, tmp_path: Path, make_check: Check) -> None:
    title = "The Help Desk of a Vendor with a Name that Takes up Very Nearly the Whole of a Line"
    given = ["--source", str(wsdl), "--into", str(tmp_path / "made"), "--title", title]
    made = RUN.invoke(app, ["connector", "new", "desk", "--kind", "soap", *given])
    assert made.exit_code == 0, made.output
    assert "claims bronze, earns silver" in make_check(tmp_path / "made")
    assert title in (tmp_path / "made" / "README.md").read_text(encoding="utf-8")


def test_a_list_that_can_t_be_asked_for_is_left_out(wsdl: Path) -> None:
    demanded = 'name="modifiedAfter" type="xsd:dateTime"'
    text = wsdl.read_text(encoding="utf-8")
    assert demanded in text
    wsdl.write_text(text.replace(f'{demanded} minOccurs="0"', demanded), encoding="utf-8")
    with pytest.raises(ConfigError, match="declare the streams by hand"):
        draft_files(wsdl, "desk")


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["https://desk.example/soap?wsdl"], "save it first"),
        (["missing.wsdl"], "no file"),
    ],
)
def test_what_can_not_be_read_is_told(arguments: list[str], says: str) -> None:
    with pytest.raises(ConfigError, match=says):
        describe_wsdl(arguments[0])


def test_nothing_is_written_over(wsdl: Path, drafted: Path) -> None:
    with pytest.raises(ConfigError, match="not empty"):
        write_files(drafted, draft_files(wsdl, "desk"))


@pytest.mark.parametrize("name", ["Desk", "1desk", "d", "../x", "a b", 'x"'])
def test_a_name_must_be_one(wsdl: Path, name: str) -> None:
    with pytest.raises(ConfigError, match="no name"):
        draft_files(wsdl, name)


def test_what_is_foreign_is_a_literal(tmp_path: Path) -> None:
    (tmp_path / "{name}.txt.j2").write_text("{{ value | lit }}")
    text = render(tmp_path, {"value": 'a"; import os #\n\u2028é', "name": "x"})["x.txt"]
    assert eval(text) == 'a"; import os #\n\u2028é'
    assert yaml.safe_load(text) == 'a"; import os #\n\u2028é'
    assert text.isascii()
