"""Ten connections read at once by one ``hub sync``: the memory of its process tree.

    python -m benchmarks.ten_connections [--records 5000]

Ten connections of the connector salesforce (``at_once = 10`` in hub.toml) read the accounts of one
stand-in, a process of its own that is not counted. The figure is the peak of the hub's one process:
it has threads and no children.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from hub.plugins import discover
from hub.sdk import Sample, StandInState

CONNECTIONS, LIMIT_MB = 10, 250
SYSTEM, STREAM = "salesforce", "Account"


def serve(records: int) -> None:
    """Serve a filled stand-in until killed; its settings are the first line."""
    spec = discover().standins[SYSTEM]
    samples, state = spec.samples, StandInState({})
    assert samples is not None
    at = datetime(2026, 1, 31, 12, tzinfo=UTC)
    for number in range(1, records + 1):
        samples.put(samples, state, Sample(STREAM, number, 0, at))
    print(json.dumps(spec.start(state, 0).config), flush=True)
    time.sleep(3600)


def configuration() -> str:
    """A hub.toml with ten connections to the same system."""
    parts = ["[hub]", 'store = "sqlite:///hub.db"', f"at_once = {CONNECTIONS}"]
    for number in range(CONNECTIONS):
        parts += [
            f"[connections.c{number}]",
            f'connector = "{SYSTEM}"',
            'credentials = "env:HUB_BENCH"',
            f'streams = ["{STREAM}"]',
        ]
    return "\n".join(parts)


@contextmanager
def serving(records: int) -> Iterator[str]:
    """The settings of a stand-in with so many accounts, in a process of its own."""
    command = [sys.executable, "-m", "benchmarks.ten_connections", "--serve"]
    with subprocess.Popen(
        [*command, "--records", str(records)], stdout=subprocess.PIPE, text=True
    ) as server:
        assert server.stdout is not None
        try:
            yield server.stdout.readline()
        finally:
            server.kill()


def measure(records: int) -> None:
    """Sync once, and print what it took."""
    with (
        serving(records) as settings,
        tempfile.TemporaryDirectory(prefix="hub-bench-") as folder,
    ):
        Path(folder, "hub.toml").write_text(configuration())
        hub = [sys.executable, "-c", "from hub.cli.main import run; run()", "-c", folder, "sync"]
        begun = time.monotonic()
        with subprocess.Popen(
            hub, env={**os.environ, "HUB_BENCH": settings}, stdout=subprocess.DEVNULL
        ) as process:
            _, status, used = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
        wall = time.monotonic() - begun
    if process.returncode:
        raise SystemExit(f"hub sync failed with {process.returncode}")
    peak, cpu = used.ru_maxrss / 1024, used.ru_utime + used.ru_stime
    verdict = "met" if peak <= LIMIT_MB else "MISSED"
    print(
        f"{CONNECTIONS} connections at once, {records:,} records each: {peak:.0f} MB "
        f"(target ≤ {LIMIT_MB}): {verdict}; {cpu:.1f} CPU s, {wall:.1f} s"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--records", type=int, default=5_000)
    parser.add_argument("--serve", action="store_true", help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    serve(chosen.records) if chosen.serve else measure(chosen.records)


if __name__ == "__main__":
    main()
