"""Silver: disorder, and how much memory a read takes."""

from __future__ import annotations

import gc
import threading
import time
import tracemalloc
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Final

from hub.testing.bench import Bench, keys_of
from hub.testing.rule import Tier, expect, expect_keys, rule
from hub.testing.subject import Subject

MANY: Final = 300
BIG_PAGE: Final = 20
HELD_SHARE: Final = 0.5
"""A read may keep something of each record (its key); half of it is a record that is kept."""


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
    if share >= HELD_SHARE:  # a thread that ended late can disturb one measurement
        share = min(share, _share_kept(subject, case))
    expect(share < HELD_SHARE, f"a read keeps {share:.0%} of each record until it ends")


def _share_kept(subject: Subject, stream: str) -> float:
    """What a read holds of each record: of those to come, or of those that were given already."""
    with _measuring():
        with Bench(subject, stream, count=BIG_PAGE) as bench:
            page = _held_by_read(bench, 1)
        with Bench(subject, stream, count=MANY) as bench:
            first, last = _held_by_read(bench, 1), _held_by_read(bench, MANY)
        each = _size_of_record(subject, stream)
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


def _held_by_read(bench: Bench, until: int) -> int:
    """The memory that comes free as a read is given up once it has given so many records.

    What the stand-in holds stays where it is, so it does not count; the proxy is left out.
    """
    spec = bench.subject.spec
    sizes = dict.fromkeys(bench.subject.page_settings, BIG_PAGE)
    settings = {**bench.standin.config, **sizes, **bench.subject.settings}
    threads = threading.active_count()
    connector = spec.open(spec.config.model_validate(settings))
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
    give_up = time.monotonic() + 0.5
    while threading.active_count() > threads and time.monotonic() < give_up:
        time.sleep(0.005)  # the stand-in's threads end with their connections, and free buffers
    return before - _traced()


def _traced() -> int:
    gc.collect()
    return tracemalloc.get_traced_memory()[0]


def _size_of_record(subject: Subject, stream: str) -> float:
    """The memory that one record takes, by letting go of a page of them."""
    with Bench(subject, stream, count=BIG_PAGE) as bench:
        sizes = dict.fromkeys(subject.page_settings, BIG_PAGE)
        kept = [
            record for page in bench.read(None, bench.connect(**sizes)) for record in page.records
        ]
        before, count = _traced(), len(kept)
        kept.clear()
        return (before - _traced()) / count
