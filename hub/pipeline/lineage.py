"""From a value in a canonical body back to the line of the mapping that wrote it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Final, NamedTuple

from hub.errors import MappingError
from hub.mapping import CompiledMapping, PayloadValue, compile_mapping, load_mapping
from hub.survivorship import Candidate

_ITEM: Final = re.compile(r"^(\w+)\[(\d+)\](.*)$")
_LISTED: Final = re.compile(r"^(\w+)\[(\d+|\*)\]")


class MappingLines:
    """Looks lines up in the mapping texts that the store keeps."""

    def __init__(self, texts: Mapping[str, str]) -> None:
        self._texts = texts
        self._lines: dict[tuple[str, str, str], _Lines] = {}

    def find(self, candidate: Candidate, path: str) -> int | None:
        """The line of the path, or of the nearest part around it; None for an unknown mapping."""
        lines = self._of(candidate)
        return lines.of.get(lines.nearest(path, candidate.body))

    def payload_values(
        self, candidate: Candidate, path: str, payload: dict[str, Any]
    ) -> list[PayloadValue]:
        """What the payload holds where the mapping reads the path's value; of an unknown one none.

        Where it is not certain which item of a list a value stands in, all of them are told.
        """
        text, source = self._texts.get(candidate.mapping_digest), candidate.source
        if text is None:
            return []
        exact = self._of(candidate).nearest(path, candidate.body)
        try:
            stream = _compile(text).stream(source.type)
            return stream.payload_values(source.part, exact, payload)
        except MappingError:
            return []

    def _of(self, candidate: Candidate) -> _Lines:
        name = (candidate.mapping_digest, candidate.source.type, candidate.source.part)
        if name not in self._lines:
            self._lines[name] = _counted(self._read(*name))
        return self._lines[name]

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


class _Lines(NamedTuple):
    """The lines of one part, and how many items of each list the mapping writes one by one.

    A list that is repeated over sub-records has 0.
    """

    of: Mapping[str, int]
    items: Mapping[str, int]

    def nearest(self, path: str, body: Mapping[str, Any]) -> str:
        """The path in the mapping's own terms, or that of the nearest part around it."""
        found = _ITEM.match(path)
        exact = self.path_of_item(found, body) if found else path
        while exact and exact not in self.of:
            exact = exact.rpartition(".")[0]
        return exact or path.partition("[")[0]

    def path_of_item(self, found: re.Match[str], body: Mapping[str, Any]) -> str:
        """The item's own path; the list's where left-out items make its number uncertain."""
        name, place, rest = found.groups()
        listed = self.items.get(name)
        if listed == 0:
            return f"{name}[*]{rest}"
        if listed == len(body.get(name, ())):
            return f"{name}[{place}]{rest}"
        return str(name)


def _counted(lines: Mapping[str, int]) -> _Lines:
    numbers: dict[str, set[str]] = {}
    for path in lines:
        if found := _LISTED.match(path):
            numbers.setdefault(found[1], set()).add(found[2])
    pure = {name: found for name, found in numbers.items() if found == {"*"} or "*" not in found}
    return _Lines(lines, {name: 0 if "*" in found else len(found) for name, found in pure.items()})
