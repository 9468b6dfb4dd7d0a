"""`hub connector new`: the package it writes passes its own checks as it is."""

from __future__ import annotations

from pathlib import Path

import pytest

from hub.cli.main import app
from hub.errors import ConfigError
from hub.mapping import compile_mapping, load_mapping
from hub.scaffold.mapping import mapping_text
from hub.scaffold.openapi import draft_from_openapi
from hub.scaffold.project import KINDS
from tests.unit.scaffold.conftest import Check

DESK = Path(__file__).parent / "desk.yaml"


def new(folder: Path, *options: str, name: str = "acme_crm") -> Path:
    app(["connector", "new", name, "--into", str(folder), *options], standalone_mode=False)
    return folder


@pytest.mark.slow
@pytest.mark.parametrize(
    "options",
    [*(["--kind", kind] for kind in KINDS), ["--source", str(DESK)]],
    ids=[*KINDS, "openapi"],
)
def test_a_new_package_passes_its_own_checks(
    options: list[str], tmp_path: Path, make_check: Check
) -> None:
    assert "earns silver" in make_check(new(tmp_path / "package", *options))


def test_nothing_is_written_over(tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "notes.txt").write_text("kept")
    with pytest.raises(ConfigError, match="is there already"):
        new(tmp_path / "mine")


@pytest.mark.parametrize("name", ["Acme", "1st", "a-b", "class", "../up", "a" * 60, ""])
def test_a_name_that_can_be_none_is_refused(name: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="can't be a connector's name"):
        new(tmp_path / "package", name=name)


def test_an_unknown_kind_names_those_there_are(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="known: rest"):
        new(tmp_path / "package", "--kind", "fax")


def test_a_document_gives_streams_paging_login_and_writes() -> None:
    draft = draft_from_openapi(DESK.read_text(encoding="utf-8"), name="desk")
    streams = {item.stream.name: item.stream for item in draft.streams}
    assert list(streams) == ["customer", "case", "invoice"]
    assert [stream.entities for stream in streams.values()] == [
        ("party",), ("ticket",), ("invoice",),
    ]  # fmt: skip
    assert [type(stream.paging).__name__ for stream in streams.values()] == [
        "Offset", "PageNumber", "CursorPaging",
    ]  # fmt: skip
    assert streams["customer"].write is not None
    assert (draft.login.kind, draft.login.header) == ("key", "X-Desk-Key")
    assert any("`case`: nothing asks for what changed" in note for note in draft.notes)


def test_a_status_of_unknown_words_is_drafted_as_those_that_we_know() -> None:
    text = DESK.read_text(encoding="utf-8").replace(", enum: [new, open, on-hold, solved]", "")
    drafted = mapping_text(draft_from_openapi(text, name="desk"))
    mapping = compile_mapping(load_mapping(drafted, file="desk.yaml"))
    (made,) = mapping.stream("case").translate({"id": 1, "subject": "x", "status": "resolved"})
    assert made.body["status"] == "resolved"


BOMB = "a: &a [x, x]\nb: &b [*a, *a]\npaths: {c: *b}\n"
LOOP = """
paths:
  /things:
    get:
      responses: {"200": {content: {application/json: {schema: {$ref: "#/a"}}}}}
a: {$ref: "#/b"}
b: {$ref: "#/a"}
"""
OUTSIDE = LOOP.replace("#/a", "http://169.254.169.254/x").replace("#/b", "file:///etc/passwd")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{", "neither JSON nor YAML"),
        ("[]", "no object `paths`"),
        ("paths: {}", "names no list"),
        (BOMB, "neither JSON nor YAML"),
        (LOOP, "names no list"),
        (OUTSIDE, "names no list"),
        ("!!python/object/apply:os.system [true]", "neither JSON nor YAML"),
    ],
    ids=["broken", "list", "empty", "aliases", "loop", "outside", "python"],
)
def test_a_document_that_is_none_is_refused(text: str, words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        draft_from_openapi(text, name="desk")


def test_a_document_that_can_t_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"nowhere\.yaml: can't be read"):
        new(tmp_path / "package", "--source", str(tmp_path / "nowhere.yaml"))
