"""Portrait: rows about a person as an export shows them, in a fixed order."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

import orjson
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from hub.store.personal import PRIVACY
from hub.store.tables import metadata

_JSON: Final = frozenset(
    {"payload", "body", "provenance", "evidence", "fields", "counts", "detail"}
)
_INNER: Final = frozenset(
    {"lease_holder", "lease_until", "pending", "golden_pending", "checksum", "epoch", "seq", "raw"}
)
_CHUNK: Final = 500


def rows_about(
    db: Connection, table: str, column: str, ids: Collection[Any]
) -> list[dict[str, Any]]:
    """Rows whose column is one of the ids, in the order of their keys; JSON is opened.

    Hashes and what only the hub's own work needs are left out.
    """
    found = metadata.tables[table]
    shown = [c for c in found.columns if c.name not in _INNER and not _is_binary(c)]
    rows: list[dict[str, Any]] = []
    items = sorted(ids)
    for start in range(0, len(items), _CHUNK):
        query = sa.select(*shown).where(found.c[column].in_(items[start : start + _CHUNK]))
        ordered = query.order_by(*found.primary_key.columns)
        rows += [_opened(row) for row in db.execute(ordered).mappings()]
    return sorted(rows, key=lambda row: _order(table, row))


def _is_binary(column: sa.Column[Any]) -> bool:
    return isinstance(column.type, sa.LargeBinary)


def _order(table: str, row: Mapping[str, Any]) -> tuple[Any, ...]:
    return tuple(row[part.name] for part in metadata.tables[table].primary_key.columns)


def _opened(row: sa.RowMapping) -> dict[str, Any]:
    return {str(name): _plain(str(name), value) for name, value in row.items()}


def _plain(name: str, value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, Decimal):
        return str(value)
    if name in _JSON and isinstance(value, str):
        return orjson.loads(value)
    return value


def exported_sections() -> set[str]:
    """The parts that an export must have: one for each table that holds something to show."""
    return {privacy.export for privacy in PRIVACY.values() if privacy.export is not None}
