"""The connector guide is run: its package is written, tested, installed and used as it says."""

from __future__ import annotations

import importlib
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from hub.errors import CursorExpiredError
from hub.mapping import compile_mapping, load_mapping
from hub.model import ENTITIES
from hub.plugins import Registry, discover
from hub.sdk import (
    Capability,
    Change,
    Connector,
    ConnectorSpec,
    New,
    Page,
    Receipt,
    Record,
    Sample,
    Samples,
    StandIn,
    StandInSpec,
    StandInState,
    Stream,
    Tombstone,
    Unreadable,
)
from hub.testing.rules import ALL
from tests.architecture.source import ROOT

GUIDE = (ROOT / "docs" / "connectors.md").read_text(encoding="utf-8")
FILES: dict[str, str] = dict(
    re.findall(r"<!-- file: (\S+) -->\n```\w+\n(.*?)```\n", GUIDE, re.DOTALL)
)
COMMANDS: list[str] = "".join(
    re.findall(r"<!-- run -->\n```\n(.*?)```\n", GUIDE, re.DOTALL)
).splitlines()
TABLES: dict[str, str] = dict(
    re.findall(r"^\*\*`(\w+)`\*\*.*?\n\n(.*?)(?:\n\n|\Z)", GUIDE, re.DOTALL | re.MULTILINE)
)
HUB = "from hub.cli.main import run; run()"
CONTRACT = (
    *(ConnectorSpec, StandInSpec, Samples, Sample, Stream, Capability),
    *(Page, Record, Tombstone, Unreadable, Change, New, Receipt),
)
ROWS: dict[str, Any] = {
    str(number): {
        "id": number,
        "art": "F" if number % 2 else "P",
        "name": f"Example {number}",
        "mail": f"a{number}@example.com",
        "ort": "Berlin",
        "land": "Deutschland",
        "geaendert": f"2026-01-31T12:00:0{number % 3}.000000Z",
    }
    for number in range(1, 11)
}


def write_package(folder: Path) -> None:
    for name, text in FILES.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")


