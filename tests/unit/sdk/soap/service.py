"""A SOAP server that says what a test puts into it, and the WSDL that describes it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from hub.sdk import HttpStandIn, StandInState
from hub.sdk.limits import RestPolicy
from hub.sdk.soap import SoapClient
from hub.sdk.standin import Request, Response

ENCODING = "http://schemas.xmlsoap.org/soap/encoding/"
WSDL = """<definitions xmlns="http://schemas.xmlsoap.org/wsdl/" targetNamespace="urn:t"
  xmlns:soap="http://schemas.xmlsoap.org/wsdl/soap/" xmlns:tns="urn:t"
  xmlns:xsd="http://www.w3.org/2001/XMLSchema" xmlns:enc="http://schemas.xmlsoap.org/soap/encoding/">
  <types><xsd:schema targetNamespace="urn:t">{types}
    <xsd:complexType name="list"><xsd:complexContent><xsd:restriction base="enc:Array">
      <xsd:attribute ref="enc:arrayType"/></xsd:restriction></xsd:complexContent></xsd:complexType>
  </xsd:schema></types>
  <message name="ask"><part name="id" type="xsd:string"/></message>
  <message name="answer"><part name="items" type="tns:list"/></message>
  <portType name="P"><operation name="ask">
    <input message="tns:ask"/><output message="tns:answer"/></operation></portType>
  <binding name="B" type="tns:P">
    <soap:binding style="rpc" transport="http://schemas.xmlsoap.org/soap/http"/>
    <operation name="ask"><soap:operation soapAction="urn:t#ask"/>
      <input><soap:body use="encoded" namespace="urn:t" encodingStyle="{encoding}"/></input>
      <output><soap:body use="encoded" namespace="urn:t" encodingStyle="{encoding}"/></output>
    </operation></binding>
  <service name="S"><port name="Q" binding="tns:B">
    <soap:address location="http://elsewhere.example/soap"/></port></service>
</definitions>"""
ENVELOPE = (
    '<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/" '
    'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" '
    f'xmlns:enc="{ENCODING}"><e:Body>%s</e:Body></e:Envelope>'
)


def answer(content: str) -> str:
    return ENVELOPE % f'<n:askResponse xmlns:n="urn:t">{content}</n:askResponse>'


def fault(content: str) -> str:
    return ENVELOPE % f"<e:Fault>{content}</e:Fault>"


class Service:
    """A SOAP server that says what a test puts into it."""

    def __init__(self, folder: Path) -> None:
        self.said = Response(200, answer("<id>1</id>"), {"content-type": "text/xml"})
        self.asked: list[Request] = []
        self.http = HttpStandIn(StandInState({}), self._answer)
        self.wsdl = write_wsdl(folder)

    def say(self, body: str | bytes, status: int = 200, kind: str = "text/xml") -> None:
        self.said = Response(status, body, {"content-type": kind})

    def client(self, **policy: Any) -> SoapClient:
        quick = RestPolicy(**{"attempts": 1, **policy})
        return SoapClient(self.wsdl, system="test", url=f"{self.http.url}/soap", policy=quick)

    def _answer(self, request: Request) -> Response:
        self.asked.append(request)
        return self.said


def write_wsdl(folder: Path, types: str = "", prolog: str = "") -> Path:
    path = folder / "service.wsdl"
    path.write_text(prolog + WSDL.format(types=types, encoding=ENCODING))
    return path
