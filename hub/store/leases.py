"""Leases: a stream has one reader at a time, and only that reader moves its cursor on."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import orjson
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from hub.errors import StoreError, WatermarkRegressionError
from hub.store.streams import StreamState, read_stream
from hub.store.tables import stream


@dataclass(frozen=True, slots=True)
class Lease:
    """The right to read a stream; ``holder`` names one run, and each commit renews it."""

    holder: str
    seconds: float

    def until(self) -> datetime:
        """When the lease ends if it were renewed now."""
        return datetime.now(UTC) + timedelta(seconds=self.seconds)


def acquire_lease(connection: Connection, stream_id: int, lease: Lease) -> StreamState:
    """Become the stream's only reader, or raise StoreError that says until when another is."""
    now = datetime.now(UTC)
    taken = connection.execute(
        sa.update(stream)
        .where(stream.c.id == stream_id)
        .where(
            stream.c.lease_holder.is_(None)
            | (stream.c.lease_holder == lease.holder)
            | (stream.c.lease_until < now)
        )
        .values(
            lease_holder=lease.holder,
            lease_until=lease.until(),
            commit_seq=stream.c.commit_seq + 1,
        )
    )
    state = read_stream(connection, stream_id)
    if taken.rowcount != 1:
        raise StoreError(_busy(connection, state))
    return state


def release_lease(connection: Connection, stream_id: int, lease: Lease) -> None:
    """Let the next reader in; does nothing where the lease is another's by now."""
    connection.execute(
        sa.update(stream)
        .where(stream.c.id == stream_id, stream.c.lease_holder == lease.holder)
        .values(lease_holder=None, lease_until=None)
    )


def advance(
    connection: Connection, before: StreamState, after: StreamState, *, lease: Lease
) -> StreamState:
    """Commit cursor and epoch if nobody else has since; must be the transaction's first statement.

    Raises WatermarkRegressionError where another worker moved the stream on or took the lease.
    On PostgreSQL it also holds the stream's row, so that pages and chunks of one stream take turns.
    """
    moved = connection.execute(
        sa.update(stream)
        .where(
            stream.c.id == before.id,
            stream.c.commit_seq == before.commit_seq,
            stream.c.lease_holder == lease.holder,
        )
        .values(
            cursor=None if after.cursor is None else orjson.dumps(after.cursor).decode(),
            commit_seq=before.commit_seq + 1,
            epoch=after.epoch,
            epoch_open=after.epoch_open,
            lease_until=lease.until(),
        )
    )
    if moved.rowcount != 1:
        raise WatermarkRegressionError(
            f"{before.connection}/{before.name}: another worker has read on since this one "
            "started; its page was refused and nothing of it is stored; run the sync again"
        )
    return replace(after, commit_seq=before.commit_seq + 1)


def _busy(connection: Connection, state: StreamState) -> str:
    until = connection.scalar(sa.select(stream.c.lease_until).where(stream.c.id == state.id))
    when = f"{until:%H:%M:%S} UTC" if until else "it ends"
    return (
        f"{state.connection}/{state.name} is being read by another worker: wait for it, or, "
        f"if that worker was killed, run again after {when}"
    )
