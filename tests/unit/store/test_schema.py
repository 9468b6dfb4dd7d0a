"""Schema: the migrations give exactly the tables, and a newer store is refused."""

from __future__ import annotations

from functools import partial

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from hub.errors import ConfigError
from hub.store import schema
from hub.store.database import Connection, Engine, open_store, reading, writing
from hub.store.schema import NEWEST, migrate, schema_revision, schema_state
from hub.store.tables import metadata


def _definitions(db: Connection) -> dict[str, list[str]]:
    """Every table and index as the database itself describes it."""
    if db.dialect.name == "sqlite":
        rows = db.exec_driver_sql(
            "SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL AND type <> 'view'"
        )
    else:
        rows = db.exec_driver_sql(
            "SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public' UNION ALL "
            "SELECT table_name || '.' || column_name, concat_ws(' ', data_type, is_nullable, "
            "column_default) FROM information_schema.columns WHERE table_schema = 'public' "
            "AND table_name NOT LIKE 'rpt%%' UNION ALL "
            "SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint "
            "WHERE connamespace = 'public'::regnamespace"
        )
    found = {name: _clauses(sql) for name, sql in rows}
    return {name: sql for name, sql in found.items() if not name.startswith("alembic")}


def _clauses(sql: str) -> list[str]:
    """The order of constraints within a table means nothing."""
    return sorted(" ".join(sql.split()).removesuffix(" )").split(", "))


def test_migrations_give_exactly_the_tables(empty_url: str) -> None:
    engine = open_store(empty_url)
    with writing(engine) as db:
        metadata.create_all(db)
        expected = _definitions(db)
        metadata.drop_all(db)
    migrate(engine)
    with reading(engine) as db:
        assert _definitions(db) == expected
        options = {"include_object": partial(_is_here, db.dialect.name)}
        changes = compare_metadata(MigrationContext.configure(db, opts=options), metadata)
    assert [change for change in changes if "alembic_version" not in str(change)] == []
    engine.dispose()


def _is_here(dialect: str, item: sa.schema.SchemaItem, *_: object) -> bool:
    """Whether it is for this database."""
    return bool(item.info.get("dialect", dialect) == dialect)


def test_the_newest_revision_is_the_last_migration() -> None:
    assert ScriptDirectory(str(schema._FOLDER)).get_current_head() == NEWEST


def test_migrating_twice_changes_nothing(store: Engine) -> None:
    assert migrate(store) == NEWEST
    assert schema_revision(store) == NEWEST


def test_an_empty_store_is_described(empty_url: str) -> None:
    engine = open_store(empty_url)
    assert schema_revision(engine) is None
    assert "empty" in schema_state(engine)
    engine.dispose()


def test_a_newer_store_refuses_this_program(store: Engine) -> None:
    with writing(store) as db:
        db.execute(sa.text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(ConfigError, match="newer program"):
        migrate(store)
    with pytest.raises(ConfigError, match="newer program"):
        schema_state(store)


def test_an_older_store_is_brought_up_to_date(empty_url: str) -> None:
    engine = open_store(empty_url)
    migrate(engine)
    with writing(engine) as db:
        for view in sa.inspect(db).get_view_names():
            db.exec_driver_sql(f"DROP VIEW {view}")
        newer = [table for table in reversed(metadata.sorted_tables) if table.name in _LATER]
        metadata.drop_all(db, tables=newer)
        db.exec_driver_sql("DROP INDEX ix_run_stream")
        db.exec_driver_sql("ALTER TABLE stream DROP COLUMN one_account")
        db.exec_driver_sql("ALTER TABLE connection DROP COLUMN paused_at")
        for column in ("due_date", "changed"):
            db.exec_driver_sql(f"ALTER TABLE document DROP COLUMN {column}")
        db.execute(sa.text("UPDATE alembic_version SET version_num = '0001'"))
    assert "0001" in schema_state(engine)
    assert migrate(engine) == NEWEST
    with reading(engine) as db:
        assert sa.inspect(db).has_table("golden_record")
        assert "rpt_document_v1" in sa.inspect(db).get_view_names()
    engine.dispose()


_LATER = {
    "audit_entry",
    "audit_subject",
    "break_note",
    "ended_session",
    "erasure",
    "delivery",
    "decision",
    "frequent_key",
    "golden_record",
    "link",
    "master_party",
    "derived_relationship",
    "match_content",
    "match_frequency",
    "match_key",
    "match_model",
    "match_profile",
    "party_event",
    "party_fate",
    "push_delivery",
    "receipt",
    "record_delivery",
    "report_break",
    "report_figure",
    "report_line",
    "review_case",
    "rule_set",
    "scanned_record",
    "search_term",
    "sign_off",
    "suppression",
    "token",
}
