"""The page on SOAP systems is run: its connector reads, resumes, writes and is mapped."""

from __future__ import annotations

import importlib
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

from hub.errors import AuthenticationError
from hub.mapping import compile_mapping, load_mapping
from hub.plugins import discover
from hub.sdk import Change, Connector, Writer
from tests.architecture.source import ROOT
from tests.unit.sdk.soap.helpdesk import HelpDesk

PAGE = (ROOT / "docs" / "connectors" / "soap.md").read_text(encoding="utf-8")
FILES: dict[str, str] = dict(
    re.findall(r"<!-- file: (\S+) -->\n```\w+\n(.*?)```\n", PAGE, re.DOTALL)
)


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[HelpDesk]:
    served = HelpDesk(tmp_path)
    served.fill(8)
    served.demand_session = True
    yield served
    served.stop()


@pytest.fixture
def plugin(desk: HelpDesk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    for name, text in FILES.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    (tmp_path / "hub_desk" / "service.wsdl").write_text(desk.wsdl.read_text())
    monkeypatch.syspath_prepend(str(tmp_path))
    importlib.invalidate_caches()
    yield importlib.import_module("hub_desk")
    for name in [name for name in sys.modules if name.startswith("hub_desk")]:
        del sys.modules[name]


def opened(plugin: ModuleType, desk: HelpDesk, password: str = "secret") -> Connector:
    spec = discover({"desk": plugin}).connector("desk")
    settings = {"base_url": desk.url, "username": "hub", "password": password, "page_size": 3}
    return spec.open(spec.config.model_validate(settings))


def test_the_connector_has_some_sixty_lines() -> None:
    lines = FILES["hub_desk/__init__.py"].splitlines()
    assert sum(bool(line.strip()) for line in lines) <= 65


def test_it_reads_and_resumes(plugin: ModuleType, desk: HelpDesk) -> None:
    connector = opened(plugin, desk)
    assert "3 on the first page" in connector.check()
    pages = connector.read("ticket", None)
    first = next(pages)
    desk.sessions.clear()
    *_, last = pages
    assert [record.key for record in first.records] == ["0001", "0002", "0003"]
    desk.tickets["0007"] |= {"changed": "2026-02-02T00:00:00Z", "gone": "true"}
    changed = list(connector.read("ticket", last.cursor))
    assert [stone.key for page in changed for stone in page.tombstones] == ["0007"]


def test_it_writes(plugin: ModuleType, desk: HelpDesk) -> None:
    connector: Writer = opened(plugin, desk)  # type: ignore[assignment]  # the stream declares WRITE
    change = Change(
        stream="ticket",
        key="0002",
        fields={"title": "new"},
        expected_version=None,
        idempotency_key="k",
    )
    assert connector.write(change).version == "2026-03-01T00:00:00.000000Z"
    assert desk.tickets["0002"]["title"] == "new"


def test_a_wrong_password_is_told(plugin: ModuleType, desk: HelpDesk) -> None:
    with pytest.raises(AuthenticationError):
        opened(plugin, desk, "wrong").check()


def test_its_records_are_mapped(plugin: ModuleType, desk: HelpDesk) -> None:
    mapping = compile_mapping(load_mapping(FILES["hub_desk/desk.yaml"], file="desk.yaml"))
    record = next(iter(opened(plugin, desk).read("ticket", None))).records[0]
    (made,) = mapping.stream("ticket").translate(record.data)
    assert (made.body["number"], made.body["subject"], made.gaps) == ("0001", "A & B 1", [])
