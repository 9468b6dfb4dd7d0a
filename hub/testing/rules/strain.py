"""Silver: disorder, and how much memory a read takes."""

from __future__ import annotations

import gc
import threading
import time
import tracemalloc
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Final

from hub.sdk.contract import Connector
from hub.testing.bench import Bench, keys_of
from hub.testing.rule import Tier, expect, expect_keys, rule
from hub.testing.subject import Subject

MANY: Final = 300
BIG_PAGE: Final = 20
HELD_SHARE: Final = 0.5
"""A read may keep something of each record (its key); half of it is a record that is kept."""
_MORE_TRIES: Final = 2
_PATIENCE: Final = 10.0
"""Seconds for threads to end, on a busy machine too; only one that never ends takes them all."""


def each_stream(subject: Subject) -> Sequence[str]:
    return list(subject.streams)


@rule(Tier.SILVER, cases=each_stream)
def unordered(subject: Subject, case: str) -> None:
    """Whatever order a system keeps its records in, pages that are resumed lose none of them."""
    with Bench(subject, case) as bench:
        with bench.standin.state.changing():
            for rows in bench.standin.state.records.values():
                turned = dict(reversed(rows.items()))
                rows.clear()
                rows.update(turned)
        expect_keys(keys_of(bench.read()), bench.source_keys(), "stored in disorder")
        found = keys_of(bench.walk(None, set(bench.source_keys())))
        expect_keys(found, bench.source_keys(), "stored in disorder, killed after each page")


@rule(Tier.SILVER, cases=each_stream)
def memory(subject: Subject, case: str) -> None:
    """A long read holds pages, and not the records of all pages."""
    share = _share_kept(subject, case)
    for _ in range(_MORE_TRIES):
        if share < HELD_SHARE:
            return
        # What a read really holds shows each time; what else comes free meanwhile does not.
        share = min(share, _share_kept(subject, case))
    expect(share < HELD_SHARE, f"a read keeps {share:.0%} of each record until it ends")


def _share_kept(subject: Subject, stream: str) -> float:
    """What a read holds of each record: of those to come, or of those that were given already."""
    with _measuring():
        with _quiet(), Bench(subject, stream, count=BIG_PAGE) as bench:
            page = _held_by_read(bench, 1)
        with _quiet(), Bench(subject, stream, count=MANY) as bench:
            first, last = _held_by_read(bench, 1), _held_by_read(bench, MANY)
        with _quiet(), Bench(subject, stream, count=BIG_PAGE) as bench:
            each = _size_of_record(bench)
    grown = max(first - page, last - first)
    return grown / (MANY - BIG_PAGE) / each


@contextmanager
def _measuring() -> Iterator[None]:
    """Only what is allocated from here on is measured, and swept."""
    gc.freeze()
    tracemalloc.start()
    try:
        yield
    finally:
        tracemalloc.stop()
        gc.unfreeze()


@contextmanager
def _quiet() -> Iterator[None]:
    """Wait until the threads that were started within have ended, and let go of what they held.

    A stand-in's thread holds the buffers of its connection, and one that stops a bench all of the
    bench's records: neither may come free in the midst of a later measurement.
    """
    before = set(threading.enumerate())
    yield
    give_up = time.monotonic() + _PATIENCE
    for thread in set(threading.enumerate()) - before:
        thread.join(max(0.0, give_up - time.monotonic()))


def _held_by_read(bench: Bench, until: int) -> int:
    """The memory that comes free as a read is given up once it has given so many records.

    What the stand-in holds stays where it is, so it does not count; the proxy is left out.
    """
    with _quiet():
        connector = _opened(bench)
        pages = connector.read(bench.stream, None)
        found = 0
        while found < until:
            page = next(pages, None)
            expect(page is not None, f"{found} of {until} records read")
            assert page is not None
            found += len(page.records)
            del page
        before = _traced()
        connector.close()
        del pages, connector
    return before - _traced()


def _opened(bench: Bench) -> Connector:
    """A connector that reads big pages past the proxy."""
    spec = bench.subject.spec
    sizes = dict.fromkeys(bench.subject.page_settings, BIG_PAGE)
    settings = {**bench.standin.config, **sizes, **bench.subject.settings}
    return spec.open(spec.config.model_validate(settings))


def _traced() -> int:
    gc.collect()
    return tracemalloc.get_traced_memory()[0]


def _size_of_record(bench: Bench) -> float:
    """The memory that one record takes, by letting go of a page of them."""
    sizes = dict.fromkeys(bench.subject.page_settings, BIG_PAGE)
    kept = [record for page in bench.read(None, bench.connect(**sizes)) for record in page.records]
    before, count = _traced(), len(kept)
    kept.clear()
    return (before - _traced()) / count
