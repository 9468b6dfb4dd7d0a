"""The tap's catalog with one stream selected, and all of its fields."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

from connectors.singer.config import TapStream

Entry = dict[str, Any]


def names_of(catalog: Entry) -> list[str]:
    """The streams of a catalog, by their ids."""
    return [_name(entry) for entry in catalog.get("streams", [])]


def select(catalog: Entry, wanted: TapStream) -> Entry:
    """The catalog with this stream alone selected.

    By metadata, as the specification says, and by the older ``selected`` at entry and schema,
    which many taps still read. Fields that were not decided upon are selected, too.
    """
    chosen = deepcopy(catalog)
    for entry in chosen["streams"]:
        _mark(entry, wanted if _name(entry) == wanted.name else None)
    return chosen


def _name(entry: Entry) -> str:
    return str(entry.get("tap_stream_id") or entry.get("stream"))


def _mark(entry: Entry, wanted: TapStream | None) -> None:
    selected = wanted is not None
    metadata = entry.setdefault("metadata", [])
    own = next((item for item in metadata if not item.get("breadcrumb")), None)
    if own is None:
        own = {"breadcrumb": [], "metadata": {}}
        metadata.append(own)
    own["metadata"]["selected"] = selected
    entry["selected"] = selected
    if isinstance(entry.get("schema"), dict):
        entry["schema"]["selected"] = selected
    if wanted is not None:
        _set_method(entry, own["metadata"], wanted)
        _select_fields(entry)


def _set_method(entry: Entry, metadata: Entry, wanted: TapStream) -> None:
    method = "INCREMENTAL" if wanted.cursor else "FULL_TABLE"
    metadata["replication-method"] = entry["replication_method"] = method
    if wanted.cursor:
        metadata["replication-key"] = entry["replication_key"] = wanted.cursor


def _select_fields(entry: Entry) -> None:
    known = {tuple(item["breadcrumb"]): item for item in entry["metadata"]}
    for name in (entry.get("schema") or {}).get("properties") or {}:
        item = known.get(("properties", name))
        if item is None:
            item = {"breadcrumb": ["properties", name], "metadata": {}}
            entry["metadata"].append(item)
        item["metadata"].setdefault("selected", True)
