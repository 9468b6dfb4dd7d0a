"""Declares a stream of an OData service: with it a connector reads and writes without more code."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from hub.sdk.contract import Capability, Record, Stream, Tombstone, Unreadable
from hub.sdk.odata.answers import Row
from hub.sdk.odata.client import Service
from hub.sdk.odata.edm import Edm, Version, parse_moment
from hub.sdk.odata.query import Field, source_key
from hub.sdk.records import raw_text
from hub.sdk.sweep import format_time

_AT_THE_BASE: Final = Service()


class Reading(StrEnum):
    """How what changed is found.

    DELTA: the service tracks changes and tells what is gone (OData 4.01 Part 1, section 11.3).
    KEYSET: in the order (cursor, key), each query beyond the last row; the filter holds an ``or``.
    SWEEP: all that changed since a time, in the order of the service's own pages or of the key;
    for services that forbid ``or`` over two fields, or whose times are no moments.
    """

    DELTA = "delta"
    KEYSET = "keyset"
    SWEEP = "sweep"


@dataclass(frozen=True, slots=True, kw_only=True)
class ODataStream:
    """One entity set as a stream.

    ``entity_set`` is the name where it is not given, ``service`` where it lies and which version.
    ``types`` gives the EDM type of key and cursor fields that are no text (keys) or no moment
    (cursors). ``where`` is a filter that always holds. ``deleted`` names a field and the value that
    marks a deleted record, ``merged_into`` the field that says which record it went into.
    ``version`` is the field that orders versions; the cursor where it is not given. ``write`` names
    the fields that may be written. ``shape`` may add to a row what the mapping or the write side
    needs. In a sweep ``changed`` gives the moment of a row's last change and ``since`` the filter
    from a moment on, where the cursor alone can't; ``by_key`` pages by ``$orderby`` on the key, for
    services that give no links to next pages. ``countable`` is for services whose ``/$count`` is
    exact, however many there are.
    """

    name: str
    entities: tuple[str, ...]
    key: tuple[str, ...]
    entity_set: str = ""
    service: Service = _AT_THE_BASE
    select: tuple[str, ...] = ()
    expand: tuple[str, ...] = ()
    where: str = ""
    cursor: str | None = None
    reading: Reading = Reading.KEYSET
    types: Mapping[str, Edm] = field(default_factory=dict)
    deleted: tuple[str, Any] | None = None
    merged_into: str = ""
    version: str = ""
    write: tuple[str, ...] = ()
    shape: Callable[[Row], Row] = lambda row: row
    changed: Callable[[Row], datetime] | None = None
    since: Callable[[datetime], str] | None = None
    by_key: bool = False
    custom_fields: bool = False
    countable: bool = False
    retains: bool = False

    @property
    def resource(self) -> str:
        """The entity set's name in URLs."""
        return self.entity_set or self.name

    @property
    def keys(self) -> tuple[Field, ...]:
        """The key fields with their types."""
        return tuple(Field(name, self.types.get(name, Edm.STRING)) for name in self.key)

    @property
    def order(self) -> tuple[Field, ...]:
        """What a keyset is ordered by: the cursor, then the key."""
        if self.cursor is None:
            return self.keys
        return (Field(self.cursor, self.types.get(self.cursor, Edm.DATETIMEOFFSET)), *self.keys)

    def declared(self) -> Stream:
        """The stream as the contract knows it; its capabilities follow from the declaration."""
        return Stream(
            name=self.name,
            entities=self.entities,
            key=self.key,
            cursor=self.cursor,
            capabilities=frozenset(self._capabilities()),
            retains=self.retains,
        )

    def _capabilities(self) -> list[Capability]:
        tracked = self.reading is Reading.DELTA
        deletes = self.deleted is not None or tracked
        found = {
            Capability.FULL: True,
            Capability.INCREMENTAL: self.cursor is not None or tracked,
            Capability.DELETES: deletes,
            Capability.KEY_SCAN: self.cursor is not None and not deletes,
            Capability.COUNT: self.countable,
            Capability.WRITE: bool(self.write),
            Capability.OPTIMISTIC_LOCK: bool(self.write),
            Capability.CUSTOM_FIELDS: self.custom_fields,
        }
        return [capability for capability, holds in found.items() if holds]

    def query_options(self, version: Version) -> dict[str, str]:
        """``$select`` and ``$expand``; key, cursor and version are always among what is selected.

        Version 2 wants expanded paths to be selected as well (OData 2.0 URI Conventions, 4.8).
        """
        flag = self.deleted[0] if self.deleted else ""
        needed = filter(None, (*self.key, self.cursor, self.version, flag, self.merged_into))
        fields = dict.fromkeys((*needed, *self.select)) if self.select else {}
        if fields and version is Version.V2:
            fields |= dict.fromkeys(self.expand)
        return {"$select": ",".join(fields), "$expand": ",".join(self.expand)}

    def moment(self, row: Row) -> datetime:
        """When the row was last changed; ValueError or KeyError where it does not say."""
        if self.changed:
            return self.changed(row)
        return parse_moment(row[self.cursor or ""])

    def version_of(self, row: Row) -> str | None:
        """A text that orders versions of one record, or None where the row has none."""
        if self.changed and not self.version:
            return format_time(self.changed(row))
        name = self.version or self.cursor or ""
        value = row.get(name)
        edm = self.types.get(name, Edm.STRING if self.version else Edm.DATETIMEOFFSET)
        return None if value is None else _in_order(value, edm)

    def record(self, row: Row) -> Record | Tombstone | Unreadable:
        """The row as a record, or as the tombstone that its flag says it is."""
        key = None
        try:
            key = source_key(row, self.keys)
            version = self.version_of(row)
            if self.deleted and row.get(self.deleted[0]) == self.deleted[1]:
                into = row.get(self.merged_into)
                return Tombstone(key, version, str(into) if into else None)
            return Record(key, self.shape(row), version)
        except (ArithmeticError, AttributeError, KeyError, TypeError, ValueError):
            reason = "a field that the stream relies on is missing or malformed"
            return Unreadable(key, reason, raw_text(row))


def _in_order(value: Any, edm: Edm) -> str:
    if edm in {Edm.INT32, Edm.INT64}:
        return f"{int(value):020d}"
    return str(value) if edm is Edm.STRING else format_time(parse_moment(value))
