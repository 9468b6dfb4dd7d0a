"""The short way for components without a pair that speaks against: the long way's clusters."""

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
_ANY = st.sampled_from([-30.0, CONFLICT, CONFLICT + 0.5, -1.0, -0.0004, 0.0, 3.0, CERTAIN, 30.0])


@st.composite
def components(draw: st.DrawFn) -> list[Row]:
    """All pairs of a component, which certain edges hold together; half have none against it."""
    size, calm = draw(st.integers(2, 6)), draw(st.booleans())
    rows = []
    for left, right in combinations(range(size), 2):
        joins = right == left + 1 or draw(st.booleans())
        seen = joins or calm or draw(st.booleans())
        vetoed = not joins and not calm and draw(st.booleans())
        bits = draw(_FOR if calm else _ANY)
        against = 5.0 if calm else draw(_ANY)
        rows.append((1, left, right, bits, joins, vetoed, bits, against, seen))
    return rows


def _long_way(rows: Sequence[Row]) -> Partition[int]:
    weighed = {(row[1], row[2]): row[7] for row in rows}
    edges = [Edge(*row[1:3], row[6], row[4], row[5]) for row in rows if row[8]]
    nodes = {node for row in rows for node in row[1:3]}
    return partition(nodes, edges, evidence=lambda a, b: weighed[(a, b) if a < b else (b, a)])


@settings(max_examples=500)
@given(components())
def test_a_component_is_partitioned_as_by_the_long_way(rows: list[Row]) -> None:
    assert list(partition_components(rows)) == [_long_way(rows)]
