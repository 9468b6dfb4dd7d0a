"""Sessions of browsers that ended before their time: every process that serves asks here."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy import Column, Table, Text
from sqlalchemy.engine import Connection

from hub.store.columns import UtcMicros, to_micros
from hub.store.layout import metadata

ended_session = Table(
    "ended_session",
    metadata,
    Column("mark", Text, primary_key=True),
    Column("until", UtcMicros, nullable=False),
)
"""``mark`` is a hash of the session's id; ``until`` is when it would have ended by itself."""


def end_session(db: Connection, mark: str, *, until: datetime, now: datetime) -> None:
    """Remember that a session has ended; forget those that would be over by now."""
    db.execute(sa.delete(ended_session).where(ended_session.c.until < now))
    known = "INSERT INTO ended_session (mark, until) VALUES (:mark, :until) ON CONFLICT DO NOTHING"
    db.execute(sa.text(known), {"mark": mark, "until": to_micros(until)})


def has_ended(db: Connection, mark: str) -> bool:
    """Whether somebody has signed out of this session."""
    query = sa.select(sa.true()).where(ended_session.c.mark == mark)
    return db.scalar(query) is not None
