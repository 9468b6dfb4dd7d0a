"""What is compared of profiles: kept once for all records that share one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from hub.store import bulk
from hub.store.bulk import LookUp
from hub.store.tables import match_content

_CHUNK: Final = 10_000


def load_contents(db: Connection, profiles: Iterable[str]) -> dict[str, str]:
    """What is compared of profiles (JSON)."""
    columns = ("profile", "features")
    rows = bulk.look_up(db, match_content, columns, LookUp("profile", profiles))
    return {row.profile: row.features for row in rows}


def every_content(db: Connection) -> Iterator[tuple[str, str]]:
    """All profiles with what is compared (JSON), in the order of profiles, read in chunks."""
    after = ""
    while chunk := _next_contents(db, after):
        yield from chunk
        after = chunk[-1][0]


def _next_contents(db: Connection, after: str) -> list[tuple[str, str]]:
    query = (
        sa.select(match_content.c.profile, match_content.c.features)
        .where(match_content.c.profile > after)
        .order_by(match_content.c.profile)
        .limit(_CHUNK)
    )
    return [(row[0], row[1]) for row in db.execute(query)]


def count_contents(db: Connection) -> int:
    """How many contents there are."""
    return int(db.scalar(sa.select(sa.func.count()).select_from(match_content)) or 0)
