"""The tutorial is walked: its files are written, its commands run against a real Roundup."""

from __future__ import annotations

import difflib
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

import pytest

from hub.errors import ConflictError
from hub.plugins import discover
from hub.sdk import Change, Record
from hub.sdk.contract import Writer
from tests.architecture.source import ROOT
from tests.servers.roundup import RoundupServer

PAGE = (ROOT / "docs" / "connectors" / "tutorial.md").read_text(encoding="utf-8")
STEP = re.compile(
    r"<!-- (?:file: (?P<file>\S+)|(?P<kind>run|prints)) -->\n```\w+\n(?P<text>.*?)```\n", re.DOTALL
)
FUNCTION = re.compile(r"^\w+\(\) \{.*\}$", re.MULTILINE)

pytestmark = [pytest.mark.servers, pytest.mark.slow, pytest.mark.xdist_group("roundup")]


@dataclass
class Walk:
    """One reader on the way: where they are, what they wrote and what was printed."""

    folder: Path
    environment: Mapping[str, str]
    functions: list[str] = field(default_factory=list)
    own_lines: int = 0
    commands: int = 0
    printed: str = ""
    missing: list[str] = field(default_factory=list)

    def take(self, step: Mapping[str, str | None]) -> None:
        text = step["text"] or ""
        if step["file"]:
            self.write(self.folder / step["file"], text)
        elif step["kind"] == "run":
            self.run(text)
        else:
            told = squeezed(self.printed)
            self.missing += [line for line in text.splitlines() if squeezed(line) not in told]

    def write(self, path: Path, text: str) -> None:
        """Write a file, and count the lines that the draft did not have."""
        before = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
        changes = difflib.ndiff(before, text.splitlines())
        self.own_lines += sum(line.startswith("+ ") and bool(line[2:].strip()) for line in changes)
        path.write_text(text, encoding="utf-8")

    def run(self, text: str) -> None:
        self.commands += len(text.replace("\\\n", "").splitlines())
        script = "\n".join([*self.functions, text, "pwd >&2"])
        done = subprocess.run(
            ["sh", "-eu", "-c", script],
            cwd=self.folder,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
        )
        self.printed = done.stdout
        assert done.returncode == 0, f"{text}\n{done.stdout}{done.stderr}"
        self.folder = Path(done.stderr.strip().splitlines()[-1])
        self.functions += FUNCTION.findall(text)


def squeezed(text: str) -> str:
    """The text with one space for each gap, since tables are as wide as their content."""
    return re.sub(r"\s+", " ", text).strip()


def environment(server: RoundupServer, folder: Path) -> dict[str, str]:
    """What the reader exports; packages are installed aside, so that ours stay as they are."""
    settings = {"base_url": server.url, "username": server.user, "password": server.password}
    installed = str(folder / "installed")
    kept = {name: value for name, value in os.environ.items() if name != "HUB_CONFIG"}
    pip = {"PIP_NO_DEPS": "1", "PIP_NO_BUILD_ISOLATION": "0", "PIP_TARGET": installed}
    return {
        **kept,
        **pip,
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{kept['PATH']}",
        "PYTHONPATH": installed,
        "COLUMNS": "160",
        "ROUNDUP": server.url,
        "LOGIN": f"{server.user}:{server.password}",
        "HUB_ROUNDUP": json.dumps(settings),
    }


@pytest.fixture(scope="module")
def walked(roundup_server: RoundupServer, tmp_path_factory: pytest.TempPathFactory) -> Walk:
    folder = tmp_path_factory.mktemp("tutorial")
    walk = Walk(folder, environment(roundup_server, folder))
    for match in STEP.finditer(PAGE):
        walk.take(match.groupdict())
    return walk


def test_every_block_of_code_is_walked() -> None:
    assert len(STEP.findall(PAGE)) == PAGE.count("\n```") / 2


def test_the_commands_print_what_the_page_says(walked: Walk) -> None:
    assert walked.missing == []


def test_the_page_counts_right(walked: Walk) -> None:
    found = re.search(r"\*\*(\d+) lines of our own\*\*.* (\d+) commands", PAGE)
    assert found is not None
    assert (int(found[1]), int(found[2])) == (walked.own_lines, walked.commands)


@contextmanager
def opened(walk: Walk) -> Iterator[Writer]:
    """The tutorial's connector, on the real Roundup."""
    sys.path.insert(0, str(walk.folder))
    try:
        import hub_roundup  # type: ignore[import-not-found]  # the tutorial's own package
    finally:
        sys.path.remove(str(walk.folder))
    spec = discover(extra={"roundup": hub_roundup}).connector("roundup")
    settings = spec.config.model_validate_json(walk.environment["HUB_ROUNDUP"])
    with closing(spec.open(settings)) as connector:
        yield cast("Writer", connector)


def change(record: Record, phone: str) -> Change:
    return Change(
        stream="user",
        key=record.key,
        fields={"phone": phone},
        expected_version=record.version,
        idempotency_key="tutorial",
    )


def test_it_writes_to_roundup_and_overwrites_nobody(walked: Walk) -> None:
    with opened(walked) as connector:
        seen = connector.fetch("user", "3")
        assert seen is not None
        later = change(seen, "+49 30 1")
        connector.write(later)
        now = connector.fetch("user", "3")
        assert now is not None
        assert now.data["phone"] == "+49 30 1"
        with pytest.raises(ConflictError):
            connector.write(change(Record("3", {}, "2020-01-01T00:00:00.000000Z"), "+49 30 2"))
