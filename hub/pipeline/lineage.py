"""From a value in a canonical body back to the line of the mapping that wrote it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Final

from hub.errors import MappingError
from hub.mapping import CompiledMapping, compile_mapping, load_mapping
from hub.survivorship import Candidate

_ITEM: Final = re.compile(r"^(\w+)\[(\d+)\](.*)$")


class MappingLines:
    """Looks lines up in the mapping texts that the store keeps."""

    def __init__(self, texts: Mapping[str, str]) -> None:
        self._texts = texts
        self._lines: dict[tuple[str, str, str], dict[str, int]] = {}

    def find(self, candidate: Candidate, path: str) -> int | None:
        """The line of the path, or of the nearest part around it; None for an unknown mapping."""
        source = candidate.source
        name = (candidate.mapping_digest, source.type, source.part)
        if name not in self._lines:
            self._lines[name] = self._read(*name)
        lines = self._lines[name]
        found = _ITEM.match(path)
        exact = _item_path(lines, found, candidate.body) if found else path
        while exact and exact not in lines:
            exact = exact.rpartition(".")[0]
        return lines.get(exact) if exact else lines.get(path.partition("[")[0])

    def _read(self, digest: str, stream: str, part: str) -> dict[str, int]:
        text = self._texts.get(digest)
        if text is None:
            return {}
        try:
            return _compile(text).stream(stream).lines(part)
        except MappingError:
            return {}


@lru_cache(maxsize=64)
def _compile(text: str) -> CompiledMapping:
    return compile_mapping(load_mapping(text, file="stored mapping"))


def _item_path(lines: Mapping[str, int], found: re.Match[str], body: Mapping[str, Any]) -> str:
    """The item's own path; the list's where left-out items make its number uncertain."""
    name, place, rest = found.groups()
    numbers = {int(item[2]) for line in lines if (item := _ITEM.match(line)) and item[1] == name}
    repeated = f"{name}[*]" in lines or any(line.startswith(f"{name}[*].") for line in lines)
    if repeated and not numbers:
        return f"{name}[*]{rest}"
    if not repeated and len(numbers) == len(body.get(name, ())):
        return f"{name}[{place}]{rest}"
    return name
