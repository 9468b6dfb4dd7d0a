"""Relationships that matching derives, between contents: parties have them by the crosswalk.

So a relationship follows a record to whatever party that is linked to, and is gone with the content
that it was derived from. It joins nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Final, NamedTuple

from sqlalchemy.engine import Connection

from hub.store import bulk
from hub.store.bulk import LookUp
from hub.store.crosswalk import load_links
from hub.store.driver import run_each, send
from hub.store.pairs import RELATIONSHIPS, ask_pairs
from hub.store.tables import match_profile

Pair = tuple[str, str]
"""Two contents by their profiles, the smaller first."""
_SIDES = ("left_profile", "right_profile")


class Relationship(NamedTuple):
    """A type of :class:`hub.model.party.RelationshipType`; ``weight`` is in tenths of a bit.

    ``evidence`` is a JSON text that names fields and outcomes, never values (law 10).
    """

    type: str
    weight: int
    evidence: str


class Relative(NamedTuple):
    """Another party, and what the two are to each other."""

    party_id: str
    relationship: Relationship


def load_relationships(db: Connection, profiles: Collection[str]) -> dict[Pair, Relationship]:
    """Every relationship of the contents."""
    return ask_relationships(db, profiles)()


def ask_relationships(
    db: Connection, profiles: Collection[str]
) -> Callable[[], dict[Pair, Relationship]]:
    """The same, called for later."""
    rows = ask_pairs(db, RELATIONSHIPS, _COLUMNS, profiles)
    return lambda: {
        (row.left_profile, row.right_profile): Relationship(row.type, row.weight, row.evidence)
        for row in rows()
    }


def replace(db: Connection, changes: Mapping[Pair, Relationship | None]) -> None:
    """Store what pairs are to each other now, None for nothing; gone contents have none."""
    if not changes:
        return
    pairs: list[bulk.Row] = sorted(changes)
    rows: list[bulk.Row] = [
        (*pair, *found) for pair, found in sorted(changes.items()) if found is not None
    ]
    if db.dialect.name == "sqlite":
        run_each(db, f"{_FORGET} WHERE left_profile = ? AND right_profile = ?", pairs)
        run_each(db, _KEEP.format("(SELECT ?, ?, ?, ?, ?)"), rows)
        return
    send(db, f"{_FORGET} USING {_GONE} WHERE {_IS_GONE}", bulk.arrays(pairs))
    if rows:
        send(db, _KEEP.format(_FOUND), bulk.arrays(rows))


_FORGET: Final = "DELETE FROM derived_relationship"
_GONE: Final = "unnest(%s::text[], %s::text[]) AS gone(one, other)"
_IS_GONE: Final = "left_profile = gone.one AND right_profile = gone.other"
_FOUND: Final = "unnest(%s::text[], %s::text[], %s::text[], %s::int[], %s::text[])"
_COLUMNS: Final = (*_SIDES, *Relationship._fields)
_KEEP: Final = f"""
WITH found ({", ".join(_COLUMNS)}) AS (SELECT * FROM {{}})
INSERT INTO derived_relationship ({", ".join(_COLUMNS)}) SELECT * FROM found
WHERE EXISTS (SELECT 1 FROM match_content AS known WHERE known.profile = found.left_profile)
AND EXISTS (SELECT 1 FROM match_content AS known WHERE known.profile = found.right_profile)
ON CONFLICT DO NOTHING
"""


def relatives(db: Connection, records: Collection[int]) -> list[Relative]:
    """The other parties that a party's records are related to, the heaviest relationship first."""
    columns = ("canonical_id", "profile")
    rows = bulk.look_up(db, match_profile, columns, LookUp("canonical_id", records))
    own = {row.profile for row in rows}
    by_profile = dict(_seen_from(own, load_relationships(db, own)))
    rows = bulk.look_up(db, match_profile, columns, LookUp("profile", by_profile))
    profiles = {row.canonical_id: row.profile for row in rows}
    best: dict[tuple[str, str], Relationship] = {}
    for link in load_links(db, profiles.keys() - set(records)):
        for item in by_profile[profiles[link.canonical_id]]:
            key = (link.party_id, item.type)
            best[key] = max(best.get(key, item), item, key=lambda one: one.weight)
    mine = {link.party_id for link in load_links(db, records)}
    found = [Relative(party, item) for (party, _), item in best.items() if party not in mine]
    return sorted(found, key=lambda one: (-one.relationship.weight, one.party_id))


def _seen_from(
    own: Collection[str], found: Mapping[Pair, Relationship]
) -> Iterator[tuple[str, list[Relationship]]]:
    """The other content of each relationship."""
    others: dict[str, list[Relationship]] = {}
    for pair, item in found.items():
        for profile in pair:
            if profile not in own:
                others.setdefault(profile, []).append(item)
    yield from others.items()
