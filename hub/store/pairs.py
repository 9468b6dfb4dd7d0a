"""Look-ups in tables of pairs: rows that name one of many values on either side."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any, Final, NamedTuple

from sqlalchemy import Table
from sqlalchemy.engine import Connection

from hub.store.bulk import bound_list
from hub.store.driver import Answer, ask, no_rows
from hub.store.tables import decision, derived_relationship, review_case


class Pairs(NamedTuple):
    """A table of pairs: its two sides, and their type on PostgreSQL."""

    table: Table
    left: str
    right: str
    kind: str


DECISIONS: Final = Pairs(decision, "left_id", "right_id", "bigint")
CASES: Final = Pairs(review_case, "left_id", "right_id", "bigint")
RELATIONSHIPS: Final = Pairs(derived_relationship, "left_profile", "right_profile", "text")


def ask_pairs(
    db: Connection,
    pairs: Pairs,
    columns: Sequence[str],
    values: Collection[Any],
    *,
    condition: str = "true",
) -> Answer:
    """Each row once that has one of the values on a side, in one statement; called for later.

    The index of each side is used for itself, which ``OR`` would leave to the planner;
    ``condition`` stands literally in the statement, as partial indexes need it.
    """
    if not values:
        return no_rows
    wanted = ", ".join(f"held.{column}" for column in columns)
    name, sides = pairs.table.name, (pairs.left, pairs.right)
    if db.dialect.name == "sqlite":
        one = (
            f"SELECT {wanted} FROM json_each(?) AS wanted CROSS JOIN {name} AS held "
            f"WHERE held.{{side}} = wanted.value AND {condition}"
        )
    else:
        one = (
            f"SELECT {wanted} FROM {name} AS held "
            f"WHERE held.{{side}} = ANY(%s::{pairs.kind}[]) AND {condition}"
        )
    sql = " UNION ".join(one.format(side=side) for side in sides)
    return ask(db, sql, 2 * bound_list(db, values), columns)
