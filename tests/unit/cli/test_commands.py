"""The program knows its commands by name, and imports the called one alone."""

from __future__ import annotations

import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

import hub.cli
from hub.cli.commands import MODULES, commands_of

PARTS = {"connector", "standin", "match_model"}
"""Modules whose commands another module hangs below its own."""
ASKED = """
import sys
from hub.cli.main import app
app(["{}", "--help"], standalone_mode=False)
print(*(name for name in sys.modules if name.startswith("hub.")), file=sys.stderr)
"""


@pytest.mark.parametrize("module", sorted(set(MODULES.values())))
def test_a_module_hangs_what_the_table_says(module: str) -> None:
    told = {name for name, home in MODULES.items() if home == module}
    assert set(commands_of(module)) == told


def test_no_module_is_forgotten() -> None:
    names = {path.stem for path in Path(hub.cli.__path__[0]).glob("*.py")} - {"__init__"}
    with_commands = {n for n in names if hasattr(import_module(f"hub.cli.{n}"), "add_to")}
    assert with_commands == PARTS | set(MODULES.values())


def imported_for(command: str) -> set[str]:
    program = [sys.executable, "-c", ASKED.format(command)]
    return set(subprocess.run(program, check=True, capture_output=True, text=True).stderr.split())


def test_the_called_command_alone_is_imported() -> None:
    found = imported_for("status")
    assert "hub.cli.look" in found
    assert found & {"hub.cli.match", "hub.cli.demo", "hub.cli.serve", "hub.cli.reconcile"} == set()
