"""Search of whole tables for a person's words, and the rewriting of what was found."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from hub.store.tables import metadata

_MOST = 100
"""Needles in one statement."""


class Hit(NamedTuple):
    """A row in which something was found: its primary key by column, and its text."""

    key: Mapping[str, Any]
    text: str


def search(db: Connection, table: str, column: str, needles: Sequence[str]) -> list[Hit]:
    """Rows of which a column holds one of the texts, in any case; the table is read as a whole."""
    found = metadata.tables[table]
    keys = [part.name for part in found.primary_key.columns]
    wanted = sa.select(*(found.c[name].label(f"key_{name}") for name in keys), found.c[column])
    if isinstance(found.c[column].type, sa.LargeBinary):
        statements = [wanted.where(found.c[column].is_not(None))]
    else:
        statements = [wanted.where(_holds(found.c[column], some)) for some in _chunks(needles)]
    hits: dict[tuple[Any, ...], Hit] = {}
    for statement in statements:
        for *key, value in db.execute(statement):
            text = _as_text(value)
            if any(needle.lower() in text.lower() for needle in needles):
                hits[tuple(key)] = Hit(dict(zip(keys, key, strict=True)), text)
    return list(hits.values())


def rewrite(db: Connection, table: str, key: Mapping[str, Any], values: Mapping[str, Any]) -> None:
    """Set columns of one row."""
    db.execute(sa.update(metadata.tables[table]).where(_is(table, key)).values(dict(values)))


def drop(db: Connection, table: str, key: Mapping[str, Any]) -> None:
    """Delete one row."""
    db.execute(sa.delete(metadata.tables[table]).where(_is(table, key)))


def _is(table: str, key: Mapping[str, Any]) -> sa.ColumnElement[bool]:
    found = metadata.tables[table]
    return sa.and_(*(found.c[name] == value for name, value in key.items()))


def _holds(column: sa.Column[Any], needles: Sequence[str]) -> sa.ColumnElement[bool]:
    lower = sa.func.lower(column)
    return sa.or_(*(lower.contains(text.lower(), autoescape=True) for text in needles))


def _chunks(needles: Sequence[str]) -> list[Sequence[str]]:
    return [needles[start : start + _MOST] for start in range(0, len(needles), _MOST)]


def _as_text(value: Any) -> str:
    return value.decode(errors="replace") if isinstance(value, bytes) else str(value)
