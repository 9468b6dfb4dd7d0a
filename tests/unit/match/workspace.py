"""A workspace of the bulk engine, filled for a test."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from hub.match.engines.bulk import load_rows, open_workspace, prepare, split_by_kind
from hub.match.engines.rows import Row
from hub.match.features import Features
from hub.match.model import Model

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection


@contextmanager
def filled_workspace(
    rows: Sequence[Row], model: Model | None = None
) -> Iterator[DuckDBPyConnection]:
    """The rows, prepared; all their pairs stand in ``person_all`` and ``organisation_all``."""
    db = open_workspace()
    try:
        load_rows(db, rows)
        prepare(db, model)
        db.execute(
            "create table pair as select l.id as left_id, r.id as right_id "
            "from feature l join feature r on l.id < r.id"
        )
        split_by_kind(db, "pair", "{}_all")
        yield db
    finally:
        db.close()


def loaded_features(db: DuckDBPyConnection) -> dict[int, Features]:
    """The features as they stand in the workspace: shared contact points are found by then."""
    found = db.execute(f"select id, {', '.join(Features._fields)} from feature").fetchall()
    return {row[0]: Features(*map(_frozen, row[1:])) for row in found}


def _frozen(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value
