"""The SOAP transport over a real socket, and its reader on hostile documents."""

from __future__ import annotations

import logging
import resource
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from hub.errors import (
    AuthenticationError,
    ConfigError,
    ContractError,
    OutcomeUnknownError,
    PermanentSourceError,
    RateLimitedError,
    SourceSchemaError,
    SourceUnavailableError,
)
from hub.sdk import Fault, HttpStandIn, StandInState
from hub.sdk.envelope import RowShape, SoapFault, read_answer, read_rows
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


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    served = Service(tmp_path)
    yield served
    served.http.stop()


def test_sends_to_the_configured_address(service: Service) -> None:
    assert service.client().call("ask", {"id": "7"}) == {"id": "1"}
    (asked,) = service.asked
    assert (asked.method, asked.path) == ("POST", "/soap")
    assert asked.headers["soapaction"] == '"urn:t#ask"'
    assert b"<id>7</id>" in asked.body


def test_tells_absent_nil_and_empty_apart(service: Service) -> None:
    service.say(answer('<a xsi:nil="true"/><b/><c></c><d> </d>'))
    assert service.client().call("ask", {"id": "1"}) == {"a": None, "b": "", "c": "", "d": " "}


def test_reads_arrays_structs_and_repeated_elements(service: Service) -> None:
    service.say(
        answer(
            '<list enc:arrayType=":[2]"><item><x>1</x></item><item>2</item></list>'
            '<none enc:arrayType=":[0]"/><s><y>1</y><y>2</y><y>3</y><z>4</z></s>'
        )
    )
    assert service.client().call("ask", {"id": "1"}) == {
        "list": [{"x": "1"}, "2"],
        "none": [],
        "s": {"y": ["1", "2", "3"], "z": "4"},
    }


def test_gives_every_row_of_a_long_list_once(service: Service) -> None:
    items = "".join(
        f'<item><id>{n}</id><lines enc:arrayType=":[1]"><item><q>{n}</q></item></lines></item>'
        for n in range(5_000)
    )
    service.say(answer(f'<items enc:arrayType=":[5000]">{items}</items>'))
    rows = list(service.client().rows("ask", {"id": "1"}, shape=RowShape(within="items")))
    assert [row["id"] for row in rows] == [str(n) for n in range(5_000)]
    assert rows[4_999]["lines"] == [{"q": "4999"}]


def test_no_list_is_not_an_empty_list(service: Service) -> None:
    client, shape = service.client(), RowShape(within="items")
    service.say(answer('<items xsi:nil="true"/>'))
    assert list(client.rows("ask", {"id": "1"}, shape=shape)) == []
    service.say(answer("<result><code>OK</code></result>"))
    with pytest.raises(SourceSchemaError):
        list(client.rows("ask", {"id": "1"}, shape=shape))


def test_checks_the_head_before_the_rows(service: Service) -> None:
    service.say(answer("<result><code>KO</code></result><items><item><id>1</id></item></items>"))
    seen: list[Any] = []
    rows = service.client().rows(
        "ask", {"id": "1"}, shape=RowShape(within="items", check=seen.append)
    )
    assert next(rows) == {"id": "1"}
    assert seen == [{"code": "KO"}]


@pytest.mark.parametrize(
    ("code", "error"),
    [
        ("e:Server", SourceUnavailableError),
        ("e:Client", SourceSchemaError),
        ("wsse:FailedAuthentication", AuthenticationError),
        ("e:Client.Authentication", AuthenticationError),
    ],
)
@pytest.mark.parametrize("status", [200, 500])
def test_faults_become_our_errors(
    service: Service, code: str, error: type[Exception], status: int
) -> None:
    service.say(fault(f"<faultcode>{code}</faultcode><faultstring>canary</faultstring>"), status)
    client = service.client()
    with pytest.raises(error) as caught:
        client.call("ask", {"id": "1"})
    assert "canary" not in str(caught.value)
    with pytest.raises(error):
        list(client.rows("ask", {"id": "1"}, shape=RowShape(within="items")))


def test_a_connector_explains_its_vendors_faults(service: Service) -> None:
    service.say(fault("<faultcode>10</faultcode><faultstring>Invalid Login</faultstring>"), 500)
    client = service.client()
    client.explain_faults(lambda said: AuthenticationError("no") if said.code == "10" else None)
    with pytest.raises(AuthenticationError):
        client.call("ask", {"id": "1"})


def test_reads_a_soap_12_fault() -> None:
    space = 'xmlns:e="http://www.w3.org/2003/05/soap-envelope"'
    body = (
        f"<e:Envelope {space}><e:Body><e:Fault><e:Code><e:Value>e:Receiver</e:Value><e:Subcode>"
        "<e:Value>m:Busy</e:Value></e:Subcode></e:Code><e:Reason><e:Text>later</e:Text></e:Reason>"
        "</e:Fault></e:Body></e:Envelope>"
    )
    assert read_answer(body.encode(), system="t") == SoapFault("Receiver", "Busy", "later")


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (401, AuthenticationError),
        (403, AuthenticationError),
        (404, PermanentSourceError),
        (429, RateLimitedError),
        (502, SourceUnavailableError),
        (503, SourceUnavailableError),
    ],
)
def test_statuses_without_soap(service: Service, status: int, error: type[Exception]) -> None:
    service.say("<html>gateway</html>", status, "text/html")
    with pytest.raises(error):
        service.client().call("ask", {"id": "1"})


@pytest.mark.parametrize("kind", ["reset", "truncate", "drop"])
def test_broken_connections(service: Service, kind: str) -> None:
    service.http.fail(Fault(kind=kind))
    with pytest.raises(SourceUnavailableError):
        service.client().call("ask", {"id": "1"})


