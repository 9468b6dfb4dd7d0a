"""The sql connector writes: once, never over a newer version, and errors hold no data."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from pydantic import SecretStr

from connectors.sql.reader import SqlConnector
from hub.errors import (
    AuthenticationError,
    ConflictError,
    HubError,
    OutcomeUnknownError,
    PermanentSourceError,
    RejectedError,
    SourceSchemaError,
    SourceUnavailableError,
)
from hub.sdk import Change
from hub.sdk.sql import Database, Login
from hub.testing.proxy import FaultProxy, Trouble
from tests.connectors.sql_case import CUSTOMERS, DAY, Company, keys, read

WRITABLE = CUSTOMERS | {"write": True, "touch": True, "deleted": "gone"}
SECRET = "anna@example.com"


@pytest.fixture
def company(empty_url: str) -> Iterator[Company]:
    made = Company(empty_url)
    made.put(1, "first")
    made.put(2, "second")
    yield made
    made.engine.dispose()


def change(connector: SqlConnector, key: str = "1", **fields: Any) -> Change:
    record = connector.fetch("customers", key)
    version = record.version if record else None
    return Change(
        stream="customers", key=key, fields=fields, expected_version=version, idempotency_key="d1"
    )


def failure(act: Any) -> HubError:
    """The error, which carries nothing of the driver's: no text, no cause, no context."""
    with pytest.raises(HubError) as caught:
        act()
    error = caught.value
    assert (error.__cause__, error.__context__) == (None, None)
    for word in (SECRET, "FROM", "UPDATE", "INSERT", "[SQL"):
        assert word not in str(error)
    return error


def test_a_change_is_made_once(company: Company) -> None:
    connector = company.connect(WRITABLE)
    asked = change(connector, name="renamed")
    first, again = connector.write(asked), connector.write(asked)
    assert first == again
    assert first.version > (asked.expected_version or "")  # type: ignore[operator]  # has one
    assert company.rows("SELECT name FROM customer WHERE id = 1") == [("renamed",)]
    echo = read(connector, read(company.connect(WRITABLE))[0].cursor)
    assert keys(echo) == []


def test_the_echo_comes_back_with_the_version_of_the_receipt(company: Company) -> None:
    connector = company.connect(WRITABLE)
    cursor = read(connector)[-1].cursor
    receipt = connector.write(change(connector, name="renamed"))
    (page,) = read(connector, cursor)
    assert [(r.key, r.version) for r in page.records] == [("1", receipt.version)]


def test_a_newer_version_is_not_overwritten(company: Company) -> None:
    connector = company.connect(WRITABLE)
    stale = change(connector, name="ours")
    connector.write(change(connector, name="theirs"))
    assert isinstance(failure(lambda: connector.write(stale)), ConflictError)
    assert company.rows("SELECT name FROM customer WHERE id = 1") == [("theirs",)]


def test_a_version_column_counts(company: Company) -> None:
    company.run("ALTER TABLE customer ADD COLUMN revision INT DEFAULT 7")
    connector = company.connect(WRITABLE | {"version": "revision"})
    receipt = connector.write(change(connector, name="renamed"))
    assert receipt.version == f"{8:020d}"


def test_a_row_that_is_gone_is_a_conflict(company: Company) -> None:
    connector = company.connect(WRITABLE)
    company.run("UPDATE customer SET gone = (id = 2)")
    for key in ("2", "99", "no number"):
        assert connector.fetch("customers", key) is None
        error = failure(lambda key=key: connector.write(change(connector, key, name="x")))
        assert isinstance(error, ConflictError)


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"id": 5}, "key, cursor, version and deleted mark"),
        ({"changed": "2026-01-31"}, "key, cursor, version and deleted mark"),
        ({"nickname": SECRET}, "no column nickname"),
        ({"name": "second"}, "refuses the value"),
    ],
)
def test_a_change_that_can_not_be_is_rejected(
    company: Company, fields: dict[str, Any], reason: str
) -> None:
    company.run("CREATE UNIQUE INDEX one_name ON customer (name)")
    connector = company.connect(WRITABLE)
    error = failure(lambda: connector.write(change(connector, **fields)))
    assert isinstance(error, RejectedError)
    assert reason in str(error)
    assert "second" not in str(error)


def test_a_value_that_the_database_would_store_otherwise_is_rejected(company: Company) -> None:
    company.run("ALTER TABLE customer ADD COLUMN score NUMERIC(4, 1)")
    if company.kind == "sqlite":
        company.run(
            "CREATE TRIGGER round AFTER UPDATE OF score ON customer BEGIN "
            "UPDATE customer SET score = round(score) WHERE id = new.id AND score <> round(score); "
            "END"
        )
    connector = company.connect(WRITABLE)
    error = failure(lambda: connector.write(change(connector, score="1.26")))
    assert isinstance(error, RejectedError)
    assert company.rows("SELECT score FROM customer WHERE id = 1") == [(None,)]
    connector.write(change(connector, score=2))


