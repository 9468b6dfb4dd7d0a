"""Reads the next pages while this one is landed: a system's latency is no longer ours.

Reading changes nothing at the source, so a page that was fetched and never landed does no harm:
the cursor moves only with the landing.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from queue import Queue
from typing import Final, Generic, TypeVar

Item = TypeVar("Item")
_LEAVE_SECONDS: Final = 2.0


class _Ended:
    """Follows the last item; ``error`` is what broke the reading off, if anything did."""

    def __init__(self, error: BaseException | None = None) -> None:
        self.error = error


@contextmanager
def reading_ahead(items: Iterator[Item], depth: int = 2) -> Iterator[Iterator[Item]]:
    """The same items in the same order, up to ``depth`` of them made ahead by another thread.

    No item is begun before there is room for it: with the one in hand there are never more than
    ``depth`` + 1. An error comes where it would have come. Whoever leaves early stops the thread;
    one that waits for a system is left behind after two seconds, and ends when that answers.
    """
    if depth < 1:
        yield items
        return
    reader = _Reader(items, depth)
    try:
        yield reader.items()
    finally:
        reader.stop()


class _Reader(Generic[Item]):
    def __init__(self, items: Iterator[Item], depth: int) -> None:
        self._items = items
        self._queue: Queue[Item | _Ended] = Queue()
        self._room = threading.Semaphore(depth)
        self._left = threading.Event()
        self._thread = threading.Thread(target=self._run, name="read-ahead", daemon=True)
        self._thread.start()

    def items(self) -> Iterator[Item]:
        """What the thread made, as it comes."""
        while True:
            found = self._queue.get()
            self._room.release()
            if isinstance(found, _Ended):
                if found.error is not None:
                    raise found.error
                return
            yield found

    def stop(self) -> None:
        """Let the thread end, and wait for it a little."""
        self._left.set()
        self._room.release()
        self._thread.join(_LEAVE_SECONDS)

    def _run(self) -> None:
        end = _Ended()
        try:
            while self._has_room():
                self._queue.put(next(self._items))
        except StopIteration:
            pass
        except BaseException as error:  # noqa: BLE001  # handed on to where it is awaited
            end = _Ended(error)
        self._queue.put(end)
        close = getattr(self._items, "close", None)
        if close:
            close()

    def _has_room(self) -> bool:
        """Wait until an item is wanted; False where nobody wants one any more."""
        self._room.acquire()
        return not self._left.is_set()
