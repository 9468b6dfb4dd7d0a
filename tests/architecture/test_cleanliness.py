"""Nothing of one machine, no secret and no silent exception gets into the repository."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from tests.architecture.source import ROOT

SILENCERS = re.compile(r"#\s*(type: ignore(?!\[)|noqa(?!:))")
REASONLESS = re.compile(r"#\s*(type: ignore\[[^\]]+\]|noqa: [A-Z0-9, ]+)\s*$")
STUBS = re.compile(r"\b(NotImplementedError|TODO|FIXME|XXX)\b")


def tracked(*suffixes: str) -> list[str]:
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    listing = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
    return [name for name in listing.stdout.splitlines() if name.endswith(suffixes)]


def test_lock_files_name_versions_only() -> None:
    for name in tracked("constraints.txt", "requirements.txt", ".lock"):
        assert "://" not in (ROOT / name).read_text(encoding="utf-8"), name


def test_every_silenced_check_has_code_and_reason() -> None:
    found = []
    for name in tracked(".py"):
        for number, line in enumerate((ROOT / name).read_text(encoding="utf-8").splitlines(), 1):
            if SILENCERS.search(line) or REASONLESS.search(line):
                found.append(f"{name}:{number}")
    assert found == []


def test_no_stub_is_left() -> None:
    found = [
        name
        for name in tracked(".py")
        if not name.startswith("tests/architecture")
        and STUBS.search((ROOT / name).read_text(encoding="utf-8"))
    ]
    assert found == []


@pytest.mark.parametrize("folder", [str(ROOT.parent), str(Path.home())])
def test_no_path_of_a_machine(folder: str) -> None:
    suffixes = (".py", ".md", ".toml", ".yaml", ".sh", ".txt", "Makefile", "run")
    found = [
        name
        for name in tracked(*suffixes)
        if not name.startswith("tests/architecture")
        and f"{folder.rstrip('/')}/" in (ROOT / name).read_text(encoding="utf-8")
    ]
    assert found == []
