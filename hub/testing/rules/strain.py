"""Silver: disorder, drifting schemas, and how much memory a read takes."""

from __future__ import annotations

import gc
import tracemalloc
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Final

import orjson

from hub.errors import HubError
from hub.sdk.contract import Page, Record
from hub.testing.bench import Bench, keys_of
from hub.testing.rule import BrokenRuleError, NotDeclaredError, Tier, expect, expect_keys, rule
from hub.testing.rules.reading import key_of
from hub.testing.stock import COUNT
from hub.testing.subject import Subject
from hub.testing.wire import Exchange

FEW: Final = 200
MANY: Final = 1_000
BIG_PAGE: Final = 50
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
    sizes = dict.fromkeys(subject.page_settings, BIG_PAGE)
    with _measuring() as peak:
        few, many = (_peak_of_read(subject, case, count, sizes, peak) for count in (FEW, MANY))
        held = _size_of_page(subject, case, sizes)
    grown = (many - few) / (MANY - FEW)
    share = grown / held
    expect(share < HELD_SHARE, f"a read keeps {share:.0%} of each record until it ends")


Peak = Callable[[], int]


@contextmanager
def _measuring() -> Iterator[Peak]:
    """Only what is allocated from here on; garbage is swept at each look."""
    gc.freeze()
    tracemalloc.start()

    def peak() -> int:
        found = tracemalloc.get_traced_memory()[1]
        tracemalloc.reset_peak()
        return found

    try:
        yield peak
    finally:
        tracemalloc.stop()
        gc.unfreeze()


def _peak_of_read(
    subject: Subject, stream: str, count: int, sizes: Mapping[str, int], peak: Peak
) -> int:
    """How far memory rose while pages were read and let go."""
    with Bench(subject, stream, count=count) as bench:
        connector = bench.connect(**sizes)
        connector.check()
        gc.collect()
        peak()
        base, found = tracemalloc.get_traced_memory()[0], 0
        for page in bench.pages(connector, None):
            found += len(page.records)
            bench.forget()
    expect(found == count, f"{found} of {count} records read")
    return peak() - base


def _size_of_page(subject: Subject, stream: str, sizes: Mapping[str, int]) -> float:
    """Memory that one record takes, by holding a page of them."""
    with Bench(subject, stream, count=BIG_PAGE) as bench:
        connector = bench.connect(**sizes)
        kept: list[Record] = [Record(*record) for record in _first(bench, connector)]
        gc.collect()
        before, count = tracemalloc.get_traced_memory()[0], len(kept)
        kept.clear()
        gc.collect()
        return (before - tracemalloc.get_traced_memory()[0]) / max(count, 1)


def _first(bench: Bench, connector: Any) -> Iterator[Record]:
    pages = connector.read(bench.stream, None)
    for page in pages:
        yield from page.records
        return


@rule(Tier.SILVER, cases=each_stream)
def drift(subject: Subject, case: str) -> None:
    """A field that vanishes, changes its type or comes anew in mid-run costs no other record."""
    with Bench(subject, case) as bench:
        fields = _fields(bench)
    for field in fields:
        _drift_one(subject, case, field, "vanishes")
        _drift_one(subject, case, field, "changes its type")
    _drift_one(subject, case, "conformance_kit", "is new")


def _fields(bench: Bench) -> list[str]:
    """The fields of the records, as they stand in the answers."""
    if bench.address is None or not bench.address.http:
        raise NotDeclaredError("the answers are not JSON over HTTP")
    found: list[str] = []
    drifting = _Drift(bench, lambda row: found.extend(name for name in row if name not in found))
    bench.proxy.after = drifting
    bench.read()
    if not drifting.met:
        raise NotDeclaredError("no JSON in the answers has the key fields of the record")
    return found


class _Drift:
    """Changes the record with one key in every answer."""

    def __init__(self, bench: Bench, change: Callable[[dict[str, Any]], None]) -> None:
        self.met = 0
        self._key = bench.key(COUNT // 2)
        self._stream = bench.subject.streams[bench.stream]
        self._names = set(self._stream.key)
        self._change = change

    def __call__(self, exchange: Exchange) -> None:
        try:
            body = orjson.loads(exchange.answer)
        except orjson.JSONDecodeError:
            return
        for row in self._rows(body):
            self.met += 1
            self._change(row)
        exchange.answer = orjson.dumps(body)

    def _rows(self, node: Any) -> Iterator[dict[str, Any]]:
        """The objects whose key fields make the key."""
        if isinstance(node, dict):
            if self._names <= set(node) and key_of(self._stream, node) == self._key:
                yield node
                return
            node = list(node.values())
        for child in node if isinstance(node, list) else ():
            yield from self._rows(child)


def _drift_one(subject: Subject, stream: str, field: str, change: str) -> None:
    def spoil(row: dict[str, Any]) -> None:
        if change == "vanishes":
            row.pop(field, None)
        elif change == "is new":
            row[field] = {"made": "by the conformance kit"}
        else:
            row[field] = {"was": "something else"}

    with Bench(subject, stream) as bench:
        bench.proxy.after = _Drift(bench, spoil)
        try:
            pages = bench.read()
        except HubError:
            return
        except Exception as error:
            raise BrokenRuleError(
                f"{field} {change}: {type(error).__name__} leaves read(); give the record as "
                "Unreadable, or raise SourceSchemaError where nothing can be read"
            ) from error
        _expect_balance(bench, pages, f"{field} {change}")


def _expect_balance(bench: Bench, pages: list[Page], what: str) -> None:
    """Every record came, or is counted."""
    spoilt = bench.key(COUNT // 2)
    others = [key for key in bench.source_keys() if key != spoilt]
    found = [key for key in keys_of(pages) if key in others]
    expect_keys(found, others, what)
    counted = sum(len(page.unreadable) + sum(page.excluded.values()) for page in pages)
    whole = len(set(keys_of(pages))) + counted
    expect(whole >= bench.count, f"{what}: the record is neither given nor Unreadable nor excluded")
