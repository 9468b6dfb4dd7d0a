"""A help desk behind a document/literal service: paging, a filter by time, sessions if wanted."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

from lxml import etree

from hub.sdk import HttpStandIn, StandInState
from hub.sdk.limits import RestPolicy
from hub.sdk.soap import SoapClient, SoapConnector, SoapStream
from hub.sdk.standin import Request, Response

WSDL = """<definitions xmlns="http://schemas.xmlsoap.org/wsdl/" targetNamespace="urn:desk"
  xmlns:soap="http://schemas.xmlsoap.org/wsdl/{binding}/" xmlns:d="urn:desk"
  xmlns:xsd="http://www.w3.org/2001/XMLSchema">
  <types><xsd:schema targetNamespace="urn:desk" elementFormDefault="qualified">
    <xsd:complexType name="page"><xsd:sequence>
      <xsd:element name="offset" type="xsd:int" minOccurs="0"/>
      <xsd:element name="limit" type="xsd:int" minOccurs="0"/>
      <xsd:element name="since" type="xsd:string" minOccurs="0"/>
      <xsd:element name="cursor" type="xsd:string" minOccurs="0"/>
    </xsd:sequence></xsd:complexType>
    <xsd:element name="LogIn"><xsd:complexType><xsd:sequence>
      <xsd:element name="user" type="xsd:string"/><xsd:element name="password" type="xsd:string"/>
      </xsd:sequence></xsd:complexType></xsd:element>
    <xsd:element name="LogInResponse"><xsd:complexType><xsd:sequence>
      <xsd:element name="session" type="xsd:string"/></xsd:sequence></xsd:complexType>
    </xsd:element>
    <xsd:element name="ListTickets"><xsd:complexType><xsd:sequence>
      <xsd:element name="session" type="xsd:string" minOccurs="0"/>
      <xsd:element name="page" type="d:page"/></xsd:sequence></xsd:complexType></xsd:element>
    <xsd:element name="ListTicketsResponse"><xsd:complexType><xsd:sequence>
      <xsd:any minOccurs="0" maxOccurs="unbounded" processContents="lax"/>
      </xsd:sequence></xsd:complexType></xsd:element>
    <xsd:element name="ChangeTicket"><xsd:complexType><xsd:sequence>
      <xsd:element name="session" type="xsd:string" minOccurs="0"/>
      <xsd:element name="no" type="xsd:string"/>
      <xsd:element name="title" type="xsd:string" minOccurs="0"/>
      </xsd:sequence></xsd:complexType></xsd:element>
    <xsd:element name="ChangeTicketResponse"><xsd:complexType><xsd:sequence>
      <xsd:element name="no" type="xsd:string"/></xsd:sequence></xsd:complexType></xsd:element>
  </xsd:schema></types>
  <message name="LogInIn"><part name="parameters" element="d:LogIn"/></message>
  <message name="LogInOut"><part name="parameters" element="d:LogInResponse"/></message>
  <message name="ListIn"><part name="parameters" element="d:ListTickets"/></message>
  <message name="ListOut"><part name="parameters" element="d:ListTicketsResponse"/></message>
  <message name="ChangeIn"><part name="parameters" element="d:ChangeTicket"/></message>
  <message name="ChangeOut"><part name="parameters" element="d:ChangeTicketResponse"/></message>
  <portType name="Desk">
    <operation name="LogIn"><input message="d:LogInIn"/><output message="d:LogInOut"/></operation>
    <operation name="ListTickets"><input message="d:ListIn"/><output message="d:ListOut"/>
    </operation>
    <operation name="ChangeTicket"><input message="d:ChangeIn"/><output message="d:ChangeOut"/>
    </operation></portType>
  <binding name="B" type="d:Desk">
    <soap:binding style="document" transport="http://schemas.xmlsoap.org/soap/http"/>
    <operation name="LogIn"><soap:operation soapAction="urn:desk/login"/>
      <input><soap:body use="literal"/></input><output><soap:body use="literal"/></output>
    </operation>
    <operation name="ListTickets"><soap:operation soapAction="urn:desk/list"/>
      <input><soap:body use="literal"/></input><output><soap:body use="literal"/></output>
    </operation>
    <operation name="ChangeTicket"><soap:operation soapAction="urn:desk/change"/>
      <input><soap:body use="literal"/></input><output><soap:body use="literal"/></output>
    </operation></binding>
  <service name="Desk"><port name="DeskPort" binding="d:B">
    <soap:address location="http://desk.example/"/></port></service>
