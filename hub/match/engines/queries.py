"""The steps of a bulk run as SQL that DuckDB and Spark read alike.

Tables: ``feature`` (id and features), ``share`` (id and how frequent its values are),
``rated_feature`` (both), ``match_key`` (id, prefix, key), ``held_key`` (the keys that find
candidates), ``weighed`` (see ``WEIGHED``), ``component`` (id, component).
"""

from __future__ import annotations

from typing import Final

from hub.match.blocking import COUNTED, caps_of, most_holders_sql
from hub.match.partition import LARGEST

CONTACTS: Final = (
    ("mailboxes", "shared_mailboxes", ("em:",)),
    ("desks", "shared_mailboxes", ("em:",)),
    ("phones", "shared_phones", ("ph:",)),
    ("domains", None, ("dm:", COUNTED)),
)
"""Columns of contact points, where those of too many go, and the keys that are counted."""
WEIGHED: Final = ("left_id", "right_id", "bits", "joins", "vetoed", "tie", "against")
"""What is kept of a pair that was weighed, of the columns of ``statements.weigh_pairs``."""
COUNTED_PREFIXES: Final = tuple(dict.fromkeys(prefix for item in CONTACTS for prefix in item[2]))


def shared_keys(keys: str) -> str:
    """The keys of contact points that are nobody's own, out of a table (id, key) of all of them."""
    caps = " ".join(f"when '{prefix}' then {caps_of(prefix)[0]}" for prefix in COUNTED_PREFIXES)
    return (
        f"select key from {keys} where left(key, 3) in ({_listed(COUNTED_PREFIXES)}) group by key "
        f"having count(*) > case left(key, 3) {caps} end"
    )


def _listed(prefixes: tuple[str, ...]) -> str:
    return ", ".join(f"'{prefix}'" for prefix in prefixes)


def held_keys() -> str:
    """The keys of two or more rows, but not of too many, with their rows."""
    return (
        "select match_key.key, match_key.id from match_key join (select prefix, key from match_key "
        f"where prefix <> '{COUNTED}' group by prefix, key "
        f"having count(*) between 2 and {most_holders_sql('prefix')}) "
        "selective on match_key.key = selective.key and match_key.prefix = selective.prefix"
    )


def candidate_pairs() -> str:
    """Every two rows that hold a key together, once."""
    return (
        "select distinct a.id as left_id, b.id as right_id "
        "from held_key a join held_key b on a.key = b.key and a.id < b.id"
    )


def pairs_of_kind(kind: str, pairs: str) -> str:
    """The pairs that a kind's model compares."""
    return (
        f"select left_id, right_id from {pairs} join feature l on l.id = left_id "
        f"join feature r on r.id = right_id where {are_of_kind(kind)}"
    )


def are_of_kind(kind: str) -> str:
    """The condition on rows l and r that :func:`hub.match.weigh.kind_of` sets."""
    names = ("l.given", "l.family", "r.given", "r.family")
    people = (
        "l.kind in ('person', 'open') and r.kind in ('person', 'open') and (l.kind = 'person' or "
        f"r.kind = 'person' or ({' and '.join(f'{name} is not null' for name in names)}))"
    )
    companies = f"l.kind <> 'person' and r.kind <> 'person' and not ({people})"
    return people if kind == "person" else companies


def certain_pairs() -> str:
    """The pairs that hold a component together."""
    return "select left_id, right_id from weighed where joins"


def pairs_within(pairs: str) -> str:
    """The pairs of a table whose two rows are in one component."""
    return (
        f"select p.* from {pairs} p join component a on a.id = p.left_id "
        "join component b on b.id = p.right_id and b.component = a.component"
    )


def unseen_pairs() -> str:
    """The pairs within a component of a size that is weighed whole, which share no held key."""
    return (
        "with small as (select component from component group by component "
        f"having count(*) between 3 and {LARGEST}) "
        "select a.id as left_id, b.id as right_id from small "
        "join component a on a.component = small.component "
        "join component b on b.component = a.component and a.id < b.id "
        "left join weighed w on w.left_id = a.id and w.right_id = b.id where w.left_id is null"
    )


def pairs_by_component() -> str:
    """All weighed pairs of a component together; ``seen`` are those that share a key."""
    columns = ", ".join(f"w.{name}" for name in WEIGHED)
    return (
        f"select a.component, {columns}, true as seen from weighed w "
        "join component a on a.id = w.left_id "
        "join component b on b.id = w.right_id and b.component = a.component "
        f"union all select a.component, {columns}, false as seen from unseen w "
        "join component a on a.id = w.left_id order by 1, 2, 3"
    )
