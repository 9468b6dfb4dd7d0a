"""Revision 0018 keeps what the match keys hold, and whether a first fill of them is under way."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.config import Config

from hub.store import schema
from hub.store.database import Engine, open_store, reading, writing
from hub.store.match_look_ups import find_holders
from hub.store.match_tables import KEYS
from hub.store.schema import migrate

ROWS = [{"profile": profile, "key": key} for profile in ("one", "two") for key in ("nm:a", "em:b")]


def _migrate_to(engine: Engine, revision: str) -> None:
    config = Config()
    config.set_main_option("script_location", str(schema._FOLDER))
    with writing(engine) as db:
        config.attributes["connection"] = db
        command.upgrade(config, revision)


@pytest.mark.parametrize("filling", [False, True])
def test_a_store_of_before_goes_on_as_it_stood(empty_url: str, filling: bool) -> None:
    engine = open_store(empty_url)
    _migrate_to(engine, "0017")
    with writing(engine) as db:
        db.execute(sa.text("INSERT INTO match_key (profile, key) VALUES (:profile, :key)"), ROWS)
        if filling:
            db.execute(sa.text("DROP INDEX ix_match_key_key"))
    migrate(engine)
    with reading(engine) as db:
        there = {item["name"] for item in sa.inspect(db).get_indexes("match_key")}
        assert (KEYS[db.dialect.name].name in there) is not filling
        assert sorted(find_holders(db, ["nm:a"])) == [("nm:a", "one"), ("nm:a", "two")]
    engine.dispose()
