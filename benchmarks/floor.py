"""The floor: the least that any tool must do, written by hand.

    python -m benchmarks.floor URL sqlite-file [--validate]

requests and orjson, one flat table, ``executemany`` and a commit for each page; with --validate
each record passes a nested pydantic model. No raw versions, no history, no change detection.
"""

from __future__ import annotations

import argparse
import sqlite3
from datetime import datetime
from decimal import Decimal
from typing import Any

import orjson
import requests
from pydantic import BaseModel, TypeAdapter

_COLUMNS = (
    "id, given, family, email, phone, company, title, street, postcode, city, country, status, "
    "language, newsletter, revenue, created_at, updated_at"
)


class Name(BaseModel):
    given: str
    family: str


class Company(BaseModel):
    id: str
    title: str | None


class Address(BaseModel):
    street: str
    postcode: str
    city: str
    country: str


class Customer(BaseModel):
    id: str
    name: Name
    email: str
    phone: str
    company: Company
    address: Address
    status: str
    language: str
    newsletter: bool
    revenue: Decimal
    created_at: datetime
    updated_at: datetime


def _row(record: dict[str, Any]) -> tuple[Any, ...]:
    name, company, address = record["name"], record["company"], record["address"]
    return (
        record["id"],
        name["given"],
        name["family"],
        record["email"],
        record["phone"],
        company["id"],
        company["title"],
        address["street"],
        address["postcode"],
        address["city"],
        address["country"],
        record["status"],
        record["language"],
        record["newsletter"],
        record["revenue"],
        record["created_at"],
        record["updated_at"],
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("url")
    parser.add_argument("file")
    parser.add_argument("--validate", action="store_true")
    arguments = parser.parse_args()
    check = TypeAdapter(list[Customer]) if arguments.validate else None
    store = sqlite3.connect(arguments.file)
    store.execute("PRAGMA journal_mode=WAL")
    store.execute(f"CREATE TABLE customer ({_COLUMNS}, PRIMARY KEY (id))")
    marks = ", ".join("?" * (_COLUMNS.count(",") + 1))
    session, after = requests.Session(), 0
    while after is not None:
        answer = session.get(f"{arguments.url}/customers?after={after}", timeout=60)
        page = orjson.loads(answer.content)
        if check is not None:
            check.validate_python(page["data"])
        store.executemany(f"INSERT INTO customer VALUES ({marks})", map(_row, page["data"]))
        store.commit()
        after = page["next"]


if __name__ == "__main__":
    main()
