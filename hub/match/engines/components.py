"""From weighed pairs to clusters, one connected component at a time, in bounded memory."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import groupby
from operator import itemgetter
from typing import TYPE_CHECKING, NamedTuple

from hub.match.disjoint import DisjointSets
from hub.match.engines.bulk import add_weighed, create_weighed, read_rows, split_by_kind
from hub.match.model import Model
from hub.match.partition import LARGEST, Edge, Partition, partition
from hub.match.thresholds import CONFLICT

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection


def cluster_components(db: DuckDBPyConnection, model: Model) -> Iterator[Partition[int]]:
    """The partition of each component of two or more records that certain edges hold together."""
    _find_components(db)
    _weigh_unseen(db, model)
    rows = read_rows(
        db,
        "select a.component, w.left_id, w.right_id, w.joins, w.vetoed, w.tie, w.against, "
        "true as seen from weighed w join component a on a.id = w.left_id "
        "join component b on b.id = w.right_id and b.component = a.component union all "
        "select component, left_id, right_id, joins, vetoed, tie, against, false from unseen "
        "order by 1, 2, 3",
    )
    for _, group in groupby(rows, key=itemgetter(0)):
        yield _cluster([_Pair(*row[1:]) for row in group])


class _Pair(NamedTuple):
    """A weighed pair of one component; ``seen`` where a match key has found it."""

    left: int
    right: int
    joins: bool
    vetoed: bool
    tie: float
    against: float
    seen: bool


def _cluster(pairs: list[_Pair]) -> Partition[int]:
    nodes = {node for pair in pairs for node in pair[:2]}
    edges = [Edge(*item[:2], item.tie, item.joins, item.vetoed) for item in pairs if item.seen]
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
    for one, other in read_rows(db, "select left_id, right_id from weighed where joins"):
        joined.join(one, other)
    roots = joined.roots()
    columns = [pa.array(side, pa.int64()) for side in (roots.keys(), roots.values())]
    table = pa.table(columns, ["id", "component"])
    db.register("incoming_component", table)
    db.execute("create or replace table component as select * from incoming_component")
    db.unregister("incoming_component")


def _weigh_unseen(db: DuckDBPyConnection, model: Model) -> None:
    """Fill ``unseen`` with the pairs within a component that share no selective key."""
    db.execute(
        "create or replace table unseen_pair as with small as (select component from component "
        f"group by component having count(*) between 3 and {LARGEST}) "
        "select a.id as left_id, b.id as right_id from small join component a using (component) "
        "join component b on b.component = a.component and a.id < b.id "
        "anti join weighed w on w.left_id = a.id and w.right_id = b.id"
    )
    split_by_kind(db, "unseen_pair", "unseen_{}")
    create_weighed(db, "unseen_weighed")
    for kind, found in model.kinds.items():
        add_weighed(db, "unseen_weighed", f"select * from unseen_{kind}", kind=kind, model=found)
    db.execute(
        "create or replace table unseen as select a.component, w.* from unseen_weighed w "
        "join component a on a.id = w.left_id"
    )
