"""Bulk statements, their query plans, and the constraints of landing and canonical tables."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from hub.errors import StoreError
from hub.store import bulk, canonical, keyscan
from hub.store.database import Engine, open_store, reading, writing
from hub.store.schema import migrate
from hub.store.tables import canonical_record, document, frequent_key, link, source_record
from tests.unit.store.filled import fill_store, uuid


@pytest.fixture
def filled(store: Engine) -> Engine:
    fill_store(store)
    return store


def test_rows_are_inserted_updated_and_deleted(filled: Engine) -> None:
    columns = ("id", "stream_id", "source_key", "version", "payload_hash", "epoch", "pending")
    with writing(filled) as db:
        rows = [(n, 1, f"new {n}", 1, b"h", 1, True) for n in (10, 11)]
        bulk.insert(db, source_record, columns, rows)
        bulk.update(db, source_record, ("id", "version", "deleted"), [(10, 7, True)])
        bulk.delete(db, source_record, "id", [11])
        where = bulk.LookUp("source_key", ["new 10", "new 11", "k1"], fixed=("stream_id", 1))
        found = bulk.look_up(db, source_record, ("source_key", "version", "deleted"), where)
    assert sorted((row.source_key, row.version, bool(row.deleted)) for row in found) == [
        ("k1", 1, False),
        ("new 10", 7, True),
    ]


def test_nothing_to_write_is_no_statement(filled: Engine) -> None:
    with reading(filled) as db:
        bulk.insert(db, source_record, ("id",), [])
        bulk.update(db, source_record, ("id", "version"), [])
        bulk.delete(db, source_record, "id", [])


def test_texts_of_every_kind_survive(store: Engine) -> None:
    texts = ["tab\tnew\nline", "back\\slash \\N", "quote ' \" %s ?", "münchen 東京 🙂", " "]
    texts += ['{a,"b"}', "NULL", ",", "\\", '\\"', "{}"]
    with writing(store) as db:
        bulk.insert(db, frequent_key, ("key", "over"), [(text, 1) for text in texts])
        found = bulk.look_up(db, frequent_key, ("key",), bulk.LookUp("key", texts))
    assert sorted(row[0] for row in found) == sorted(texts)


def test_a_refused_copy_is_our_error_without_values(filled: Engine) -> None:
    with pytest.raises(StoreError) as caught, writing(filled) as db:
        bulk.insert(db, frequent_key, ("key", "over"), [("secret", 1), ("secret", 1)])
    assert "secret" not in str(caught.value)


def test_one_active_link_for_each_record_and_part(filled: Engine) -> None:
    second = sa.text(
        "INSERT INTO link (id, canonical_id, party_id, kind, reason, valid_from, recorded_from) "
        "SELECT 99, canonical_id, party_id, kind, reason, valid_from, recorded_from FROM link "
        "WHERE id = 1"
    )
    with pytest.raises(StoreError), writing(filled) as db:
        db.execute(second)
    with writing(filled) as db:
        db.execute(sa.update(link).where(link.c.id == 1).values(recorded_to=link.c.recorded_from))
        db.execute(second)


@pytest.mark.parametrize(
    "copy",
    [
        (
            "INSERT INTO source_record (id, stream_id, source_key, version, payload_hash, epoch, "
            "pending) SELECT 99, stream_id, source_key, 1, payload_hash, 1, pending "
            "FROM source_record WHERE id = 1"
        ),
        (
            "INSERT INTO canonical_record (id, record_id, part, entity, body, body_hash, "
            "raw_version, mapping_digest, active, pending) SELECT 99, record_id, part, entity, "
            "body, body_hash, 1, mapping_digest, active, pending FROM canonical_record WHERE id = 1"
        ),
    ],
)
def test_a_key_and_a_part_stand_once(filled: Engine, copy: str) -> None:
    with pytest.raises(StoreError), writing(filled) as db:
        db.exec_driver_sql(copy)


def test_amounts_are_exact(filled: Engine) -> None:
    big = 9_007_199_254_740_993_0001
    with writing(filled) as db:
        bulk.update(db, document, ("canonical_id", "gross"), [(1, 900_719_925_474_099_301)])
        found = db.scalar(sa.select(document.c.gross))
    assert str(found) == "90071992547409.9301"
    assert big > 2**63


def test_look_ups_go_through_the_index(tmp_path: Path) -> None:
    engine = open_store(f"sqlite:///{tmp_path / 'hub.db'}")
    migrate(engine)
    by_key = bulk._look_up_sqlite(source_record, ("id",), "source_key", "stream_id")
    by_record = bulk._look_up_sqlite(canonical_record, ("id",), "record_id", None)
    with reading(engine) as db:
        plans = [
            " ".join(row.detail for row in db.exec_driver_sql(f"EXPLAIN QUERY PLAN {sql}", bound))
            for sql, bound in ((by_key, ("[]", 1)), (by_record, ("[]",)))
        ]
    assert "stream_id=? AND source_key=?" in plans[0]
    assert "record_id=?" in plans[1]
    assert "SCAN held" not in "".join(plans)
    engine.dispose()


def test_pending_records_are_found_through_their_small_index(tmp_path: Path) -> None:
    engine = open_store(f"sqlite:///{tmp_path / 'hub.db'}")
    migrate(engine)
    seen: list[str] = []
    sa.event.listen(engine, "before_cursor_execute", lambda *args: seen.append(args[2]))
    with reading(engine) as db:
        canonical.take_pending(db, 1, after=0, limit=10)
        sql = next(text for text in seen if "pending" in text)
        plan = db.exec_driver_sql(f"EXPLAIN QUERY PLAN {sql}", (1, 0, 10, 0)[: sql.count("?")])
        details = " ".join(row.detail for row in plan)
    assert "ix_source_record_pending (stream_id=? AND id>?)" in details
    engine.dispose()


def test_uuids_are_written_as_the_driver_reads_them(filled: Engine) -> None:
    with writing(filled) as db:
        party = uuid("party-1", 0)
        rows = [(1, bulk.driver_uuid(db, party))]
        bulk.update(db, link, ("id", "party_id"), rows)
        assert db.scalar(sa.select(link.c.party_id).where(link.c.id == 1)) == party


def test_what_a_key_scan_missed_is_found_through_indexes(tmp_path: Path) -> None:
    engine = open_store(f"sqlite:///{tmp_path / 'hub.db'}")
    migrate(engine)
    seen: list[tuple[str, Any]] = []
    sa.event.listen(engine, "before_cursor_execute", lambda *args: seen.append(args[2:4]))
    with reading(engine) as db:
        keyscan.compare(db, keyscan.Scan(1, 1))
        sql, bound = next(text for text in seen if "scanned_record" in text[0])
        plan = " ".join(
            row.detail for row in db.exec_driver_sql(f"EXPLAIN QUERY PLAN {sql}", bound)
        )
    assert "SCAN" not in plan
    assert "scanned_record USING PRIMARY KEY (stream_id=? AND record_id=?)" in plan
    engine.dispose()
