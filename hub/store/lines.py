"""Lines of tables by their ids: what each stands for, as of the last run of its report."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import orjson
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from hub.store.database import Connection
from hub.store.tables import report_line

_CHUNK = 500
RECORDS = "records"
"""In a subject: references of the records that a difference in flight names itself."""


class TableLine(NamedTuple):
    """A line of the table ``part``; ``subject`` holds the values that tell it from others."""

    id: str
    report: str
    part: str
    subject: Mapping[str, Any]


def keep_lines(db: Connection, report: str, lines: Iterable[TableLine]) -> None:
    """Put a report's lines in the place of those that were there."""
    db.execute(sa.delete(report_line).where(report_line.c.report == report))
    rows = [{**line._asdict(), "subject": orjson.dumps(line.subject).decode()} for line in lines]
    dialect = postgresql if db.dialect.name == "postgresql" else sqlite
    for start in range(0, len(rows), _CHUNK):
        chunk = dialect.insert(report_line).values(rows[start : start + _CHUNK])
        db.execute(chunk.on_conflict_do_nothing())


def get_line(db: Connection, line_id: str) -> TableLine | None:
    """A line by its id; None where the last run had no such one."""
    row = db.execute(sa.select(report_line).where(report_line.c.id == line_id)).one_or_none()
    return None if row is None else _line(row)


def list_lines(db: Connection, report: str, part: str | None, limit: int) -> Sequence[TableLine]:
    """So many lines of a report, or of one of its tables."""
    wanted = report_line.c.report == report
    if part is not None:
        wanted &= report_line.c.part == part
    query = sa.select(report_line).where(wanted)
    rows = db.execute(query.order_by(report_line.c.part, report_line.c.subject).limit(limit))
    return [_line(row) for row in rows]


def _line(row: sa.Row[Any]) -> TableLine:
    return TableLine(row.id, row.report, row.part, orjson.loads(row.subject))
