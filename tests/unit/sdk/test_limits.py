"""Retry-After, the body cap, slow answers and the call budget."""

from __future__ import annotations

import gzip
import socket
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime

import pytest

from hub.errors import SourceSchemaError, SourceUnavailableError
from hub.sdk.limits import RateBudget, RestPolicy, parse_retry_after
from hub.sdk.overrides import policy_in_effect, shared_budgets
from hub.sdk.rest import RestClient
from hub.sdk.standin import HttpStandIn, Response, StandInState


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        *(
            (None, None),
            ("", None),
            ("12", 12.0),
            (" 3 ", 3.0),
            ("-1", None),
            ("soon", None),
            ("²", None),
        ),
        *(("Sat, 31 Jan 2026 12:00:30 GMT", 30.0), ("Sat, 31 Jan 2026 11:00:00 GMT", 0.0)),
    ],
)
def test_retry_after_has_two_forms(value: str | None, seconds: float | None) -> None:
    assert parse_retry_after(value, datetime(2026, 1, 31, 12, tzinfo=UTC)) == seconds


@pytest.mark.parametrize("packed", [False, True])
def test_a_body_above_the_cap_is_refused(packed: bool) -> None:
    body = gzip.compress(b" " * 5_000_000) if packed else b" " * 5_000_000
    headers = {"content-encoding": "gzip"} if packed else {}
    server = HttpStandIn(StandInState({}), lambda _: Response(200, body, headers))
    client = RestClient(server.url, system="sfa", policy=RestPolicy(max_body=1_000_000))
    with pytest.raises(SourceSchemaError, match="larger than 1000000 bytes"):
        client.get("/a")
    assert server.requests["GET /a"] == 1
    server.stop()


def test_a_packed_body_is_unpacked() -> None:
    body = gzip.compress(b'{"n": 1}')
    answer = Response(200, body, {"content-encoding": "gzip"})
    server = HttpStandIn(StandInState({}), lambda _: answer)
    assert RestClient(server.url, system="sfa").get("/a").json() == {"n": 1}
    server.stop()


def serve_once(write: Callable[[socket.socket], None]) -> str:
    """A bare socket server for answers that no decent server gives."""
    listener = socket.create_server(("127.0.0.1", 0))

    def run() -> None:
        with listener:
            connection, _ = listener.accept()
            with connection:
                connection.recv(65536)
                write(connection)

    threading.Thread(target=run, daemon=True).start()
    return f"http://127.0.0.1:{listener.getsockname()[1]}"


def test_a_slow_drip_meets_the_deadline() -> None:
    def drip(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
        with suppress(OSError):
            for _ in range(40):
                connection.sendall(b" ")
                time.sleep(0.05)

    policy = RestPolicy(attempts=1, total_timeout=0.3)
    started = time.monotonic()
    with pytest.raises(SourceUnavailableError, match="took longer"):
        RestClient(serve_once(drip), system="sfa", policy=policy).get("/a")
    assert time.monotonic() - started < 1.5


def test_a_chunked_body_that_breaks_off_is_no_answer() -> None:
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    url = serve_once(lambda connection: connection.sendall(head + b"9\r\n[1, 2, 3]\r\n"))
    with pytest.raises(SourceUnavailableError, match="broke off"):
        RestClient(url, system="sfa", policy=RestPolicy(attempts=1)).get("/a")


def test_a_body_without_a_length_that_breaks_off_is_told_from_html() -> None:
    head = b"HTTP/1.0 200 OK\r\nContent-Type: application/json\r\n\r\n"
    url = serve_once(lambda connection: connection.sendall(head + b'{"items": [1, 2'))
    answer = RestClient(url, system="sfa").get("/a")
    with pytest.raises(SourceUnavailableError, match="broke off"):
        answer.json()


def test_a_budget_lets_a_burst_through_and_then_spaces_calls() -> None:
    now = [100.0]
    budget = RateBudget(2, 10.0, clock=lambda: now[0])
    assert [budget.reserve() for _ in range(4)] == [0.0, 0.0, 5.0, 10.0]
    now[0] = 200.0
    assert budget.reserve() == 0.0


def test_clients_of_one_system_share_a_rate_limit_where_they_are_told_to() -> None:
    def built(calls: int) -> RateBudget | None:
        return policy_in_effect(RestPolicy(budget=RateBudget(calls, 1.0))).budget

    with shared_budgets():
        one, other, third = built(5), built(5), built(7)
        assert policy_in_effect(RestPolicy()).budget is None
    assert one is other
    assert third is not one
    assert built(5) is not one


def test_a_client_keeps_its_budget() -> None:
    server = HttpStandIn(StandInState({}), lambda _: Response(200, {}))
    sleeps: list[float] = []
    policy = RestPolicy(budget=RateBudget(1, 60.0), sleep=sleeps.append)
    client = RestClient(server.url, system="sfa", policy=policy)
    client.get("/a")
    client.get("/a")
    assert len(sleeps) == 1
    assert 55 < sleeps[0] <= 60
    server.stop()
