"""Session logins: carried in a part or a header, renewed once when they are over."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from hub.errors import AuthenticationError, RejectedError, SourceSchemaError
from hub.sdk.soap import RowShape, SoapClient, SoapSession, in_header, in_part
from hub.sdk.soap.session import Carrier
from hub.sdk.standin import Request, Response
from tests.unit.sdk.soap.service import Service, answer, fault

SHAPE = RowShape(within="items")
XML = {"content-type": "text/xml"}
ID = in_part("id")


class Guarded(Service):
    """Operation ``ask``: id "login" opens a session; all else needs it, in a header or as id."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.sessions: set[str] = set()
        self.logins = 0
        self.refuse_logins = False
        self.by_fault = True
        self._guard = threading.Lock()

    def _answer(self, request: Request) -> Response:
        found = re.search(rb"<(?:\w+:)?(?:id|sid)>([^<]*)<", request.body)
        given = found[1].decode() if found else ""
        with self._guard:
            self.asked.append(request)
            if given == "login":
                return self._log_in()
            if given not in self.sessions:
                return self._gone()
        return Response(200, answer(f"<items><item><id>{given}</id></item></items>"), XML)

    def _log_in(self) -> Response:
        self.logins += 1
        if self.refuse_logins:
            return Response(500, fault("<faultcode>e:Client.Authentication</faultcode>"), XML)
        self.sessions = {f"s{self.logins}"}
        return Response(200, answer(f"<id>s{self.logins}</id>"), XML)

    def _gone(self) -> Response:
        if self.by_fault:
            return Response(500, fault("<faultcode>gone</faultcode>"), XML)
        return Response(200, answer("<error>gone</error>"), XML)


@pytest.fixture
def guarded(tmp_path: Path) -> Iterator[Guarded]:
    served = Guarded(tmp_path)
    yield served
    served.http.stop()


def log_in(client: SoapClient) -> str:
    return str(client.call("ask", {"id": "login"})["id"])


def session(service: Guarded, carry: Carrier = ID) -> SoapSession:
    client = service.client()
    gone = AuthenticationError("the session is over", system="test")
    client.explain_faults(lambda said: gone if said.code == "gone" else None)
    client.explain_answers(lambda said: gone if said.get("error") == "gone" else None)
    return SoapSession(client, log_in=log_in, carry=carry)


def test_logs_in_once_for_many_calls(guarded: Guarded) -> None:
    opened = session(guarded)
    for _ in range(3):
        assert opened.page("ask", {}, shape=SHAPE).rows == [{"id": "s1"}]
    assert guarded.logins == 1


def test_the_id_may_be_in_a_header(guarded: Guarded) -> None:
    opened = session(guarded, in_header("urn:t", "Session", "sid"))
    assert opened.page("ask", {"id": "x"}, shape=SHAPE).rows == [{"id": "s1"}]
    body = guarded.asked[-1].body
    assert re.search(rb"Header>.*Session.*sid>s1<.*Header>.*Body", body, re.DOTALL)


@pytest.mark.parametrize("by_fault", [True, False], ids=["fault", "answer"])
@pytest.mark.parametrize("how", ["call", "page", "rows"])
def test_a_session_that_is_over_is_renewed(guarded: Guarded, how: str, by_fault: bool) -> None:
    opened, guarded.by_fault = session(guarded), by_fault
    run: dict[str, Any] = {
        "call": lambda: opened.call("ask", {}),
        "page": lambda: opened.page("ask", {}, shape=SHAPE).rows,
        "rows": lambda: list(opened.rows("ask", {}, shape=SHAPE)),
    }
    assert run[how]()
    guarded.sessions.clear()
    assert "s2" in str(run[how]())
    assert guarded.logins == 2


def test_it_is_renewed_once_and_no_more(guarded: Guarded) -> None:
    opened = session(guarded)
    opened.call("ask", {})
    guarded._log_in = lambda: Response(200, answer("<id>never</id>"), XML)  # type: ignore[method-assign]  # a server that forgets at once
    guarded.sessions.clear()
    before = len(guarded.asked)
    with pytest.raises(AuthenticationError):
        opened.call("ask", {})
    assert len(guarded.asked) == before + 3


def test_a_refusal_right_after_the_login_is_no_reason_for_another(guarded: Guarded) -> None:
    opened = session(guarded, in_part("id"))
    guarded._log_in = lambda: Response(200, answer("<id>never</id>"), XML)  # type: ignore[method-assign]  # as above
    with pytest.raises(AuthenticationError):
        opened.call("ask", {})
    assert len(guarded.asked) == 2


def test_bad_credentials_are_told(guarded: Guarded) -> None:
    opened, guarded.refuse_logins = session(guarded), True
    with pytest.raises(AuthenticationError):
        opened.call("ask", {})
    assert guarded.logins == 1


def test_of_many_threads_one_renews(guarded: Guarded) -> None:
    opened = session(guarded)
    opened.call("ask", {})
    guarded.sessions.clear()
    with ThreadPoolExecutor(8) as pool:
        pages = list(pool.map(lambda _: opened.page("ask", {}, shape=SHAPE).rows, range(16)))
    assert pages == [[{"id": "s2"}]] * 16
    assert guarded.logins == 2


def test_a_change_refused_for_the_session_is_made_once(guarded: Guarded) -> None:
    opened = session(guarded)
    opened.call("ask", {})
    guarded.sessions.clear()
    assert opened.call("ask", {}, reading=False)["items"]
    assert guarded.logins == 2


def test_a_server_fault_is_repeated_for_a_reading_only(service: Service) -> None:
    service.say(fault("<faultcode>e:Server</faultcode>"), 500)
    client = service.client(attempts=3, backoff=0.0)
    with pytest.raises(Exception, match="fault"):
        client.call("ask", {"id": "1"})
    assert len(service.asked) == 3
    with pytest.raises(Exception, match="nobody knows"):
        client.call("ask", {"id": "1"}, reading=False)
    assert len(service.asked) == 4


def test_a_refused_change_is_rejected(service: Service) -> None:
    service.say(fault("<faultcode>e:Client</faultcode>"), 500)
    with pytest.raises(RejectedError):
        service.client().call("ask", {"id": "1"}, reading=False)
    with pytest.raises(SourceSchemaError):
        service.client().call("ask", {"id": "1"})
