"""What each form of the mapping language makes of a record."""

# ruff: noqa: E501  # a case on one line reads as a table

from __future__ import annotations

from typing import Any

import pytest

from hub.errors import MappingError, UnmappableRecordError
from hub.mapping import compile_mapping, load_mapping
from hub.model import ENTITIES
from hub.sdk import composite_key
from tests.unit.mapping.made import HEAD, body, compiled, one, party

CASES: list[tuple[str, str, dict[str, Any], dict[str, Any]]] = [
    ("plain path", "display_name: Name", {"Name": " Ann "}, {"display_name": "Ann"}),
    ("null is absent", "display_name: Name", {"Name": None}, {}),
    ("blank is absent", "display_name: Name", {"Name": "  "}, {}),
    ("number becomes text", "display_name: No", {"No": 7}, {"display_name": "7"}),
    ("dotted path", "display_name: A.b", {"A": {"b": "x"}}, {"display_name": "x"}),
    ("three keys", "display_name: A.b.c", {"A": {"b": {"c": "x"}}}, {"display_name": "x"}),
    ("path through a text", "display_name: A.b", {"A": "x"}, {}),
    ("index", "display_name: A[1].b", {"A": [{}, {"b": "x"}]}, {"display_name": "x"}),
    ("index from the end", "display_name: 'A[-1]'", {"A": ["y", "x"]}, {"display_name": "x"}),
    ("index outside", "display_name: A[9]", {"A": ["y"]}, {}),
    ("quoted key", """display_name: '"First. Name"'""", {"First. Name": "x"}, {"display_name": "x"}),
    ("key with spaces", "display_name: First Name", {"First Name": "x"}, {"display_name": "x"}),
    ("default", "lang: {path: L, default: de}", {}, {"lang": "de"}),
    ("default unused", "lang: {path: L, default: de}", {"L": "en"}, {"lang": "en"}),
    ("first", "lang: {first: [A, B]}", {"A": "", "B": "en"}, {"lang": "en"}),
    ("first const", "lang: {first: [A, {const: de}]}", {}, {"lang": "de"}),
    ("join", "lang: {join: [A, B, C], with: '-'}", {"A": "x", "C": 1}, {"lang": "x-1"}),
    ("join of nothing", "lang: {join: [A, B]}", {"A": ""}, {}),
    ("join applies", "lang: {join: [A, B], apply: [lower]}", {"A": "X", "B": "Y"}, {"lang": "x y"}),
    ("jmes", 'lang: {jmes: "a[?p].v | [0]"}', {"a": [{"p": True, "v": "x"}]}, {"lang": "x"}),
    ("apply in order", "lang: {path: L, apply: [trim, lower, {strip_prefix: x}]}", {"L": "XDE"}, {"lang": "de"}),
    ("null_if", "lang: {path: L, apply: [{null_if: ['-', 0]}]}", {"L": 0}, {}),
    ("text into a list", "addresses: [{lines: Street}]", {"Street": "Way 1"}, {"addresses": [{"lines": ["Way 1"]}]}),
    ("list of texts", "addresses: [{lines: [A, B, C]}]", {"A": "1", "C": "3"}, {"addresses": [{"lines": ["1", "3"]}]}),
    ("split within a list", "addresses: [{lines: [{path: A, apply: [split_lines]}, B]}]", {"A": "1\n2", "B": "3"}, {"addresses": [{"lines": ["1", "2", "3"]}]}),
    ("empty object", "person: {given: G, family: F}", {"G": ""}, {}),
    ("item without its value", "contact_points: [{kind: {const: email}, value: E}]", {}, {}),
    ("all constant item", "roles: [{role: {const: contact}}]", {}, {"roles": [{"role": "contact"}]}),
    ("constant role without owner", "roles: [{role: {const: lead}, owner: O}]", {}, {"roles": [{"role": "lead"}]}),
    ("default alone", "roles: [{role: {path: T, default: lead}, role_raw: T}]", {}, {"roles": [{"role": "lead"}]}),
    ("default alone is no address", "addresses: [{country: {path: C, default: DE}, locality: L}]", {}, {}),
    ("when of an item", "roles: [{when: {path: A, is: 1}, role: {const: customer}}]", {"A": "1"}, {"roles": [{"role": "customer"}]}),
    ("when of an item fails", "roles: [{when: {path: A, is: 1}, role: {const: customer}}]", {"A": 2}, {}),
    ("ext", "ext: {crm.note: N, crm.json: J}", {"N": 5, "J": [1]}, {"ext": {"crm.note": "5", "crm.json": [1]}}),
]  # fmt: skip  # one case a line


