"""What is at stake with party records: the money of the documents that name them."""

from __future__ import annotations

from collections.abc import Collection
from decimal import Decimal
from typing import Final, NamedTuple

import orjson

from hub.store.columns import from_scaled
from hub.store.database import Connection
from hub.store.driver import fetch

_MONEY: Final = ("invoice", "order", "opportunity")
_COLUMNS: Final = ("canonical_id", "entity", "currency", "amount", "count")


class Stake(NamedTuple):
    """So much money in one currency, in so many documents of one kind."""

    entity: str
    currency: str
    amount: Decimal
    documents: int


def stakes_of(db: Connection, records: Collection[int]) -> dict[int, list[Stake]]:
    """Invoices, orders and opportunities that refer to each record, summed up."""
    if not records:
        return {}
    lite = db.dialect.name == "sqlite"
    wanted = "json_each(?) AS w" if lite else "unnest(%s::bigint[]) AS w(value)"
    others = ("canonical_record c", "source_record r", "canonical_ref f", "document d")
    joined = "".join(f" CROSS JOIN {table}" for table in others)
    entities = ", ".join(f"'{name}'" for name in _MONEY)
    sql = (
        f"SELECT w.value, d.entity, d.currency, SUM(d.gross), COUNT(*) FROM {wanted}{joined} "
        "WHERE c.id = w.value AND r.id = c.record_id AND f.stream_id = r.stream_id "
        "AND f.source_key = r.source_key AND f.part = c.part AND f.role = 'party' "
        f"AND d.canonical_id = f.canonical_id AND d.entity IN ({entities}) "
        "GROUP BY w.value, d.entity, d.currency"
    )
    bound = orjson.dumps(sorted(records)).decode() if lite else sorted(records)
    found: dict[int, list[Stake]] = {}
    for row in fetch(db, sql, (bound,), _COLUMNS):
        amount = from_scaled(int(row.amount or 0))
        stake = Stake(row.entity, row.currency or "", amount, int(row[4]))
        found.setdefault(int(row.canonical_id), []).append(stake)
    return found
