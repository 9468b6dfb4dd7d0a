"""Documents of an older store learn from their bodies when they are due and changed."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import sqlalchemy as sa
from alembic.migration import MigrationContext
from alembic.operations import Operations

from hub.store import migrations
from hub.store.database import Engine, reading, writing
from hub.store.tables import document
from tests.unit.pipeline.control_world import Books, Row


def migration(ending: str) -> ModuleType:
    (path,) = (Path(migrations.__file__).parent / "versions").glob(f"*_{ending}.py")
    spec = importlib.util.spec_from_file_location(ending, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def held(store: Engine) -> list[tuple[str, str | None, str]]:
    columns = (document.c.number, document.c.due_date, document.c.changed)
    with reading(store) as db:
        rows = db.execute(sa.select(*columns).order_by(document.c.number)).all()
    return [(row[0], row[1], row[2]) for row in rows]


def test_documents_learn_when_they_are_due(store: Engine) -> None:
    books = Books()
    body: Row = {"date": "2026-10-01", "status": "open", "status_raw": "o", "currency": "EUR"}
    body |= {"net": "1", "tax": "0", "gross": "1", "party": {"type": "party", "key": "1"}}
    for key, more in (("1", {"due_date": "2026-10-31"}), ("2", {})):
        made = {"kind": "invoice", "number": f"N{key}", **body, **more}
        books.put("invoice", f"erp:invoice:{key}", made)
    books.store(store)
    before = held(store)
    with writing(store) as db:
        for view in sa.inspect(db).get_view_names():
            db.exec_driver_sql(f"DROP VIEW {view}")
        db.exec_driver_sql("DROP TABLE report_line")
        for column in ("due_date", "changed"):
            db.exec_driver_sql(f"ALTER TABLE document DROP COLUMN {column}")
        with Operations.context(MigrationContext.configure(db)):
            migration("control_reach").upgrade()
    assert held(store) == before
    assert [due for _, due, _ in before] == ["2026-10-31", None]
