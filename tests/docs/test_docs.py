"""What the documentation names is there: files, commands, targets, versions, decisions."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.architecture.source import ROOT
from tests.docs.commands import commands, global_options

PAGES = [ROOT / f"{name}.md" for name in ("README", "CONTRIBUTING", "CHANGELOG")]
PAGES += sorted((ROOT / "docs").rglob("*.md"))
DECISIONS = sorted((ROOT / "docs" / "adr").glob("*.md"))


class Quote(NamedTuple):
    """Something that a page names."""

    page: str
    text: str


def text_of(page: Path) -> str:
    return page.read_text(encoding="utf-8")


def prose(page: Path) -> str:
    return re.sub(r"^```.*?^```", "", text_of(page), flags=re.DOTALL | re.MULTILINE)


def links() -> Iterator[Quote]:
    for page in PAGES:
        for target in re.findall(r"\]\(([^)\s]+)\)", prose(page)):
            if "://" not in target:
                yield Quote(str(page.relative_to(ROOT)), target)


def quoted_lines(page: Path) -> Iterator[str]:
    """Lines of code blocks, parted where several commands stand in one, and code in the text."""
    blocks = re.findall(r"^```\w*\n(.*?)^```", text_of(page), re.DOTALL | re.MULTILINE)
    for line in "\n".join(blocks).splitlines():
        yield from (part.strip() for part in line.partition(" #")[0].split("&&"))
    yield from re.findall(r"`([^`\n]+)`", prose(page))


def quotes(program: str) -> list[Quote]:
    """What the pages tell people to type, after the program's name."""
    pattern = re.compile(rf"(?:\.venv/bin/)?{program} ([a-z-].*)")
    found = {
        Quote(str(page.relative_to(ROOT)), match[1])
        for page in PAGES
        for line in quoted_lines(page)
        if (match := pattern.fullmatch(line))
    }
    return sorted(found)


@pytest.mark.parametrize("link", sorted(set(links())), ids=":".join)
def test_a_link_leads_somewhere(link: Quote) -> None:
    path, _, anchor = link.text.partition("#")
    target = (ROOT / link.page).parent / path if path else ROOT / link.page
    assert target.exists()
    if anchor:
        heads = re.findall(r"^#+ (.*)$", prose(target), re.MULTILINE)
        assert anchor in {_anchor(head) for head in heads}


def _relative(path: Path) -> str:
    return str(path.resolve().relative_to(ROOT))


def _anchor(heading: str) -> str:
    return re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-")


def test_every_page_is_linked() -> None:
    linked = {_relative((ROOT / link.page).parent / link.text.split("#")[0]) for link in links()}
    pages = {
        _relative(page)
        for page in PAGES
        if page not in DECISIONS and _relative(page.parent) not in linked
    }
    assert pages - linked <= {"README.md", "CHANGELOG.md"}


@pytest.mark.parametrize("quote", quotes("hub"), ids=":".join)
def test_a_quoted_command_is_there(quote: Quote) -> None:
    words = quote.text.split()
    if words[0] in global_options():
        words = words[2:] if words[0] in {"-c", "--config"} else words[1:]
    heads = [" ".join(words[:count]) for count in (2, 1)]
    name = next((head for head in heads if head in commands()), None)
    assert name is not None or words == ["COMMAND"]
    if name is not None:
        used = {word.split("=")[0] for word in words if word.startswith("-")}
        assert used <= commands()[name].options | {"--help"}


@pytest.mark.parametrize("quote", quotes("make"), ids=":".join)
def test_a_quoted_target_is_there(quote: Quote) -> None:
    targets = re.findall(r"^([a-z-]+):", text_of(ROOT / "Makefile"), re.MULTILINE)
    assert quote.text.split()[0] in targets


def test_commands_and_targets_are_found_at_all() -> None:
    assert len(quotes("hub")) > 10
    assert len(quotes("make")) > 5


@pytest.mark.parametrize("page", DECISIONS, ids=lambda page: page.stem)
def test_a_decision_says_what_and_why(page: Path) -> None:
    number = int(page.stem[:4])
    assert text_of(page).startswith(f"# {number}. ")
    assert "**Decided.**" in text_of(page)
    assert "**Why.**" in text_of(page)


def test_decisions_are_numbered_once() -> None:
    assert [int(page.stem[:4]) for page in DECISIONS] == list(range(1, len(DECISIONS) + 1))


def test_the_changelog_begins_with_our_version() -> None:
    project = tomllib.loads(text_of(ROOT / "pyproject.toml"))["project"]
    newest = re.search(r"^## (\S+), (unreleased|\d{4}-\d\d-\d\d)$", text_of(PAGES[2]), re.MULTILINE)
    assert newest is not None
    assert newest[1] == project["version"]


def test_nothing_waits_to_be_filled_in() -> None:
    """The figures are put in when they are measured; nothing may be published before."""
    waiting = {
        (page.name, word)
        for page in PAGES
        for word in re.findall(r"\b(?:DEMO_OUTPUT|BENCH_TABLE|SHARE_[A-Z]+)\b", text_of(page))
    }
    assert waiting == set()
