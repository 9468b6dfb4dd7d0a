"""What the columns of SQLite and PostgreSQL become, and which texts are one SELECT."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from connectors.sql.config import SqlConfig, discover
from connectors.sql.stamps import hour_before, moment, next_stamp
from hub.errors import SourceSchemaError
from hub.sdk import Capability
from hub.sdk.plain import plain
from hub.sdk.sql import check_select, pack, unpack
from tests.connectors.sql_case import CUSTOMERS, Company, read

VIENNA = ZoneInfo("Europe/Vienna")
NOW = datetime(2026, 7, 31, 12, 30, 15, 123456, UTC)


@pytest.fixture
def company(empty_url: str) -> Iterator[Company]:
    made = Company(empty_url)
    yield made
    made.engine.dispose()


POSTGRESQL: dict[str, Any] = {
    "12.50::numeric(10,2)": "12.50",
    "'NaN'::numeric": "NaN",
    "1e40::numeric": "1" + "0" * 40,
    "'infinity'::float8": "inf",
    "2::bigint": 2,
    "true": True,
    "timestamptz '2026-01-31 12:00+01'": "2026-01-31T11:00:00.000000+00:00",
    "timestamp '2026-01-31 12:00'": "2026-01-31T12:00:00.000000",
    "date '2026-01-31'": "2026-01-31",
    "time '12:30'": "12:30:00",
    "interval '1 day 2 seconds'": "PT86402.000000S",
    "'\\x00ff'::bytea": "AP8=",
    "'6f1de5a0-0000-4000-8000-000000000001'::uuid": "6f1de5a0-0000-4000-8000-000000000001",
    """'{"a": [1, 1.5, 99999999999999999999]}'::jsonb""": {"a": [1, 1.5, "99999999999999999999"]},
    "array['x', null]": ["x", None],
    "'10.0.0.1'::inet": "10.0.0.1",
    "null": None,
}


def test_types_of_postgresql(company: Company) -> None:
    if company.kind != "postgresql":
        pytest.skip("types of PostgreSQL")
    listed = ", ".join(f"{column} AS c{place}" for place, column in enumerate(POSTGRESQL))
    table = {"name": "customers", "select": f"SELECT 1 AS id, {listed}", "key": ["id"]}
    (page,) = read(company.connect(table))
    assert list(page.records[0].data.values()) == [1, *POSTGRESQL.values()]


def test_types_of_sqlite(company: Company) -> None:
    if company.kind != "sqlite":
        pytest.skip("types of SQLite")
    select = "SELECT 1 AS id, x'00ff' AS a, 1.5 AS b, 'é:x %s' AS c, NULL AS d, 9223372036854775807"
    table = {"name": "customers", "select": f"{select} AS e", "key": ["id"]}
    (page,) = read(company.connect(table))
    expected = {"id": 1, "a": "AP8=", "b": 1.5, "c": "é:x %s", "d": None, "e": 2**63 - 1}
    assert page.records[0].data == expected


def test_a_time_without_end_says_what_to_do(company: Company) -> None:
    if company.kind != "postgresql":
        pytest.skip("infinity is PostgreSQL's")
    select = "SELECT 1 AS id, timestamptz 'infinity' AS until"
    with pytest.raises(SourceSchemaError, match="convert it to text in a SELECT"):
        read(company.connect({"name": "customers", "select": select, "key": ["id"]}))


VALUES = st.one_of(
    st.integers(),
    st.text(),
    st.binary(),
    st.dates(),
    st.uuids(),
    st.decimals(allow_nan=False, allow_infinity=False),
    st.floats(allow_nan=False, allow_infinity=False),
    st.datetimes(timezones=st.one_of(st.none(), st.just(timezone(timedelta(hours=2))))),
)


@given(VALUES)
def test_a_cursor_value_comes_back_as_it_was(value: Any) -> None:
    again = unpack(json.loads(json.dumps(pack(value))))
    assert (again, type(again)) == (value, type(value))


def test_a_value_that_has_no_order_is_refused() -> None:
    with pytest.raises(SourceSchemaError, match="holds a dict"):
        pack({"a": 1})
    with pytest.raises(SourceSchemaError, match="holds a float"):
        pack(float("nan"))


@given(
    st.recursive(
        VALUES | st.none(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)
    )
)
def test_every_value_has_a_form_in_json(value: Any) -> None:
    json.dumps(plain(value), allow_nan=False)


@pytest.mark.parametrize(
    ("current", "expected"),
    [
        (7, 8),
        (Decimal(7), Decimal(8)),
        ("2026-01-31 12:00:00", "2026-07-31 14:30:15"),
        ("2026-01-31T12:00:00.000", "2026-07-31T14:30:15.123"),
        ("2026-01-31T12:00:00Z", "2026-07-31T12:30:15Z"),
        ("2026-01-31T12:00:00.1+02:00", "2026-07-31T12:30:15.1+00:00"),
        (None, "2026-07-31 14:30:15.123456"),
    ],
)
def test_the_next_stamp_is_written_as_the_one_before(current: Any, expected: Any) -> None:
    assert next_stamp(current, NOW, VIENNA) == expected


def test_when_a_value_was_surely_over() -> None:
    assert moment(date(2026, 1, 31), VIENNA) == datetime(2026, 1, 31, 23, tzinfo=UTC)
    assert moment("2026-01-31T12:00:00", VIENNA) == datetime(2026, 1, 31, 11, tzinfo=UTC)
    twice = moment(datetime(2025, 10, 26, 2, 30), VIENNA)  # noqa: DTZ001  # a local time
    assert twice is not None
    assert twice.astimezone(UTC).hour == 1
    assert moment("soon", VIENNA) is None
    assert hour_before("2026-01-31T12:00:00.5") == "2026-01-31T11:00:00.5"
    assert hour_before("2026-01-31T12:00:00Z") is None


@pytest.mark.parametrize(
    "text",
    [
        "SELECT 1",
        "  select a -- all of them;\nfrom b",
        "WITH x AS (SELECT 1) SELECT * FROM x",
        "SELECT ';)' AS a, \"b;(\" FROM c /* ; ) */",
        "SELECT $$;'$$ AS a, 'it''s'",
    ],
)
def test_one_select_is_taken(text: str) -> None:
    assert check_select(text) == text


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("DELETE FROM a", "does not begin with"),
        ("SELECT 1; DROP TABLE a", "semicolon"),
        ("SELECT 1;", "semicolon"),
        ("SELECT 1) x; --", "semicolon"),
        ("SELECT 1) UNION (SELECT 2", "brackets"),
        ("SELECT (1", "brackets"),
        ("SELECT 'a", "not closed"),
        ("SELECT 1 /* never closed", "not closed"),
        ("SELECT $a$ never closed", "not closed"),
        ("", "does not begin with"),
        ("EXPLAIN SELECT 1", "does not begin with"),
    ],
)
def test_anything_else_is_refused(text: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        check_select(text)


def settings(**changed: Any) -> dict[str, Any]:
    return {"dialect": "sqlite", "path": "a.db", "tables": [CUSTOMERS], **changed}


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"dialect": "oracle"}, "dialect"),
        ({"dialect": "postgresql"}, "needs host and database"),
        ({"path": None}, "needs path"),
        ({"timezone": "Mars/Olympus"}, "time zone"),
        ({"tables": [CUSTOMERS, CUSTOMERS]}, "same stream name"),
        ({"tables": [CUSTOMERS | {"select": "SELECT 1"}]}, "either a table or a select"),
        ({"tables": [CUSTOMERS | {"key": ["a", "b"], "write": True}]}, "one key column"),
        ({"tables": [CUSTOMERS | {"touch": True}]}, "touch"),
        ({"tables": [CUSTOMERS | {"table": None, "select": "DROP TABLE a"}]}, "begin with SELECT"),
    ],
)
def test_settings_that_make_no_sense_are_refused(changed: dict[str, Any], reason: str) -> None:
    with pytest.raises(ValidationError, match=reason):
        SqlConfig.model_validate(settings(**changed))


def test_the_capabilities_follow_from_the_settings() -> None:
    table = CUSTOMERS | {"deleted": "gone", "write": True, "entities": ["party", "account"]}
    (stream,) = discover(SqlConfig.model_validate(settings(tables=[table])))
    assert stream.capabilities == {
        Capability.FULL, Capability.CUSTOM_FIELDS, Capability.INCREMENTAL, Capability.DELETES,
        Capability.WRITE, Capability.OPTIMISTIC_LOCK, Capability.COUNT,
    }  # fmt: skip
    assert (stream.key, stream.cursor) == (("id",), "changed")
    assert stream.entities == ("party", "account")


def test_a_secret_is_not_shown() -> None:
    config = SqlConfig.model_validate(settings(password="open sesame"))
    assert "sesame" not in repr(config)


def test_a_relative_path_starts_at_the_folder_of_hub_toml(tmp_path: Path) -> None:
    config = SqlConfig.model_validate(settings(), context={"folder": tmp_path})
    assert config.path == tmp_path / "a.db"
