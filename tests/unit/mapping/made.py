"""Short ways to write a mapping and run a record through it."""

from __future__ import annotations

import textwrap
from typing import Any

from hub.mapping import CompiledStream, Mapped, compile_mapping, load_mapping

HEAD = """\
system: crm
version: 1
catalogue:
  crm.note: {type: string, pii: none, owner: sales, description: A note}
  crm.json: {type: json, pii: none, owner: sales, description: Anything}
streams:
  S:
    - entity: party
      fields:
        kind: {const: person}
"""


def compiled(text: str, stream: str = "S") -> CompiledStream:
    return compile_mapping(load_mapping(text, file="crm.yaml")).stream(stream)


def party(fields: str) -> CompiledStream:
    """A stream S that makes a person with these further fields, which begin in line 11."""
    return compiled(HEAD + textwrap.indent(textwrap.dedent(fields), " " * 8))


def body(fields: str, record: dict[str, Any]) -> dict[str, Any]:
    """What a record becomes, without the constant kind."""
    made = one(fields, record).body
    return {name: value for name, value in made.items() if name != "kind"}


def one(fields: str, record: dict[str, Any]) -> Mapped:
    (made,) = party(fields).translate(record)
    return made
