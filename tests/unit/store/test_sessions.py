"""Sessions that have ended: remembered as long as they would have held, and no longer."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import sqlalchemy as sa

from hub.store.database import Engine, reading, writing
from hub.store.sessions import end_session, ended_session, has_ended

NOW = datetime(2026, 1, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)


def test_a_session_that_has_ended_is_known(store: Engine) -> None:
    with writing(store) as db:
        end_session(db, "a", until=NOW + HOUR, now=NOW)
        end_session(db, "a", until=NOW + HOUR, now=NOW)
    with reading(store) as db:
        assert (has_ended(db, "a"), has_ended(db, "b")) == (True, False)


def test_what_would_be_over_is_forgotten(store: Engine) -> None:
    with writing(store) as db:
        end_session(db, "old", until=NOW + HOUR, now=NOW)
        end_session(db, "new", until=NOW + 3 * HOUR, now=NOW + 2 * HOUR)
    with reading(store) as db:
        assert list(db.scalars(sa.select(ended_session.c.mark))) == ["new"]
