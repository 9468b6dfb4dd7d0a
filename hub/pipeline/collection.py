"""Garbage collection at our own pace while pages are read and translated.

A page makes tens of thousands of objects that die together; CPython walks the whole heap again and
again meanwhile, a fifth of all the time of a read, measured. Collecting every few pages costs
little and keeps the memory as flat.
"""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

_YOUNG_EVERY: Final = 5
_FULL_EVERY: Final = 200


@contextmanager
def paced_collection() -> Iterator[Callable[[], None]]:
    """Pause automatic collection; the caller calls what it gets after each page."""
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
