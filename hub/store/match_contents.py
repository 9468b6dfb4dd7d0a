"""What is compared of profiles: kept once for all records that share one."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from hub.store import bulk
from hub.store.bulk import LookUp
from hub.store.driver import ask
from hub.store.tables import match_content, match_profile

_CHUNK: Final = 10_000


def load_contents(db: Connection, profiles: Iterable[str]) -> dict[str, str]:
    """What is compared of profiles (JSON)."""
    columns = ("profile", "features")
    rows = bulk.look_up(db, match_content, columns, LookUp("profile", profiles))
    return {row.profile: row.features for row in rows}


def ask_contents_of(db: Connection, ids: Collection[int]) -> Callable[[], dict[str, str]]:
    """What is compared of records, by their profiles; called for later."""
    return _ask_contents(db, "match_profile", "canonical_id", ids, kind="bigint")


def ask_contents_with(db: Connection, keys: Collection[str]) -> Callable[[], dict[str, str]]:
    """What is compared of the profiles that hold one of the keys; called for later."""
    return _ask_contents(db, "match_key", "key", keys, kind="text")


def _ask_contents(
    db: Connection, table: str, column: str, values: Collection[Any], *, kind: str
) -> Callable[[], dict[str, str]]:
    """Driven from the values: SQLite is told so (:func:`hub.store.bulk.look_up`)."""
    if not values:
        return dict
    if db.dialect.name == "sqlite":
        sql = (
            "SELECT held.profile, held.features FROM (SELECT DISTINCT named.profile "
            f"FROM json_each(?) AS wanted CROSS JOIN {table} AS named "
            f"WHERE named.{column} = wanted.value) AS found "
            "CROSS JOIN match_content AS held WHERE held.profile = found.profile"
        )
    else:
        sql = (
            "SELECT profile, features FROM match_content WHERE profile IN "
            f"(SELECT profile FROM {table} WHERE {column} = ANY(%s::{kind}[]))"
        )
    rows = ask(db, sql, bulk.bound_list(db, values), ("profile", "features"))
    return lambda: {row.profile: row.features for row in rows()}


def every_content(db: Connection) -> Iterator[tuple[str, str]]:
    """All profiles with what is compared (JSON), in the order of profiles, read in chunks."""
    after = ""
    while chunk := _next_contents(db, after):
        yield from chunk
        after = chunk[-1][0]


def _next_contents(db: Connection, after: str) -> list[tuple[str, str]]:
    query = (
        sa.select(match_content.c.profile, match_content.c.features)
        .where(match_content.c.profile > after)
        .order_by(match_content.c.profile)
        .limit(_CHUNK)
    )
    return [(row[0], row[1]) for row in db.execute(query)]


def count_copies(db: Connection) -> dict[str, int]:
    """How many further records have a profile, of those that more than one has."""
    records = sa.func.count()
    query = (
        sa.select(match_profile.c.profile, records - 1)
        .group_by(match_profile.c.profile)
        .having(records > 1)
    )
    return {row[0]: row[1] for row in db.execute(query)}


def count_contents(db: Connection) -> int:
    """How many contents there are."""
    return int(db.scalar(sa.select(sa.func.count()).select_from(match_content)) or 0)
