"""Each connector's folder says what an engineer must know, and says what the code says."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from hub.bundled import bundled
from hub.mapping import load_mapping
from hub.plugins import discover
from hub.sdk import ConnectorSpec
from hub.testing.rule import Tier
from hub.testing.rules.papers import OPTIONAL, REQUIRED, declared
from tests.architecture.source import ROOT

SPECS = discover().connectors
FOLDERS = sorted(path.parent for path in (ROOT / "connectors").glob("*/__init__.py"))
MAPPINGS = sorted(bundled("mappings").glob("*.yaml"))


def facts(folder: Path) -> dict[str, Any]:
    found = yaml.safe_load((folder / "connector.yaml").read_text(encoding="utf-8"))
    assert isinstance(found, dict)
    return found


def test_every_folder_is_a_connector() -> None:
    assert {folder.name for folder in FOLDERS} == set(SPECS)


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_the_conformance_kit_holds_every_connector_to_its_tier(folder: Path) -> None:
    test = ROOT / "tests" / "connectors" / f"test_{folder.name}_conformance.py"
    assert f"= conformance({folder.name}" in test.read_text(encoding="utf-8")


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_the_facts_are_complete(folder: Path) -> None:
    found = facts(folder)
    assert set(found) - OPTIONAL == REQUIRED
    assert found["tier"].upper() in Tier.__members__
    assert set(found["auth"]) - {"set_up"} == {"flow"}
    for name in ("permissions", "limits"):
        assert found[name], name
        assert all(isinstance(line, str) for line in found[name])
    assert found["documentation"]
    assert all(url.startswith("https://") for url in found["documentation"].values())


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_the_facts_are_those_of_the_code(folder: Path) -> None:
    found, spec = facts(folder), SPECS[folder.name]
    assert (found["name"], found["title"], found["contract"]) == (
        spec.name, spec.title, spec.contract,
    )  # fmt: skip
    assert streams(found) == {stream.name: declared(stream) for stream in spec.streams}


def streams(found: dict[str, Any]) -> dict[str, Any]:
    """By name; the text ``from the settings`` stands for none that are known beforehand."""
    if found["streams"] == "from the settings":
        return {}
    return {
        name: {**entry, "capabilities": set(entry["capabilities"])}
        for name, entry in found["streams"].items()
    }


@pytest.mark.parametrize("path", MAPPINGS, ids=lambda path: path.stem)
def test_a_field_of_the_catalogue_has_an_owner_and_a_class(path: Path) -> None:
    mapping = load_mapping(path.read_text(encoding="utf-8"), file=path.name)
    for field in mapping.catalogue:
        assert field.owner, field.name
        assert field.pii in {"none", "personal", "sensitive"}, field.name
        assert field.description, field.name


@pytest.mark.parametrize("path", MAPPINGS, ids=lambda path: path.stem)
def test_a_mapping_covers_the_streams_of_its_connector(path: Path) -> None:
    mapping = load_mapping(path.read_text(encoding="utf-8"), file=path.name)
    spec: ConnectorSpec = SPECS[path.stem]
    assert mapping.system == path.stem
    assert not spec.streams or set(mapping.streams) == {stream.name for stream in spec.streams}