@pytest.mark.parametrize(("fields", "record", "expected"), [c[1:] for c in CASES], ids=[c[0] for c in CASES])  # fmt: skip  # one line
def test_form(fields: str, record: dict[str, Any], expected: dict[str, Any]) -> None:
    made = body(fields, record)
    assert made == expected
    ENTITIES["party"].model_validate({"kind": "person", **made})


EACH: list[tuple[str, dict[str, Any], list[str]]] = [
    ("{each: M, item: {kind: {const: email}, value: mail}}", {"M": [{"mail": "a"}, {"mail": "b"}]}, ["a", "b"]),
    ("{each: M, item: {kind: {const: email}, value: mail}}", {"M": {"mail": "a"}}, ["a"]),
    ("{each: M, item: {kind: {const: email}, value: .}}", {"M": ["a", None, "", "b"]}, ["a", "b"]),
    ("{each: M, item: {kind: {const: email}, value: $.top}}", {"M": [1, 2], "top": "t"}, ["t", "t"]),
    ("{each: {jmes: 'M[?ok]'}, item: {kind: {const: web}, value: v}}", {"M": [{"v": "a"}, {"v": "b", "ok": 1}]}, ["b"]),
    ("[{each: M, item: {kind: {const: web}, value: .}}, {kind: {const: web}, value: W}]", {"M": ["a"], "W": "b"}, ["a", "b"]),
    ("{each: M, item: {kind: {const: web}, value: mail}}", {"M": "not a list of objects"}, []),
    ("{each: M, item: {kind: {const: web}, value: {jmes: '@'}}}", {"M": ["a"]}, ["a"]),
]  # fmt: skip  # one case a line


@pytest.mark.parametrize(("expression", "record", "values"), EACH)
def test_each_makes_an_item_of_every_sub_record(
    expression: str, record: dict[str, Any], values: list[str]
) -> None:
    made = body(f"contact_points: {expression}", record)
    assert [point["value"] for point in made.get("contact_points", [])] == values


ENUM = "roles: [{role: {path: T, enum: {Kunde: customer, 1: supplier, no: partner, '-': null}}}]"  # fmt: skip


@pytest.mark.parametrize(
    ("raw", "role", "gaps"),
    [
        ("Kunde", "customer", []),
        (1, "supplier", []),
        ("1", "supplier", []),
        ("no", "partner", []),
        ("Kumpel", "other", [("roles[0].role", "Kumpel")]),
        (True, "other", [("roles[0].role", "true")]),
        ({"x": 1}, None, []),
    ],
)
def test_enum(raw: object, role: str | None, gaps: list[tuple[str, str]]) -> None:
    if role is None:
        with pytest.raises(UnmappableRecordError):
            one(ENUM, {"T": raw})
        return
    made = one(ENUM, {"T": raw})
    assert made.body["roles"][0]["role"] == role
    assert made.gaps == gaps


def test_an_enum_field_without_a_table_takes_its_own_values_and_counts_others() -> None:
    assert one("status: S", {"S": "inactive"}).body["status"] == "inactive"
    made = one("status: S", {"S": "dormant"})
    assert "status" not in made.body
    assert made.gaps == [("status", "dormant")]


def test_an_unknown_country_is_left_out_and_counted() -> None:
    made = one("addresses: [{locality: L, country: {path: C, apply: [country_code]}}]", {"L": "X", "C": "Oz"})  # fmt: skip
    assert made.body["addresses"] == [{"locality": "X"}]
    assert made.gaps == [("addresses[0].country", "Oz")]


@pytest.mark.parametrize(
    ("condition", "record", "holds"),
    [
        ("{path: A, is: x}", {"A": " x "}, True),
        ("{path: A, is: true}", {"A": 1}, True),
        ("{path: A, is: 1}", {"A": "1"}, True),
        ("{path: A, not: true}", {}, True),
        ("{path: A, not: true}", {"A": True}, False),
        ("{path: A, in: [a, b]}", {"A": "b"}, True),
        ("{path: A, not_in: [a, b]}", {"A": "b"}, False),
        ("{path: A, is: x}", {"A": ["x"]}, False),
        ("{path: A, present: true}", {"A": 0}, True),
        ("{path: A, present: true}", {"A": []}, False),
        ("{path: A.b, present: false}", {"A": {"b": " "}}, True),
        ("{path: A, starts_with: ab}", {"A": "abc"}, True),
        ("{path: A, ends_with: bc}", {"A": "abc"}, True),
        ("{path: A, contains: z}", {"A": "abc"}, False),
        ("{path: A, contains: z}", {"A": {"z": 1}}, False),
        ("{path: A, apply: [lower], is: x}", {"A": "X"}, True),
        ("{path: A, apply: [kind_of_name], is: organisation}", {"A": "Muster GmbH"}, True),
        ("{jmes: 'A > `3`'}", {"A": 4}, True),
        ("{jmes: A}", {"A": []}, False),
        ("{all: [{path: A, is: 1}, {path: B, is: 2}]}", {"A": 1, "B": 3}, False),
        ("{any: [{path: A, is: 1}, {path: B, is: 2}]}", {"A": 1, "B": 3}, True),
    ],
)
def test_condition(condition: str, record: dict[str, Any], holds: bool) -> None:
    text = HEAD.replace("entity: party\n", f"entity: party\n      when: {condition}\n")
    assert bool(compiled(text).translate(record)) is holds