def test_a_table_that_is_not_for_writing_stays_as_it_is(company: Company) -> None:
    connector = company.connect(CUSTOMERS)
    error = failure(lambda: connector.write(change(connector, name="x")))
    assert isinstance(error, RejectedError)
    assert company.rows("SELECT name FROM customer WHERE id = 1") == [("first",)]


def test_of_two_writers_at_once_one_meets_a_conflict(company: Company) -> None:
    first, second = company.connect(WRITABLE), company.connect(WRITABLE)
    asked = [change(first, name="ours"), change(second, name="theirs")]
    outcomes: list[object] = []

    def write(connector: SqlConnector, item: Change) -> None:
        try:
            outcomes.append(connector.write(item))
        except ConflictError as error:
            outcomes.append(error)

    pairs = zip((first, second), asked, strict=True)
    threads = [threading.Thread(target=write, args=pair) for pair in pairs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(isinstance(outcome, ConflictError) for outcome in outcomes) == [False, True]


@pytest.mark.parametrize(
    "select",
    [
        "WITH x AS (INSERT INTO customer (id) VALUES (9) RETURNING id) SELECT id FROM x",
        "SELECT nextval('numbers') AS id",
        "SELECT id INTO other FROM customer",
    ],
)
def test_reading_never_writes(company: Company, select: str) -> None:
    if company.kind == "postgresql":
        company.run("CREATE SEQUENCE numbers")
    connector = company.connect({"name": "customers", "select": select, "key": ["id"]})
    assert isinstance(failure(lambda: read(connector)), SourceSchemaError)
    assert company.rows("SELECT count(*) FROM customer") == [(2,)]


def test_names_are_quoted_and_values_bound(company: Company) -> None:
    hostile = 'a"; DROP TABLE customer; --'
    connector = company.connect(CUSTOMERS | {"table": hostile})
    assert isinstance(failure(lambda: read(connector)), SourceSchemaError)
    connector = company.connect(CUSTOMERS | {"cursor": hostile})
    assert isinstance(failure(lambda: read(connector)), SourceSchemaError)
    connector = company.connect(WRITABLE)
    assert connector.fetch("customers", "1 OR 1=1") is None
    connector.write(change(connector, name="'; DROP TABLE customer; --"))
    assert len(company.rows("SELECT * FROM customer")) == 2


@pytest.mark.parametrize(
    "table",
    [
        {"table": "nowhere"},
        {"table_schema": "nowhere"},
        {"key": ["nothing"]},
        {"cursor": "nothing"},
        {"deleted": "nothing"},
        {"table": None, "select": "SELECT * FRM customer"},
        {"cursor": "name"},
    ],
    ids=str,
)
def test_what_is_not_there_is_said(company: Company, table: dict[str, Any]) -> None:
    connector = company.connect(CUSTOMERS | table)
    assert isinstance(failure(lambda: read(connector)), SourceSchemaError)


def test_two_columns_of_one_name_are_refused(company: Company) -> None:
    if company.kind == "sqlite":
        pytest.skip("SQLite gives the second a name of its own")
    table = CUSTOMERS | {"table": None, "select": "SELECT id, changed, name, name FROM customer"}
    assert "two columns of one name" in str(failure(lambda: read(company.connect(table))))


def test_a_statement_that_takes_too_long_is_given_up(company: Company) -> None:
    endless = "WITH RECURSIVE n(id) AS (SELECT 1 UNION ALL SELECT id + 1 FROM n) SELECT id FROM n"
    select = f"SELECT max(id) AS id FROM ({endless}) AS m"
    connector = company.connect(
        {"name": "customers", "select": select, "key": ["id"]}, statement_seconds=1
    )
    began = time.monotonic()
    error = failure(lambda: read(connector))
    assert isinstance(error, SourceUnavailableError)
    assert "took longer" in str(error)
    assert time.monotonic() - began < 10


@pytest.mark.parametrize(
    ("changed", "kind"),
    [
        ({"password": "wrong"}, AuthenticationError),
        ({"username": "nobody"}, AuthenticationError),
        ({"database": "nowhere"}, SourceSchemaError),
        ({"port": 1}, SourceUnavailableError),
        ({"host": "no-such-host.invalid"}, SourceUnavailableError),
        ({"tls": "verify"}, PermanentSourceError),
    ],
    ids=str,
)
def test_a_server_that_does_not_let_us_in(
    company: Company, changed: dict[str, Any], kind: type[HubError]
) -> None:
    if company.kind != "postgresql":
        pytest.skip("SQLite has no server")
    error = failure(lambda: company.connect(**changed).check())
    assert type(error) is kind
    assert str(company.url.password) not in str(error)


def test_a_connection_that_breaks_between_pages_is_opened_again(company: Company) -> None:
    if company.kind != "postgresql":
        pytest.skip("SQLite has no server")
    for number in range(3, 9):
        company.put(number, f"n{number}", DAY)
    connector = company.connect(page_size=3)
    pages = connector.read("customers", None)
    found = [next(pages)]
    assert company.rows(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() "
        "AND datname = current_database()"
    )
    assert keys(found + list(pages)) == [str(number) for number in range(1, 9)]


@pytest.mark.parametrize(
    "trouble",
    [
        Trouble(kind="reset"),
        Trouble(kind="truncate", after=900),
        Trouble(kind="half_close", after=20),
        Trouble(kind="half_close", after=900),
        Trouble(kind="half_close", after=5000),
        Trouble(kind="silent"),
    ],
    ids=lambda trouble: f"{trouble.kind} {trouble.after}",
)
def test_an_answer_that_breaks_off_or_never_comes(company: Company, trouble: Trouble) -> None:
    if company.kind != "postgresql":
        pytest.skip("SQLite has no server")
    assert company.url.host
    assert company.url.port
    proxy = FaultProxy(company.url.host, company.url.port, http=False)
    proxy.inject(trouble)
    database = Database(login(company, proxy.port), system="sql", timeout=1, grace=0)
    rows = "SELECT repeat('x', 100) FROM generate_series(1, 1000)"
    began = time.monotonic()
    error = failure(lambda: database.read(lambda wire: wire.exec_driver_sql(rows).all()))
    assert isinstance(error, SourceUnavailableError)
    assert time.monotonic() - began < 15
    assert len(database.read(lambda wire: wire.exec_driver_sql(rows).all())) == 1000
    database.close()
    proxy.close()


def login(company: Company, port: int) -> Login:
    url = company.url
    return Login(
        dialect="postgresql",
        host="127.0.0.1",
        port=port,
        database=url.database or "",
        username=url.username or "",
        password=SecretStr(str(url.password)),
        tls="off",
    )


def test_a_commit_that_breaks_has_an_unknown_outcome(company: Company) -> None:
    if company.kind != "postgresql":
        pytest.skip("SQLite commits in this process")
    company.run(
        "CREATE FUNCTION cut() RETURNS trigger LANGUAGE plpgsql AS "
        "'BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); RETURN NULL; END'",
        "CREATE CONSTRAINT TRIGGER late AFTER UPDATE ON customer DEFERRABLE INITIALLY DEFERRED "
        "FOR EACH ROW EXECUTE FUNCTION cut()",
    )
    connector = company.connect(WRITABLE)
    error = failure(lambda: connector.write(change(connector, name="x")))
    assert isinstance(error, OutcomeUnknownError)


def test_a_lock_of_somebody_else_is_waited_for_and_then_said(company: Company) -> None:
    connector = company.connect(WRITABLE, statement_seconds=1)
    asked = change(connector, name="ours")
    with company.engine.connect() as other:
        if company.kind == "sqlite":
            other.exec_driver_sql("BEGIN IMMEDIATE")
        else:
            other.execute(sa.text("UPDATE customer SET name = name"))
        assert isinstance(failure(lambda: connector.write(asked)), SourceUnavailableError)
        other.rollback()
    connector.write(asked)


@pytest.mark.parametrize("content", [None, b"this is no database, only a long enough text" * 40])
def test_a_file_that_is_no_database(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "company.db"
    if content:
        path.write_bytes(content)
    settings = {"dialect": "sqlite", "path": path, "tables": [CUSTOMERS]}
    from connectors.sql.config import SqlConfig

    error = failure(lambda: SqlConnector(SqlConfig.model_validate(settings)).check())
    assert isinstance(error, SourceSchemaError if content else SourceUnavailableError)
    assert path.exists() == bool(content)


def test_a_missing_driver_says_what_to_install(company: Company) -> None:
    pytest.importorskip("sqlalchemy")
    settings = company.settings() | {"dialect": "mysql", "host": "127.0.0.1", "database": "x"}
    from connectors.sql.config import SqlConfig

    error = failure_with_cause(lambda: SqlConnector(SqlConfig.model_validate(settings)).check())
    assert "pip install 'customer-hub[mysql]'" in str(error)


def failure_with_cause(act: Any) -> HubError:
    with pytest.raises(HubError) as caught:
        act()
    return caught.value
