"""Pure work in a process beside this one, while this one waits for its database.

A first load standardises a million records and writes them down: each keeps one core busy, and the
other would have nothing to do. The process is a Python of its own that imports what it is asked
for: no fork, which would take threads and connections along, and none of :mod:`multiprocessing`,
which may run the caller's script anew and is forbidden to workers of Celery.
"""

from __future__ import annotations

import os
import pickle  # between our own processes, over a pipe that nobody else has
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from typing import IO, Any, Final, Protocol, TypeVar

from hub.pipeline.collection import collect_seldom

T = TypeVar("T")
_PATIENCE: Final = 5.0
_START: Final = "from hub.pipeline.beside import serve; serve()"
_LOST: Final = (OSError, EOFError, pickle.UnpicklingError)


class Hand(Protocol):
    """Hands a call over; gives what is called for the outcome, once."""

    def __call__(self, function: Callable[..., T], *told: Any) -> Callable[[], T]:
        """``function`` is one of a module, and it and all it is told can be pickled."""


def here(function: Callable[..., T], *told: Any) -> Callable[[], T]:
    """The call is done in this process, when its outcome is called for."""
    return lambda: function(*told)


@contextmanager
def beside() -> Iterator[Hand]:
    """A process that works beside this one until the end; with a single core there is none.

    It is started with the first call, and does one after the other. Where it can't be started, or
    dies, the calls are done here.
    """
    if _cores() < 2:
        yield here
        return
    worker = _Worker()
    try:
        yield worker.hand
    finally:
        worker.end()


def _cores() -> int:
    """How many this process may use, where the system tells; else how many there are."""
    allowed = getattr(os, "sched_getaffinity", None)
    return len(allowed(0)) if allowed else os.cpu_count() or 1


class _Worker:
    """The process, as long as it lives; answers come in the order of what was asked."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._is_lost = False
        self._reader = ThreadPoolExecutor(1, thread_name_prefix="beside")

    def hand(self, function: Callable[..., T], *told: Any) -> Callable[[], T]:
        asked = pickle.dumps((function, told), pickle.HIGHEST_PROTOCOL)
        try:
            answer = self._reader.submit(pickle.load, self._send(asked))
        except _LOST:
            self._is_lost = True
            return here(function, *told)

        def outcome() -> T:
            try:
                done, found = answer.result()
            except _LOST:
                self._is_lost = True
                return function(*told)
            if done:
                return found  # type: ignore[no-any-return]  # what the function returns
            raise found

        return outcome

    def _send(self, asked: bytes) -> IO[bytes]:
        """Returns where the answer will come from; answers are read meanwhile, so none blocks."""
        if self._is_lost:
            raise EOFError("the process has died")
        if self._process is None:
            self._process = _start()
        into, out = self._process.stdin, self._process.stdout
        if into is None or out is None:
            raise EOFError("the process has no pipes")
        into.write(asked)
        into.flush()
        return out

    def end(self) -> None:
        """Close the pipe, which ends the process once it has done what it was asked."""
        if self._process is not None:
            with suppress(OSError):  # it may be dead
                if self._process.stdin is not None:
                    self._process.stdin.close()
            self._reader.shutdown(cancel_futures=True)
            _await(self._process)


def _await(process: subprocess.Popen[bytes]) -> None:
    if process.stdout is not None:
        process.stdout.close()
    try:
        process.wait(_PATIENCE)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _start() -> subprocess.Popen[bytes]:
    """It finds its modules where this process does."""
    known = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    return subprocess.Popen(  # noqa: S603  # this very Python
        [sys.executable, "-P", "-c", _START],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=known,
    )


def serve() -> None:
    """Do what comes in, until the pipe is closed: when the other process ends, however it does."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the other one is asked, and ends this one
    collect_seldom()
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # a stray word is no answer
    with suppress(EOFError, BrokenPipeError):
        while True:
            pickle.dump(_outcome(sys.stdin.buffer), answers, pickle.HIGHEST_PROTOCOL)
            answers.flush()


def _outcome(asked: IO[bytes]) -> tuple[bool, Any]:
    function, told = pickle.load(asked)  # noqa: S301  # what the process that started us says
    try:
        return True, function(*told)
    except Exception as error:  # noqa: BLE001  # raised where the outcome is called for
        return False, error
