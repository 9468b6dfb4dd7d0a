"""What the match keys are asked: profiles of records, records of profiles, holders of keys.

Each question can be called for later (:func:`hub.store.driver.ask`), as those of one changed record
are: what hangs on nothing but what is known goes to the database in one turn.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable

from sqlalchemy.engine import Connection

from hub.store import bulk
from hub.store.bulk import LookUp
from hub.store.driver import ask
from hub.store.tables import frequent_key, match_key, match_profile

Held = tuple[str, int]
"""A profile, and a record that has it."""
Holder = tuple[str, str]
"""A key, and a profile that holds it."""


def load_profiles(db: Connection, ids: Iterable[int]) -> dict[int, str]:
    """Record to the digest of its indexed profile; records that are gone have none."""
    columns = ("canonical_id", "profile")
    rows = bulk.look_up(db, match_profile, columns, LookUp("canonical_id", ids))
    return {row.canonical_id: row.profile for row in rows}


def load_members(db: Connection, profiles: Iterable[str]) -> list[Held]:
    """Every record of the given profiles."""
    return ask_members(db, profiles)()


def ask_members(db: Connection, profiles: Iterable[str]) -> Callable[[], list[Held]]:
    """The same, called for later."""
    columns = ("profile", "canonical_id")
    rows = bulk.ask_for(db, match_profile, columns, LookUp("profile", profiles))
    return lambda: [(row.profile, row.canonical_id) for row in rows()]


def ask_first_members(db: Connection, profiles: Collection[str]) -> Callable[[], dict[str, int]]:
    """One record of each profile, to read its content from."""
    if not profiles:
        return dict
    first = "(SELECT min(canonical_id) FROM match_profile WHERE profile = wanted.value)"
    if db.dialect.name == "sqlite":
        given = "json_each(?) AS wanted"
    else:
        given = "unnest(%s::text[]) AS wanted(value)"
    sql = f"SELECT wanted.value, {first} FROM {given}"
    rows = ask(db, sql, bulk.bound_list(db, sorted(profiles)), ("profile", "record"))
    return lambda: {row.profile: row.record for row in rows() if row.record is not None}


def find_holders(db: Connection, keys: Collection[str]) -> list[Holder]:
    """Every holder of the keys; the caller leaves frequent ones out."""
    return ask_holders(db, keys)()


def ask_holders(db: Connection, keys: Collection[str]) -> Callable[[], list[Holder]]:
    """The same, called for later."""
    rows = bulk.ask_for(db, match_key, ("key", "profile"), LookUp("key", keys))
    return lambda: [(row.key, row.profile) for row in rows()]


def find_frequent(db: Connection, keys: Iterable[str]) -> dict[str, int]:
    """Those of the keys that too many profiles share, by the highest cap crossed."""
    return ask_frequent(db, keys)()


def ask_frequent(db: Connection, keys: Iterable[str]) -> Callable[[], dict[str, int]]:
    """The same, called for later."""
    rows = bulk.ask_for(db, frequent_key, ("key", "over"), LookUp("key", keys))
    return lambda: {row.key: row.over for row in rows()}


def ask_frequent_of(db: Connection, ids: Collection[int]) -> Callable[[], dict[str, int]]:
    """Every key of the profiles of records, with the highest cap crossed, 0 for none."""
    if not ids:
        return dict
    over = "(SELECT over FROM frequent_key WHERE key = held.key)"
    if db.dialect.name == "sqlite":
        sql = (
            f"SELECT held.key, {over} FROM json_each(?) AS wanted "
            "CROSS JOIN match_profile AS own CROSS JOIN match_key AS held "
            "WHERE own.canonical_id = wanted.value AND held.profile = own.profile"
        )
    else:
        sql = (
            f"SELECT held.key, {over} FROM match_profile AS own "
            "JOIN match_key AS held ON held.profile = own.profile "
            "WHERE own.canonical_id = ANY(%s::bigint[])"
        )
    rows = ask(db, sql, bulk.bound_list(db, ids), ("key", "over"))
    return lambda: {row.key: row.over or 0 for row in rows()}
