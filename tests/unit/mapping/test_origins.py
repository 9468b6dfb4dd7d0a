"""What a payload holds where a mapping reads a field."""

from __future__ import annotations

import pytest

from hub.errors import MappingError
from hub.mapping import compile_mapping, load_mapping

MAPPING = """\
system: toy
version: 1
streams:
  person:
    - entity: party
      fields:
        kind: {const: person}
        display_name: {join: [First, Last]}
        person:
          given: {first: [Nick, First]}
          family: {jmes: "names[0].last"}
        contact_points:
          - {kind: {const: email}, value: Mail}
          - each: phones
            item: {kind: {const: phone}, value: number}
"""
RECORD = {
    "First": "Anna",
    "Last": "Berg",
    "Mail": "a@x.example",
    "names": [{"last": "Berg"}],
    "phones": [{"number": "1"}, {"number": "2"}],
}


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("display_name", [("First", "Anna"), ("Last", "Berg")]),
        ("person.given", [("Nick", None), ("First", "Anna")]),
        ("person.family", [("names[0].last", "Berg")]),
        ("person", [("Nick", None), ("First", "Anna"), ("names[0].last", "Berg")]),
        ("contact_points[0].value", [("Mail", "a@x.example")]),
        ("contact_points[*].value", [("phones[0].number", "1"), ("phones[1].number", "2")]),
        ("kind", []),
        ("pers", []),
    ],
)
def test_paths_and_values_are_told(path: str, expected: list[tuple[str, object]]) -> None:
    stream = compile_mapping(load_mapping(MAPPING, file="toy.yaml")).stream("person")
    assert [tuple(item) for item in stream.payload_values("", path, RECORD)] == expected


def test_an_unknown_part_is_refused() -> None:
    stream = compile_mapping(load_mapping(MAPPING, file="toy.yaml")).stream("person")
    with pytest.raises(MappingError, match="no part"):
        stream.payload_values("x", "kind", RECORD)
