"""Long lists: every record once, whatever stands around them."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.errors import AuthenticationError, SourceSchemaError
from hub.sdk.soap.rows import RowReading, RowShape, read_rows
from hub.sdk.soap.values import SoapFault, read_answer
from tests.unit.sdk.soap.service import Service, answer, fault

SHAPE = RowShape(within="items")


def listing(rows: str, *, before: str = "", after: str = "") -> bytes:
    return answer(f"{before}<items enc:arrayType=':[1]'>{rows}</items>{after}").encode()


def many(count: int, space: str = "") -> str:
    return space.join(
        f"<item>{space}<id>{n}</id>{space}<name>Example {n}</name>{space}<x><y>{n}</y></x></item>"
        for n in range(count)
    )


@pytest.mark.parametrize("space", ["", "\n    "], ids=["dense", "pretty"])
@pytest.mark.parametrize("count", [0, 1, 2, 3, 5_000])
def test_every_record_comes_once(count: int, space: str) -> None:
    reading = RowReading(listing(many(count, space), after="<next>7</next>"), SHAPE, "t")
    rows = [row for row in reading if isinstance(row, dict)]
    assert [row["id"] for row in rows] == [str(n) for n in range(count)]
    assert all(row["x"] == {"y": row["id"]} for row in rows)
    assert (reading.rest["next"], reading.found) == ("7", True)


def test_records_between_other_elements() -> None:
    """As document/literal services write them: the wrapper is the list."""
    rows = "".join(f"<t><no>{n}</no></t><gap/>" for n in range(3_000))
    shape = RowShape(within="askResponse", item="t")
    reading = RowReading(answer(f"<count>2</count>{rows}<more>0</more>").encode(), shape, "t")
    assert [row["no"] for row in reading if isinstance(row, dict)] == [str(n) for n in range(3_000)]
    assert (reading.rest["count"], reading.rest["more"]) == ("2", "0")


def test_a_repeated_field_is_a_list() -> None:
    body = listing("<item><tag>a</tag><tag>b</tag></item><item><tag>a</tag></item>")
    assert list(read_rows(body, SHAPE, system="t")) == [{"tag": ["a", "b"]}, {"tag": "a"}]


def test_namespaces_are_left_out() -> None:
    body = listing(
        '<item xmlns="urn:q"><id>1</id></item>'.replace("<item", "<q:item")
        .replace("</item", "</q:item")
        .replace("xmlns=", "xmlns:q='urn:q' xmlns=")
    )
    assert list(read_rows(body, SHAPE, system="t")) == [{"id": "1"}]


def test_name_and_value_lists_become_fields() -> None:
    pairs = "<item><name>a</name><value>1</value></item><item><value/><name>b</name></item>"
    row = f"<item><id>7</id><nv enc:arrayType=':[2]'>{pairs}</nv></item>"
    shape = RowShape(within="items", pairs="nv")
    assert list(read_rows(listing(row), shape, system="t")) == [{"id": "7", "a": "1", "b": ""}]
    lame = row.replace("<value/>", "")
    with pytest.raises(SourceSchemaError):
        list(read_rows(listing(lame), shape, system="t"))


def test_a_record_that_is_a_text_is_refused() -> None:
    with pytest.raises(SourceSchemaError):
        list(read_rows(listing("<item>text</item>"), SHAPE, system="t"))


def test_a_list_in_the_header_is_none() -> None:
    header = "<e:Header><items><item/></items></e:Header>"
    body = answer("<other/>").replace("<e:Body>", f"{header}<e:Body>")
    with pytest.raises(SourceSchemaError):
        list(read_rows(body.encode(), SHAPE, system="t"))


@pytest.mark.parametrize("place", ["before", "after"])
def test_a_head_is_whole_when_it_is_checked(place: str) -> None:
    """Also where a chunk of the document ends in the middle of it."""
    seen: list[Any] = []
    shape = RowShape(within="items", check=seen.append)
    long = "x" * 200_000
    head = f"<result><code>{long}</code><label>OK</label></result>"
    body = listing(many(3), **{place: head})
    assert len(list(read_rows(body, shape, system="t"))) == 3
    assert seen == [{"code": long, "label": "OK"}]


def test_a_fault_is_given_once() -> None:
    body = fault("<faultcode>e:Server</faultcode>").encode()
    assert list(read_rows(body, SHAPE, system="t")) == [SoapFault("Server", "", "")]


def test_an_answer_can_be_an_error(service: Service) -> None:
    client = service.client()
    client.explain_answers(lambda said: AuthenticationError("no") if "error" in said else None)
    service.say(answer("<error>1</error>"))
    with pytest.raises(AuthenticationError):
        client.page("ask", {"id": "1"}, shape=SHAPE)
    with pytest.raises(AuthenticationError):
        client.call("ask", {"id": "1"})
    service.say(answer("<other/>"))
    with pytest.raises(SourceSchemaError):
        client.page("ask", {"id": "1"}, shape=SHAPE)


def test_a_page_has_what_is_said_besides(service: Service) -> None:
    service.say(listing(many(2), after="<next>2</next>").decode())
    page = service.client().page("ask", {"id": "1"}, shape=SHAPE)
    assert ([row["id"] for row in page.rows], page.rest["next"]) == (["0", "1"], "2")


texts = st.text("aä€<&>\"' \n", max_size=8)
records = st.dictionaries(st.sampled_from("abcdef"), texts | st.none(), min_size=1)


@given(st.lists(records, max_size=8))
def test_rows_say_what_a_whole_reading_says(rows: list[dict[str, Any]]) -> None:
    body = listing("".join(f"<item>{''.join(map(field, row.items()))}</item>" for row in rows))
    whole = read_answer(body, system="t")
    assert isinstance(whole, dict)
    assert list(read_rows(body, SHAPE, system="t")) == (whole["items"] or []) == rows


def field(pair: tuple[str, str | None]) -> str:
    from xml.sax.saxutils import escape

    name, value = pair
    if value is None:
        return f'<{name} xsi:nil="true"/>'
    return f"<{name}>{escape(value)}</{name}>"