def test_a_slow_answer(service: Service) -> None:
    service.http.fail(Fault(kind="delay", seconds=1.0))
    with pytest.raises(SourceUnavailableError):
        service.client(read_timeout=0.1).call("ask", {"id": "1"})


def test_a_lost_answer_to_a_change_is_unknown(service: Service) -> None:
    service.http.fail(Fault(kind="drop"))
    with pytest.raises(OutcomeUnknownError):
        service.client(attempts=3).call("ask", {"id": "1"}, reading=False)
    assert len(service.asked) == 1


def test_a_body_above_the_cap(service: Service) -> None:
    service.say(answer(f"<id>{'x' * 100_000}</id>"))
    with pytest.raises(SourceSchemaError):
        service.client(max_body=50_000).call("ask", {"id": "1"})


def test_nobody_is_there(service: Service) -> None:
    client = service.client()
    service.http.stop()
    with pytest.raises(SourceUnavailableError):
        client.call("ask", {"id": "1"})


def laughs(content: str) -> str:
    entities = "".join(
        f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' if n else '<!ENTITY l0 "lol">' for n in range(10)
    )
    return f"<!DOCTYPE lolz [{entities}]>" + answer(content)


HOSTILE: dict[str, bytes] = {
    "billion laughs": laughs("<id>&l9;</id>").encode(),
    "billion laughs in an attribute": laughs('<id a="&l9;"/>').encode(),
    "late doctype": (f"<!-- {'x' * 30_000} -->" + laughs("<id>&l9;</id>")).encode(),
    "utf-16": laughs("<id>&l9;</id>").encode("utf-16"),
    "utf-7": b'<?xml version="1.0" encoding="utf-7"?>' + laughs("<id/>").encode("utf-7"),
    "external entity": (
        '<!DOCTYPE e [<!ENTITY f SYSTEM "file:///etc/passwd">]>' + answer("<id>&f;</id>")
    ).encode(),
    "external dtd": ('<!DOCTYPE e SYSTEM "http://127.0.0.1:9/e.dtd">' + answer("<id/>")).encode(),
    "parameter entity": (
        '<!DOCTYPE e [<!ENTITY % p SYSTEM "file:///etc/hostname"> %p;]>' + answer("<id/>")
    ).encode(),
    "empty dtd": ("<!DOCTYPE e>" + answer("<id/>")).encode(),
    "quadratic": (
        f'<!DOCTYPE e [<!ENTITY a "{"a" * 50_000}">]>' + answer(f"<id>{'&a;' * 50_000}</id>")
    ).encode(),
    "deep": answer("<a>" * 100_000).encode(),
    "huge text": answer(f"<id>{'x' * 11_000_000}</id>").encode(),
    "endless prolog": (b"<?x y?>" * 100_000) + answer("<id/>").encode(),
    "truncated": answer("<id>1</id>")[:-30].encode(),
    "undefined entity": answer("<id>&nbsp;</id>").encode(),
    "html": b"<html><body>log in</body></html>",
    "json": b'{"error": "x"}',
    "nothing": b"",
    "binary": bytes(range(256)) * 100,
    "no body": (ENVELOPE % "").encode(),
    "reference": answer('<id href="#1"/>').encode(),
}


@pytest.mark.parametrize("name", sorted(HOSTILE))
@pytest.mark.parametrize("read", ["whole", "rows"])
def test_hostile_answers_are_refused_at_once(name: str, read: str) -> None:
    readers: dict[str, Callable[[bytes], Any]] = {
        "whole": lambda body: read_answer(body, system="t"),
        "rows": lambda body: list(
            read_rows(body, RowShape(within="askResponse", item="id"), system="t")
        ),
    }
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    started = time.process_time()
    with pytest.raises(SourceSchemaError) as caught:
        readers[read](HOSTILE[name])
    assert time.process_time() - started < 1
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 100_000
    assert "root:" not in str(caught.value)


def test_a_wsdl_with_a_local_import(tmp_path: Path) -> None:
    schema = '<xsd:schema xmlns:xsd="http://www.w3.org/2001/XMLSchema" targetNamespace="urn:o"/>'
    (tmp_path / "other.xsd").write_text(schema)
    path = write_wsdl(tmp_path, '<xsd:import namespace="urn:o" schemaLocation="other.xsd"/>')
    client = SoapClient(path, system="t", url="http://127.0.0.1:9/")
    with pytest.raises(ContractError):
        client.call("unknown", {})


@pytest.mark.parametrize(
    "location",
    [
        "http://127.0.0.1:9/evil.xsd",
        "https://169.254.169.254/latest",
        "ftp://127.0.0.1/x.xsd",
        "file:///etc/passwd",
        "../../../../../../etc/passwd",
    ],
)
def test_a_wsdl_that_points_elsewhere_is_refused(tmp_path: Path, location: str) -> None:
    path = write_wsdl(tmp_path, f'<xsd:import namespace="urn:o" schemaLocation="{location}"/>')
    with pytest.raises(ConfigError):
        SoapClient(path, system="t", url="http://127.0.0.1:9/").call("ask", {"id": "1"})


def test_a_wsdl_with_a_dtd_is_refused(tmp_path: Path) -> None:
    path = write_wsdl(tmp_path, prolog='<!DOCTYPE d [<!ENTITY x "y">]>')
    with pytest.raises(ConfigError):
        SoapClient(path, system="t", url="http://127.0.0.1:9/").call("ask", {"id": "1"})


def test_values_that_do_not_fit_the_wsdl(service: Service) -> None:
    with pytest.raises(ContractError):
        service.client().call("ask", {"colour": "red"})


def test_nothing_sent_or_received_is_logged(
    service: Service, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    service.say(answer("<id>canary-answer</id>"))
    service.client().call("ask", {"id": "canary-request"})
    assert "canary" not in caplog.text
