"""Broken mapping files: each is refused with its line and a message that says what to do."""

# ruff: noqa: E501  # a case on one line reads as a table

from __future__ import annotations

import textwrap

import pytest

from hub.errors import MappingError, UnmappableRecordError
from hub.mapping import load_mapping
from tests.unit.mapping.made import HEAD, party

FIELDS: list[tuple[str, int, str]] = [
    ("display_nam: Name", 11, "did you mean 'display_name'?"),
    ("person: {givn: A}", 11, "person: field unknown 'givn'; did you mean 'given'?"),
    ("person:\n  given: A\n  famly: B", 13, "did you mean 'family'?"),
    ("person: Name", 11, "person: is an object"),
    ("contact_points: Email", 11, "contact_points: is a list"),
    ("contact_points:\n  - {kind: {const: email}}", 12, "required field 'value' is never set"),
    ("contact_points:\n  - {kind: {const: mail}, value: E}", 12, "const unknown 'mail'; did you mean 'email'?"),
    ("contact_points: [{kind: {const: email}, value: E, rank: {const: x}}]", 11, "rank: const does not fit"),
    ("contact_points: {each: M}", 11, "each needs an item"),
    ("contact_points: {each: M, item: {kind: {const: web}, value: .}, max: 3}", 11, "unknown 'max'"),
    ("roles: [{role: {path: T, enum: {A: custmer}}}]", 11, "did you mean 'customer'?"),
    ("roles: [{role: {path: T, enum: [A]}}]", 11, "enum takes a table"),
    ("roles: [{role: {path: T, default: nobody}}]", 11, "default unknown 'nobody'"),
    ("display_name: {path: A, apply: [trm]}", 11, "function unknown 'trm'; did you mean 'trim'?"),
    ("display_name: {path: A, apply: [{split: }]}", 11, "function split: takes a separator"),
    ("lang: {path: A, apply: [{split: ','}]}", 11, "split makes a list"),
    ("updated_at: {path: A, apply: [{datetime: Mars/Base}]}", 11, "unknown time zone"),
    ("display_name: {path: A, apply: [{trim: x, lower: y}]}", 11, "apply takes function names"),
    ("display_name: a..b", 11, "bad path 'a..b' at character 3"),
    ("display_name: a[x]", 11, "bad path"),
    ("display_name: ''", 11, "a path has 1 to"),
    ("display_name: [A]", 11, "takes one value, not a list"),
    ("display_name: {jmes: 'a[?'}", 11, "bad JMESPath"),
    ("display_name: {jmes: 'nope(a)'}", 11, "bad JMESPath: function unknown 'nope'"),
    ("display_name: {jmes: 'length(a, b)'}", 11, "function length takes 1 arguments"),
    ("display_name: {jmes: 'join(a)'}", 11, "function join takes 2 arguments"),
    ("display_name: {path: A, jmes: B}", 11, "needs exactly one of"),
    ("display_name: {apply: [trim]}", 11, "needs exactly one of"),
    ("display_name: {path: A, aply: [trim]}", 11, "did you mean 'apply'?"),
    ("display_name: {path: A, required: maybe}", 11, "required takes true or false"),
    ("display_name: {const: [1]}", 11, "const must be a text"),
    ("display_name: {first: A}", 11, "first takes a list"),
    ("ext: {crm.nope: A}", 11, "not in the catalogue: unknown 'crm.nope'"),
    ("ext: A", 11, "is a table of fields declared in the catalogue"),
    ("kind: {const: person}", 11, "'kind' is given twice, first in line 10"),
    ("addresses: [{when: {path: A}, locality: L}]", 11, "a condition has one path and one of"),
    ("addresses: [{when: {path: A, iss: 1}, locality: L}]", 11, "did you mean 'is'?"),
    ("addresses: [{when: {path: A, present: x}, locality: L}]", 11, "present takes true or false"),
    ("addresses: [{when: {path: A, in: x}, locality: L}]", 11, "in takes a list of values"),
]  # fmt: skip  # one case a line


@pytest.mark.parametrize(("fields", "line", "message"), FIELDS)
def test_broken_fields(fields: str, line: int, message: str) -> None:
    with pytest.raises(MappingError) as caught:
        party(fields)
    assert caught.value.line == line
    assert str(caught.value).startswith(f"crm.yaml:{line}: ")
    assert message in str(caught.value)


REFERENCE = """\
system: crm
version: 1
streams:
  S:
    - entity: relationship
      fields:
        type: {const: contact_of}
        from_party: {ref: {type: S, key: Id}}
        to_party: %s
"""


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        ("Id", "is a reference; write"),
        ("{ref: Id}", "is a reference; write"),
        ("{ref: {key: Id}}", "to_party: ref: type must be a text"),
        ("{ref: {type: S}}", "needs a key (a path)"),
        ("{ref: {type: S, key: []}}", "the key of a reference is a path"),
        ("{ref: {type: S, key: {const: x}}}", "the key of a reference is a path"),
        ("{ref: {type: S, key: Id, parts: x}}", "did you mean 'part'?"),
    ],
)
def test_broken_references(expression: str, message: str) -> None:
    with pytest.raises(MappingError, match=r"crm\.yaml:9: ") as caught:
        load_mapping(REFERENCE % expression, file="crm.yaml")
    assert message in str(caught.value)


