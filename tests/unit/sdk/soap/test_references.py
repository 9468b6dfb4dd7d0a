"""Multi-reference values, as Axis 1 writes them: followed, but never round and round."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest

from hub.errors import SourceSchemaError
from hub.sdk.soap.rows import RowReading, RowShape, read_rows
from hub.sdk.soap.values import read_answer
from tests.unit.sdk.soap.service import ENVELOPE

SHAPE = RowShape(within="tickets", item="tickets")


def axis(content: str, *targets: str) -> bytes:
    wrapper = f'<n:askResponse xmlns:n="urn:t">{content}</n:askResponse>'
    return (ENVELOPE % (wrapper + "".join(targets))).encode()


def target(name: str, content: str, more: str = "") -> str:
    return f'<multiRef id="{name}" {more}>{content}</multiRef>'


LIST = axis(
    "<result><code>OK</code></result>"
    '<tickets enc:arrayType=":[3]"><tickets href="#id0"/><tickets href="#id1"/>'
    "<tickets><no>3</no></tickets></tickets><more>true</more>",
    target("id1", '<no>2</no><asker href="#id2"/>'),
    target("id0", '<no>1</no><asker href="#id2"/><none xsi:nil="true"/>'),
    target("id2", "<name>Kim</name>"),
)
ROWS: list[dict[str, Any]] = [
    {"no": "1", "asker": {"name": "Kim"}, "none": None},
    {"no": "2", "asker": {"name": "Kim"}},
    {"no": "3"},
]


def test_a_whole_answer_is_followed() -> None:
    answer = read_answer(LIST, system="t")
    assert isinstance(answer, dict)
    assert answer["tickets"] == ROWS


def test_rows_are_followed() -> None:
    seen: list[Any] = []
    shape = RowShape(within="tickets", item="tickets", check=seen.append)
    reading = RowReading(LIST, shape, "t")
    assert list(reading) == ROWS
    assert reading.rest["more"] == "true"
    assert seen == [{"code": "OK"}]


def test_the_list_itself_may_be_a_reference() -> None:
    body = axis(
        '<tickets href="#all"/>',
        target("all", '<tickets href="#one"/>', 'enc:arrayType=":[1]"'),
        target("one", "<no>1</no>"),
    )
    assert list(read_rows(body, SHAPE, system="t")) == [{"no": "1"}]
    assert read_answer(body, system="t") == {"tickets": [{"no": "1"}]}


def test_pairs_may_be_references() -> None:
    body = axis(
        "<tickets><tickets><id>7</id>"
        '<nv enc:arrayType=":[1]"><item href="#p"/></nv></tickets></tickets>',
        target("p", "<name>no</name><value>1</value>"),
    )
    shape = RowShape(within="tickets", item="tickets", pairs="nv")
    assert list(read_rows(body, shape, system="t")) == [{"id": "7", "no": "1"}]


def test_soap_12_references() -> None:
    body = (
        '<e:Envelope xmlns:e="http://www.w3.org/2003/05/soap-envelope" '
        'xmlns:c="http://www.w3.org/2003/05/soap-encoding"><e:Body><r><a c:id="x"><n>1</n></a>'
        '<b c:ref="x"/></r></e:Body></e:Envelope>'
    )
    assert read_answer(body.encode(), system="t") == {"a": {"n": "1"}, "b": {"n": "1"}}


def test_text_that_looks_like_a_reference_is_text() -> None:
    body = axis('<tickets><tickets><no>&lt;a href="#x"></no></tickets></tickets>')
    assert list(read_rows(body, SHAPE, system="t")) == [{"no": '<a href="#x">'}]


def bomb(levels: int, width: int) -> bytes:
    """Each value refers to the next one many times."""
    targets = [
        target(f"l{n}", f'<x href="#l{n + 1}"/>' * width, f'enc:arrayType=":[{width}]"')
        for n in range(levels)
    ]
    wrapped = "<x>lol</x>" * width
    return axis('<tickets href="#l0"/>', *targets, target(f"l{levels}", wrapped))


def chain(length: int) -> bytes:
    targets = [target(f"c{n}", f'<x href="#c{n + 1}"/>') for n in range(length)]
    return axis('<tickets href="#c0"/>', *targets, target(f"c{length}", "<x>1</x>"))


HOSTILE = {
    "itself": axis('<tickets href="#a"/>', target("a", '<x href="#a"/>')),
    "in a circle": axis(
        '<tickets href="#a"/>', target("a", '<x href="#b"/>'), target("b", '<x href="#a"/>')
    ),
    "nothing": axis('<tickets><tickets href="#gone"/></tickets>'),
    "twice": axis('<tickets href="#a"/>', target("a", "<x>1</x>"), target("a", "<x>2</x>")),
    "away": axis('<tickets><tickets href="http://127.0.0.1:9/x"/></tickets>'),
    "attachment": axis('<tickets><tickets href="cid:x@y"/></tickets>'),
    "laughs": bomb(9, 10),
    "wide": bomb(3, 300),
    "long text": axis(
        "<tickets>" + '<tickets href="#t"/>' * 2_000 + "</tickets>",
        target("t", "<x>" + "x" * 1_000_000 + "</x>"),
    ),
    "long chain": chain(50_000),
}


@pytest.mark.parametrize("name", HOSTILE)
@pytest.mark.parametrize("how", ["whole", "rows"])
def test_hostile_references_are_refused_at_once(name: str, how: str) -> None:
    read: dict[str, Callable[[bytes], Any]] = {
        "whole": lambda body: read_answer(body, system="t"),
        "rows": lambda body: list(read_rows(body, SHAPE, system="t")),
    }
    started = time.process_time()
    with pytest.raises(SourceSchemaError):
        read[how](HOSTILE[name])
    assert time.process_time() - started < 1
