"""Literals, moments and keys: whatever a value holds, it stays one value."""

from __future__ import annotations

import string
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.sdk.contract import composite_key
from hub.sdk.odata.edm import Edm, Version, literal, parse_moment, parse_time, plain, quote
from hub.sdk.odata.filters import Filter
from hub.sdk.odata.query import Field, beyond, encode, key_of_id, key_path, source_key, split_key

TEXTS = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=30)
YEARS = (datetime.fromisoformat(f"{year}-01-01") for year in (1900, 2200))
MOMENTS = st.datetimes(*YEARS, timezones=st.just(UTC))
GUID = "00000000-0000-0000-0000-0000000000ab"
FINE = "2026-01-31T12:00:00.1234567Z"
EAST = "2026-01-31T13:00:00.1234567+01:00"
VERSIONS = st.sampled_from(Version)


@given(TEXTS, TEXTS)
def test_a_quoted_text_never_ends_early(one: str, other: str) -> None:
    condition = Filter(f"A eq {quote(one)} and B eq {quote(other)}")
    assert condition.test({"A": one, "B": other})
    assert not condition.test({"A": one, "B": other + "x"})
    assert condition.fields == {"A", "B"}


@given(TEXTS)
def test_a_text_survives_the_url(text: str) -> None:
    sent = encode({"$filter": f"A eq {quote(text)}"})
    assert not set(sent) & set(' &#+"<>\n')
    assert unquote(sent) == f"$filter=A eq {quote(text)}"


@pytest.mark.parametrize(
    ("value", "edm", "v2", "v4"),
    [
        (None, Edm.STRING, "null", "null"),
        ("O'Neil", Edm.STRING, "'O''Neil'", "'O''Neil'"),
        (GUID, Edm.GUID, f"guid'{GUID}'", GUID),
        (True, Edm.BOOLEAN, "true", "true"),
        (7, Edm.INT32, "7", "7"),
        ("7", Edm.INT64, "7L", "7"),
        (Decimal("1.50"), Edm.DECIMAL, "1.50M", "1.50"),
        ("2026-01-31", Edm.DATE, "datetime'2026-01-31T00:00:00'", "2026-01-31"),
        ("/Date(0)/", Edm.DATETIME, "datetime'1970-01-01T00:00:00'", "1970-01-01T00:00:00Z"),
        (EAST, Edm.DATETIMEOFFSET, f"datetimeoffset'{FINE}'", FINE),
        ("PT12H30M05S", Edm.TIME, "time'PT12H30M05S'", "12:30:05"),
    ],
)  # fmt: skip
def test_literals(value: Any, edm: Edm, v2: str, v4: str) -> None:
    assert literal(value, edm, Version.V2) == v2
    assert literal(value, edm, Version.V4) == v4


@given(st.sampled_from([edm for edm in Edm if edm is not Edm.STRING]), TEXTS, VERSIONS)
def test_a_literal_without_quotes_is_checked(edm: Edm, text: str, version: Version) -> None:
    """Whatever comes through is made of characters that end nothing."""
    try:
        found = literal(text, edm, version)
    except (TypeError, ValueError, OverflowError):
        return
    bare = found.partition("'")[2].removesuffix("'") if version is Version.V2 else found
    assert set(bare or found) <= set(string.ascii_letters + string.digits + "+-.:")


@given(MOMENTS)
def test_moments_are_read_as_they_were_written(moment: datetime) -> None:
    text = moment.isoformat()
    assert parse_moment(text) == moment
    assert parse_moment(literal(moment, Edm.DATETIMEOFFSET, Version.V4)) == moment
    ticks = (moment - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1)
    for written in (f"/Date({ticks})/", f"/Date({ticks}+0060)/"):
        assert timedelta(0) <= moment - parse_moment(written) < timedelta(milliseconds=1)
        assert parse_moment(plain(written)) == parse_moment(written)


@pytest.mark.parametrize(
    "text", ["/Date(x)/", "/Date(1)/ or 1 eq 1", "yesterday", "2026-13-01T00:00:00Z", ""]
)
def test_what_is_no_moment_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        parse_moment(text)
    assert plain(text) == text


def test_an_endless_date_stays_a_text() -> None:
    assert plain("/Date(253402300800000000)/") == "/Date(253402300800000000)/"
    assert plain("/Date(999999999999999)/") == "/Date(999999999999999)/"


def test_times_of_day() -> None:
    assert (
        parse_time("PT12H30M05S")
        == parse_time("12:30:05")
        == timedelta(hours=12, minutes=30, seconds=5)
    )
    assert parse_time("PT00H00M00S") == timedelta(0)
    with pytest.raises(ValueError):
        parse_time("PT1'")


@given(st.lists(TEXTS.filter(bool), min_size=1, max_size=3), VERSIONS)
def test_keys_survive_the_path(values: list[str], version: Version) -> None:
    fields = [Field(f"K{place}") for place in range(len(values))]
    key = values[0] if len(values) == 1 else composite_key(values)
    path = key_path("Set", fields, key, version)
    assert not set(path) & set(" /?#&")
    assert key_of_id(f"https://host/base/{path}", fields) == key
    row = {field.name: value for field, value in zip(fields, values, strict=True)}
    assert source_key(row, fields) == key
    assert split_key(key, len(values)) == values


def test_typed_keys() -> None:
    guid = "2e451703-c686-e711-80e5-00155db19e6d"
    assert key_path("accounts", [Field("id", Edm.GUID)], guid, Version.V4) == f"accounts({guid})"
    assert key_path("A", [Field("id", Edm.GUID)], guid, Version.V2) == f"A(guid'{guid}')"
    both = [Field("Name"), Field("No", Edm.INT32)]
    assert key_path("A", both, '["x",7]', Version.V4) == "A(Name='x',No=7)"
    assert key_of_id("A(Name='x',No=7)", both) == '["x",7]'
    assert key_of_id(guid, [Field("id", Edm.GUID)]) == guid
    with pytest.raises(ValueError):
        key_path("accounts", [Field("id", Edm.GUID)], "1) or (1", Version.V4)


ROWS = st.tuples(
    st.sampled_from([None, *(f"2026-01-0{n}T00:00:00Z" for n in range(1, 4))]), st.integers(0, 5)
)


@given(st.sets(ROWS), ROWS, VERSIONS)
def test_beyond_is_all_that_comes_after(
    places: set[tuple[Any, int]], place: Any, version: Version
) -> None:
    """The filter splits the order (time, key) exactly at the place, null times first."""
    order = [Field("T", Edm.DATETIMEOFFSET), Field("K", Edm.INT32)]
    condition = Filter(beyond(order, place, version))
    after = {one for one in places if condition.test({"T": one[0], "K": one[1]})}
    assert after == {one for one in places if (one[0] or "", one[1]) > (place[0] or "", place[1])}