FILES: list[tuple[str, str, int, str]] = [
    ("version: 1", "version: one", 2, "version must be a whole number"),
    ("version: 1\n", "version: 1\nverson: 1\n", 3, "did you mean 'version'?"),
    ("system: crm", "sistem: crm", 1, "did you mean 'system'?"),
    ("crm.note:", "erp.note:", 4, "must begin with 'crm' and a point"),
    ("type: string", "type: strng", 4, "did you mean 'string'?"),
    ("pii: none", "pii: some", 4, "pii unknown 'some'"),
    (", owner: sales", "", 4, "owner must be a text"),
    ("entity: party", "entity: patry", 8, "entity unknown 'patry'; did you mean 'party'?"),
    ("entity: party", "entity: ticket", 9, "required field 'number' is never set"),
    ("fields:", "felds:", 8, "did you mean 'fields'?"),
    ("        kind: {const: person}", "        lang: L", 9, "required field 'kind' is never set"),
    ("  S:\n", "  S: []\n  T:\n", 7, "must be a list of parts"),
    ("{const: person}\n", "{const: person}\n    - {entity: party, fields: {kind: {const: person}}}\n", 11, "part '' is made twice, first in line 8"),
    ("{const: person}\n", "{const: person}\nexclude: {T: {}}\n", 11, "stream unknown 'T'"),
    ("{const: person}\n", "{const: person}\nexclude: {S: {rule: x}}\n", 11, "a condition is"),
    ("{const: person}\n", "{const: person}\nwrite: {T: {phone: P}}\n", 11, "write: stream unknown 'T'"),
    ("{const: person}\n", "{const: person}\nwrite: {S: {Pho ne: P}}\n", 11, "is no canonical attribute"),
    ("{const: person}\n", "{const: person\n", 11, "not valid YAML"),
]  # fmt: skip  # one case a line


@pytest.mark.parametrize(("old", "new", "line", "message"), FILES)
def test_broken_files(old: str, new: str, line: int, message: str) -> None:
    with pytest.raises(MappingError) as caught:
        load_mapping(HEAD.replace(old, new, 1), file="crm.yaml")
    assert f"crm.yaml:{line}: " in str(caught.value)
    assert message in str(caught.value)


def test_all_problems_come_at_once_in_the_order_of_the_file() -> None:
    fields = "display_nam: A\nperson: {givn: B}\nlang: {path: C, apply: [trm]}\n"
    with pytest.raises(MappingError) as caught:
        party(fields)
    lines = str(caught.value).splitlines()
    assert [line.split(" ")[0] for line in lines] == [
        "crm.yaml:11:",
        "crm.yaml:12:",
        "crm.yaml:13:",
    ]


def test_a_long_list_of_problems_is_cut() -> None:
    fields = "".join(f"nope_{number}: A\n" for number in range(50))
    with pytest.raises(MappingError, match="and 30 more"):
        party(textwrap.dedent(fields))


@pytest.mark.parametrize("text", ["", "# nothing", "[]", "text", "system: crm", "\x00", "\ud800"])
def test_a_file_that_is_no_mapping(text: str) -> None:
    with pytest.raises(MappingError, match=r"^crm\.yaml:"):
        load_mapping(text, file="crm.yaml")


RECORDS: list[tuple[str, dict[str, object], str]] = [
    ("updated_at: {path: T, apply: [datetime]}", {"T": "secret"}, "updated_at: function datetime can't read T"),
    ("display_name: {path: N, required: true}", {"N": " "}, "display_name: required, but N is absent"),
    ("display_name: N", {"N": {"secret": 1}}, "display_name: N does not fit"),
    ("display_name: N", {"N": True}, "null_if or text may help"),
    ("organisation: {employees: {path: E, apply: [trim, integer]}}", {"E": "secret"}, "organisation.employees: function integer"),
    ("contact_points: [{kind: K, value: V}]", {"V": "secret"}, "contact_points[0].kind: required by the canonical model"),
    ("lang: {jmes: 'length(L)'}", {"L": 5}, "lang: the jmes expression does not fit"),
    ("lang: {join: [A, B], with: x}", {"A": ["secret"]}, "lang: A does not fit"),
    ("addresses: [{when: {path: A, apply: [date], is: x}, locality: L}]", {"A": "secret", "L": "x"}, "function date"),
]  # fmt: skip  # one case a line


@pytest.mark.parametrize(("fields", "record", "message"), RECORDS)
def test_an_unmappable_record_names_line_and_path_but_no_value(
    fields: str, record: dict[str, object], message: str
) -> None:
    with pytest.raises(UnmappableRecordError) as caught:
        party(fields).translate(record)
    assert caught.value.line == 11
    assert str(caught.value).startswith("crm.yaml:11: ")
    assert message in str(caught.value)
    assert "secret" not in str(caught.value)
    assert caught.value.__suppress_context__ or caught.value.__context__ is None


def test_a_record_that_is_no_object() -> None:
    with pytest.raises(UnmappableRecordError, match="no object"):
        party("display_name: N").translate(["N"])  # type: ignore[arg-type]  # what is tested
