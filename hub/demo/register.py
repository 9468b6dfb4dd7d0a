"""Where generated records are gathered, and beside them who each one really is."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any, Final, NamedTuple, TypedDict

from hub.demo.customers import Customer

Row = dict[str, Any]

INTERNAL_DOMAIN: Final = "nordlicht.example"
"""The demo company's own mail domain."""


class Ref(NamedTuple):
    """One canonical party record: connection, stream, source key, part."""

    connection: str
    stream: str
    key: str
    part: str = ""


class Bucket(NamedTuple):
    """What one control total is taken over; ``period`` is a month, "2026-10"."""

    connection: str
    entity: str
    period: str
    currency: str


class Totals(NamedTuple):
    """A control total."""

    documents: int = 0
    net: Decimal = Decimal(0)
    tax: Decimal = Decimal(0)
    gross: Decimal = Decimal(0)


class Planted(TypedDict):
    """What a correct run must find; see docs/demo-company.md."""

    R1: dict[str, tuple[Ref, ...]]
    R2: dict[str, tuple[Ref, ...]]
    R3: dict[str, tuple[Ref, ...]]
    R4: dict[str, tuple[Ref, ...]]
    R10: dict[Bucket, Totals]
    quarantine: dict[tuple[str, str], int]
    excluded: dict[str, int]
    tombstones: dict[tuple[str, str], int]
    cases: dict[str, int]


@dataclass(slots=True)
class Register:
    """Collects rows and truth; every writer adds to one register."""

    rng: random.Random
    today: date
    seeds: dict[str, dict[str, dict[str, Row]]] = field(default_factory=dict)
    partners: list[Row] = field(default_factory=list)
    customer_of: dict[Ref, str] = field(default_factory=dict)
    totals: dict[Bucket, Totals] = field(default_factory=dict)
    quarantine: Counter[tuple[str, str]] = field(default_factory=Counter)
    excluded: Counter[str] = field(default_factory=Counter)
    tombstones: Counter[tuple[str, str]] = field(default_factory=Counter)
    owing: set[str] = field(default_factory=set)
    wrong_vat: list[Ref] = field(default_factory=list)
    cases: Counter[str] = field(default_factory=Counter)

    def add(self, connection: str, stream: str, key: str, row: Row) -> None:
        """Store one row of a stand-in."""
        self.rows(connection, stream)[key] = row

    def rows(self, connection: str, stream: str) -> dict[str, Row]:
        """The rows of one stream, by key."""
        return self.seeds.setdefault(connection, {}).setdefault(stream, {})

    def next_key(self, connection: str, stream: str) -> str:
        """The next running number of a stream, as text."""
        return str(len(self.rows(connection, stream)) + 1)

    def identify(self, ref: Ref, customer: Customer | str) -> None:
        """Note which true customer a party record belongs to."""
        self.customer_of[ref] = customer if isinstance(customer, str) else customer.id

    def total(self, bucket: Bucket, net: Decimal, tax: Decimal) -> None:
        """Count one document into its control total."""
        old = self.totals.get(bucket, Totals())
        gross = net + tax
        self.totals[bucket] = Totals(
            old.documents + 1, old.net + net, old.tax + tax, old.gross + gross
        )

    def moment(self, oldest: int = 900, youngest: int = 2) -> datetime:
        """A working-hour moment between ``oldest`` and ``youngest`` days before today."""
        day = self.today - timedelta(days=self.rng.randint(youngest, oldest))
        clock = time(self.rng.randint(7, 18), self.rng.randrange(60), self.rng.randrange(60))
        return datetime.combine(day, clock, UTC)

    def chance(self, share: float) -> bool:
        """True in the given share of all calls."""
        return self.rng.random() < share