</definitions>"""
ENVELOPES = {
    "soap": "http://schemas.xmlsoap.org/soap/envelope/",
    "soap12": "http://www.w3.org/2003/05/soap-envelope",
}


class HelpDesk(HttpStandIn):
    """Tickets by number; ``between`` is called after each list with how many there were.

    With ``demand_session`` only who has logged in (hub, secret) is served, until ``sessions`` is
    cleared.
    """

    def __init__(self, folder: Path, binding: str = "soap") -> None:
        self.tickets: dict[str, dict[str, str]] = {}
        self.between: Callable[[int], None] = lambda _: None
        self.lists = 0
        self.demand_session = False
        self.sessions: set[str] = set()
        self.asked: list[Request] = []
        self.wsdl = folder / "desk.wsdl"
        self.wsdl.write_text(WSDL.replace("{binding}", binding))
        self._space = ENVELOPES[binding]
        super().__init__(StandInState({}), self._serve)

    def fill(self, count: int) -> None:
        for n in range(1, count + 1):
            self.tickets[f"{n:04d}"] = {
                "no": f"{n:04d}", "title": f"A & B {n}", "gone": "false",
                "changed": f"2026-02-01T12:00:{n // 4:02d}Z",
            }  # fmt: skip

    def connector(self, stream: SoapStream, **policy: Any) -> SoapConnector:
        rules = RestPolicy(sleep=lambda _: None, **policy)
        client = SoapClient(self.wsdl, system="desk", url=self.url, policy=rules)
        return SoapConnector(client, [stream], page_size=3)

    def _serve(self, request: Request) -> Response:
        self.asked.append(request)
        call = etree.fromstring(request.body).find("{*}Body")[0]
        asked = {
            str(etree.QName(one).localname): one.text or "" for one in call.iter() if len(one) == 0
        }
        if "LogIn" in str(call.tag):
            return self._log_in(asked)
        if self.demand_session and asked.pop("session", "") not in self.sessions:
            return self._refuse("NoSession")
        if "ChangeTicket" in str(call.tag):
            self.tickets[asked["no"]] |= {**asked, "changed": "2026-03-01T00:00:00Z"}
            return self._say(f"<d:ChangeTicketResponse>{_element('no', asked['no'])}")
        content = self._list(asked)
        self.lists += 1
        self.between(self.lists)
        return self._say(f"<d:ListTicketsResponse>{content}")

    def _log_in(self, asked: dict[str, str]) -> Response:
        if (asked["user"], asked["password"]) != ("hub", "secret"):
            return self._refuse("BadLogin")
        session = f"s{len(self.asked)}"
        self.sessions.add(session)
        return self._say(f"<d:LogInResponse>{_element('session', session)}")

    def _refuse(self, code: str) -> Response:
        fault = f"<e:Fault><faultcode>d:{code}</faultcode><faultstring>no</faultstring>"
        return replace(self._say(fault), status=500)

    def _list(self, asked: dict[str, str]) -> str:
        start = int(asked.get("offset") or asked.get("cursor") or 0)
        size = int(asked.get("limit") or 3)
        found = [one for one in self.tickets.values() if one["changed"] >= asked.get("since", "")]
        found.sort(key=lambda one: one["no"])
        rows = found[start : start + size]
        more = start + size < len(found)
        return (
            "".join(
                f"<d:ticket>{''.join(_element(*pair) for pair in row.items())}</d:ticket>"
                for row in rows
            )
            + _element("next", str(start + len(rows)))
            + _element("more", "true" if more else "false")
        )

    def _say(self, content: str) -> Response:
        name = content[1 : content.index(">")]
        body = (
            f'<e:Envelope xmlns:e="{self._space}" xmlns:d="urn:desk"><e:Body>{content}</{name}>'
            "</e:Body></e:Envelope>"
        )
        return Response(200, body, {"content-type": "text/xml"})


def _element(name: str, value: str) -> str:
    return f"<d:{name}>{escape(value)}</d:{name}>"
