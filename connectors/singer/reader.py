"""The connector: one run of the tap for each read, with that one stream selected."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson

from connectors.singer.catalog import names_of, select
from connectors.singer.config import SingerConfig, TapStream
from connectors.singer.messages import Assembly, parse
from connectors.singer.tap import SYSTEM, running
from hub.errors import SourceSchemaError
from hub.sdk import Cursor, Page


class SingerReader:
    """One tap; it runs while it is read and at no other time."""

    def __init__(self, config: SingerConfig) -> None:
        self._config = config
        self._streams = {stream.name: stream for stream in config.streams}
        self._catalog: dict[str, Any] | None = None

    def check(self) -> str:
        """Ask the tap for its catalog; with a catalog file, read until its first message."""
        for stream in self._streams.values():
            self._select(stream)
        if self._config.catalog is not None:
            first = next(iter(self._streams.values()))
            with running(self._config, {"catalog": self._select(first)}, stream="") as tap:
                next(parse(tap.lines(), ""), None)
        return f"the tap answers and has the {len(self._streams)} stream(s) of the settings"

    def read(self, stream: str, cursor: Cursor | None) -> Iterator[Page]:
        """Pages of records, each under the state that the tap gave last."""
        wanted = self._streams.get(stream)
        if wanted is None:
            raise SourceSchemaError("no such stream is configured", system=SYSTEM, stream=stream)
        assembly = Assembly(wanted, cursor)
        documents = {"catalog": self._select(wanted)}
        if assembly.state is not None:
            documents["state"] = assembly.state
        with running(self._config, documents, stream=stream) as tap:
            for message in parse(tap.lines(), stream):
                assembly.take(message)
                if assembly.fills(self._config.page_size):
                    yield assembly.page()
        yield assembly.page()

    def close(self) -> None:
        """No process outlives its read."""

    def _select(self, wanted: TapStream) -> dict[str, Any]:
        if self._catalog is None:
            self._catalog = self._load(wanted.name)
        names = names_of(self._catalog)
        if wanted.name not in names:
            message = f"the tap has no stream of that name; it has {', '.join(sorted(names)[:20])}"
            raise SourceSchemaError(message, system=SYSTEM, stream=wanted.name)
        return select(self._catalog, wanted)

    def _load(self, stream: str) -> dict[str, Any]:
        path = self._config.catalog
        text = self._discover(stream) if path is None else _read_file(path, stream)
        try:
            catalog = orjson.loads(text)
        except orjson.JSONDecodeError:
            catalog = None
        if not isinstance(catalog, dict) or not isinstance(catalog.get("streams"), list):
            message = "the catalog is no Singer catalog; give one as file, if --discover gives none"
            raise SourceSchemaError(message, system=SYSTEM, stream=stream)
        return catalog

    def _discover(self, stream: str) -> bytes:
        with running(self._config, {}, stream=stream, discover=True) as tap:
            return b"\n".join(tap.lines())


def _read_file(path: Path, stream: str) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        message = f"the catalog can't be read ({error.strerror}); check catalog"
        raise SourceSchemaError(message, system=SYSTEM, stream=stream) from error
