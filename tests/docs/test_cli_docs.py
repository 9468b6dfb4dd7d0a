"""The reference of the command line lists the program's own commands and options."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from hub.cli.main import app
from hub.demo.company import generate
from hub.demo.site import lay_out
from hub.errors import HubError
from tests.architecture.source import ROOT
from tests.docs.commands import Command, commands

PAGE = ROOT / "docs" / "cli.md"
TEXT = PAGE.read_text(encoding="utf-8")
PROMISED = {
    "init", "doctor", "connector list", "connection list", "connection check", "mapping check",
    "mapping preview", "model schema", "sync", "resolve", "publish", "reconcile", "show",
    "quarantine list", "quarantine replay", "status", "store digest", "demo",
    "airflow install-dags", "airflow run", "push serve", "push drain", "push list", "push show",
    "push retry", "delivery list", "delivery show", "delivery retry", "delivery abandon",
    "review conflicts", "connection pause", "connection resume", "serve", "web-user add",
    "web-user list", "web-user remove",
}  # fmt: skip
WITHOUT_JSON = {
    "init": "writes a file",
    "token-key": "prints the key alone",
    "connector new": "writes files",
    "model schema": "prints JSON anyway",
    "airflow install-dags": "writes files",
    "airflow run": "runs until it is ended",
    "airflow pools": "says one line",
    "push serve": "runs until it is ended",
    "serve": "runs until it is ended",
    "export": "prints JSON anyway",
}
READING = (
    "connector list",
    "connection list",
    "connection check sfa",
    "mapping check",
    "mapping preview sfa Contact --count 1",
    "sync partners",
    "status",
    "quarantine list",
    "show e",
    "resolve --plan",
    "publish --plan",
    "delivery list",
    "review conflicts",
    "store digest",
    "push list",
    "push drain",
)


@pytest.mark.parametrize("name", sorted(PROMISED))
def test_a_promised_command_is_there(name: str) -> None:
    assert name in commands()


@pytest.mark.parametrize("command", commands().values(), ids=lambda command: command.name)
def test_every_command_has_json_or_a_reason(command: Command) -> None:
    assert ("--json" in command.options) != (command.name in WITHOUT_JSON)


@pytest.mark.parametrize("command", commands().values(), ids=lambda command: command.name)
def test_every_parameter_is_explained(command: Command) -> None:
    assert command.help.endswith(".")
    assert [item.name for item in command.parameters if not item.help] == []


def rows(command: Command) -> Iterator[str]:
    for item in command.parameters:
        if item.name == "as_json":
            continue
        names = ", ".join(f"`{name}`" for name in item.opts if name.startswith("-"))
        yield f"| {names or f'`{_argument(item)}`'} | {_default(item)} | {item.help} |"


def _argument(item: Any) -> str:
    return str(item.metavar or item.name).upper()


def _default(item: Any) -> str:
    if item.required:
        return "required"
    return "—" if item.default in (None, False, "") else f"`{item.default}`"


def reference() -> str:
    parts = []
    for command in commands().values():
        json_too = " Has `--json`." if "--json" in command.options else ""
        parts += [f"### `{command.usage}`", "", f"{command.help}{json_too}", ""]
        table = list(rows(command))
        if table:
            parts += ["| Option | Default | Meaning |", "|---|---|---|", *table, ""]
    return "\n".join(parts)


def test_the_reference_is_that_of_the_program() -> None:
    """Print it anew with: python -m tests.docs.test_cli_docs"""
    assert TEXT.split("<!-- reference -->\n")[1].strip() == reference().strip()


def exit_codes(error: type[HubError]) -> set[int]:
    return {error.exit_code}.union(*(exit_codes(kind) for kind in error.__subclasses__()))


def test_every_exit_code_is_explained() -> None:
    documented = {int(code) for code in re.findall(r"^\| (\d+) \|", TEXT, re.MULTILINE)}
    assert documented == exit_codes(HubError) | {0, 70, 130}


@pytest.fixture(scope="module")
def demo_site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site") / "demo"
    lay_out(generate(seed=3, customers=20), folder)
    for step in (["sync", "sfa"], ["resolve"]):
        app(["--config", str(folder), *step], standalone_mode=False)
    return folder


@pytest.mark.parametrize("line", READING)
def test_json_is_json_and_nothing_else(
    line: str, demo_site: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    app(["--config", str(demo_site), *line.split(), "--json"], standalone_mode=False)
    assert json.loads(capsys.readouterr().out) is not None


if __name__ == "__main__":
    head = TEXT.split("<!-- reference -->\n")[0]
    PAGE.write_text(f"{head}<!-- reference -->\n{reference()}", encoding="utf-8")
