"""What PostgreSQL does otherwise for the rest of one transaction; SQLite does nothing of it."""

from __future__ import annotations

from sqlalchemy.engine import Connection

from hub.store.driver import send


def keep_plans(connection: Connection) -> None:
    """For the rest of the transaction, let no statement be planned for the values it is given.

    For statements that are driven from what they are given, as those of the hot paths are: an
    array has PostgreSQL plan them anew each time, which takes longer than to carry them out
    (https://www.postgresql.org/docs/current/runtime-config-query.html#GUC-PLAN-CACHE-MODE).
    """
    if connection.dialect.name == "postgresql":
        send(connection, "SET LOCAL plan_cache_mode = force_generic_plan", ())


def commit_unwaited(connection: Connection) -> None:
    """Let the transaction be committed before it is on disk, where losing it does no harm.

    It is there before any later one is, so that only the last thing done can be lost
    (https://www.postgresql.org/docs/current/wal-async-commit.html).
    """
    if connection.dialect.name == "postgresql":
        send(connection, "SET LOCAL synchronous_commit = off", ())
