"""Silver: what ends up in the hub, whatever happens while a stream is read."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import replace
from typing import Final

import orjson

from hub.errors import SourceError
from hub.pipeline.pages import prepare_page
from hub.sdk.contract import Capability, Connector, Cursor, Page
from hub.testing.bench import Bench
from hub.testing.proxy import Trouble
from hub.testing.rule import Tier, expect, expect_keys, rule
from hub.testing.rules.incremental import each_incremental
from hub.testing.shelf import Shelf, shelf
from hub.testing.subject import Subject

BROKEN: Final = (
    Trouble(kind="truncate"),
    Trouble(kind="reset"),
    Trouble(kind="status", status=500, body=b"{}"),
    Trouble(kind="half_close"),
)


CHECKPOINTS: Final = 4
"""Reads of changes: one that is left alone, and those killed after their pages 1, 2 and 3."""


class KilledError(Exception):
    """The process ends here."""


class Watched:
    """A connector whose reads are watched page by page, and may be broken off there."""

    def __init__(self, inner: Connector, after: Callable[[int, Page], None]) -> None:
        self._inner = inner
        self._after = after

    def check(self) -> str:
        return self._inner.check()

    def read(self, stream: str, cursor: Cursor | None) -> Iterator[Page]:
        """The pages; ``after`` is called with each once the hub asks for more."""
        for number, page in enumerate(self._inner.read(stream, cursor), start=1):
            yield page
            self._after(number, page)

    def close(self) -> None:
        self._inner.close()


def each_stream(subject: Subject) -> Sequence[str]:
    return list(subject.streams)


@rule(Tier.SILVER, cases=each_stream)
def killed(subject: Subject, case: str) -> None:
    """Killed at any checkpoint and run again, a stream lands as if it had never been killed."""
    stream = subject.streams[case]
    with Bench(subject, case) as bench:
        with shelf(subject.name, stream) as calm:
            calm.land(bench.connect())
            expected, pages = calm.lines(), len(bench.read())
        expect(pages > 1, "a read is one page; see the rule resumable")
        for checkpoint in range(1, pages + 1):
            with shelf(subject.name, stream) as hurt:
                _kill_at(hurt, bench.connect(), checkpoint)
                hurt.land(bench.connect())
                _expect_same(hurt.lines(), expected, f"killed after page {checkpoint}")


@rule(Tier.SILVER, cases=each_incremental)
def killed_later(subject: Subject, case: str) -> None:
    """The same for a read of changes, in which records were changed, made and deleted."""
    stream = subject.streams[case]
    with Bench(subject, case) as bench, ExitStack() as stores:
        shelves = [stores.enter_context(shelf(subject.name, stream)) for _ in range(CHECKPOINTS)]
        for each in shelves:
            each.land(bench.connect())
        for number in range(2, bench.count):
            bench.put(number, 1)
        bench.put(bench.count + 1, 0)
        bench.remove(1)
        calm, *others = shelves
        calm.land(bench.connect())
        for checkpoint, hurt in enumerate(others, start=1):
            _kill_at(hurt, bench.connect(), checkpoint)
            hurt.land(bench.connect())
            _expect_same(hurt.lines(), calm.lines(), f"killed after page {checkpoint} of changes")


def _expect_same(found: list[str], expected: list[str], when: str) -> None:
    other = sorted(set(found) ^ set(expected))
    expect(not other, f"{when}, the store differs in {len(other)} line(s): {other[:1]}")


def _kill_at(hurt: Shelf, connector: Connector, checkpoint: int) -> None:
    def kill(number: int, _page: Page) -> None:
        if number == checkpoint:
            raise KilledError

    try:
        hurt.land(Watched(connector, kill))
    except Exception as error:
        # The hub wraps what a connector raises, so the kill is known by its cause.
        if not isinstance(error.__cause__, KilledError):
            raise


@rule(Tier.SILVER, group="network", cases=each_stream)
def broken_off(subject: Subject, case: str) -> None:
    """An answer cut off in mid-read is read again, or ends the run in an error; nothing is lost."""
    stream = subject.streams[case]
    with Bench(subject, case) as bench:
        with shelf(subject.name, stream) as calm:
            calm.land(bench.connect())
            expected, requests = calm.lines(), len(bench.proxy.exchanges)
        for trouble in BROKEN if bench.proxy.http else BROKEN[:2]:
            _spoil(bench, trouble, requests)
            with shelf(subject.name, stream) as hurt:
                hurt.land_at_last(bench.connect())
                bench.proxy.heal()
                found = hurt.lines()
            _expect_same(found, expected, f"after answers with {trouble.kind} in mid-read")


def _spoil(bench: Bench, trouble: Trouble, requests: int) -> None:
    """Every second request is hit; in other protocols one connection, ever later in its answers."""
    if bench.proxy.http:
        for _ in range(requests):
            bench.proxy.inject(replace(trouble, skip=1))
        return
    for after in (400, 900, 1500):
        bench.proxy.inject(replace(trouble, after=after))


@rule(Tier.SILVER, cases=each_stream)
def deletions(subject: Subject, case: str) -> None:
    """What is deleted in the system is deleted in the hub, or kept where the stream retains."""
    stream = subject.streams[case]
    with Bench(subject, case) as bench, shelf(subject.name, stream) as landed:
        landed.land(bench.connect())
        bench.remove(3)
        noticed = Capability.DELETES in stream.capabilities
        landed.land(bench.connect(), full=not noticed)
        left = [number for number in range(1, bench.count + 1) if number != 3 or stream.retains]
        expect_keys(list(landed.held()), bench.source_keys(left), "after a deletion")


@rule(Tier.SILVER, cases=each_stream)
def emptied(subject: Subject, case: str) -> None:
    """A system that is suddenly empty is an error, or a read after which nothing is deleted."""
    stream = subject.streams[case]
    with Bench(subject, case) as bench, shelf(subject.name, stream) as landed:
        landed.land(bench.connect())
        with bench.standin.state.changing():
            for rows in bench.standin.state.records.values():
                rows.clear()
        try:
            state = landed.land(bench.connect(), full=True).state
        except SourceError:
            state = "failed"
        expect_keys(list(landed.held()), bench.source_keys(), "after an empty answer")
        expect(stream.retains or state != "ok", "the run ends as if all were well")


@rule(Tier.SILVER, cases=each_stream)
def shifting(subject: Subject, case: str) -> None:
    """Records made, changed and deleted between two pages cost no other record its place."""
    stream = subject.streams[case]
    with Bench(subject, case) as bench, shelf(subject.name, stream) as landed:
        stir = _Stir(bench)
        landed.land_at_last(Watched(bench.connect(), stir))
        landed.land_at_last(bench.connect())
        held, now = landed.held(), _contents(bench.read())
    expect(stir.gone, "a read is one page; see the rule resumable")
    lost = sorted(set(now) - set(held))
    expect(not lost, f"pages shifted while read: {', '.join(lost)} lost")
    stale = sorted(key for key in now if held[key] != now[key])
    expect(not stale, f"{', '.join(stale)} changed while read, and the change never came")
    incremental = Capability.INCREMENTAL in stream.capabilities
    noticed = Capability.DELETES in stream.capabilities or not incremental
    left = set(held) - set(now) - ({stir.gone} if stream.retains or not noticed else set())
    expect(not left, f"{', '.join(left)} deleted while read, and still there after the next read")


class _Stir:
    """After the first page that holds records: deletes and changes some of it, makes new ones."""

    def __init__(self, bench: Bench) -> None:
        self.gone = ""
        self._bench = bench

    def __call__(self, _number: int, page: Page) -> None:
        bench = self._bench
        if self.gone or not page.records or len(page.records) == bench.count:
            return
        numbers = {bench.key(number): number for number in range(1, bench.count + 1)}
        met = [numbers[record.key] for record in page.records]
        self.gone = bench.key(met[0])
        bench.remove(met[0])
        bench.put(met[1], 1)
        bench.put(next(number for number in numbers.values() if number not in met), 1)
        bench.put(bench.count + 1, 0)


def _contents(pages: list[Page]) -> dict[str, object]:
    """The records as the hub would keep them."""
    landed = [record for page in pages for record in prepare_page(page).records]
    return {record.key: orjson.loads(record.payload) for record in landed}