@pytest.fixture
def plugin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    """The guide's package, imported."""
    write_package(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    importlib.invalidate_caches()
    yield importlib.import_module("hub_kontakte")
    for name in [name for name in sys.modules if name.startswith("hub_kontakte")]:
        del sys.modules[name]


@pytest.fixture
def registry(plugin: ModuleType) -> Registry:
    return discover(extra={"kontakte": plugin})


@pytest.fixture
def standin(registry: Registry) -> Iterator[StandIn]:
    running = registry.standins["kontakte"].start(StandInState({"kontakt": ROWS}), 0)
    yield running
    running.stop()


@pytest.fixture
def connector(registry: Registry, standin: StandIn) -> Iterator[Connector]:
    spec = registry.connector("kontakte")
    opened = spec.open(spec.config.model_validate({**standin.config, "page_size": 3}))
    yield opened
    opened.close()


def keys(pages: list[Page]) -> list[str]:
    return [record.key for page in pages for record in page.records]


def test_every_block_of_code_is_run() -> None:
    assert len(FILES) + GUIDE.count("<!-- run -->") == GUIDE.count("\n```") / 2
    assert {"pyproject.toml", "hub_kontakte/__init__.py", "hub.toml"} <= set(FILES)


def test_the_plugin_is_accepted(registry: Registry) -> None:
    assert [item for item in registry.refused if item.plugin == "kontakte"] == []
    assert {"kontakte"} <= set(registry.connectors) & set(registry.standins)


def test_pages_are_read_and_resumed(connector: Connector) -> None:
    pages = list(connector.read("kontakt", None))
    assert keys(pages) == list(ROWS)
    assert [len(page.records) for page in pages] == [3, 3, 3, 1]
    for number, page in enumerate(pages[:-1]):
        assert keys(list(connector.read("kontakt", page.cursor))) == keys(pages[number + 1 :])
    assert keys(list(connector.read("kontakt", pages[-1].cursor))) == []


def test_a_foreign_cursor_has_expired(connector: Connector) -> None:
    with pytest.raises(CursorExpiredError):
        list(connector.read("kontakt", {"since": "yesterday"}))


def test_a_record_that_is_bad_is_unreadable(connector: Connector, standin: StandIn) -> None:
    with standin.state.changing():
        standin.state.stream("kontakt")["4"]["geaendert"] = "2026-99-99"
    pages = list(connector.read("kontakt", None))
    assert [bad.key for page in pages for bad in page.unreadable] == ["4"]
    assert len(keys(pages)) == 9


def test_records_are_mapped_and_valid(registry: Registry, connector: Connector) -> None:
    text = registry.connector("kontakte").mapping
    assert text == FILES["hub_kontakte/kontakte.yaml"]
    stream = compile_mapping(load_mapping(text, file="kontakte.yaml")).stream("kontakt")
    made = [
        one
        for page in connector.read("kontakt", None)
        for record in page.records
        for one in stream.translate(record.data)
    ]
    assert len(made) == len(ROWS)
    assert all(one.gaps == [] for one in made)
    parties = [ENTITIES[one.entity].model_validate(one.body) for one in made]
    assert {getattr(party, "kind", None) for party in parties} == {"person", "organisation"}


def test_the_test_of_the_guide_passes(tmp_path: Path) -> None:
    write_package(tmp_path)
    run = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": f"{tmp_path}{os.pathsep}{ROOT}"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stdout
    assert "kontakte: claims gold, earns gold" in run.stdout


@pytest.mark.slow
def test_the_commands_of_the_guide_work(tmp_path: Path) -> None:
    """Installed aside, so that the tests' own environment stays as it is."""
    write_package(tmp_path)
    pip = ["--quiet", "--no-deps", "--no-build-isolation", "--target", str(tmp_path / "installed")]
    env = {**os.environ, "PYTHONPATH": str(tmp_path / "installed")}
    env.pop("HUB_CONFIG", None)
    output = {}
    for line in COMMANDS:
        words = shlex.split(line)
        program = ["-m", "pip"] if words[0] == "pip" else ["-c", HUB]
        extra = pip if words[0] == "pip" else []
        run = subprocess.run(
            [sys.executable, *program, *words[1:], *extra],
            cwd=tmp_path,
            env=env,
            capture_output=True,
            text=True,
            check=False,
        )
        assert run.returncode == 0, f"{line}\n{run.stdout}{run.stderr}"
        output[line] = run.stdout
    assert "Kontakte" in output["hub connector list"]
    assert "Beispiel & Co." in output["hub mapping preview adressen kontakt"]


def declared(kind: type) -> list[str]:
    if issubclass(kind, Capability):
        return list(Capability.__members__)
    if is_dataclass(kind):
        return [item.name for item in fields(kind)]
    return list(getattr(kind, "_fields", ()))


@pytest.mark.parametrize("kind", CONTRACT, ids=lambda kind: kind.__name__)
def test_the_reference_lists_every_field_of_the_contract(kind: type) -> None:
    assert re.findall(r"^\| `(\w+)` \|", TABLES[kind.__name__], re.MULTILINE) == declared(kind)


def test_the_guide_lists_every_rule_of_the_conformance_kit() -> None:
    listed = re.findall(r"^\| (bronze|silver|gold) \| `(\w+)` \| (.*) \|$", GUIDE, re.MULTILINE)
    assert listed == [(str(rule.tier), rule.id, rule.meaning) for rule in ALL]
    groups = {rule.group for rule in ALL} - {rule.id for rule in ALL}
    assert groups == {"network", "writing", "key_scan"}


def test_the_reference_lists_nothing_else() -> None:
    assert set(TABLES) == {kind.__name__ for kind in CONTRACT}
