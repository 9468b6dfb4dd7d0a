"""A system made of a script: a real connector whose pages and errors the test writes down."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from hub.mapping import CompiledMapping, compile_mapping, load_mapping
from hub.pipeline.canonicalise import CanonicaliseResult, CanonicaliseTask, canonicalise
from hub.pipeline.extract import ExtractResult, StreamTask, extract
from hub.sdk.contract import Capability, Cursor, Page, Record, Stream, Tombstone, Unreadable
from hub.store.database import Engine

INCREMENTAL = Stream(
    name="person",
    entities=("party", "relationship"),
    key=("id",),
    cursor="version",
    capabilities=frozenset({Capability.FULL, Capability.INCREMENTAL, Capability.DELETES}),
)
FULL_ONLY = replace(INCREMENTAL, capabilities=frozenset({Capability.FULL}))
MAPPING = """\
system: toy
version: 1
streams:
  person:
    - entity: party
      when: {path: nobody, not: true}
      fields:
        kind: {const: person}
        display_name: name
        roles: [{role: {path: role, enum: {buyer: customer}, default: other}}]
    - entity: relationship
      part: boss
      when: {path: boss, present: true}
      fields:
        from_party: {ref: {type: person, key: id}}
        to_party: {ref: {type: person, key: boss}}
        type: {const: contact_of}
    - entity: invoice
      part: bill
      when: {path: bill, present: true}
      fields:
        number: bill
        party: {ref: {type: person, key: id}}
        date: {const: "2026-01-31"}
        status: {const: open}
        currency: {path: currency, default: EUR}
        net: net
        tax: {const: "0"}
        gross: net
exclude:
  person: {"internal": {path: name, is: Internal}}
"""


class ScriptedConnector:
    """Gives its pages in order, from the one after the cursor; an error in the script is raised."""

    def __init__(self, *script: Page | Exception) -> None:
        self.script = list(script)
        self.cursors: list[Cursor | None] = []

    def check(self) -> str:
        return "scripted"

    def read(self, stream: str, cursor: Cursor | None) -> Iterator[Page]:
        self.cursors.append(cursor)
        place = int(str(cursor["page"])) if cursor else 0
        for number, step in enumerate(self.script[place:], place + 1):
            if isinstance(step, Exception):
                self.script.remove(step)
                raise step
            yield replace(step, cursor={"page": number})

    def close(self) -> None:
        """Nothing is open."""


def record(key: str, version: str | None = None, **fields: Any) -> Record:
    return Record(key, {"id": key, "name": f"Name {key}", "role": "buyer", **fields}, version)


def page(
    *records: Record,
    tombstones: Sequence[Tombstone] = (),
    unreadable: Sequence[Unreadable] = (),
    excluded: dict[str, int] | None = None,
) -> Page:
    return Page(
        records=records,
        cursor={},
        tombstones=tombstones,
        unreadable=unreadable,
        excluded=excluded or {},
    )


def read(
    store: Engine, *script: Page | Exception, stream: Stream = INCREMENTAL, **options: Any
) -> ExtractResult:
    """Extract a script from its beginning: a new script is what the system says next."""
    task = StreamTask(connection="toy", connector="toy", stream=stream, **options)
    return extract(store, _Restarting(*script), task=task)


class _Restarting(ScriptedConnector):
    """Takes each script as what follows the cursor, whatever the cursor is."""

    def read(self, stream: str, cursor: Cursor | None) -> Iterator[Page]:
        before = int(str(cursor["page"])) if cursor else 0
        for number, step in enumerate(self.script, before + 1):
            if isinstance(step, Exception):
                self.script = self.script[number - before :]
                raise step
            yield replace(step, cursor={"page": number})


def mapping(text: str = MAPPING) -> CompiledMapping:
    return compile_mapping(load_mapping(text, file="toy.yaml"))


def translate(store: Engine, text: str = MAPPING, *, chunk: int = 1_000) -> CanonicaliseResult:
    task = CanonicaliseTask(connection="toy", stream="person", text=text, chunk=chunk)
    return canonicalise(store, mapping(text), task=task)
