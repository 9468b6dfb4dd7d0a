"""What the world gives to one only: domains, mailboxes and telephone numbers."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from benchmarks.sparse.digits import Phone

_TRIES = 20


class Registry:
    """Who asks for what is taken gets the next that is free."""

    def __init__(self) -> None:
        self._taken: set[str] = set()

    def name(self, candidates: Iterable[str]) -> str:
        """The first of these names that nobody has; it is taken from then on."""
        return next(text for text in candidates if self._take(text))

    def mailbox(self, draw: Callable[[], str]) -> str:
        """An address of one's own."""
        return self.name(iter(draw, None))

    def phone(self, draw: Callable[[], Phone]) -> Phone:
        """A line of one's own; where a town has no more, numbers get longer."""
        found, tries = draw(), 0
        while not self._take(found.line):
            fresh, tries = draw(), tries + 1
            longer = found._replace(local=found.local + fresh.local[-1])
            found = fresh if tries < _TRIES else longer
        return found

    def _take(self, text: str) -> bool:
        is_free = text not in self._taken
        self._taken.add(text)
        return is_free
