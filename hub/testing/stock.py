"""A stand-in that the kit fills with the records of one stream, and edits as users would."""

from __future__ import annotations

import random
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Final

import orjson

from hub.sdk.standin import Sample
from hub.testing.subject import Subject

COUNT: Final = 8


class Stock:
    """One running stand-in and what it holds of one stream."""

    def __init__(self, subject: Subject, stream: str = "", *, count: int = COUNT) -> None:
        self.subject = subject
        self.samples = subject.samples
        self.stream = stream or next(iter(subject.streams))
        self.count = count
        self.standin = subject.start()
        self._last = datetime.now(UTC) - timedelta(days=1)

    def fill(self, numbers: Iterable[int], *, at: datetime | None = None) -> None:
        """Records as they were made: shuffled, a second apart yesterday, or all at one time."""
        places = list(numbers)
        random.Random(7).shuffle(places)  # noqa: S311  # the same disorder each time
        day = datetime.now(UTC).replace(microsecond=0) - timedelta(days=1)
        with self.standin.state.changing():
            for number in places:
                self._put(number, 0, at or day + timedelta(seconds=number))

    def put(self, number: int, revision: int, *, at: datetime | None = None) -> None:
        """Make or change a record now, as a user would."""
        with self.standin.state.changing():
            self._put(number, revision, at or self.now())

    def remove(self, number: int) -> None:
        """Delete a record now, as a user would."""
        state = self.standin.state
        with state.changing():
            self.samples.remove(self.samples, state, Sample(self.stream, number, 0, self.now()))

    def _put(self, number: int, revision: int, at: datetime) -> None:
        state = self.standin.state
        self.samples.put(self.samples, state, Sample(self.stream, number, revision, at))

    def now(self) -> datetime:
        """The present moment; no two are the same, even where only milliseconds are kept."""
        self._last = max(datetime.now(UTC), self._last + timedelta(milliseconds=2))
        return self._last

    def key(self, number: int) -> str:
        """The source key of a record."""
        return self.samples.key(self.stream, number)

    def source_keys(self, numbers: Iterable[int] | None = None) -> list[str]:
        """The source keys of records; of all that were filled in, unless told."""
        return [self.key(number) for number in numbers or range(1, self.count + 1)]

    def fingerprint(self) -> bytes:
        """Changes with anything that the stand-in holds."""
        with self.standin.state.lock:
            return orjson.dumps(self.standin.state.records, option=orjson.OPT_SORT_KEYS)
