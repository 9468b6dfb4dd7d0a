"""The receiver over a real socket: stored before it answers, and what it refuses."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import pytest
import sqlalchemy as sa

from hub.pipeline.workplace import Workplace
from hub.store import pushes
from hub.store.arrivals import push_delivery
from hub.store.database import reading
from tests.web.conftest import Receiver
from tests.web.site import body_of, contact, event, send, signed

BODY = body_of(event(contact(1, 5)))
about_http = pytest.mark.parametrize("store_url", ["sqlite"], indirect=True)
"""What the database has no part in is tried on one of them."""


def held(work: Workplace) -> list[str]:
    with reading(work.engine) as db:
        return [row["state"] for row in pushes.list_deliveries(db)]


def test_a_good_delivery_is_stored_as_it_came(receiver: Receiver) -> None:
    assert send(receiver.port, BODY, signed(BODY)) == (200, b"")
    with reading(receiver.work.engine) as db:
        row = db.execute(sa.select(push_delivery)).one()
    assert (row.body, row.state, row.headers) == (BODY, "pending", "{}")


def test_a_repetition_is_acknowledged_and_not_stored_again(receiver: Receiver) -> None:
    headers = signed(BODY)
    assert [send(receiver.port, BODY, headers)[0] for _ in range(20)] == [200] * 20
    assert held(receiver.work) == ["pending"]


@pytest.mark.parametrize(
    ("to", "headers", "status"),
    [
        ("live", {}, 401),
        ("live", signed(BODY, secret="wrong"), 401),
        ("live", signed(BODY + b" "), 401),
        ("live", signed(BODY, age=1_000), 401),
        ("quiet", signed(BODY), 404),
        ("nobody", signed(BODY), 404),
        ("live/more", signed(BODY), 404),
        ("live/", signed(BODY), 404),
        ("..%2flive", signed(BODY), 404),
    ],
)
def test_what_is_refused_leaves_no_trace_and_tells_nothing(
    receiver: Receiver, to: str, headers: Mapping[str, str], status: int
) -> None:
    told, body = send(receiver.port, BODY, headers, to=to)
    assert told == status
    assert body in (b"", b'{"detail":"Not Found"}')
    assert held(receiver.work) == []


@about_http
@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "PATCH", "OPTIONS", "HEAD", "TRACE"])
def test_there_is_no_other_method(receiver: Receiver, method: str) -> None:
    assert send(receiver.port, b"", signed(b""), method=method)[0] == 405


@about_http
@pytest.mark.parametrize("path", ["/", "/docs", "/openapi.json", "/redoc", "/push"])
def test_there_is_nothing_else(receiver: Receiver, path: str) -> None:
    with dialled(receiver) as line:
        line.sendall(f"GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
        assert b" 404 " in line.recv(100)


@contextmanager
def dialled(receiver: Receiver) -> Iterator[socket.socket]:
    with socket.create_connection(("127.0.0.1", receiver.port), timeout=30) as line:
        yield line


@about_http
def test_a_body_that_is_declared_too_long_is_not_read(receiver: Receiver) -> None:
    head = b"POST /push/live HTTP/1.1\r\nHost: x\r\nContent-Length: 999999999\r\n\r\n"
    with dialled(receiver) as line:
        line.sendall(head)
        assert b" 413 " in line.recv(100)


@about_http
def test_a_body_that_grows_too_long_is_not_read_to_its_end(receiver: Receiver) -> None:
    head = b"POST /push/live HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
    with dialled(receiver) as line:
        line.sendall(head + 3 * (b"1000\r\n" + 0x1000 * b"x" + b"\r\n"))
        assert b" 413 " in line.recv(100)
    assert held(receiver.work) == []


@about_http
def test_a_body_that_dribbles_is_given_up(receiver: Receiver) -> None:
    head = b"POST /push/live HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n"
    with dialled(receiver) as line:
        line.sendall(head)
        begun = time.monotonic()
        assert b" 408 " in line.recv(100)
        assert time.monotonic() - begun < 10
    assert held(receiver.work) == []


@about_http
@pytest.mark.slow
def test_headers_that_dribble_are_cut_off(receiver: Receiver) -> None:
    begun = time.monotonic()
    with dialled(receiver) as line:
        line.sendall(b"POST /push/live HTTP/1.1\r\n")
        with pytest.raises(OSError, match=r"(?i)reset|broken|closed"):
            dribble(line, until=begun + 40)
    assert time.monotonic() - begun < 20


def dribble(line: socket.socket, *, until: float) -> None:
    while time.monotonic() < until:
        line.sendall(b"X-A: b\r\n")
        time.sleep(0.2)


@pytest.mark.slow
def test_a_locked_store_is_never_acknowledged(receiver: Receiver) -> None:
    headers = signed(BODY)
    with receiver.work.engine.connect() as other:
        lock = "LOCK TABLE push_delivery IN ACCESS EXCLUSIVE MODE"
        other.exec_driver_sql(lock if other.dialect.name == "postgresql" else "SELECT 1")
        assert send(receiver.port, BODY, headers)[0] == 503
        other.rollback()
    assert send(receiver.port, BODY, headers)[0] == 200
    assert held(receiver.work) == ["pending"]


def test_a_store_that_is_gone_is_never_acknowledged(receiver: Receiver) -> None:
    with receiver.work.engine.begin() as db:
        db.exec_driver_sql("ALTER TABLE push_delivery RENAME TO elsewhere")
    assert send(receiver.port, BODY, signed(BODY)) == (503, b"")
