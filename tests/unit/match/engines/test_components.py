"""The short way for components that nothing can keep apart: the long way's clusters."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

from hypothesis import given, settings
from hypothesis import strategies as st

from hub.match.engines.components import partition_components
from hub.match.partition import Edge, Partition, partition
from hub.match.thresholds import CERTAIN, CONFLICT

Row = tuple[int, int, int, float, bool, bool, float, float, bool]

_FOR = st.sampled_from([0.0, 3.0, CERTAIN, 30.0])
_ANY = st.sampled_from([-30.0, CONFLICT, CONFLICT + 0.5, -2.5, -0.0004, 0.0, 3.0, CERTAIN, 30.0])


@st.composite
def components(draw: st.DrawFn) -> list[Row]:
    """The pairs of a component, which certain edges hold together; some have none against it.

    Some lack a pair: that of a person and an organisation, which no model compares.
    """
    size, calm, firm = draw(st.integers(2, 5)), draw(st.booleans()), draw(st.booleans())
    rows = []
    for left, right in combinations(range(size), 2):
        joins = right == left + 1 or draw(st.booleans())
        seen = joins or calm or draw(st.booleans())
        vetoed = not joins and not calm and draw(st.booleans())
        sure = calm or (joins and firm)
        bits, against = draw(_FOR if sure else _ANY), 5.0 if sure else draw(_ANY)
        rows.append((1, left, right, bits, joins, vetoed, bits, against, seen))
    lost = draw(st.integers(0, 3 * size))
    return [row for place, row in enumerate(rows) if place != lost or row[4]]


def _long_way(rows: Sequence[Row]) -> Partition[int]:
    weighed = {(row[1], row[2]): row[7] for row in rows}
    edges = [Edge(*row[1:3], row[6], row[4], row[5]) for row in rows if row[8]]
    nodes = {node for row in rows for node in row[1:3]}

    def found(one: int, other: int) -> float:
        return weighed.get((min(one, other), max(one, other)), CONFLICT)

    return partition(nodes, edges, evidence=found)


@settings(max_examples=2_000)
@given(components())
def test_a_component_is_partitioned_as_by_the_long_way(rows: list[Row]) -> None:
    assert list(partition_components(rows)) == [_long_way(rows)]
