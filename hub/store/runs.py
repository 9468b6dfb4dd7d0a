"""Runs: what each step did, with its counts, and how it ended."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import orjson
import sqlalchemy as sa
from sqlalchemy.engine import Connection, RowMapping

from hub.store.columns import new_id
from hub.store.tables import run

RUNNING = "running"
Counts = Mapping[str, Any]


def start_run(
    connection: Connection,
    step: str,
    *,
    connection_id: str | None = None,
    stream_id: int | None = None,
) -> str:
    """Note that a step begins; returns the run's id."""
    run_id = new_id()
    connection.execute(
        sa.insert(run).values(
            id=run_id,
            step=step,
            connection_id=connection_id,
            stream_id=stream_id,
            started_at=datetime.now(UTC),
            state=RUNNING,
        )
    )
    return run_id


def record_counts(connection: Connection, run_id: str, counts: Counts) -> None:
    """Store what the run has done so far, in the transaction that did it."""
    connection.execute(sa.update(run).where(run.c.id == run_id).values(counts=_json(counts)))


def finish_run(
    connection: Connection, run_id: str, *, state: str, counts: Counts, error: str | None = None
) -> None:
    """Note how the run ended."""
    connection.execute(
        sa.update(run)
        .where(run.c.id == run_id)
        .values(state=state, counts=_json(counts), error=error, ended_at=datetime.now(UTC))
    )


def abandon_runs(connection: Connection, stream_id: int, *, step: str, keep: str) -> int:
    """Mark runs that never ended as abandoned; only the holder of the stream's lease may."""
    return connection.execute(
        sa.update(run)
        .where(run.c.stream_id == stream_id, run.c.step == step, run.c.state == RUNNING)
        .where(run.c.id != keep)
        .values(state="abandoned", ended_at=datetime.now(UTC))
    ).rowcount


def list_runs(connection: Connection, *, limit: int = 50) -> list[RowMapping]:
    """The latest runs, newest first; counts are still JSON text."""
    newest = sa.select(run).order_by(run.c.started_at.desc(), run.c.id.desc()).limit(limit)
    return list(connection.execute(newest).mappings())


def _json(counts: Counts) -> str:
    return orjson.dumps(counts).decode()
