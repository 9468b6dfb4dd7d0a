"""Whatever a record holds, translating it gives JSON or UnmappableRecordError, twice the same."""

# ruff: noqa: E501  # mappings are long lines

from __future__ import annotations

import copy
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.errors import MappingError, UnmappableRecordError
from hub.mapping import FUNCTIONS, load_mapping, preview
from tests.unit.mapping.made import compiled, party

KEYS = ("A", "B", "C", "L")
TEXTS = st.one_of(
    st.text(max_size=12),
    st.sampled_from(
        ["2026-01-31", "2026-01-31T12:00:00Z", "DE", "Oz", "Ann B. Example", "x@example.com", "1,5", "-7.50", "yes"]
    ),
)  # fmt: skip  # a word list
SCALARS = st.one_of(
    st.none(), st.booleans(), st.integers(-(2**63), 2**63), st.floats(allow_nan=False, allow_infinity=False), TEXTS
)  # fmt: skip  # one line
JSON = st.recursive(
    SCALARS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.sampled_from(KEYS), inner, max_size=3)
    ),
    max_leaves=8,
)
RECORDS = st.dictionaries(st.sampled_from(KEYS), JSON, max_size=4)

EVERYTHING = compiled("""\
system: crm
version: 1
catalogue:
  crm.a: {type: string, pii: none, owner: sales, description: A}
  crm.b: {type: json, pii: none, owner: sales, description: B}
streams:
  S:
    - entity: party
      when: {any: [{path: A, not: x}, {path: B.C, starts_with: y}, {jmes: 'L[?A]'}]}
      fields:
        kind: {path: A, apply: [kind_of_name], default: person}
        status: B
        lang: {first: [A.B, {jmes: 'C || L'}, {join: [A, B], with: "-"}]}
        person: {given: A, family: {path: B.A, default: x}}
        organisation: {legal_name: 'C[0].A', trading_names: L}
        roles: [{role: {path: A, enum: {x: customer}}, role_raw: A}]
        contact_points: [{each: L, item: {kind: {const: web}, value: .}}, {kind: {const: web}, value: $.A}]
        addresses: {each: {jmes: L}, item: {lines: {path: A, apply: [split_lines]}, country: {path: B, apply: [country_code]}}}
        ext: {crm.a: A, crm.b: B}
    - entity: relationship
      part: tie
      when: {path: C, present: true}
      fields:
        from_party: {ref: {type: S, key: [A, B]}}
        to_party: {ref: {type: S, key: C}}
        type: {const: contact_of}
""")


@settings(max_examples=300, deadline=None)
@given(RECORDS)
def test_any_record_gives_json_or_is_unmappable(record: dict[str, Any]) -> None:
    before = copy.deepcopy(record)
    try:
        made = EVERYTHING.translate(record)
    except UnmappableRecordError:
        return
    assert record == before
    assert orjson.loads(orjson.dumps([one.body for one in made])) == [one.body for one in made]
    assert made == EVERYTHING.translate(record)


ARGUMENTS = {"strip_prefix": "x", "split": ",", "scale": "0.01", "null_if": "[x, 1]"}


@pytest.mark.parametrize("name", sorted(FUNCTIONS))
def test_any_value_through_any_function(name: str) -> None:
    argument = ARGUMENTS.get(name)
    step = name if argument is None else f"{{{name}: {argument!r}}}".replace("'[", "[").replace("]'", "]")  # fmt: skip  # one line
    stream = party(f"addresses: [{{purpose: {{path: A, apply: [{step}]}}}}]")

    @settings(max_examples=30, deadline=None)
    @given(JSON)
    def run(value: Any) -> None:
        try:
            made = stream.translate({"A": value})
        except UnmappableRecordError:
            return
        orjson.dumps([one.body for one in made])

    run()


@settings(max_examples=200, deadline=None)
@given(st.text(alphabet=st.characters(), max_size=60))
def test_any_text_is_a_mapping_or_a_mapping_error(text: str) -> None:
    try:
        load_mapping(text, file="crm.yaml")
    except MappingError:
        return
    raise AssertionError("a short text can't be a whole mapping")


PREVIEWED = """\
system: crm
version: 1
streams:
  S:
    - entity: party
      fields:
        kind: {const: person}
        display_name: {join: [A, B]}
        contact_points:
          - {kind: {const: email}, value: E}
          - {each: P, item: {kind: {const: phone}, value: {path: n, apply: [trim]}}}
        roles: [{role: {path: T, default: contact}}]
    - {entity: relationship, part: tie, fields: {from_party: {ref: {type: S, key: A}}, to_party: {ref: {type: S, key: [A, B]}}, type: {const: payer}}}
"""


def test_preview_shows_each_value_with_its_path_and_line() -> None:
    mapping = load_mapping(PREVIEWED, file="crm.yaml")
    (rows,) = preview(mapping, "S", [{"A": "x", "B": "y", "P": [{"n": ""}, {"n": " 7 "}]}])
    assert [tuple(row)[1:] for row in rows if row.part == ""] == [
        ("(const)", None, "kind", "person", 7),
        ("(join)", "x y", "display_name", "x y", 8),
        ("(const)", None, "contact_points[0].kind", "phone", 11),
        ("n", " 7 ", "contact_points[0].value", "7", 11),
        ("T", None, "roles[0].role", "contact", 12),
    ]
    tie = [row for row in rows if row.part == "tie"]
    assert [(row.source_path, row.canonical_path, row.line) for row in tie] == [
        ("A", "from_party", 13),
        ("A, B", "to_party", 13),
        ("(const)", "type", 13),
    ]
    with pytest.raises(MappingError, match="no mapping"):
        preview(mapping, "T", [])


@settings(max_examples=100, deadline=None)
@given(RECORDS)
def test_preview_agrees_with_translate(record: dict[str, Any]) -> None:
    mapping = load_mapping(PREVIEWED, file="crm.yaml")
    try:
        made = compiled(PREVIEWED).translate(record)
        (rows,) = preview(mapping, "S", [record])
    except UnmappableRecordError:
        return
    shown = {row.canonical_path: row.canonical_value for row in rows if row.part == ""}
    body = made[0].body
    assert shown.get("display_name") == body.get("display_name")
    for index, point in enumerate(body.get("contact_points", [])):
        assert shown[f"contact_points[{index}].value"] == point["value"]


def test_ten_thousand_records_keep_nothing_of_one_another() -> None:
    stream = party("display_name: N\ncontact_points: [{kind: {const: email}, value: E}]\n")
    records = [{"N": f"n{n}", "E": f"n{n}@example.com" if n % 2 else None} for n in range(10_000)]
    bodies = [stream.translate(record)[0].body for record in records]
    assert [body["display_name"] for body in bodies] == [record["N"] for record in records]
    assert ["contact_points" in body for body in bodies] == [bool(r["E"]) for r in records]
