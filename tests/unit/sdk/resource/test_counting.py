"""A declared count: what is asked, what is taken for an answer, and what is refused."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import orjson
import pytest

from hub.errors import ContractError, PermanentSourceError, SourceSchemaError
from hub.sdk import Capability, HttpStandIn, StandInState
from hub.sdk.limits import RestPolicy
from hub.sdk.resource import RestConnector, RestCount, RestStandIn, RestStream
from hub.sdk.rest import RestClient
from hub.sdk.standin import Request, Response

STREAM = RestStream(name="row", entities=("party",), path="rows", headers={"prefer": "quick"})


class Counting(HttpStandIn):
    """Answers every request with the same bytes, and remembers what was asked."""

    def __init__(self) -> None:
        self.told = b"{}"
        self.asked: list[Request] = []
        super().__init__(StandInState({}), self._serve)

    def _serve(self, request: Request) -> Response:
        self.asked.append(request)
        return Response(200, self.told, {"content-type": "application/json"})

    def connector(self, **count: Any) -> RestConnector:
        how = RestCount(**{"path": "rows/count", **count})
        stream = RestStream(name="row", entities=("party",), path="rows", count=how)
        return RestConnector(self.client(), [stream])

    def client(self) -> RestClient:
        return RestClient(self.url, system="shop", policy=RestPolicy(sleep=lambda _: None))


@pytest.fixture
def system() -> Iterator[Counting]:
    running = Counting()
    yield running
    running.stop()


@pytest.mark.parametrize(
    ("told", "path", "number"),
    [
        (b"7", "", 7),
        (b'{"total": 0}', "total", 0),
        (b'{"meta": [{"n": 3}]}', "meta.0.n", 3),
        (b'{"items": [{"N": "12"}]}', "to_number(items[0].n || items[0].N)", 12),
        (b"[1, 2]", "length(@)", 2),
    ],
)
def test_the_number_is_found(system: Counting, told: bytes, path: str, number: int) -> None:
    system.told = told
    assert system.connector(records=path).count("row") == (number, {})
    assert system.asked[0].method == "GET"
    assert system.asked[0].path == "/rows/count"


@pytest.mark.parametrize(
    "told", [b"{}", b'{"n": "7"}', b'{"n": -1}', b'{"n": true}', b'{"n": 7.5}', b'{"n": 7.0}',
             b'{"n": null}', b'{"n": [7]}', b"[]", b"7", b"null"]
)  # fmt: skip
def test_what_is_no_number_is_refused(system: Counting, told: bytes) -> None:
    system.told = told
    with pytest.raises(SourceSchemaError, match="shop/row: asked for a count, 'n' in the answer"):
        system.connector(records="n").count("row")


@pytest.mark.parametrize("path", ["", "length(n)", "to_number(n)"])
def test_a_path_that_leads_nowhere_is_refused(system: Counting, path: str) -> None:
    system.told = b'{"n": 7.5, "secret": "Ada Example"}'
    with pytest.raises(SourceSchemaError, match="check base URL") as caught:
        system.connector(records=path).count("row")
    assert "Ada" not in str(caught.value)
    assert "7.5" not in str(caught.value)


def test_parameters_and_headers_go_with_it(system: Counting) -> None:
    system.told = b"1"
    how = RestCount(path="rows/$count", params={"all": True}, headers={"x-count": "yes"})
    stream = RestStream(
        name="row", entities=("party",), path="rows", headers={"prefer": "quick"}, count=how
    )
    RestConnector(system.client(), [stream]).count("row")
    asked = system.asked[0]
    assert asked.query == "all=true"
    assert asked.headers["x-count"] == "yes"
    assert asked.headers["prefer"] == "quick"


def test_a_body_makes_it_a_post(system: Counting) -> None:
    system.told = b'{"total": 5}'
    connector = system.connector(
        records="total", params={"limit": 1}, body=lambda asked: {"search": dict(asked)}
    )
    assert connector.count("row").records == 5
    asked = system.asked[0]
    assert (asked.method, asked.query) == ("POST", "")
    assert orjson.loads(asked.body) == {"search": {"limit": 1}}


@pytest.mark.parametrize(
    ("told", "summed"),
    [
        (b"1.5", "1.5"),
        (b"-3", "-3"),
        (b'"12.10"', "12.1"),
        (b"null", "0"),
        (b"9007199254740993.0001", "9007199254740993.0001"),
        (b"123456789012345678901234567890.12", "123456789012345678901234567890.12"),
        (b"0.00005", "0"),
        (b"1.25e3", "1250"),
    ],
)
def test_sums_keep_every_digit(system: Counting, told: bytes, summed: str) -> None:
    system.told = b'{"n": 2, "sum": {"net": %b}}' % told
    total = system.connector(records="n", sums={"amount": "sum.net"}).count("row")
    assert total.records == 2
    assert total.sums == {"amount": Decimal(summed)}
    assert total.sums["amount"].as_tuple().exponent == -4


@pytest.mark.parametrize(
    "told", [b'"much"', b'""', b"true", b"[1]", b"{}", b'"NaN"', b'"Infinity"', b"1e90", b"NaN"]
)
def test_what_is_no_sum_is_refused(system: Counting, told: bytes) -> None:
    system.told = b'{"n": 2, "net": %b}' % told
    with pytest.raises(SourceSchemaError, match="shop/row"):
        system.connector(records="n", sums={"amount": "net"}).count("row")


def test_an_estimate_is_no_count(system: Counting) -> None:
    connector = system.connector(records="n", exact_below=100)
    system.told = b'{"n": 99}'
    assert connector.count("row").records == 99
    for many in (b'{"n": 100}', b'{"n": 101}'):
        system.told = many
        with pytest.raises(PermanentSourceError, match=r"shop/row: .* from 100 records on .* keys"):
            connector.count("row")


def test_only_a_declared_count_is_asked_for(system: Counting) -> None:
    connector = RestConnector(system.client(), [STREAM])
    assert Capability.COUNT not in STREAM.declared().capabilities
    with pytest.raises(SourceSchemaError, match="nothing declares how"):
        connector.count("row")
    with pytest.raises(SourceSchemaError, match="no such stream"):
        connector.count("other")
    assert not system.asked


def test_a_stream_that_retains_can_t_be_counted() -> None:
    with pytest.raises(ContractError, match="stream mail: it retains"):
        RestStream(
            name="mail", entities=("party",), path="mail", retains=True, count=RestCount(path="n")
        )


def test_the_stand_in_gives_a_bare_number_and_null_for_no_values() -> None:
    bare = RestStream(name="row", entities=("party",), path="rows", count=RestCount(path="n"))
    summed = RestStream(
        name="all",
        entities=("party",),
        path="all",
        count=RestCount(path="all/n", records="n", sums={"net": "net"}),
    )
    state = StandInState({"row": {"1": {"id": 1}}, "all": {}})
    running = RestStandIn(state, [bare, summed], proof={}, settings={})
    connector = RestConnector(RestClient(running.url, system="shop"), [bare, summed])
    try:
        assert connector.count("row") == (1, {})
        assert connector.count("all") == (0, {"net": Decimal(0)})
    finally:
        running.stop()


def test_a_body_needs_a_stand_in_of_its_own() -> None:
    how = RestCount(path="n", body=dict)
    stream = RestStream(name="row", entities=("party",), path="rows", count=how)
    with pytest.raises(ContractError, match="a body needs a stand-in of its own"):
        RestStandIn(StandInState({}), [stream], proof={}, settings={})
