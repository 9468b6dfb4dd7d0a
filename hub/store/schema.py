"""The store's schema: brought up to date at start-up; a newer one is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import sqlalchemy as sa

from hub.errors import ConfigError
from hub.store.database import Connection, Engine, reading, writing
from hub.store.views import create_views, view_statements

NEWEST: Final = "0018"
"""The revision that this program works with; Alembic is loaded only where a store has another."""
_FOLDER: Final = Path(__file__).parent / "migrations"
_LOCK: Final = 0x4855_4253_544F_5245
"""Names the advisory lock under which one process migrates while others wait (PostgreSQL)."""


def migrate(engine: Engine) -> str:
    """Bring the store to this program's schema, all of it or nothing; returns the revision.

    Raises ConfigError where the store was made by a newer program.
    """
    with reading(engine) as connection:
        if _current(connection) == NEWEST:
            return NEWEST
    with writing(engine) as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_LOCK)))
        _require_known(_current(connection))
        if _current(connection) != NEWEST:
            _upgrade(connection)
    return NEWEST


def schema_revision(engine: Engine) -> str | None:
    """The revision of the store's schema; None for an empty database."""
    with reading(engine) as connection:
        return _current(connection)


def schema_state(engine: Engine) -> str:
    """One line on the schema for people; raises ConfigError where the store is newer."""
    current = schema_revision(engine)
    _require_known(current)
    if current is None:
        return "empty; the first command makes its tables"
    if current == NEWEST:
        return f"{engine.dialect.name}, schema {current}"
    return f"{engine.dialect.name}, schema {current}; the next command brings it to {NEWEST}"


def _upgrade(connection: Connection) -> None:
    """Views go first: PostgreSQL changes no column that a view reads."""
    from alembic import command
    from alembic.config import Config

    for name in view_statements(connection.dialect.name):
        connection.exec_driver_sql(f"DROP VIEW IF EXISTS {name}")
    config = Config()
    config.set_main_option("script_location", str(_FOLDER).replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
    create_views(connection)


def _current(connection: Connection) -> str | None:
    if not sa.inspect(connection).has_table("alembic_version"):
        return None
    found: str | None = connection.scalar(sa.text("SELECT version_num FROM alembic_version"))
    return found


def _require_known(revision: str | None) -> None:
    """Revisions are numbers of four digits; a store with a higher one is of a newer program."""
    if revision is not None and revision > NEWEST:
        raise ConfigError(
            f"the store has schema {revision}, made by a newer program; this one knows up to "
            f"{NEWEST}: install the newer program, or point to another store"
        )
