"""The SOAP transport over a real socket."""

from __future__ import annotations

import logging
from typing import Any

import pytest

from hub.errors import (
    AuthenticationError,
    ContractError,
    OutcomeUnknownError,
    PermanentSourceError,
    RateLimitedError,
    SourceSchemaError,
    SourceUnavailableError,
)
from hub.sdk import Fault
from hub.sdk.soap import RowShape, SoapFault
from hub.sdk.soap.values import read_answer
from tests.unit.sdk.soap.service import Service, answer, fault


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
