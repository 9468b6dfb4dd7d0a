"""The catalogue of connectors, in the README and among the pages, says what connector.yaml says."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.architecture.source import ROOT

README = ROOT / "README.md"
INDEX = ROOT / "docs" / "connectors" / "README.md"
KINDS = {
    "Sales": ("salesforce", "hubspot", "dynamics365", "suitecrm"),
    "Help desk": ("zendesk", "request_tracker", "freshdesk"),
    "E-mail": ("imap", "jmap", "microsoft_graph"),
    "Address book": ("carddav",),
    "ERP": ("tryton", "dolibarr", "sap_s4hana", "netsuite", "business_central"),
    "Any": ("file", "sql", "singer"),
}
GUIDES = {
    "rest.md": "A REST or JSON-RPC system",
    "soap.md": "A SOAP system",
    "odata.md": "Any OData service",
    "push.md": "A system that pushes",
    "tutorial.md": "Connect a system in an hour, from nothing",
}


def facts(name: str) -> dict[str, Any]:
    path = ROOT / "connectors" / name / "connector.yaml"
    found: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    return found


def streams_of(found: dict[str, Any], capability: str = "full") -> list[str]:
    """The streams that can do a thing; a connector whose settings name them has them all."""
    if found["streams"] == "from the settings":
        return []
    return [name for name, item in found["streams"].items() if capability in item["capabilities"]]


def short_table() -> str:
    """One row a kind of system, for the README."""
    lines = ["| | Connectors, with their tier |", "|---|---|"]
    for kind, names in KINDS.items():
        shown = [f"[{name}](docs/connectors/{name}.md) {facts(name)['tier']}" for name in names]
        lines.append(f"| {kind} | {' · '.join(shown)} |")
    return "\n".join(lines)


def index() -> str:
    """The page among the connectors' own: one table a kind of system."""
    parts = ["# Built-in connectors, a page each", ""]
    parts += ["Made from `connector.yaml`; the conformance kit holds each to its tier.", ""]
    for kind, names in KINDS.items():
        head = "| Connector | Streams | Written | Tier | Tested against |"
        parts += [f"## {kind}", "", head, "|---|---|---|---|---|"]
        parts += [_row(name) for name in names] + [""]
    parts += ["## How to connect another", ""]
    known = {page: title for page, title in GUIDES.items() if (INDEX.parent / page).is_file()}
    parts += [f"- [{title}]({page})" for page, title in known.items()]
    parts += ["- [Writing a connector](../connectors.md): every way, and the contract"]
    return "\n".join(parts) + "\n"


def _row(name: str) -> str:
    found = facts(name)
    streams = ", ".join(streams_of(found)) or "from the settings"
    written = ", ".join(streams_of(found, "write")) or "—"
    cells = (f"[{found['title']}]({name}.md)", streams, written, found["tier"])
    tested = " ".join(str(found["tested_against"]).split())
    return f"| {' | '.join(cells)} | {tested} |"


PART = re.compile(r"(?<=<!-- catalogue -->\n).*?(?=\n<!-- end of catalogue -->)", re.DOTALL)


def part(text: str) -> str:
    found = PART.search(text)
    assert found, "the README has no catalogue"
    return found[0]


def test_every_connector_is_of_one_kind() -> None:
    named = [name for names in KINDS.values() for name in names]
    folders = {path.parent.name for path in (ROOT / "connectors").glob("*/connector.yaml")}
    assert sorted(named) == sorted(folders)


@pytest.mark.parametrize("name", [name for names in KINDS.values() for name in names])
def test_every_connector_has_its_page(name: str) -> None:
    page = INDEX.parent / f"{name}.md"
    assert page.read_text(encoding="utf-8").startswith("# ")


def test_the_readme_shows_the_catalogue() -> None:
    """Print it anew with: python -m tests.docs.test_catalogue"""
    assert part(README.read_text(encoding="utf-8")) == short_table()


def test_the_index_is_up_to_date() -> None:
    """Print it anew with: python -m tests.docs.test_catalogue"""
    assert INDEX.read_text(encoding="utf-8") == index()


def write(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    write(INDEX, index())
    old = README.read_text(encoding="utf-8")
    write(README, PART.sub(lambda _: short_table(), old))
