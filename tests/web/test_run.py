"""hub run as people start it: it polls, takes what is pushed, resolves, and ends well."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.web.site import body_of, contact, environment, event, send, signed, write_site

HUB = "from hub.cli.main import run; run()"
DOWN = """
[connections.down]
connector = "salesforce"
options = { base_url = "http://127.0.0.1:9", client_id = "a", client_secret = "b" }
"""
Line = Mapping[str, Any]


class Running:
    """`hub run --json` as a process of its own."""

    def __init__(self, site: Path, plugin: Path, *words: str) -> None:
        self._said: str | None = None
        self._log = site / f"run{len(list(site.glob('run*')))}.log"
        command = [sys.executable, "-c", HUB, "-c", str(site), "run", "--json", "--port", "0"]
        with self._log.open("wb") as log:
            self.process = subprocess.Popen(
                [*command, *words], env=environment(plugin), stdout=log, stderr=subprocess.PIPE
            )

    def lines(self) -> list[Line]:
        return [json.loads(line) for line in self._log.read_text().splitlines()]

    def until(self, wanted: Callable[[Line], bool]) -> Line:
        """Wait for a line."""
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            if found := [line for line in self.lines() if wanted(line)]:
                return found[0]
            time.sleep(0.02)
        raise AssertionError(self._log.read_text())

    def step(self, name: str, connection: str | None = None) -> Line:
        return self.until(
            lambda line: line["step"] == name and line.get("connection") in (connection, None)
        )

    @property
    def port(self) -> int:
        return int(self.step("begin")["receive"].split(":")[2].partition("/")[0])

    def end(self) -> int:
        """Its exit code after SIGTERM."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout=30)

    def close(self) -> str:
        """Kill it if it lives; returns what it complained of."""
        if self._said is None:
            self.process.kill()
            self._said = self.process.communicate()[1].decode()
        return self._said


@contextmanager
def running(site: Path, plugin: Path, *words: str) -> Iterator[Running]:
    process = Running(site, plugin, *words)
    try:
        yield process
    finally:
        process.close()


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """A site that is polled seldom: what comes soon was pushed."""
    folder = write_site(tmp_path / "site")
    text = (folder / "hub.toml").read_text(encoding="utf-8")
    slow = text.replace('standin = "live.json"', 'standin = "live.json"\npoll_seconds = 3600')
    (folder / "hub.toml").write_text(slow, encoding="utf-8")
    return folder


def test_it_reads_resolves_takes_pushes_and_ends(site: Path, plugin_folder: Path) -> None:
    with running(site, plugin_folder) as hub:
        assert hub.step("read", "live")["new"] == 3
        assert hub.step("resolve")["golden_created"] >= 3
        body = body_of(event(contact(1, 5, name="Example Renamed")))
        began = time.monotonic()
        assert send(hub.port, body, signed(body))[0] == 200
        assert hub.step("land", "live")["changed"] == 1
        hub.until(lambda line: line.get("golden_changed") == 1)
        assert time.monotonic() - began < 5
        assert hub.end() == 0
        assert hub.lines()[-1] == {"step": "end", "unfinished": []}


def test_a_system_that_is_away_holds_up_no_other(site: Path, plugin_folder: Path) -> None:
    with (site / "hub.toml").open("a", encoding="utf-8") as file:
        file.write(DOWN)
    with running(site, plugin_folder) as hub:
        assert hub.step("read", "live")["new"] == 3
        hub.step("resolve")
        away = hub.step("read", "down")
        assert "down" in away["error"]
        assert away["again"] == 1.0
        later = hub.until(lambda line: line.get("again") == 2.0)
        assert later["connection"] == "down"
        assert hub.end() == 0


def test_a_second_one_is_refused(site: Path, plugin_folder: Path) -> None:
    with running(site, plugin_folder) as hub:
        hub.step("begin")
        with running(site, plugin_folder) as other:
            assert other.process.wait(timeout=30) == 6
            assert "another `hub run` works on this store" in other.close()
        assert hub.end() == 0


def test_one_that_was_killed_leaves_nothing_behind(site: Path, plugin_folder: Path) -> None:
    with running(site, plugin_folder) as hub:
        hub.step("read", "live")
        hub.close()
    with running(site, plugin_folder, "--no-receive") as hub:
        hub.step("begin")
        assert hub.end() == 0
        assert not [line for line in hub.lines() if "error" in line]
