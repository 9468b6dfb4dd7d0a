"""Memory while much work is done: collected at our own pace, in heaps that are shared.

A page that is read, or a batch that is resolved, makes tens of thousands of objects that die
together; CPython walks the whole heap again and again meanwhile: a fifth of the time of a read, a
third of that of finding and weighing candidates, measured. Collecting every few pages costs little
and keeps the memory as flat.
"""

from __future__ import annotations

import ctypes
import gc
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Final

_SELDOM: Final = (50_000, 20, 50)
_YOUNG_EVERY: Final = 5
_FULL_EVERY: Final = 200
_ARENA_MAX: Final = -8


@contextmanager
def paced_collection() -> Iterator[Callable[[], None]]:
    """Pause automatic collection; the caller calls what it gets after each page or batch."""
    was_enabled = gc.isenabled()
    gc.disable()
    pages = 0

    def collect() -> None:
        nonlocal pages
        pages += 1
        if pages % _FULL_EVERY == 0:
            gc.collect()
        elif pages % _YOUNG_EVERY == 0:
            gc.collect(1)

    try:
        yield collect
    finally:
        if was_enabled:
            gc.enable()


def collect_seldom() -> None:
    """Collect by itself now and then only, for a process of the hub's own.

    Records are many small dicts without cycles: looking for cycles often costs a tenth of a run.
    """
    gc.set_threshold(*_SELDOM)


def share_heaps() -> None:
    """Let all threads share two of the C library's heaps (glibc's M_ARENA_MAX, mallopt(3)).

    Else each gets one of its own that never shrinks: ten connections read at once took a third
    more memory, measured. Does nothing with another C library.
    """
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).mallopt(_ARENA_MAX, 2)
