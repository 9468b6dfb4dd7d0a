"""From weighed pairs to clusters, one connected component at a time, in bounded memory."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import groupby
from operator import itemgetter
from typing import TYPE_CHECKING

from hub.match.disjoint import DisjointSets
from hub.match.engines.bulk import add_weighed, create_weighed, read_rows, split_by_kind
from hub.match.model import Model
from hub.match.partition import CERTAIN, CONFLICT, LARGEST, Edge, Partition, partition

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection


def cluster_components(db: DuckDBPyConnection, model: Model) -> Iterator[Partition[int]]:
    """The partition of each component of two or more records that certain edges hold together."""
    _find_components(db)
    _weigh_unseen(db, model)
    rows = read_rows(
        db,
        "select a.component, w.left_id, w.right_id, w.bits, w.evidence, true as seen "
        "from weighed w join component a on a.id = w.left_id join component b on b.id = w.right_id "
        "and b.component = a.component union all "
        "select component, left_id, right_id, bits, evidence, false from unseen "
        "order by 1, 2, 3",
    )
    for _, group in groupby(rows, key=itemgetter(0)):
        yield _cluster([(row[1], row[2], row[3], row[4], row[5]) for row in group])


def _cluster(rows: list[tuple[int, int, float, float, bool]]) -> Partition[int]:
    nodes = {node for row in rows for node in row[:2]}
    edges = [Edge(left, right, bits) for left, right, bits, _, seen in rows if seen]
    evidence: Mapping[tuple[int, int], float] = {(row[0], row[1]): row[3] for row in rows}

    def found(one: int, other: int) -> float:
        """Pairs that no model compares are a person and an organisation."""
        return evidence.get((one, other) if one < other else (other, one), CONFLICT)

    return partition(nodes, edges, evidence=found)


def _find_components(db: DuckDBPyConnection) -> None:
    """Fill ``component`` (id, component): records that certain edges connect."""
    import pyarrow as pa

    joined: DisjointSets[int] = DisjointSets()
    for one, other in read_rows(
        db, f"select left_id, right_id from weighed where bits >= {CERTAIN}"
    ):
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
