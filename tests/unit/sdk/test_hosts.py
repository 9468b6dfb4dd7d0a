"""Requests stay where a connection may go: hostile base URLs, redirects, links, name servers."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator

import pytest
from pydantic import SecretStr

from hub.errors import ConfigError, OutcomeUnknownError, SourceError, SourceSchemaError
from hub.sdk import HttpStandIn, StandInState
from hub.sdk.auth import ClientCredentials
from hub.sdk.hosts import AddressRefusedError, AddressRule, origin
from hub.sdk.limits import RestPolicy
from hub.sdk.resource import NextUrl, RestConnector, RestStream
from hub.sdk.rest import RestClient
from hub.sdk.standin import Request, Response


class Trap:
    """Listens on loopback, and counts who comes."""

    def __init__(self) -> None:
        self.visits = 0
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port = self._socket.getsockname()[1]
        threading.Thread(target=self._count, daemon=True).start()

    def _count(self) -> None:
        while True:
            try:
                caller, _ = self._socket.accept()
            except OSError:
                return
            self.visits += 1
            caller.close()

    def close(self) -> None:
        self._socket.close()


@pytest.fixture
def trap() -> Iterator[Trap]:
    running = Trap()
    yield running
    assert running.visits == 0
    running.close()


MALFORMED = [
    "http://2130706433:{port}/",
    "http://0x7f000001:{port}/",
    "http://0x7f.1:{port}/",
    "http://127.1:{port}/",
    "http://0177.0.0.1:{port}/",
    "http://user@127.0.0.1:{port}/",
    "http://crm.example.com:80@127.0.0.1:{port}/",
    "http://[::1%25lo]:{port}/",
    "http://127.0.0.1\\@crm.example.com:{port}/",
    "http://127.0.0.1:{port}#@crm.example.com/".replace("#", "%23"),
    "http://-crm.example.com:{port}/",
    "http://crm..example.com:{port}/",
    "http://:{port}/",
    "ftp://127.0.0.1:{port}/",
    "file:///etc/passwd",
    "gopher://127.0.0.1:{port}/_GET",
    "//127.0.0.1:{port}/",
    "http://127.0.0.1:{port}:80/",
    "http://127.0.0.1 :{port}/",
    "http://①②⑦.0.0.1:{port}/",
]


@pytest.mark.parametrize("url", MALFORMED)
def test_a_hostile_base_url_reaches_nothing(url: str, trap: Trap) -> None:
    """It is refused at once, or stands for a name that is not there; either way nobody calls."""
    policy = RestPolicy(attempts=1, resolve=lambda *_: ["127.0.0.1"])
    with pytest.raises((ConfigError, SourceError)):
        RestClient(url.format(port=trap.port), system="crm", policy=policy).get("")


REDIRECTS = [
    "http://127.0.0.1:{port}/",
    "http://localhost:{port}/",
    "//127.0.0.1:{port}/",
    "http://2130706433:{port}/",
    "http://[::ffff:127.0.0.1]:{port}/",
    "http://0x7f.0.0.1:{port}/",
    "http://127.0.0.1:{own}@127.0.0.1:{port}/",
    "https://127.0.0.1:{own}/",
    "http://169.254.169.254/latest/meta-data/",
    "http://[fd00:ec2::254]/latest/",
    "file:///etc/passwd",
    "ftp://127.0.0.1:{port}/",
    "http://127.0.0.1.nip.example:{port}/",
]


class Lure(HttpStandIn):
    """Answers everything with a redirect, or with a list whose next page is the target."""

    def __init__(self, target: str, port: int) -> None:
        self.target = target
        super().__init__(StandInState({}), self._serve)
        self.target = target.format(port=port, own=self.url.rpartition(":")[2])

    def _serve(self, request: Request) -> Response:
        if request.path == "/redirect":
            return Response(302, {}, {"location": self.target})
        return Response(200, {"rows": [{"id": 1}], "next": self.target})


@pytest.mark.parametrize("target", REDIRECTS)
@pytest.mark.parametrize("by", ["redirect", "next"])
def test_a_hostile_target_reaches_nothing(target: str, by: str, trap: Trap) -> None:
    lure = Lure(target, trap.port)
    listed = RestStream(
        name="row", entities=("party",), path="list", rows="rows", paging=NextUrl(path="next")
    )
    client = RestClient(lure.url, system="crm", policy=RestPolicy(attempts=1))
    connector = RestConnector(client, [listed])
    try:
        with pytest.raises(SourceSchemaError):
            _ = client.get("redirect") if by == "redirect" else list(connector.read("row", None))
    finally:
        lure.stop()
    assert set(lure.requests) == {"GET /redirect" if by == "redirect" else "GET /list"}


def test_a_backslash_does_not_move_the_host(trap: Trap) -> None:
    """Browsers end the host at it, other readers at the @; here it is a part of the path."""
    lure = Lure("http://127.0.0.1:{own}\\@127.0.0.1:{port}/", trap.port)
    try:
        assert RestClient(lure.url, system="crm").get("redirect").status == 200
    finally:
        lure.stop()


NAMED = [
    *("127.0.0.1", "::1", "169.254.169.254", "0.0.0.0", "::ffff:127.0.0.1", "fe80::1"),
    *("fd00:ec2::254", "100.100.100.200", "64:ff9b::7f00:1", "2002:7f00:1::", "224.0.0.1"),
]


@pytest.mark.parametrize("address", NAMED)
def test_a_name_that_stands_for_this_machine_is_refused(address: str, trap: Trap) -> None:
    policy = RestPolicy(attempts=1, resolve=lambda *_: [address])
    client = RestClient(f"http://crm.example.com:{trap.port}", system="crm", policy=policy)
    with pytest.raises(SourceSchemaError, match="may not reach"):
        client.get("contacts")
    with pytest.raises(SourceSchemaError, match="may not reach") as refused:
        client.send("POST", "contacts", json={})
    assert not isinstance(refused.value, OutcomeUnknownError)


def test_one_bad_address_among_good_ones_is_enough() -> None:
    rule = AddressRule([("http", "crm.example.com", 80)], lambda *_: ["8.8.8.8", "127.0.0.1"])
    with pytest.raises(AddressRefusedError):
        rule.addresses("crm.example.com", 80)


def test_a_name_may_not_move_into_our_own_network() -> None:
    answers = iter([["8.8.8.8"], ["10.0.0.5"]])
    rule = AddressRule([("http", "crm.example.com", 80)], lambda *_: next(answers))
    assert rule.addresses("crm.example.com", 80) == ["8.8.8.8"]
    with pytest.raises(AddressRefusedError, match="moved"):
        rule.addresses("crm.example.com", 80)


def test_an_erp_in_the_company_s_own_network_is_reached() -> None:
    rule = AddressRule([("http", "erp.example.com", 80)], lambda *_: ["10.0.0.5", "fd12::5"])
    assert rule.addresses("erp.example.com", 80) == ["10.0.0.5", "fd12::5"]


def test_what_the_settings_name_is_reached() -> None:
    server = HttpStandIn(StandInState({}), lambda _: Response(200, {"ok": True}))
    try:
        assert RestClient(server.url, system="crm").get("a").json() == {"ok": True}
        named = server.url.replace("127.0.0.1", "localhost")
        assert RestClient(named, system="crm").get("a").json() == {"ok": True}
    finally:
        server.stop()


def test_a_token_url_counts_as_named_and_no_other() -> None:
    auth = ClientCredentials("http://login.example.com/token", "app", SecretStr("s"))
    policy = RestPolicy(attempts=1, resolve=lambda *_: ["127.0.0.1"])
    client = RestClient("http://crm.example.com", system="crm", auth=auth, policy=policy)
    with pytest.raises(SourceSchemaError, match="may not reach"):
        client.get("a")


@pytest.mark.parametrize(
    ("url", "found"),
    [
        ("https://CRM.example.com/a", ("https", "crm.example.com", 443)),
        ("http://crm.example.com.:8080", ("http", "crm.example.com", 8080)),
        ("https://münchen.example/", ("https", "münchen.example", 443)),
        ("https://[2001:db8::1]/", ("https", "2001:db8::1", 443)),
        ("https://crm.example.com:99999/", None),
    ],
)
def test_an_origin_is_scheme_host_and_port(url: str, found: object) -> None:
    assert origin(url) == found
