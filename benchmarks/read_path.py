"""The read path side by side: the floor, the hub, a peer; CPU, wall time and memory.

    python -m benchmarks.read_path [--records 100000] [--repeat 3] [--million]

Every contender reads the same loopback server and runs as a process of its own, in turns; the row
shows its best run by CPU time (user and system, children included), and the median of the times on
the clock. dlt and the Singer SDK run from .venv-bench,
PostgreSQL in a cluster of its own whose server processes are not counted; either is left out
with a word where it is not installed.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from statistics import median

import orjson

from tests.servers import postgres

ROOT = Path(__file__).parents[1]
PEER_PYTHON = ROOT / ".venv-bench" / "bin" / "python"
RESULTS = ROOT / "bench-out" / "read_path.json"
FLOOR, VALIDATED = "floor: requests + orjson → SQLite", "validated floor: + pydantic"
HUB, HUB_POSTGRESQL = "hub → SQLite", "hub → PostgreSQL"
HUB_SOAP, HUB_FAR = "hub ← SOAP → SQLite", "hub → SQLite, 20 ms a page"
DLT, DLT_FAR = "dlt 1.31 → SQLite", "dlt 1.31 → SQLite, 20 ms a page"
SINGER, STANDARDISE = "Singer SDK tap → SDK target, SQLite", "hub: standardise and match keys"
LATENCY = 0.02
TARGETS = ((HUB, DLT, 0.75), (HUB, VALIDATED, 5.0), (HUB_SOAP, HUB, 1.6))
"""Who must need at most which share of whose CPU time."""
WALL_TARGETS = ((HUB_FAR, HUB, 1.3),)
"""The same of the time on the clock; medians of runs in turns, since a machine is never alone."""


@dataclass(frozen=True, slots=True)
class Measured:
    """What one process used."""

    name: str
    records: int
    cpu_seconds: float
    wall_seconds: float
    peak_mb: float


@dataclass(frozen=True, slots=True)
class Contender:
    """A row of the table; ``command`` gets an empty folder."""

    name: str
    command: Callable[[Path], list[str]]


def measure(contender: Contender, records: int) -> Measured:
    """Run it once in a fresh folder; raises CalledProcessError where it fails."""
    with tempfile.TemporaryDirectory(prefix="hub-bench-") as folder:
        command = contender.command(Path(folder))
        begun = time.monotonic()
        with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL) as process:
            _, status, used = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            raise subprocess.CalledProcessError(process.returncode, command)
        wall = time.monotonic() - begun
    cpu = used.ru_utime + used.ru_stime
    return Measured(contender.name, records, cpu, wall, used.ru_maxrss / 1024)


@contextmanager
def serving(records: int, latency: float = 0.0) -> Iterator[str]:
    """The server in a process of its own; gives its base URL."""
    command = [sys.executable, "-m", "benchmarks.rest_server", "--records", str(records)]
    command += ["--latency", str(latency)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        yield process.stdout.readline().strip()
        process.kill()


@contextmanager
def contenders(url: str, far: str) -> Iterator[list[Contender]]:
    """All that can run here; ``far`` is the server whose answers take their time."""
    rows = [
        _python(FLOOR, "floor", url, "{folder}/floor.db"),
        _python(VALIDATED, "floor", url, "{folder}/floor.db", "--validate"),
        _python(HUB, "hub_path", url, "sqlite:///{folder}/hub.db"),
        _python(HUB_FAR, "hub_path", far, "sqlite:///{folder}/hub.db"),
        _python(HUB_SOAP, "hub_path", url, "sqlite:///{folder}/hub.db", "--soap"),
    ]
    if PEER_PYTHON.exists():
        rows += [
            _peer(DLT, "dlt_peer", url),
            _peer(DLT_FAR, "dlt_peer", far),
            _peer(SINGER, "singer_peer", url),
        ]
    else:
        print("no .venv-bench: dlt and the Singer SDK are left out; `make bench` makes it")
    reason = postgres.available()
    if reason is not None:
        print(f"{reason}: PostgreSQL is left out")
        yield rows
        return
    with postgres.running() as server:
        hub = [sys.executable, "-m", "benchmarks.hub_path", url]
        rows.append(Contender(HUB_POSTGRESQL, lambda _: [*hub, server.fresh_database()]))
        yield rows


def _peer(name: str, module: str, url: str) -> Contender:
    command = [str(PEER_PYTHON), f"benchmarks/{module}.py", url]
    return Contender(name, lambda folder: [*command, str(folder)])


def _python(name: str, module: str, *arguments: str) -> Contender:
    return Contender(
        name,
        lambda folder: [
            sys.executable,
            "-m",
            f"benchmarks.{module}",
            *(argument.format(folder=folder) for argument in arguments),
        ],
    )


def compare(records: int, repeat: int) -> list[Measured]:
    """The best of several runs of each; in turns, so that a busy machine is busy for all."""
    runs: dict[str, list[Measured]] = {}
    with (
        serving(records) as url,
        serving(records, LATENCY) as far,
        contenders(url, far) as rows,
    ):
        for _ in range(repeat):
            for contender in rows:
                runs.setdefault(contender.name, []).append(measure(contender, records))
    return [_best(found) for found in runs.values()]


def _best(runs: list[Measured]) -> Measured:
    """The run with the least CPU time, with the median of the times on the clock."""
    least = min(runs, key=lambda row: row.cpu_seconds)
    return replace(least, wall_seconds=median(row.wall_seconds for row in runs))


def standardise(records: int, repeat: int) -> Measured:
    """Standardising the same customers and making their match keys, a step after the read path."""
    row = _python(STANDARDISE, "standardise", str(records), "--alone")
    runs = [measure(row, records) for _ in range(repeat)]
    return min(runs, key=lambda found: found.cpu_seconds)


def remember(records: int) -> Measured:
    """One run of the hub on more records, for its memory."""
    with serving(records) as url:
        return measure(_python(HUB, "hub_path", url, "sqlite:///{folder}/hub.db"), records)


def show(rows: list[Measured]) -> None:
    """The table, with each row's CPU time against the validated floor and against dlt."""
    cpu = {row.name: row.cpu_seconds / row.records for row in reversed(rows)}
    print(f"\n{'':38}{'records':>10}{'CPU s':>8}{'wall s':>8}{'MB':>7}{'µs/rec':>8}", end="")
    print(f"{'× floor':>9}{'× dlt':>8}")
    for row in rows:
        each = row.cpu_seconds / row.records
        ratios = [f"{each / cpu[name]:.2f}" if name in cpu else "-" for name in (VALIDATED, DLT)]
        print(
            f"{row.name:38}{row.records:>10,}{row.cpu_seconds:>8.2f}{row.wall_seconds:>8.2f}"
            f"{row.peak_mb:>7.0f}{each * 1e6:>8.1f}{ratios[0]:>9}{ratios[1]:>8}"
        )
    for one, other, limit in TARGETS:
        if one in cpu and other in cpu:
            share = cpu[one] / cpu[other]
            _judge(f"CPU of {one} / {other}", share, limit)
    wall = {row.name: row.wall_seconds for row in rows}
    for one, other, limit in WALL_TARGETS:
        if one in wall and other in wall:
            _judge(f"wall time of {one} / {other}", wall[one] / wall[other], limit)


def _judge(what: str, share: float, limit: float) -> None:
    verdict = "met" if share <= limit else "MISSED"
    print(f"{what}: {share:.2f} (target ≤ {limit}): {verdict}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--records", type=int, default=100_000)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--million", action="store_true", help="memory at a million records too")
    chosen = parser.parse_args()
    rows = compare(chosen.records, chosen.repeat)
    rows.append(standardise(chosen.records, chosen.repeat))
    if chosen.million:
        rows.append(remember(1_000_000))
    show(rows)
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_bytes(orjson.dumps([asdict(row) for row in rows], option=orjson.OPT_INDENT_2))
    print(f"\nwritten to {RESULTS.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
