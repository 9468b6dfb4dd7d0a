"""Continuous: all of a site's work in one process, as ``hub run`` does it.

Each connection that is read has a loop of its own, so has each that is written to, and one loop
resolves. A loop does its step the way the command of that step does, commits, and wakes the next
one; nothing is handed on in memory, so that each may fail, wait or be killed alone.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from functools import partial
from typing import Final

from hub.pipeline import chores
from hub.pipeline.collection import share_heaps
from hub.pipeline.loops import Chore, Done, Loop, Tell
from hub.pipeline.workplace import Workplace

_RESOLVE_EVERY: Final = 30.0
"""Without news: others may have landed something, `hub sync` perhaps."""
_LOOK_EVERY: Final = 5.0
"""For writes whose settle time has come to its end."""


class Continuous:
    """The loops of a site; ``tell`` is told of each cycle in which something happened."""

    def __init__(self, work: Workplace, tell: Tell) -> None:
        self._work = work
        self._tell = tell
        self._ending = threading.Event()
        self._unread = {name for name, it in work.config.connections.items() if it.poll_seconds}
        writers = [self._writer(name) for name in work.config.publish.targets]
        resolver = self._resolver(writers)
        self._readers = {name: self._reader(name, resolver) for name in work.config.connections}
        self._loops = [*self._readers.values(), resolver, *writers]

    def start(self) -> None:
        """Begin with what was left from before."""
        share_heaps()
        for loop in self._loops:
            loop.start()

    def wake(self, connection: str) -> None:
        """A delivery that this connection's system has pushed is stored."""
        self._readers[connection].wake()

    def stop(self, seconds: float) -> Sequence[str]:
        """End every loop after what is under way; returns those that have not ended in time."""
        self._ending.set()
        deadline = time.monotonic() + seconds
        for loop in self._loops:
            loop.wake()
        return [
            loop.name
            for loop in self._loops
            if not loop.wait(max(0.0, deadline - time.monotonic()))
        ]

    def _reader(self, name: str, resolver: Loop) -> Loop:
        """One thread lands and reads, so that the two never meet at a stream's lease."""
        every = self._work.config.connection(name).poll_seconds
        wakes = [resolver]
        land = Chore(step="land", act=partial(chores.land, self._work, name), wakes=wakes)
        read = Chore(
            step="read",
            act=partial(self._read, name, resolver),
            every=every,
            woken=False,
            wakes=wakes,
        )
        loop = self._loop([land] if every is None else [land, read], name)
        wakes.append(loop)  # it lands on, once it has landed some
        return loop

    def _read(self, name: str, resolver: Loop) -> Done:
        try:
            return chores.read(self._work, name, self._ending.is_set)
        finally:
            self._unread.discard(name)
            if not self._unread:
                resolver.wake()

    def _stage(self) -> Done:
        """Nothing is planned before each system was asked once: values may be older than they."""
        return Done({}) if self._unread else chores.stage(self._work)

    def _resolver(self, writers: Sequence[Loop]) -> Loop:
        resolve = Chore(
            step="resolve", act=partial(chores.resolve, self._work), every=_RESOLVE_EVERY
        )
        stage = Chore(
            step="stage",
            act=self._stage,
            every=_RESOLVE_EVERY,
            wakes=writers,
        )
        return self._loop([resolve, stage] if writers else [resolve])

    def _writer(self, name: str) -> Loop:
        write = Chore(
            step="write",
            act=partial(chores.write, self._work, name, self._ending.is_set),
            every=_LOOK_EVERY,
        )
        return self._loop([write], name)

    def _loop(self, its: Sequence[Chore], connection: str | None = None) -> Loop:
        return Loop(its, self._tell, ending=self._ending, connection=connection)
