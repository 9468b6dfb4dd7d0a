"""Sites whose systems outlive the hub, and `hub` runs that can be killed at any moment."""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from datetime import date
from pathlib import Path
from typing import Final

from hub.config import load_config
from hub.demo.company import generate
from hub.demo.site import CONNECTIONS, lay_out
from hub.plugins import discover
from hub.sdk import Fault, StandInState
from hub.sdk.standin import StandIn
from hub.store.database import Engine, open_store
from hub.store.digest import digest, dump

FULL: Final = os.environ.get("HUB_FAULTS") == "full"
KILLS: Final = 50 if FULL else 20
"""Kills a phase."""
IN_A_ROW: Final = 5
"""Kills that one site suffers before it may come to its end."""

_ROOT: Final = Path(__file__).resolve().parents[2]
_LONG_AGO: Final = date(2024, 11, 1)
"""Earlier than any run: a watermark is the newest change, unless that lies ahead of the clock."""
_PATIENCE: Final = 120.0


class Run:
    """One `hub` command under way."""

    def __init__(self, launcher: subprocess.Popen[str], log: Path) -> None:
        self._launcher = launcher
        self._log = log
        self._pid = int(_answer(launcher))
        self._code: int | None = None

    def send(self, number: signal.Signals) -> None:
        """Signal it; one that has ended does not mind."""
        with suppress(ProcessLookupError):
            os.kill(self._pid, number)

    def wait(self) -> int:
        """Its exit code; negative where a signal ended it."""
        if self._code is None:
            self._code = int(_answer(self._launcher))
        return self._code

    def kill(self) -> bool:
        """SIGKILL it; False where it had ended by itself, which is no kill."""
        self.send(signal.SIGKILL)
        return self.wait() == -signal.SIGKILL

    @property
    def said(self) -> str:
        """What this site's runs printed last."""
        return self._log.read_text(encoding="utf-8")[-2000:]


def _answer(launcher: subprocess.Popen[str]) -> str:
    assert launcher.stdout is not None
    line = launcher.stdout.readline()
    assert line, "the launcher has died"
    return line


class Hub:
    """Runs `hub` commands, one at a time, each in a process of its own."""

    def __init__(self, module: str = "tests.faults.launcher") -> None:
        self.runs = 0
        self._launcher = subprocess.Popen(
            [sys.executable, "-m", module],
            cwd=_ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert _answer(self._launcher).strip() == "ready"

    def start(self, site: Path, *arguments: str) -> Run:
        """Begin a command; wait for it before the next one."""
        log = site / "hub.log"
        assert self._launcher.stdin is not None
        self._launcher.stdin.write(json.dumps([str(site), arguments, str(log)]) + "\n")
        self._launcher.stdin.flush()
        self.runs += 1
        return Run(self._launcher, log)

    def run(self, site: Path, *arguments: str) -> float:
        """Run a command to its end, which must be a good one; returns the seconds it took."""
        began = time.monotonic()
        run = self.start(site, *arguments)
        assert run.wait() == 0, run.said
        return time.monotonic() - began

    def finish(self, site: Path, *arguments: str) -> None:
        """Restart a command until it ends well, as an operator or Airflow would."""
        deadline = time.monotonic() + _PATIENCE
        while (run := self.start(site, *arguments)).wait() != 0:
            assert time.monotonic() < deadline, run.said
            time.sleep(0.1)

    def torture(self, site: Path, *arguments: str, within: float, dice: random.Random) -> int:
        """Kill a command up to five times in a row, then let it end; returns the kills.

        ``within`` is how long it takes when left alone: started again it takes less, so it is
        killed a little earlier, or too many runs would end before their kill.
        """
        kills = 0
        while kills < IN_A_ROW:
            run = self.start(site, *arguments)
            time.sleep(dice.uniform(0, 0.8 * within))
            if run.kill():
                kills += 1
            elif run.wait() == 0:
                break
        self.finish(site, *arguments)
        return kills

    def close(self) -> None:
        """End the launcher."""
        self._launcher.communicate(timeout=30)


@contextmanager
def launched(module: str = "tests.faults.launcher") -> Iterator[Hub]:
    """A launcher for as long as it is needed."""
    with closing(Hub(module)) as hub:
        yield hub


class Systems:
    """The demo company's systems, served by the test's own process with some latency."""

    def __init__(self, customers: int, latency: float) -> None:
        self.company = generate(customers=customers, today=_LONG_AGO)
        self._running: dict[str, StandIn] = {}
        standins = discover().standins
        for name, seed in self.company.seeds.items():
            standin = standins[_connector(name)].start(StandInState(seed), 0)
            standin.fail(Fault(kind="delay", seconds=latency, times=10**9))
            self._running[name] = standin

    def lay_out(self, site: Path) -> Path:
        """A site on these systems, with an empty store."""
        lay_out(self.company, site, {name: self._section(name) for name in CONNECTIONS})
        for name, standin in self._running.items():
            (site / f"{name}.json").write_text(json.dumps(standin.config), encoding="utf-8")
            seed = json.dumps(self.company.seeds[name])
            (site / "systems" / f"{name}.json").write_text(seed, encoding="utf-8")
        shutil.copytree(_ROOT / "mappings", site / "mappings")
        # A killed reader's lease ends before the next one comes, as it does in practice: one that
        # is refused a stream goes on with the other systems, and who arrives first founds a party.
        declare(site, "hub", 'lease_seconds = 0.02\nmappings = "mappings"')
        return site

    def _section(self, name: str) -> str:
        """The demo's own section, with credentials instead of a stand-in that the hub starts."""
        lines = CONNECTIONS[name].splitlines()
        reach = f'credentials = "file:{name}.json"'
        return "\n".join(reach if line.startswith("standin") else line for line in lines) + "\n"

    def calls(self) -> dict[str, int]:
        """How many requests each system was sent so far, of those that count them."""
        counted = {name: getattr(it, "http", it) for name, it in self._running.items()}
        found = {name: getattr(it, "requests", None) for name, it in counted.items()}
        return {name: sum(it.values()) for name, it in found.items() if it is not None}

    def close(self) -> None:
        """Stop every system."""
        for standin in self._running.values():
            standin.stop()


def _connector(connection: str) -> str:
    """The connector's name, which stands first in a connection's section."""
    return CONNECTIONS[connection].split('"')[1]


def declare(site: Path, section: str, settings: str) -> None:
    """Add settings to a section of hub.toml, which is made where it is missing."""
    file = site / "hub.toml"
    text, head = file.read_text(encoding="utf-8"), f"[{section}]\n"
    text = text if head in text else head + text
    file.write_text(text.replace(head, f"{head}{settings}\n", 1), encoding="utf-8")


def clone(site: Path, to: Path) -> Path:
    """A copy of a site at rest, store and all."""
    shutil.copytree(site, to, ignore=shutil.ignore_patterns("*.log", "*-shm"))
    return to


def open_site_store(site: Path) -> Engine:
    """The store that a site's hub.toml names."""
    return open_store(load_config(site / "hub.toml").store_url)


def differences(site: Path, clean: Path) -> list[str]:
    """Lines of the digest's dump in which two sites' stores differ; none where digests agree."""
    one, other = open_site_store(site), open_site_store(clean)
    try:
        if digest(one) == digest(other):
            return []
        return sorted(set(dump(one)) ^ set(dump(other))) or ["rows are there more than once"]
    finally:
        one.dispose()
        other.dispose()
