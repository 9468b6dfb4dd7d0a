"""What Airflow with the hub's DAGs costs: until it is healthy, and while nothing is to be done.

    python -m benchmarks.control_room [--connections 20] [--minutes 5]

``hub airflow run`` of .venv-airflow on a fresh folder, first without a connection (what Airflow
itself takes, the calibration row), then with connections of the connector salesforce that are due
hourly, to one stand-in that is a process of its own and not counted. An hour of idling is an hour
in which each connection finds nothing new once: the growth of the idle share, and one round of
syncs by the scheduler, spread over 3,600 seconds.
"""

from __future__ import annotations

import argparse
import os
import re
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests

from benchmarks.ten_connections import serving

HUB = Path(".venv-airflow/bin/hub").absolute()
HEALTHY_WITHIN, IDLE_SHARE = 120.0, 0.05
_TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Room:
    """A running Airflow, and a session of its administrator."""

    process: subprocess.Popen[bytes]
    address: str
    session: requests.Session
    healthy_seconds: float

    def ask(self, method: str, path: str, **options: Any) -> Any:
        answer = self.session.request(method, self.address + path, timeout=60, **options)
        answer.raise_for_status()
        return answer.json()

    def is_busy(self) -> bool:
        """Whether a run of any DAG has yet to end."""
        path = "/api/v2/dags/~/dagRuns?state=running&state=queued&limit=1"
        return bool(self.ask("GET", path)["total_entries"])

    def cpu(self) -> float:
        """CPU seconds so far, of all of it that lives and of what has ended."""
        return sum(_cpu(pid) for pid in _family(self.process.pid))


@dataclass(frozen=True, slots=True)
class Cost:
    """What one number of connections costs."""

    healthy_seconds: float
    idle_share: float
    """CPU seconds a second."""
    round_cpu: float
    """CPU seconds of one sync of every connection, above idling."""
    round_seconds: float


def _stat(pid: int) -> list[str]:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return []


def _family(root: int) -> list[int]:
    """A process and its descendants, and whoever shares a session with one of these."""
    known = {int(entry.name): _stat(int(entry.name)) for entry in Path("/proc").glob("[0-9]*")}
    stats = {pid: stat for pid, stat in known.items() if stat}
    members = {root}
    while True:
        sessions = {stats[pid][3] for pid in members - {root} if pid in stats}
        more = {
            pid for pid, stat in stats.items() if int(stat[1]) in members or stat[3] in sessions
        } - members
        if not more:
            return sorted(members)
        members |= more


def _cpu(pid: int) -> float:
    """Its own seconds, and those of children that it has waited for."""
    stat = _stat(pid)
    return sum(int(ticks) for ticks in stat[11:15]) / _TICKS if stat else 0.0


def _configuration(connections: int) -> str:
    parts = ["[hub]", 'store = "sqlite:///hub.db"']
    for number in range(connections):
        parts += [
            f"[connections.c{number:02}]",
            'connector = "salesforce"',
            'credentials = "env:HUB_BENCH"',
            'streams = ["Account"]',
            'schedule = "@hourly"',
        ]
    return "\n".join(parts) + "\n"


@contextmanager
def _airflow(folder: Path, settings: str) -> Iterator[Room]:
    begun = time.monotonic()
    printed = folder / "printed.txt"
    environment = {**os.environ, "HUB_BENCH": settings}
    with (
        printed.open("wb") as out,
        subprocess.Popen(
            [HUB, "airflow", "run", "--port", "0"],
            cwd=folder, env=environment, stdout=out, stderr=subprocess.STDOUT,
        ) as process,
    ):  # fmt: skip
        try:
            while "Ctrl-C ends it" not in (text := printed.read_text()):
                if process.poll() is not None:
                    raise SystemExit(text)
                time.sleep(0.2)
            healthy = time.monotonic() - begun
            yield Room(process, *_enter(text), healthy)
        finally:
            process.send_signal(signal.SIGTERM)
            with suppress(subprocess.TimeoutExpired):
                process.wait(60)


def _enter(printed: str) -> tuple[str, requests.Session]:
    (address,) = re.findall(r"http://\S+", printed)
    passwords = dict(re.findall(r"^ *(\w+) / (\S+)$", printed, re.MULTILINE))
    session = requests.Session()
    login = {"username": "admin", "password": passwords["admin"]}
    answer = session.post(f"{address}/auth/token", json=login, timeout=60)
    answer.raise_for_status()
    session.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"
    return address, session


def _await_quiet(room: Room, wanted: int) -> None:
    """Until every DAG is known and half a minute went by without a run: each has one at first."""
    quiet = 0
    while quiet < 15:
        dags = room.ask("GET", "/api/v2/dags?limit=100")["total_entries"]
        quiet = quiet + 1 if dags >= wanted and not room.is_busy() else 0
        time.sleep(2)


def _share(room: Room, seconds: float) -> float:
    before, begun = room.cpu(), time.monotonic()
    time.sleep(seconds)
    return (room.cpu() - before) / (time.monotonic() - begun)


def _round(room: Room, connections: int) -> tuple[float, float]:
    """CPU and wall seconds of one sync of every connection, all triggered at once.

    What follows from a sync that found nothing is a part of it.
    """
    before, begun = room.cpu(), time.monotonic()
    for number in range(connections):
        path = f"/api/v2/dags/hub_sync__c{number:02}/dagRuns"
        room.ask("POST", path, json={"logical_date": None})
    while room.is_busy():
        time.sleep(1)
    return room.cpu() - before, time.monotonic() - begun


def measure(connections: int, minutes: float, settings: str) -> Cost:
    """Start, let the first runs end, and look on while nothing is to be done."""
    with tempfile.TemporaryDirectory(prefix="hub-bench-") as name:
        folder = Path(name)
        (folder / "hub.toml").write_text(_configuration(connections))
        with _airflow(folder, settings) as room:
            _await_quiet(room, connections + 5)
            share = _share(room, minutes * 60)
            cpu, seconds = _round(room, connections) if connections else (0.0, 0.0)
            return Cost(room.healthy_seconds, share, cpu - share * seconds, seconds)


def _told(value: float, limit: float) -> str:
    return "met" if value < limit else "MISSED"


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--connections", type=int, default=20)
    parser.add_argument("--minutes", type=float, default=5.0)
    chosen = parser.parse_args(arguments)
    with serving(200) as settings:
        bare = measure(0, chosen.minutes, settings)
        full = measure(chosen.connections, chosen.minutes, settings)
    print(f"healthy: {bare.healthy_seconds:.0f} s without a connection")
    print(
        f"healthy: {full.healthy_seconds:.0f} s with {chosen.connections} "
        f"(target < {HEALTHY_WITHIN:.0f}): {_told(full.healthy_seconds, HEALTHY_WITHIN)}"
    )
    print(f"idle: {bare.idle_share:.1%} of a core without a connection, {full.idle_share:.1%} with")
    print(f"one round of syncs: {full.round_cpu:.1f} CPU s in {full.round_seconds:.0f} s")
    growth = full.idle_share - bare.idle_share
    verdict = _told(growth, IDLE_SHARE)
    print(f"{chosen.connections} connections while idle: {growth:.1%} (target < 5 %): {verdict}")
    print(f"with their hourly syncs that find nothing: {growth + full.round_cpu / 3600:.1%}")


if __name__ == "__main__":
    main()
