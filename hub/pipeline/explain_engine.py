"""What explaining asks the engine: the model with what it knows of values, and its own outcome."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterable, Mapping, Sequence
from typing import Final, NamedTuple

from hub.match.blocking import contact_keys, match_keys
from hub.match.features import Features
from hub.match.partition import ONE_ACCOUNT
from hub.pipeline.explain_pair import Lens
from hub.pipeline.growth import Growth, Unit
from hub.pipeline.indexed import Indexed
from hub.pipeline.matcher import Matcher, terms_of
from hub.pipeline.models import model_in_force, with_frequencies
from hub.pipeline.resolution import Resolved, resolve_unit
from hub.store.database import Connection
from hub.store.match_look_ups import find_frequent
from hub.store.match_models import load_shares

_RIVALRY: Final = "fits two customers"
"""The reason of ``hub.match.partition`` that is about a third record."""


class Course(NamedTuple):
    """What the resolver makes of two records as they are indexed.

    ``apart`` is why certain edges between their customers join nothing, ``rivals`` are the
    records that one of the two fits as well; ``through`` leads from one to the other.
    """

    together: bool
    apart: str | None = None
    rivals: tuple[str, ...] = ()
    through: tuple[str, ...] = ()


def load_lens(db: Connection, rows: Sequence[Features]) -> Lens:
    """The model in force with all that the weights of these rows depend on."""
    version, model = model_in_force(db)
    shares = load_shares(db, version, {term for row in rows for term in terms_of(row)})
    keys = {key for row in rows for key in (*match_keys(row), *contact_keys(row))}
    return Lens(version, with_frequencies(model, shares), find_frequent(db, keys))


def ask_engine(db: Connection, one: int, other: int) -> Course:
    """Resolve what the two records belong to, and change nothing."""
    growth = Growth(db, Matcher(db))
    unit = next((u for u in growth.grow({one, other}) if {one, other} <= u.records.keys()), None)
    if unit is None:
        return Course(together=False)
    found = resolve_unit(unit, growth, Indexed())
    spots = {found.spots.get(one), found.spots.get(other)}
    if None in spots:
        return Course(together=False)
    if len(spots) == 1:
        spot = found.spots[one]
        members = {record for record, at in found.spots.items() if at == spot}
        return Course(together=True, through=_way(unit, members, one, other=other))
    return _parted(unit, found, one, other=other)


def _parted(unit: Unit, found: Resolved, one: int, *, other: int) -> Course:
    """Two of one unit that are not one customer: the pair's own reason comes first."""
    ledgers = _accounts(unit, found, one) & _accounts(unit, found, other)
    if ledgers:
        return Course(together=False, apart=f"{ONE_ACCOUNT}: {', '.join(sorted(ledgers))}")
    spots = {found.spots[one], found.spots[other]}
    reasons = [
        ({left, right} != {one, other}, reason)
        for left, right, _, reason in found.apart
        if {found.spots[left], found.spots[right]} == spots
    ]
    if not reasons:
        return Course(together=False)
    apart = min(reasons)[1]
    if apart != _RIVALRY:
        return Course(together=False, apart=apart)
    near = (
        {left, right} - {one, other}
        for left, right, _, reason in found.apart
        if reason == apart and len({left, right} & {one, other}) == 1
    )
    rivals = sorted(str(unit.records[record].source) for ends in near for record in ends)
    return Course(together=False, apart=apart, rivals=tuple(rivals))


def _accounts(unit: Unit, found: Resolved, record: int) -> set[str]:
    """The ledgers of which the record's customer holds the one account it may have.

    Not every two accounts are set beside one another, so it need not be among what is apart.
    """
    spot = found.spots[record]
    held = (ledgers for node, ledgers in unit.accounts.items() if _spot(unit, found, node) == spot)
    return set().union(*held)


def _spot(unit: Unit, found: Resolved, node: str) -> int | None:
    return found.spots.get(unit.nodes[node][0])


def _way(unit: Unit, members: set[int], one: int, *, other: int) -> tuple[str, ...]:
    """The fewest records that lead from one to the other by edges and decisions that join."""
    node_of = {r: node for node, owned in unit.nodes.items() for r in owned if r in members}
    near: defaultdict[str, set[str]] = defaultdict(set)
    joining = [(edge.left, edge.right) for edge in unit.edges if edge.joins]
    for left, right in (*joining, *unit.decisions.must_links):
        if {left, right} <= set(node_of.values()):
            near[left].add(right)
            near[right].add(left)
    return _shortest(near, node_of[one], node_of[other])


def _shortest(near: Mapping[str, Iterable[str]], start: str, end: str) -> tuple[str, ...]:
    """The nodes between the two."""
    before: dict[str, str] = {start: start}
    todo = deque([start])
    while todo and end not in before:
        node = todo.popleft()
        for other in sorted(near.get(node, ())):
            if other not in before:
                before[other] = node
                todo.append(other)
    way: list[str] = []
    node = before.get(end, start)
    while node != start:
        way.append(node)
        node = before[node]
    return tuple(reversed(way))
