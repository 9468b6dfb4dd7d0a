"""The digest: two stores that hold the same answer have the same one, on whatever database.

Surrogate ids are replaced by source references: a record by connection, type and key, a party by
the smallest reference linked to it, a merged or emptied one by the record that founded it. What is
shown of each column stands in :mod:`hub.store.classification`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import date
from decimal import Decimal
from hashlib import blake2b
from typing import Any, Final

import orjson
import sqlalchemy as sa

from hub.store import tables
from hub.store.classification import COLUMNS, Show
from hub.store.database import Connection, Engine, reading

_UUID: Final = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_Names = dict[Any, str]


def digest(engine: Engine) -> str:
    """A text that changes when anything in the store does, apart from ids, times and runs."""
    found = blake2b(digest_size=32)
    for line in dump(engine):
        found.update(line.encode())
        found.update(b"\n")
    return found.hexdigest()


def dump(engine: Engine) -> Iterator[str]:
    """The store as sorted lines of JSON, table by table; personal data included."""
    with reading(engine) as connection:
        namer = _Namer(connection)
        for name in sorted(COLUMNS):
            if any(show is not Show.OUT for show in COLUMNS[name].values()):
                yield from sorted(line for _, line in namer.lines(tables.metadata.tables[name]))


class _Namer:
    """Gives surrogate ids the names of what they stand for."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._names: dict[Show, _Names] = {}

    def lines(self, table: sa.Table) -> Iterator[tuple[Any, str]]:
        """The id, or what stands first, and the line of every row."""
        shown = [(name, show) for name, show in COLUMNS[table.name].items() if show is not Show.OUT]
        key = next(iter(table.primary_key.columns)).name
        wanted = list(dict.fromkeys([key, *(name for name, _ in shown)]))
        rows = self._connection.execute(sa.select(*(table.c[name] for name in wanted)))
        for row in rows.mappings():
            fields = {name: self._show(show, row[name]) for name, show in shown}
            yield row[key], _to_line(table.name, _without_order(fields))

    def _show(self, show: Show, value: Any) -> Any:
        if value is None or show is Show.VALUE:
            return value
        if show is Show.TIME:
            return "set"
        if show is Show.NAMED:
            return self._rename(value)
        return self._name(show, value)

    def _name(self, show: Show, value: Any) -> str:
        if show not in self._names:
            self._names[show] = _NAMING[show](self)
        return self._names[show].get(value) or f"unknown {show}"

    def _rename(self, value: Any) -> Any:
        if not isinstance(value, str):
            return value
        return _UUID.sub(lambda found: self._name(Show.PARTY, found[0]), value)

    def connections(self) -> _Names:
        table = tables.connection
        rows = self._connection.execute(sa.select(table.c.id, table.c.name))
        return {row.id: row.name for row in rows}

    def streams(self) -> _Names:
        table = tables.stream
        rows = self._connection.execute(sa.select(table.c.id, table.c.connection_id, table.c.name))
        return {
            row.id: _joined(self._name(Show.CONNECTION, row.connection_id), row.name)
            for row in rows
        }

    def records(self) -> _Names:
        table = tables.source_record
        rows = self._connection.execute(
            sa.select(table.c.id, table.c.stream_id, table.c.source_key)
        )
        return {
            row.id: _joined(self._name(Show.STREAM, row.stream_id), row.source_key) for row in rows
        }

    def canonicals(self) -> _Names:
        table = tables.canonical_record
        rows = self._connection.execute(sa.select(table.c.id, table.c.record_id, table.c.part))
        return {row.id: _joined(self._name(Show.RECORD, row.record_id), row.part) for row in rows}

    def parties(self) -> _Names:
        """Linked ones by their smallest record; those without links by founder and status."""
        link, party = tables.link, tables.master_party
        names: _Names = {}
        active = sa.select(link.c.party_id, link.c.canonical_id).where(link.c.recorded_to.is_(None))
        for row in self._connection.execute(active):
            name = self._name(Show.CANONICAL, row.canonical_id)
            names[row.party_id] = min(name, names.get(row.party_id, name))
        all_parties = sa.select(party.c.id, party.c.founding_id, party.c.status)
        for id_, founding_id, status in self._connection.execute(all_parties):
            names.setdefault(id_, f"{status} {self._name(Show.CANONICAL, founding_id)}")
        return names

    def deliveries(self) -> _Names:
        """By what they write, since they have no name of their own."""
        return {
            id_: blake2b(line.encode(), digest_size=16).hexdigest()
            for id_, line in self.lines(tables.delivery)
        }


_NAMING: Final[Mapping[Show, Callable[[_Namer], _Names]]] = {
    Show.CONNECTION: _Namer.connections,
    Show.STREAM: _Namer.streams,
    Show.RECORD: _Namer.records,
    Show.CANONICAL: _Namer.canonicals,
    Show.PARTY: _Namer.parties,
    Show.DELIVERY: _Namer.deliveries,
}


def _without_order(fields: dict[str, Any]) -> dict[str, Any]:
    """A pair is stored with the smaller id first, which says nothing: names are sorted instead."""
    if "left_id" in fields:
        fields["left_id"], fields["right_id"] = sorted((fields["left_id"], fields["right_id"]))
    return fields


def _joined(*names: str) -> str:
    return orjson.dumps(names).decode()


def _to_line(table: str, fields: Mapping[str, Any]) -> str:
    return orjson.dumps([table, fields], default=_as_text, option=orjson.OPT_SORT_KEYS).decode()


def _as_text(value: object) -> str:
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, (Decimal, date)):
        return str(value)
    raise TypeError(f"a value of type {type(value).__name__}")
