"""Databases for the tests of the sql connector: a table of customers on SQLite and PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Engine, make_url

from connectors.sql import hub_connector
from connectors.sql.config import SqlConfig
from connectors.sql.reader import SqlConnector
from hub.sdk import Cursor, Page

DAY = datetime(2026, 1, 31, 12, tzinfo=UTC)
CUSTOMERS = {"name": "customers", "table": "customer", "key": ["id"], "cursor": "changed"}
DDL = {
    "sqlite": "CREATE TABLE customer (id INTEGER PRIMARY KEY, name TEXT, changed TEXT, gone INT)",
    "postgresql": "CREATE TABLE customer (id INTEGER PRIMARY KEY, name TEXT UNIQUE, "
    "changed TIMESTAMPTZ, gone BOOLEAN)",
}


class Company:
    """One database with the table customer."""

    def __init__(self, url: str) -> None:
        self.url = make_url(url)
        self.kind = self.url.get_backend_name()
        self.engine: Engine = sa.create_engine(url, poolclass=sa.NullPool)
        self.run(DDL[self.kind])

    def run(self, *statements: str, **values: Any) -> None:
        with self.engine.begin() as connection:
            for statement in statements:
                connection.execute(sa.text(statement), values)

    def rows(self, statement: str) -> list[Any]:
        with self.engine.begin() as connection:
            return [tuple(row) for row in connection.execute(sa.text(statement))]

    def put(self, number: int | None, name: str, changed: datetime | None = DAY) -> None:
        """Insert or change a customer."""
        self.run(
            "INSERT INTO customer (id, name, changed) VALUES (:id, :name, :at) "
            "ON CONFLICT (id) DO UPDATE SET name = excluded.name, changed = excluded.changed",
            id=number,
            name=name,
            at=self.stamp(changed) if changed else None,
        )

    def stamp(self, moment: datetime) -> Any:
        return moment if self.kind == "postgresql" else moment.isoformat(timespec="microseconds")

    def settings(self, *tables: Mapping[str, Any], **changed: Any) -> dict[str, Any]:
        place: dict[str, Any] = {"dialect": self.kind, "tls": "off"}
        if self.kind == "sqlite":
            place["path"] = self.url.database
        else:
            place |= {"host": self.url.host, "port": self.url.port, "username": self.url.username}
            place |= {"password": self.url.password, "database": self.url.database}
        tables = tables or (CUSTOMERS,)
        return {**place, "tables": tables, "page_size": 3, "settle_seconds": 0, **changed}

    def connect(self, *tables: Mapping[str, Any], **changed: Any) -> SqlConnector:
        config = hub_connector().config.model_validate(self.settings(*tables, **changed))
        assert isinstance(config, SqlConfig)
        return SqlConnector(config)


def keys(pages: list[Page]) -> list[str]:
    return [record.key for page in pages for record in page.records]


def read(
    connector: SqlConnector, cursor: Cursor | None = None, stream: str = "customers"
) -> list[Page]:
    return list(connector.read(stream, cursor))


def minutes(count: int) -> Iterator[datetime]:
    return (DAY + timedelta(minutes=number) for number in range(count))
