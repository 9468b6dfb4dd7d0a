"""Rows as an answer gives them: a page of records, and what place in the stream they reach."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import orjson

from connectors.salesforce.streams import REQUIRED, Position, Window, is_id, is_stamp
from hub.sdk import Cursor, Page, Record, Tombstone, Unreadable


def fill_page(rows: Sequence[dict[str, Any]], cursor: Cursor) -> Page:
    """Rows as records, those in the recycle bin as tombstones, broken ones as unreadable."""
    records, tombstones, unreadable = [], [], []
    for row in rows:
        if not _is_sound(row):
            unreadable.append(_unreadable(row))
        elif row["IsDeleted"]:
            merged_into = row.get("MasterRecordId") or None
            tombstones.append(Tombstone(row["Id"], row["SystemModstamp"], merged_into))
        else:
            row.pop("attributes", None)
            records.append(Record(row["Id"], row, row["SystemModstamp"]))
    return Page(records=records, tombstones=tombstones, unreadable=unreadable, cursor=cursor)


def _is_sound(row: Mapping[str, Any]) -> bool:
    """Whether it has what places it in the stream."""
    key, stamp = row.get("Id"), row.get("SystemModstamp")
    return (
        isinstance(key, str)
        and is_id(key)
        and isinstance(stamp, str)
        and is_stamp(stamp)
        and isinstance(row.get("IsDeleted"), bool)
    )


def _unreadable(row: Mapping[str, Any]) -> Unreadable:
    key = row.get("Id")
    named = key if isinstance(key, str) and is_id(key) else None
    return Unreadable(named, f"no valid {', '.join(REQUIRED)}", orjson.dumps(row).decode())


def advance(rows: Sequence[Mapping[str, Any]], window: Window) -> Position:
    """The last row within the window: what is up to it is safe once the rows are committed.

    A row changed while the query runs shows its new stamp in an old place; taking that for the
    position would skip all that lies between. It will come again with the next window.
    """
    for row in filter(_is_sound, reversed(rows)):
        if not window.until or row["SystemModstamp"] <= window.until:
            return window.after._replace(stamp=row["SystemModstamp"], id=row["Id"])
    return window.after


def newest(rows: Sequence[Mapping[str, Any]], until: str) -> Position:
    """The place of the newest row, of those that are not behind a time; empty for none."""
    places = (Position(row["SystemModstamp"], row["Id"]) for row in rows if _is_sound(row))
    return max((place for place in places if place.stamp <= until), default=Position())


def last_id(rows: Sequence[Mapping[str, Any]]) -> str:
    """The id of the last row that has one; '' for none."""
    return next((row["Id"] for row in filter(_is_sound, reversed(rows))), "")
