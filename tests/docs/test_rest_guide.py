"""The reference of REST declarations names all that there is, and its stream can be declared."""

from __future__ import annotations

import re
from dataclasses import MISSING, fields
from typing import Any

import pytest

import hub.sdk.auth
import hub.sdk.resource
from hub.sdk import quirks
from hub.sdk.limits import RestPolicy
from hub.sdk.resource import (
    CursorPaging,
    Feed,
    Keyset,
    LinkHeader,
    NextUrl,
    Offset,
    OverlapPages,
    PageNumber,
    RangeHeader,
    RestCount,
    RestStream,
    RestWrite,
    Since,
)
from hub.testing.rules import ALL
from tests.architecture.source import ROOT

PAGE = (ROOT / "docs" / "connectors" / "rest.md").read_text(encoding="utf-8")
PAGINGS = (Offset, RangeHeader, PageNumber, OverlapPages, CursorPaging, NextUrl, LinkHeader)
NOT_FOR_AUTHORS = {
    "MemoryTokens",
    "StoredToken",
    "TokenSlot",
    "TokenStore",
    "Auth",
    "RestConnector",
}
MADE_BY_THE_DRAFT = {"RestStandIn", "rest_connector", "rest_samples"}


def section(title: str) -> str:
    return PAGE.split(f"## `{title}`\n")[1].split("\n## ")[0]


@pytest.mark.parametrize("kind", [RestStream, RestCount, RestWrite], ids=lambda kind: kind.__name__)
def test_every_field_is_explained_and_no_other(kind: Any) -> None:
    rows = re.findall(r"^\| (`.*?`) \|", section(kind.__name__), re.MULTILINE)
    named = [name for row in rows for name in re.findall(r"`(\w+)`", row)]
    assert sorted(named) == sorted(item.name for item in fields(kind))


@pytest.mark.parametrize("kind", [Since, Feed, Keyset], ids=lambda kind: kind.__name__)
def test_every_field_of_a_way_to_tell_changes_is_explained(kind: Any) -> None:
    named = re.findall(rf"`{kind.__name__}\.(\w+)`", PAGE)
    assert sorted(named) == sorted(item.name for item in fields(kind))


@pytest.mark.parametrize("kind", PAGINGS, ids=lambda kind: kind.__name__)
def test_every_argument_of_a_paging_is_named_with_what_holds_unless_said(kind: Any) -> None:
    row = re.search(rf"^\| `{kind.__name__}` \| (.*) \|$", PAGE, re.MULTILINE)
    assert row
    stated = re.findall(r"`([^`]+)`", row[1])
    held = [
        item.name if item.default is MISSING else f"{item.name}={item.default!r}"
        for item in fields(kind)
    ]
    assert sorted(stated) == sorted(text.replace("'", '"') for text in held)


def test_every_field_of_the_policy_is_explained() -> None:
    rows = re.findall(r"^\| (`.*?`) \|", PAGE.split("## `RestPolicy`")[1], re.MULTILINE)
    named = {name for row in rows for name in re.findall(r"`(\w+)`", row)}
    assert named >= {item.name for item in fields(RestPolicy)}


def test_the_troubles_are_rules_of_the_kit_or_words_of_the_code() -> None:
    troubles = PAGE.split("## When something")[1]
    rules = re.findall(r"^\| `(\w+)` fails", troubles, re.MULTILINE)
    assert rules
    assert set(rules) <= {rule.id for rule in ALL}
    code = " ".join(path.read_text() for path in (ROOT / "hub" / "sdk" / "resource").glob("*.py"))
    for words in ("the list is not sorted by", "there is said to be more, but"):
        assert words in troubles
        assert words in code


@pytest.mark.parametrize("module", [hub.sdk.resource, hub.sdk.auth], ids=["resource", "auth"])
def test_every_name_of_the_toolkit_stands_on_the_page(module: Any) -> None:
    names = set(module.__all__) - NOT_FOR_AUTHORS - MADE_BY_THE_DRAFT
    assert sorted(name for name in names if f"`{name}" not in PAGE) == []


def test_every_quirk_stands_on_the_page() -> None:
    made = [name for name in vars(quirks) if name[0] != "_" and name.islower()]
    ours = [
        name for name in made if getattr(vars(quirks)[name], "__module__", "") == quirks.__name__
    ]
    assert ours
    assert [name for name in ours if f"`{name}(" not in PAGE] == []


def test_the_example_is_a_stream() -> None:
    block = re.search(r"```python\n(.*?)```", PAGE, re.DOTALL)
    assert block
    names: dict[str, Any] = dict(vars(hub.sdk.resource))
    exec(block[1], names)  # the page's own code
    declared = names["CONTACT"].declared()
    assert {str(item) for item in declared.capabilities} == {
        "full", "incremental", "deletes", "write", "optimistic_lock",
    }  # fmt: skip
