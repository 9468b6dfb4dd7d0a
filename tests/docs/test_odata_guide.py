"""The OData guide is run: its package is written, imported, read from, and held to the kit."""

from __future__ import annotations

import importlib
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType

import pytest

from hub.mapping import compile_mapping, load_mapping
from hub.model import ENTITIES
from hub.plugins import discover
from hub.sdk import Sample, StandInState
from hub.sdk.odata import Reading
from tests.architecture.source import ROOT

GUIDE = (ROOT / "docs" / "connectors" / "odata.md").read_text(encoding="utf-8")
FILES: dict[str, str] = dict(
    re.findall(r"<!-- file: (\S+) -->\n```\w+\n(.*?)```\n", GUIDE, re.DOTALL)
)


def write_package(folder: Path) -> None:
    for name, text in FILES.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")


@pytest.fixture
def plugin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    write_package(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    importlib.invalidate_caches()
    yield importlib.import_module("hub_kasse")
    del sys.modules["hub_kasse"]


def test_every_block_of_code_is_run() -> None:
    assert len(FILES) == GUIDE.count("\n```") / 2
    assert {"pyproject.toml", "hub_kasse/__init__.py", "tests/test_kasse.py"} <= set(FILES)


def test_every_way_of_reading_is_told() -> None:
    assert set(re.findall(r"^\| `Reading\.(\w+)`", GUIDE, re.MULTILINE)) == set(Reading.__members__)


def test_the_package_reads_and_its_mapping_holds(plugin: ModuleType) -> None:
    registry = discover(extra={"kasse": plugin})
    spec, plan = registry.connector("kasse"), registry.standins["kasse"]
    samples, state = plan.samples, StandInState({})
    assert samples is not None
    for stream in spec.streams:
        for number in range(1, 8):
            samples.put(samples, state, Sample(stream.name, number, 0, datetime.now(UTC)))
    standin = plan.start(state, 0)
    mapping = compile_mapping(load_mapping(spec.mapping or "", file="kasse.yaml"))
    settings = spec.config.model_validate({**standin.config, "page_size": 3})
    with closing(spec.open(settings)) as connector:
        for stream in spec.streams:
            pages = list(connector.read(stream.name, None))
            assert [len(page.records) for page in pages] == [3, 3, 1]
            for one in mapping.stream(stream.name).translate(pages[0].records[0].data):
                assert ENTITIES[one.entity].model_validate(one.body)
    standin.stop()


@pytest.mark.slow
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
