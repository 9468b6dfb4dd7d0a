"""Mappings as the store knows them: versions seen, gaps counted, the field catalogue."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Protocol

import orjson
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Connection

from hub.store.tables import field_catalogue, mapping_gap, mapping_version

_VALUE_LIMIT = 200


class CatalogueEntry(Protocol):
    """A field without a canonical place, as the company's metadata register shows it."""

    @property
    def name(self) -> str: ...
    @property
    def type(self) -> str: ...
    @property
    def pii(self) -> str: ...
    @property
    def owner(self) -> str: ...
    @property
    def description(self) -> str: ...
    @property
    def sources(self) -> Sequence[str]: ...


def record_mapping(connection: Connection, digest: str, *, system: str, text: str) -> None:
    """Keep the text of a mapping that records are translated with."""
    connection.execute(
        _dialect(connection)
        .insert(mapping_version)
        .values(digest=digest, system=system, text=text, recorded_at=datetime.now(UTC))
        .on_conflict_do_nothing()
    )


def record_catalogue(
    connection: Connection, system: str, entries: Iterable[CatalogueEntry]
) -> None:
    """Replace what is declared for a system."""
    connection.execute(sa.delete(field_catalogue).where(field_catalogue.c.system == system))
    rows = [
        {
            "system": system,
            "name": entry.name,
            "type": entry.type,
            "pii": entry.pii,
            "owner": entry.owner,
            "description": entry.description,
            "lineage": orjson.dumps(list(entry.sources)).decode(),
        }
        for entry in entries
    ]
    if rows:
        connection.execute(sa.insert(field_catalogue), rows)


def record_gaps(
    connection: Connection, stream_id: int, gaps: Mapping[tuple[str, str], int]
) -> None:
    """Add to how often each value that a mapping does not know was met."""
    shortened: dict[tuple[str, str], int] = {}
    for (path, value), seen in gaps.items():
        name = (path, value[:_VALUE_LIMIT].replace("\0", ""))
        shortened[name] = shortened.get(name, 0) + seen
    statement = _dialect(connection).insert(mapping_gap)
    rows = [
        {"stream_id": stream_id, "path": path, "value": value, "seen": seen}
        for (path, value), seen in sorted(shortened.items())
    ]
    if rows:
        connection.execute(
            statement.on_conflict_do_update(
                index_elements=["stream_id", "path", "value"],
                set_={"seen": mapping_gap.c.seen + statement.excluded.seen},
            ),
            rows,
        )


def _dialect(connection: Connection) -> Any:
    return postgresql if connection.dialect.name == "postgresql" else sqlite
