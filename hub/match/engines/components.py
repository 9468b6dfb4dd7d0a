"""From weighed pairs to clusters, one connected component at a time, in bounded memory."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import groupby
from math import inf
from operator import itemgetter
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from hub.match.disjoint import DisjointSets
from hub.match.engines import queries
from hub.match.engines.bulk import (
    add_weighed,
    create_weighed,
    read_rows,
    split_by_kind,
    weigh_the_rest,
)
from hub.match.model import Model
from hub.match.partition import MILLI, UNSEEN, Edge, Partition, partition
from hub.match.thresholds import CONFLICT, VETOED

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_ROUNDED: Final = 1 / MILLI
"""Bits that a pair's weight may lose or win by rounding, in :mod:`hub.match.partition`."""


def cluster_components(db: DuckDBPyConnection, model: Model) -> Iterator[Partition[int]]:
    """The partition of each component of two or more records that certain edges hold together.

    They come in the order of the components' smallest records.
    """
    _find_components(db)
    weigh_the_rest(db, model)
    _weigh_unseen(db, model)
    yield from partition_components(read_rows(db, queries.pairs_by_component()))


def partition_components(rows: Iterable[tuple[Any, ...]]) -> Iterator[Partition[int]]:
    """The same of rows of ``queries.pairs_by_component``, in their order."""
    for _, group in groupby(rows, key=itemgetter(0)):
        found = list(group)
        yield _undisputed(found) or _cluster([_Pair._make(row) for row in found])


class _Pair(NamedTuple):
    """A weighed pair of one component; ``seen`` where a match key has found it."""

    component: int
    left: int
    right: int
    bits: float
    joins: bool
    vetoed: bool
    tie: float
    against: float
    seen: bool


def _undisputed(rows: list[tuple[Any, ...]]) -> Partition[int] | None:
    """A component that is one cluster whatever is joined first, as most are; else None.

    Rows are read as they come: a million records have as many pairs.
    """
    if not _hold_together(rows):
        return None
    nodes = {row[1] for row in rows}
    nodes.update([row[2] for row in rows])
    if len(nodes) * (len(nodes) - 1) != 2 * len(rows):
        return None
    return Partition((tuple(sorted(nodes)),), ())


def _hold_together(rows: Iterable[tuple[Any, ...]]) -> bool:
    """Whether no pair may never be one, and the weakest that joins outweighs all that is against.

    A pair that joins lies between any two clusters of a component, and no more can be against it.
    """
    weakest, doubt = inf, 0.0
    for *_, joins, vetoed, tie, against, seen in rows:
        if vetoed or against <= VETOED:
            return False
        if joins and tie < weakest:
            weakest = tie
        counted = tie if seen else min(against, 0.0) + UNSEEN
        doubt += _ROUNDED - min(counted, 0.0)
    return doubt <= weakest


def _cluster(pairs: list[_Pair]) -> Partition[int]:
    nodes = {pair.left for pair in pairs} | {pair.right for pair in pairs}
    edges = [
        Edge(item.left, item.right, item.tie, item.joins, item.vetoed)
        for item in pairs
        if item.seen
    ]
    evidence: Mapping[tuple[int, int], float] = {
        (item.left, item.right): item.against for item in pairs
    }

    def found(one: int, other: int) -> float:
        """Pairs that no model compares are a person and an organisation."""
        return evidence.get((one, other) if one < other else (other, one), CONFLICT)

    return partition(nodes, edges, evidence=found)


def _find_components(db: DuckDBPyConnection) -> None:
    """Fill ``component`` (id, component): records that certain edges connect."""
    import pyarrow as pa

    joined: DisjointSets[int] = DisjointSets()
    for one, other in read_rows(db, queries.certain_pairs()):
        joined.join(one, other)
    roots = joined.roots()
    columns = [pa.array(side, pa.int64()) for side in (roots.keys(), roots.values())]
    table = pa.table(columns, ["id", "component"])
    db.register("incoming_component", table)
    db.execute("create or replace table component as select * from incoming_component")
    db.unregister("incoming_component")


def _weigh_unseen(db: DuckDBPyConnection, model: Model) -> None:
    """Fill ``unseen`` with the pairs within a component that share no selective key."""
    db.execute(f"create or replace table unseen_pair as {queries.unseen_pairs()}")
    split_by_kind(db, "unseen_pair", "unseen_{}")
    create_weighed(db, "unseen")
    for kind, found in model.kinds.items():
        add_weighed(db, "unseen", f"select * from unseen_{kind}", kind=kind, model=found)
