"""Wait until the process is told to end, and never miss that it was."""

from __future__ import annotations

import signal
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

_KINDS: Final = (signal.SIGTERM, signal.SIGINT)


@contextmanager
def told_to_end() -> Iterator[Callable[[], None]]:
    """What is given returns after SIGTERM or Ctrl-C, also where that came before it was called.

    A second one ends the process at once. For the main thread alone.

    The wait is for a byte that the interpreter writes at the very moment of the signal
    (https://docs.python.org/3/library/signal.html#signal.set_wakeup_fd). No Event does: a handler
    runs in the main thread, in the middle of its ``wait()``, whose lock ``set()`` then waits for
    without end; and one noted just before the wait begins is handled after the wait alone.
    """
    heard, noted = socket.socketpair()
    noted.setblocking(False)  # asked of it by set_wakeup_fd
    before = [signal.signal(kind, _once) for kind in _KINDS]
    written = signal.set_wakeup_fd(noted.fileno(), warn_on_full_buffer=False)
    try:
        yield lambda: _await(heard)
    finally:
        signal.set_wakeup_fd(written)
        for kind, handler in zip(_KINDS, before, strict=True):
            signal.signal(kind, handler)
        heard.close()
        noted.close()


def _once(number: int, _frame: object) -> None:
    signal.signal(number, signal.SIG_DFL)


def _await(heard: socket.socket) -> None:
    """Any signal with a handler writes its number; others than these two go on."""
    while heard.recv(1)[0] not in _KINDS:
        pass
