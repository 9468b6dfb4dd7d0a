"""Attempts to make a mapping do more than index records: each is refused or does nothing."""

# ruff: noqa: E501  # a case on one line reads as a table

from __future__ import annotations

import time
from typing import Any

import orjson
import pytest

from hub.errors import MappingError, UnmappableRecordError
from hub.mapping import load_mapping
from tests.unit.mapping.made import HEAD, body, party

ATTRIBUTES = (
    "__class__", "Name.__class__", "Name.__class__.__mro__", "Name.upper", "Name.format", "A.keys",
    "A.get", "A.items", "L.append", "L[0].__class__", "__globals__", "$.__class__", "A.__dict__.x",
    "Name.__init__.__globals__.os", "L[-1].real", "$.Name.__len__", '"__class__".x', "self", "item",
    "scope", "Name[0]",
)  # fmt: skip  # a word list


@pytest.mark.parametrize("path", ATTRIBUTES)
def test_paths_reach_no_attribute(path: str) -> None:
    record = {"Name": "Ann", "A": {"b": 1}, "L": ["x"]}
    assert body(f"lang: '{path}'", record) == {}


JMES = (
    "Name.__class__", "__class__", "keys(@).__class__", "map(&__class__, L)", "to_string(@.__dict__)",
    "Name.upper", "sort_by(L, &__class__)", "L[*].__class__ | [0]", "@.get", "not_null(__globals__)",
)  # fmt: skip  # a word list


@pytest.mark.parametrize("expression", JMES)
def test_jmespath_reaches_no_attribute(expression: str) -> None:
    record = {"Name": "Ann", "L": [{"a": "x"}]}
    try:
        made = body(f"lang: {{jmes: '{expression}'}}", record)
    except UnmappableRecordError:
        return
    assert made in ({}, {"lang": "null"})


REFUSED = (
    "lang: !!python/object/apply:os.system ['true']",
    "lang: !!python/name:os.system",
    "lang: !!python/object/new:type {args: []}",
    "lang: !!python/module:os",
    "lang: !env HOME",
    "lang: !!binary aGk=",
    "lang: !!set {a}",
    "!!python/tuple [a]: b",
    "lang: &a X\ntz: *a",
    "person: {<<: {given: A}}",
    "? [a, b]\n: c",
    "lang: {path: A, apply: [__import__]}",
    "lang: {path: A, apply: [eval]}",
    "lang: {path: A, apply: ['trim.__class__']}",
    "lang: {path: A, apply: [{trim: {__class__: x}}]}",
    "lang: {eval: 'import os'}",
    "lang: {jmes: 'eval(`1`)'}",
    "lang: {jmes: '__import__(`\"os\"`)'}",
    "lang: {jmes: '${env:HOME}'}",
    "lang: '{{ 7 * 7 }}]['",
    "updated_at: {path: A, apply: [{datetime: ../../../etc/passwd}]}",
    "updated_at: {path: A, apply: [{datetime: /etc/localtime}]}",
    "updated_at: {path: A, apply: [{date: '%c'}]}",
    "lang: {path: A, apply: [" + "trim, " * 11 + "]}",
    "lang: '" + "a." * 400 + "b'",
    "lang: {jmes: '" + "a." * 400 + "b'}",
    "lang: {jmes: '" + "[@,@]|" * 12 + "to_string(@)'}",
    "lang: {jmes: '" + "{a:@,b:@}." * 9 + "a'}",
    "lang: " + "[" * 60 + "]" * 60,
    "lang: " + "{a: " * 60 + "b" + "}" * 60,
    "lang: {path: A, apply: [{scale: 1e99999999}]}",
    "roles: [{role: {path: T, default: " + "9" * 5000 + "}}]",
    "write: {S: {phone: Phone}}",
    "system: other",
)


@pytest.mark.parametrize("fields", REFUSED, ids=lambda text: text[:40])
def test_refused_when_the_file_is_read(fields: str) -> None:
    with pytest.raises(MappingError, match=r"^crm\.yaml:"):
        party(fields)


@pytest.mark.parametrize(
    "template", ["{0.__class__}", "%(x)s", "${HOME}", "{{7*7}}", "$(id)", "`id`"]
)
def test_templates_are_texts(template: str) -> None:
    assert body(f"lang: {{const: '{template}'}}", {}) == {"lang": template}
    assert body("lang: L", {"L": template}) == {"lang": template}


BOMBS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("lang: {path: A, apply: [decimal]}", {"A": "1e999999999"}),
    ("lang: {path: A, apply: [integer]}", {"A": "9" * 1_000_000}),
    ("lang: {path: A, apply: [{scale: 9}]}", {"A": 10**5000}),
    ("lang: A", {"A": 10**5000}),
    ("roles: [{role: A}]", {"A": 10**5000}),
    ("lang: {path: A, apply: [datetime]}", {"A": "2026-" * 200_000}),
    ("lang: {path: A, apply: [mail_date]}", {"A": "(" * 1_000_000}),
    ("lang: {path: A, apply: [html_unescape]}", {"A": "&" * 1_000_000}),
    ("lang: {path: A, apply: [kind_of_name]}", {"A": "a " * 200_000}),
    ("lang: {path: A, apply: [family_name]}", {"A": "Dr. " * 20_000}),
    ("lang: {path: A, apply: [email_domain]}", {"A": "@" * 1_000_000}),
    ("lang: {path: A, apply: [is_role_mailbox, text]}", {"A": "info" + "-" * 1_000_000}),
    ("lang: {path: A, apply: [language]}", {"A": "de" + "-de" * 300_000}),
    ("addresses: [{lines: {path: A, apply: [split_lines]}}]", {"A": "\n" * 1_000_000}),
)


@pytest.mark.parametrize(("fields", "record"), BOMBS, ids=[case[0][:50] for case in BOMBS])
def test_a_hostile_value_costs_little(fields: str, record: dict[str, Any]) -> None:
    stream = party(fields)
    begin = time.process_time()
    try:
        made = stream.translate(record)
    except UnmappableRecordError:
        made = []
    assert time.process_time() - begin < 2
    assert len(orjson.dumps([one.body for one in made])) < 2_000_000


def test_bombs_of_yaml_are_refused_before_they_grow() -> None:
    laughs = "a0: &a0 [x, x]\n" + "".join(
        f"a{n}: &a{n} [*a{n - 1}, *a{n - 1}]\n" for n in range(1, 60)
    )
    begin = time.process_time()
    for text in (laughs, "[" * 400_000, "{a: " * 100_000, "- " * 200_000, "x" * 600_000):
        with pytest.raises(MappingError):
            load_mapping(text, file="crm.yaml")
    with pytest.raises(MappingError, match="more than"):
        load_mapping(HEAD + "# \n" + "x: [" + "a, " * 30_000 + "]", file="crm.yaml")
    assert time.process_time() - begin < 5


def test_a_result_shares_nothing_with_the_next() -> None:
    stream = party("contact_points: [{kind: {const: email}, value: E, rank: {const: 1}}]\n")
    (first,) = stream.translate({"E": "a@example.com"})
    first.body["contact_points"][0]["rank"] = 99
    first.body["kind"] = "changed"
    (second,) = stream.translate({"E": "a@example.com"})
    assert second.body["contact_points"][0]["rank"] == 1
    assert second.body["kind"] == "person"
