"""A mark in every column that may hold a person is found nowhere after the erasure."""

from __future__ import annotations

from typing import Any

import orjson
import pytest
import sqlalchemy as sa

from hub.store.database import Connection, Engine, writing
from hub.store.personal import PRIVACY, Holds
from hub.store.tables import metadata
from tests.unit.pipeline.erase_world import forget, found_in
from tests.unit.store.filled import fill_store, uuid

MARK = "marked.person@mark.example"
_JSON = {"features", "payload", "body", "provenance", "evidence", "fields", "detail", "headers"}
_OWNERS = {
    "record_id": 1,
    "canonical_id": 1,
    "party_id": uuid("party-1", 0),
    "delivery_id": uuid("delivery", 0),
    "left_id": 1,
}
_BODY = {
    "kind": "person",
    "display_name": MARK,
    "person": {"family": MARK},
    "contact_points": [{"kind": "email", "value": MARK}],
}


@pytest.fixture
def marked(store: Engine) -> Engine:
    """The filled store with the mark wherever it may stand."""
    fill_store(store)
    with writing(store) as db:
        _add_rows_of_others(db)
        for table, privacy in PRIVACY.items():
            for column, holds in privacy.columns.items():
                if holds in (Holds.OWN, Holds.ANYWHERE):
                    _mark(db, metadata.tables[table], column, everywhere=holds is Holds.ANYWHERE)
        body = sa.update(metadata.tables["canonical_record"]).where(sa.text("id = 1"))
        db.execute(body.values(body=orjson.dumps(_BODY).decode()))
    return store


def _add_rows_of_others(db: Connection) -> None:
    """A second row where the filled store has one of the person alone."""
    for name in ("party_event", "party_fate", "audit_entry"):
        db.execute(sa.insert(metadata.tables["id_block"]).values(name=name, next=100))
    for table, changes in (
        ("raw_version", {"record_id": 2}),
        ("golden_record", {"id": 2, "party_id": uuid("party-2", 0)}),
        ("delivery", {"id": uuid("other", 0), "seq": 2, "party_id": uuid("party-2", 0)}),
        ("party_event", {"id": uuid("other", 0), "seq": 2, "party_id": uuid("party-2", 0)}),
        ("quarantine", {"id": 2, "record_id": None, "fingerprint": "of nobody"}),
    ):
        found = metadata.tables[table]
        row = dict(db.execute(sa.select(found)).mappings().first() or {})
        fixed = {"record_id": 2} if table == "delivery" else {}
        db.execute(sa.insert(found).values({**row, **changes, **fixed}))


def _mark_break(db: Connection) -> None:
    """The name of a break, which its notes refer to."""
    notes = metadata.tables["break_note"]
    held = [dict(row) for row in db.execute(sa.select(notes)).mappings()]
    db.execute(sa.delete(notes))
    db.execute(sa.update(metadata.tables["report_break"]).values(id=MARK))
    db.execute(sa.insert(notes), [{**note, "break_id": MARK} for note in held])


def _mark(db: Connection, table: sa.Table, column: str, *, everywhere: bool) -> None:
    if (table.name, column) == ("report_break", "id"):
        _mark_break(db)
        return
    mine = [table.c[name] == value for name, value in _OWNERS.items() if name in table.c]
    if table.name in ("source_record", "canonical_record"):
        mine = [table.c["id"] == 1]
    change = sa.update(table) if everywhere or not mine else sa.update(table).where(*mine[:1])
    db.execute(change.values({column: _marked(table.c[column])}))


def _marked(column: sa.Column[Any]) -> str | bytes:
    text = orjson.dumps({"note": MARK}).decode() if column.name in _JSON else MARK
    return text.encode() if isinstance(column.type, sa.LargeBinary) else text


def test_the_mark_is_everywhere_before(marked: Engine) -> None:
    found = found_in(marked, MARK)
    expected = {
        table
        for table, privacy in PRIVACY.items()
        if {Holds.OWN, Holds.ANYWHERE} & set(privacy.columns.values())
    }
    assert set(found) == expected


def test_the_mark_is_nowhere_after(marked: Engine) -> None:
    forget(marked, uuid("party-1", 0), hold=False, targets={"toy": "keep"})
    assert found_in(marked, MARK) == {}


def test_only_the_key_at_a_target_stays_until_the_target_is_done(marked: Engine) -> None:
    forget(marked, uuid("party-1", 0), hold=False)
    assert found_in(marked, MARK) == {"record_delivery": ["source_key"]}


def test_a_plan_names_nothing_of_the_person(marked: Engine) -> None:
    done = forget(marked, uuid("party-1", 0), hold=False)
    assert "mark" not in str(done).lower()
