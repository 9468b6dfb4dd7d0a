"""Runs one server in a process group of its own, and stops that group and nothing else."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

START_TIMEOUT_SECONDS = 60.0
STOP_TIMEOUT_SECONDS = 15.0
POLL_SECONDS = 0.05
LOG_TAIL_CHARACTERS = 3000


class ServerStartError(RuntimeError):
    """The server ended, or did not answer in time; the message ends with the tail of its log."""


@dataclass(frozen=True)
class Launch:
    """What to run, as whom, and where its output goes."""

    name: str
    command: Sequence[str]
    log: Path
    environment: Mapping[str, str] = field(default_factory=dict)
    user: str | None = None
    stop_signal: signal.Signals = signal.SIGTERM


def is_root() -> bool:
    """Say whether the current process may change users."""
    return os.geteuid() == 0


def free_port() -> int:
    """Return a loopback port that nothing listens on at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def reserved_port() -> Iterator[int]:
    """Yield a loopback port that nobody else is given until the server that is started takes it.

    A server takes seconds to start. Whoever asks for a free port meanwhile could be given the one
    that it was told, and answer in its place. A socket that is bound and does not listen keeps the
    port from them; a server that sets SO_REUSEADDR can still listen there.
    """
    with socket.socket() as held:
        held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        held.bind(("127.0.0.1", 0))
        yield held.getsockname()[1]


def accepts(port: int) -> bool:
    """Say whether something accepts connections on this loopback port."""
    with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
        return True
    return False


@contextmanager
def scratch_folder(name: str, *, owner: str | None = None) -> Iterator[Path]:
    """Yield a temporary folder that belongs to `owner`, and remove it afterwards."""
    folder = Path(tempfile.mkdtemp(prefix=f"hub-{name}-"))
    try:
        if owner is not None:
            shutil.chown(folder, owner)
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def running(launch: Launch, ready: Callable[[], bool]) -> Iterator[subprocess.Popen[bytes]]:
    """Yield the process once `ready` says true, and stop its whole group afterwards."""
    process = _start(launch)
    try:
        _wait_until_ready(process, launch, ready)
        yield process
    finally:
        stop(process, launch.stop_signal)


def run(launch: Launch, *, stdin: str = "", timeout: float = 300) -> str:
    """Run a command to its end and return its output; its errors go to the log."""
    with launch.log.open("ab") as log:
        done = subprocess.run(
            launch.command,
            input=stdin.encode(),
            stdout=subprocess.PIPE,
            stderr=log,
            timeout=timeout,
            check=False,
            cwd=launch.log.parent,
            env={**os.environ, **launch.environment},
            user=_identity(launch.user),
            group=_identity(launch.user),
        )
        log.write(done.stdout if done.returncode else b"")
    if done.returncode:
        raise ServerStartError(f"{launch.name} failed ({done.returncode}):\n{tail(launch.log)}")
    return done.stdout.decode()


def stop(process: subprocess.Popen[bytes], stop_signal: signal.Signals = signal.SIGTERM) -> None:
    """Stop the process group that `process` leads: politely first, then for good."""
    _signal_group(process, stop_signal)
    try:
        process.wait(STOP_TIMEOUT_SECONDS)
    except subprocess.TimeoutExpired:
        _signal_group(process, signal.SIGQUIT)
        with suppress(subprocess.TimeoutExpired):
            process.wait(STOP_TIMEOUT_SECONDS)
    _signal_group(process, signal.SIGKILL)
    process.wait()


def tail(log: Path) -> str:
    """Return the end of a log file, where the reason usually is."""
    if not log.exists():
        return "(no log was written)"
    return log.read_text(errors="replace")[-LOG_TAIL_CHARACTERS:]


def _start(launch: Launch) -> subprocess.Popen[bytes]:
    with launch.log.open("ab") as log:
        return subprocess.Popen(
            launch.command,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
            cwd=launch.log.parent,
            env={**os.environ, **launch.environment},
            user=_identity(launch.user),
            group=_identity(launch.user),
        )


def _identity(user: str | None) -> str | None:
    """Only root can become someone else; Debian's system users have a group of the same name."""
    return user if is_root() else None


def _wait_until_ready(
    process: subprocess.Popen[bytes], launch: Launch, ready: Callable[[], bool]
) -> None:
    deadline = time.monotonic() + START_TIMEOUT_SECONDS
    while not ready():
        if process.poll() is not None:
            reason = f"ended with status {process.returncode}"
        elif time.monotonic() > deadline:
            reason = f"did not answer within {START_TIMEOUT_SECONDS:.0f} s"
        else:
            time.sleep(POLL_SECONDS)
            continue
        raise ServerStartError(f"{launch.name} {reason}; its log ends:\n{tail(launch.log)}")


def _signal_group(process: subprocess.Popen[bytes], number: signal.Signals) -> None:
    with suppress(ProcessLookupError):
        os.killpg(process.pid, number)
