"""A store of its own for a rule, and the hub's own extract into it."""

from __future__ import annotations

import os
import sqlite3
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from functools import cache
from pathlib import Path
from typing import Any, Final, NamedTuple

import orjson

from hub.errors import TransientSourceError
from hub.pipeline.extract import ExtractResult, StreamTask, extract
from hub.sdk.contract import Connector, Stream
from hub.store.database import Engine, open_store
from hub.store.digest import dump
from hub.store.schema import migrate
from hub.testing.rule import BrokenRuleError

_HELD = """
    SELECT s.source_key, r.payload FROM source_record s
    JOIN raw_version r ON r.record_id = s.id AND r.version = s.version WHERE NOT s.deleted
"""


class Shelf:
    """What the hub has landed of one stream, in a store that is a file."""

    def __init__(self, place: _Place, connector: str, stream: Stream) -> None:
        self._path = place.path
        self._engine = place.engine
        self._connector = connector
        self._stream = stream

    def land(self, connector: Connector, *, full: bool = False) -> ExtractResult:
        """Read what is new, as ``hub sync`` does."""
        task = StreamTask(
            connection=self._connector,
            connector=self._connector,
            stream=self._stream,
            full=full,
            pages_ahead=0,  # a rule that acts after a page means: once it is committed
        )
        return extract(self._engine, connector, task=task)

    def land_at_last(self, connector: Connector, *, full: bool = False) -> ExtractResult:
        """The same, run again as a scheduler does while the error is one that passes."""
        for _ in range(20):
            try:
                return self.land(connector, full=full)
            except TransientSourceError:
                continue
        raise BrokenRuleError("20 runs ended in an error that should have passed")

    def lines(self) -> list[str]:
        """What ``hub store digest`` is made of, but for cursors: some systems make up new ones."""
        return [_without_cursor(line) for line in dump(self._engine)]

    def held(self) -> Mapping[str, Any]:
        """The live records by key, as they were landed last."""
        with closing(sqlite3.connect(self._path)) as db:
            return {key: orjson.loads(payload) for key, payload in db.execute(_HELD)}


def _without_cursor(line: str) -> str:
    table, fields = orjson.loads(line)
    return orjson.dumps([table, fields | {"cursor": None}]).decode() if table == "stream" else line


class _Place(NamedTuple):
    """A file, and the engine on it, whose compiled statements are worth keeping."""

    path: Path
    engine: Engine


_FREE: Final[list[_Place]] = []


@contextmanager
def shelf(connector: str, stream: Stream) -> Iterator[Shelf]:
    """An empty store."""
    place = _FREE.pop() if _FREE else _make_place()
    place.path.write_bytes(_empty_store())
    try:
        yield Shelf(place, connector, stream)
    finally:
        place.engine.dispose()
        for rest in place.path.parent.glob(f"{place.path.name}-*"):
            rest.unlink()
        _FREE.append(place)


def _make_place() -> _Place:
    path = Path(_folder().name) / f"hub-{time.monotonic_ns()}.db"
    return _Place(path, open_store(f"sqlite:///{path}"))


@cache
def _folder() -> tempfile.TemporaryDirectory[str]:
    """In memory where there is a folder for that: nobody needs these stores after a power cut.

    It is removed as the process ends.
    """
    memory = "/dev/shm"  # noqa: S108  # a fresh folder is made in it
    place = memory if os.access(memory, os.W_OK) else None
    return tempfile.TemporaryDirectory(prefix="hub-kit-", dir=place)


@cache
def _empty_store() -> bytes:
    """A migrated store to copy, made once."""
    place = _make_place()
    migrate(place.engine)
    place.engine.dispose()
    content = place.path.read_bytes()
    _FREE.append(place)
    return content
