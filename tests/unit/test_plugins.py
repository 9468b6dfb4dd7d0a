"""Registration refuses a bad plugin by name, hook and reason, and keeps the good ones."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from hub.errors import ContractError
from hub.plugins import discover
from hub.sdk import (
    Capability,
    ConnectorConfig,
    ConnectorSpec,
    Cursor,
    Page,
    Stream,
    hookimpl,
)


class Empty:
    """A connector of a system that holds nothing."""

    def __init__(self, config: object = None) -> None:
        self.config = config

    def check(self) -> str:
        return "empty"

    def read(self, stream: str, cursor: Cursor | None) -> Iterator[Page]:
        yield Page(records=[], cursor={})

    def close(self) -> None:
        """Nothing is held."""


SPEC = ConnectorSpec(
    name="empty",
    title="Empty",
    contract=1,
    config=ConnectorConfig,
    open=lambda _: Empty(),
    streams=(Stream(name="things", entities=("party",), key=("id",)),),
)


def module_with(**hooks: object) -> ModuleType:
    module = ModuleType("plugin")
    vars(module).update(hooks)
    return module


def plugin(spec: Any) -> object:
    @hookimpl
    def hub_connector() -> Any:
        return spec

    return module_with(hub_connector=hub_connector)


def test_the_built_in_connectors_come_through_the_same_door() -> None:
    registry = discover()
    names = {"salesforce", "request_tracker", "imap", "tryton", "dolibarr", "file"}
    assert names <= set(registry.connectors)
    assert names - {"file"} <= set(registry.standins)
    assert registry.refused == ()


def test_a_good_plugin_is_accepted() -> None:
    assert discover({"mine": plugin(SPEC)}).connector("empty") is SPEC


STREAM = SPEC.streams[0]
SCANNING = (Capability.INCREMENTAL, Capability.KEY_SCAN)


def _with(*capabilities: Capability) -> ConnectorSpec:
    declared = frozenset({Capability.FULL, *capabilities})
    return replace(SPEC, streams=(replace(STREAM, capabilities=declared),))


BAD = {
    "speaks contract version 2": replace(SPEC, contract=2),
    "not a ConnectorSpec": {"name": "dict"},
    "is not implemented": None,
    "taken by another": replace(SPEC, name="file"),
    "not a subclass": replace(SPEC, config=dict),  # type: ignore[arg-type]  # the flaw under test
    "declares no stream": replace(SPEC, streams=()),
    "twice": replace(SPEC, streams=(STREAM, STREAM)),
    "unknown entity": replace(SPEC, streams=(replace(STREAM, entities=("customer",)),)),
    "declares no key": replace(SPEC, streams=(replace(STREAM, key=()),)),
    "names no cursor": replace(
        SPEC,
        streams=(
            replace(STREAM, capabilities=frozenset({Capability.FULL, Capability.INCREMENTAL})),
        ),
    ),
    "key_scan but not incremental": _with(Capability.KEY_SCAN),
    "retains what leaves": replace(
        SPEC, streams=(replace(_with(*SCANNING).streams[0], cursor="at", retains=True),)
    ),
    "no method 'keys'": replace(
        SPEC, open=Empty, streams=(replace(_with(*SCANNING).streams[0], cursor="at"),)
    ),
    "no method 'batch_limit'": replace(_with(Capability.WRITE, Capability.BATCH_WRITE), open=Empty),
    "no method 'create'": replace(_with(Capability.WRITE, Capability.CREATE), open=Empty),
    "declares create but not write": _with(Capability.CREATE),
    "no method 'webhook'": replace(_with(Capability.PUSH), open=Empty),
    "but not write": replace(
        SPEC,
        streams=(
            replace(STREAM, capabilities=frozenset({Capability.FULL, Capability.OPTIMISTIC_LOCK})),
        ),
    ),
}


@pytest.mark.parametrize("reason", BAD)
def test_a_bad_connector_is_refused_with_the_reason(reason: str) -> None:
    registry = discover({"bad": plugin(BAD[reason])})
    refusal = next(item for item in registry.refused if item.plugin == "bad")
    assert reason in refusal.reason
    assert refusal.hook == "hub_connector"
    assert "salesforce" in registry.connectors
    with pytest.raises(ContractError, match="refused"):
        registry.connector("bad")


def test_a_misspelt_hook_is_refused() -> None:
    @hookimpl
    def hub_conector() -> ConnectorSpec:
        return SPEC

    registry = discover({"typo": module_with(hub_conector=hub_conector)})
    (refusal,) = registry.refused
    assert refusal.plugin == "typo"
    assert "hub_conector" in str(refusal)


def test_a_hook_with_an_unknown_argument_is_refused() -> None:
    @hookimpl
    def hub_connector(config: object) -> ConnectorSpec:
        return SPEC

    registry = discover({"argument": module_with(hub_connector=hub_connector)})
    (refusal,) = registry.refused
    assert refusal.hook == "hub_connector"
    assert "config" in refusal.reason


def test_a_hook_that_raises_is_refused() -> None:
    @hookimpl
    def hub_connector() -> ConnectorSpec:
        raise RuntimeError("no licence")

    registry = discover({"raising": module_with(hub_connector=hub_connector)})
    assert "RuntimeError: no licence" in registry.refused[0].reason


def test_an_unknown_connector_names_the_installed_ones() -> None:
    with pytest.raises(ContractError, match=r"no connector 'sap'.*salesforce"):
        discover().connector("sap")


PACKAGE = {
    "pyproject.toml": """
[build-system]
requires = ["hatchling"]
build-backend = "hatchling.build"
[project]
name = "hub-tiny"
version = "1"
[project.entry-points."hub.connectors"]
tiny = "hub_tiny"
""",
    "hub_tiny.py": """
from hub.sdk import ConnectorConfig, ConnectorSpec, Stream, hookimpl

@hookimpl
def hub_connector():
    things = Stream(name="things", entities=("party",), key=("id",))
    return ConnectorSpec(name="tiny", title="Tiny", contract=1, config=ConnectorConfig,
                         open=lambda config: None, streams=(things,))
""",
}


@pytest.mark.slow
def test_a_connector_of_another_distribution_installs_and_appears(tmp_path: Path) -> None:
    source, target = tmp_path / "source", tmp_path / "installed"
    source.mkdir()
    for name, text in PACKAGE.items():
        (source / name).write_text(text, encoding="utf-8")
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-build-isolation"]
    subprocess.run([*pip, "--target", str(target), str(source)], check=True, capture_output=True)
    code = (
        f"import sys; sys.path.insert(0, {str(target)!r}); from hub.plugins import discover; "
        "print(discover().connector('tiny').title)"
    )
    listing = subprocess.run(
        [sys.executable, "-c", code], check=True, capture_output=True, text=True
    )
    assert listing.stdout.strip() == "Tiny"