PARTS = """\
system: crm
version: 3
streams:
  Contact:
    - entity: party
      fields: {kind: {const: person}, display_name: Name}
    - entity: relationship
      part: contact_of
      when: {path: AccountId, present: true}
      fields:
        from_party: {ref: {type: Contact, key: Id}}
        to_party: {ref: {type: Account, key: [Zone, AccountId], part: main}}
        type: {const: contact_of}
  "*":
    - entity: interaction
      fields:
        channel: {const: email}
        direction: {const: inbound}
        at: {path: at, apply: [datetime]}
        participants:
          - {contact_point: from, role: {const: from}, party: {ref: {type: "*", key: uid, part: from}}}
exclude:
  Contact:
    internal: {path: Email, apply: [lower], ends_with: "@internal.example"}
    test data: {path: Name, in: [Test]}
write:
  Contact: {phone: Phone}
"""


def test_one_record_gives_several_parts() -> None:
    stream = compiled(PARTS, "Contact")
    main, tie = stream.translate({"Id": 3, "Name": "Ann", "Zone": "z", "AccountId": "A"})
    assert (main.entity, main.part, tie.entity, tie.part) == ("party", "", "relationship", "contact_of")  # fmt: skip
    assert tie.body["from_party"] == {"type": "Contact", "key": "3"}
    assert tie.body["to_party"] == {"type": "Account", "key": '["z","A"]', "part": "main"}
    assert [made.part for made in stream.translate({"Id": 3, "Name": "Ann"})] == [""]


def test_a_composite_key_is_written_as_a_connector_writes_it() -> None:
    stream = compiled(PARTS, "Contact")
    _, tie = stream.translate({"Id": 3, "Zone": 7, "AccountId": "A"})
    assert tie.body["to_party"]["key"] == composite_key([7, "A"])
    with pytest.raises(UnmappableRecordError, match="can't be part of a key"):
        stream.translate({"Id": 3, "Zone": 2**80, "AccountId": "A"})


def test_any_other_stream_uses_the_star() -> None:
    (made,) = compiled(PARTS, "INBOX").translate(
        {"uid": 7, "from": "a@example.com", "at": "2026-01-31T12:00:00Z"}
    )
    assert made.body["participants"][0]["party"] == {"type": "INBOX", "key": "7", "part": "from"}
    ENTITIES["interaction"].model_validate(made.body)


def test_rules_exclude_records_by_name() -> None:
    stream = compiled(PARTS, "Contact")
    assert stream.excluded_by({"Email": "Bo@Internal.Example"}) == "internal"
    assert stream.excluded_by({"Name": "Test"}) == "test data"
    assert stream.excluded_by({"Name": "Testa"}) is None


def test_what_a_mapping_knows_of_itself() -> None:
    mapping = load_mapping(PARTS, file="crm.yaml")
    assert (mapping.system, mapping.version, len(mapping.digest)) == ("crm", 3, 64)
    assert mapping.streams == ("Contact", "*")
    assert mapping.write == {"Contact": {"phone": "Phone"}}


def test_the_catalogue_has_the_lineage_of_its_fields() -> None:
    mapping = load_mapping(HEAD + "        ext: {crm.note: Memo.text}\n", file="crm.yaml")
    note, other = mapping.catalogue
    assert (note.name, note.type, note.pii, note.owner) == ("crm.note", "string", "none", "sales")
    assert (note.sources, other.sources) == (("S: Memo.text",), ())


def test_a_stream_without_mapping_is_a_mapping_error() -> None:
    mapping = compile_mapping(load_mapping(HEAD, file="crm.yaml"))
    with pytest.raises(MappingError, match="'Nope' has no mapping"):
        mapping.stream("Nope")
    with pytest.raises(MappingError, match="no part 'x'"):
        mapping.stream("S").lines("x")


def test_lines_name_every_field() -> None:
    stream = party("""\
        person:
          given: G
        contact_points:
          - {kind: {const: email}, value: E}
          - kind: {const: phone}
            value: P
        addresses: {each: A, item: {locality: L}}
    """)
    lines = stream.lines("")
    assert lines["kind"] == 10
    assert (lines["person"], lines["person.given"]) == (11, 12)
    assert lines["contact_points[1].value"] == 16
    assert lines["addresses[*].locality"] == 17
