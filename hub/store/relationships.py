"""Relationships that matching derives, between contents: parties have them by the crosswalk.

So a relationship follows a record to whatever party that is linked to, and is gone with the content
that it was derived from. It joins nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Connection

from hub.store import bulk
from hub.store.bulk import LookUp
from hub.store.crosswalk import load_links
from hub.store.pairs import RELATIONSHIPS, ask_pairs
from hub.store.tables import derived_relationship, match_content, match_profile

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
    columns = (*_SIDES, *Relationship._fields)
    rows = ask_pairs(db, RELATIONSHIPS, columns, profiles)
    return lambda: {
        (row.left_profile, row.right_profile): Relationship(row.type, row.weight, row.evidence)
        for row in rows()
    }


def replace(db: Connection, changes: Mapping[Pair, Relationship | None]) -> None:
    """Store what pairs are to each other now, None for nothing; gone contents have none."""
    gone = [{"left": left, "right": right} for left, right in sorted(changes)]
    if gone:
        table = derived_relationship.c
        here = (table.left_profile == sa.bindparam("left")) & (
            table.right_profile == sa.bindparam("right")
        )
        db.execute(sa.delete(derived_relationship).where(here), gone)
    found = {pair: item for pair, item in changes.items() if item is not None}
    known = _known(db, {profile for pair in found for profile in pair})
    rows = [_row(pair, item) for pair, item in sorted(found.items()) if known.issuperset(pair)]
    if rows:
        dialect = postgresql if db.dialect.name == "postgresql" else sqlite
        db.execute(dialect.insert(derived_relationship).on_conflict_do_nothing(), rows)


def _known(db: Connection, profiles: Collection[str]) -> set[str]:
    rows = bulk.look_up(db, match_content, ("profile",), LookUp("profile", profiles))
    return {row.profile for row in rows}


def _row(pair: Pair, found: Relationship) -> dict[str, Any]:
    return {**dict(zip(_SIDES, pair, strict=True)), **found._asdict()}


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
