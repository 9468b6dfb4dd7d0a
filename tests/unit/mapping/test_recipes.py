"""The create side of a mapping: fields of a new record from a golden record."""

from __future__ import annotations

from typing import Any

import pytest

from hub.errors import MappingError
from hub.mapping import Mapping, load_mapping
from hub.mapping.recipes import Filled, Recipe
from hub.mapping.values import Unit

GOLDEN: dict[str, Any] = {
    "display_name": "Example Mills",
    "number": 7,
    "phone": "+49 30 9018",
    "address": {"country": "DE", "lines": ["1 Example Road"]},
}


def mapping(fields: str, lookups: str = "") -> Mapping:
    text = (
        "system: toy\nversion: 1\n"
        "streams: {a: [{entity: party, fields: {kind: {const: person}}}]}\n"
        f"create: {{a: {{{fields}}}}}\n{lookups}"
    )
    return load_mapping(text, file="toy.yaml")


def fill(fields: str, lookups: str = "", *demands: str, **golden: Any) -> Filled:
    made = mapping(fields, lookups).create["a"]
    recipe = Recipe(made, {"phone": "tel"}, demands, unit=Unit("toy.yaml", "a"))
    return recipe.fill({**GOLDEN, **golden})


@pytest.mark.parametrize(
    ("fields", "value"),
    [
        ("x: display_name", "Example Mills"),
        ("x: address.country", "DE"),
        ("x: {const: 14}", "14"),
        ('x: {join: [{const: "C"}, number], with: "-"}', "C-7"),
        ("x: {path: lang, default: en}", "en"),
        ("x: {path: address.country, lookup: lands}", "5"),
        ("x: {first: [lang, {path: address.country, lookup: lands}]}", "5"),
    ],
)
def test_a_field_is_made_of_the_golden_record(fields: str, value: str) -> None:
    found = fill(fields, "lookups: {lands: {DE: 5, AT: 6}}\n")
    assert found == Filled({"x": value, "tel": "+49 30 9018"}, ())


def test_what_has_no_value_is_lacking_where_it_is_demanded() -> None:
    fields = "x: {path: address.country, lookup: lands, required: true}, y: lang"
    lookups = "lookups: {lands: {DE: 5}}\n"
    assert fill(fields, lookups, "y").lacking == ("y",)
    assert fill(fields, lookups, address={"country": "FR"}).lacking == ("x",)
    assert fill(fields, lookups, address={}).lacking == ("x",)


def test_what_the_create_side_says_counts_before_a_rule() -> None:
    assert fill("tel: {const: none}").fields == {"tel": "none"}


@pytest.mark.parametrize(
    ("fields", "lookups", "flaw"),
    [
        ("x: {path: a, lookup: lands}", "", "unknown 'lands'; known are: none"),
        ("x: {path: a, lookup: land}", "lookups: {lands: {DE: 5}}", "did you mean 'lands'"),
        ("x: {paths: a}", "", "needs exactly one of const, path"),
        ("x: [a]", "", "takes one value, not a list"),
    ],
)
def test_a_flaw_is_named_with_its_line(fields: str, lookups: str, flaw: str) -> None:
    with pytest.raises(MappingError) as caught:
        mapping(fields, lookups)
    assert flaw in str(caught.value)
    assert "toy.yaml:4" in str(caught.value)


def test_a_stream_without_a_mapping_can_not_be_created() -> None:
    with pytest.raises(MappingError, match="create: stream unknown 'b'"):
        load_mapping(
            "system: toy\nversion: 1\n"
            "streams: {a: [{entity: party, fields: {kind: {const: person}}}]}\n"
            "create: {b: {x: {const: 1}}}\n",
            file="toy.yaml",
        )
