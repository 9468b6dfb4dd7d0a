"""The tap as a process of its own: started, listened to line by line, and ended.

It gets its settings in files that only the hub's user can read, in a folder that goes with it, and
none of the hub's environment. It leads a process group, so that what it starts ends with it.
"""

from __future__ import annotations

import os
import select
import shutil
import signal
import subprocess
import tempfile
import threading
import time
from collections import deque
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any, Final

import orjson

from connectors.singer.config import SingerConfig
from hub.errors import PermanentSourceError, SourceSchemaError, SourceUnavailableError

SYSTEM: Final = "singer"
MAX_LINE: Final = 16 * 1024**2
_CHUNK: Final = 16 * 1024
_PATH: Final = "/usr/local/bin:/usr/bin:/bin"
_GRACE_SECONDS: Final = 5
_LOG_BYTES: Final = 64 * 1024


class Tap:
    """One run of the tap; :func:`running` starts and ends it."""

    def __init__(self, process: subprocess.Popen[bytes], config: SingerConfig, stream: str) -> None:
        self._process = process
        self._silence = config.silence_seconds
        self._log = config.log
        self._place = {"system": SYSTEM, "stream": stream}
        self.lines_read = 0

    def lines(self) -> Iterator[bytes]:
        """Each line that is not blank; raises if the tap hangs, fails or writes without end."""
        assert self._process.stdout is not None
        rest = b""
        while chunk := self._next_chunk(self._process.stdout):
            *lines, rest = (rest + chunk).split(b"\n") if b"\n" in chunk else (rest + chunk,)
            if len(rest) > MAX_LINE:
                message = f"the tap wrote a line of more than {MAX_LINE} bytes"
                raise SourceSchemaError(message, **self._place)
            for line in lines:
                self.lines_read += 1
                if line.strip():
                    yield line
        if rest.strip():
            self.lines_read += 1
            yield rest
        self._check_exit()

    def _next_chunk(self, pipe: IO[bytes]) -> bytes:
        poll = select.poll()  # takes descriptors above 1,023, as select() does not
        poll.register(pipe, select.POLLIN)
        if not poll.poll(self._silence * 1000):
            message = f"the tap said nothing for {self._silence} seconds and was ended"
            raise SourceUnavailableError(message, **self._place)
        return os.read(pipe.fileno(), _CHUNK)

    def _check_exit(self) -> None:
        code = _exit_code(self._process, self._silence)
        if code is None:
            message = f"the tap closed its output and did not end in {self._silence} seconds"
            raise SourceUnavailableError(message, **self._place)
        if code == 0:
            return
        hint = f"its log is in {self._log}" if self._log else "set log to see what it says"
        if self.lines_read or code < 0:
            message = f"the tap broke off with exit code {code}; {hint}"
            raise SourceUnavailableError(message, **self._place)
        message = f"the tap ended with exit code {code} at once; check config, and {hint}"
        raise PermanentSourceError(message, **self._place)


@contextmanager
def running(
    config: SingerConfig, documents: Mapping[str, Any], *, stream: str, discover: bool = False
) -> Iterator[Tap]:
    """Start the tap with these documents (state, catalog) beside its config; end it afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="hub-singer-"))
    try:
        arguments = _write(folder, {"config": _settings(config), **documents})
        arguments += ["--discover"] if discover else []
        process = _start([*config.command, *arguments], config, folder)
        log = _Log(process, config.log)
        try:
            yield Tap(process, config, stream)
        finally:
            _end(process)
            log.close()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _settings(config: SingerConfig) -> Any:
    return orjson.loads(config.config.get_secret_value()) if config.config else {}


def _write(folder: Path, documents: Mapping[str, Any]) -> list[str]:
    arguments: list[str] = []
    for name, content in documents.items():
        path = folder / f"{name}.json"
        _write_private(path, orjson.dumps(content))
        arguments += [f"--{name}", str(path)]
    return arguments


def _write_private(path: Path, content: bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)


def _start(command: list[str], config: SingerConfig, folder: Path) -> subprocess.Popen[bytes]:
    own = {name: value.get_secret_value() for name, value in config.environment.items()}
    base = {"PATH": _PATH, "LANG": "C.UTF-8", "HOME": str(folder), "TMPDIR": str(folder)}
    try:
        return subprocess.Popen(  # noqa: S603  # the engineer's own program, no shell
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE if config.log else subprocess.DEVNULL,
            cwd=folder,
            env={**base, **own},
            start_new_session=True,
        )
    except OSError as error:
        message = f"the tap can't be started ({error.strerror}); check command"
        raise PermanentSourceError(message, system=SYSTEM) from error


def _end(process: subprocess.Popen[bytes]) -> None:
    """Ask it to stop, then make it and all that it started.

    Until it is waited for, its number names no other process group.
    """
    if _exit_code(process, 0) is None:
        os.killpg(process.pid, signal.SIGTERM)
        _exit_code(process, _GRACE_SECONDS)
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    if process.stdout is not None:
        process.stdout.close()


def _exit_code(process: subprocess.Popen[bytes], patience: float) -> int | None:
    """Its exit code, or minus the signal that ended it, without waiting for it; None if it runs."""
    deadline = time.monotonic() + patience
    while True:
        told = os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT)
        if told is not None:
            return told.si_status if told.si_code == os.CLD_EXITED else -told.si_status
        if time.monotonic() >= deadline:
            return None
        time.sleep(0.02)


class _Log:
    """Keeps the end of what the tap logs, in a file of the hub's user alone."""

    def __init__(self, process: subprocess.Popen[bytes], path: Path | None) -> None:
        self._path = path
        self._kept: deque[bytes] = deque()
        self._size = 0
        self._thread: threading.Thread | None = None
        if process.stderr is not None:
            self._thread = threading.Thread(target=self._pump, args=(process.stderr,), daemon=True)
            self._thread.start()

    def _pump(self, pipe: IO[bytes]) -> None:
        with pipe:
            while chunk := pipe.read1(8192):  # type: ignore[attr-defined]  # a buffered pipe
                self._kept.append(chunk)
                self._size += len(chunk)
                while self._size - len(self._kept[0]) > _LOG_BYTES:
                    self._size -= len(self._kept.popleft())

    def close(self) -> None:
        if self._thread is None or self._path is None:
            return
        self._thread.join(_GRACE_SECONDS)
        fresh = self._path.with_name(f"{self._path.name}.{os.getpid()}-{time.monotonic_ns()}")
        _write_private(fresh, b"".join(self._kept))
        fresh.replace(self._path)
