"""Bronze: going on from a cursor, whoever left it."""

from __future__ import annotations

from pydantic import JsonValue

from hub.errors import CursorExpiredError
from hub.sdk.contract import Cursor
from hub.testing.bench import Bench, keys_of
from hub.testing.rule import Tier, expect, expect_keys, rule
from hub.testing.rules.reading import each_cursor, each_stream
from hub.testing.subject import Subject

FOREIGN: tuple[Cursor, ...] = (
    {"since": "?"},
    {"after": {}, "mailboxes": 7},
    {"since": "2026-13-45T99:99:99Z", "after": "x' OR 1=1 --", "seen": [1, 2]},
    {"offset": -1, "page": None, "done": "ten", "stamp": 4},
)
"""Cursors that no connector wrote."""


@rule(Tier.BRONZE, cases=each_stream)
def resumable(subject: Subject, case: str) -> None:
    """Killed after each page and begun anew from its cursor, a read gives every record."""
    with Bench(subject, case) as bench:
        pages = bench.read()
        expect(
            len(pages) > 1,
            "a read is one page: name the setting for its size page_size, or give settings=",
        )
        everything = set(keys_of(pages))
        expect_keys(
            keys_of(bench.walk(None, everything)), bench.source_keys(), "killed after each page"
        )


@rule(Tier.BRONZE, cases=each_stream)
def foreign_cursor(subject: Subject, case: str) -> None:
    """A cursor of another's making has expired, or all is read from it."""
    with Bench(subject, case) as bench:
        for cursor in FOREIGN:
            try:
                found = keys_of(bench.read(cursor))
            except CursorExpiredError:
                continue
            expect_keys(found, bench.source_keys(), f"a read from {dict(cursor)}")


@rule(Tier.BRONZE, cases=each_cursor)
def future_cursor(subject: Subject, case: str) -> None:
    """A cursor that lies in the future does not crash: it has expired, or gives a valid read."""
    with Bench(subject, case) as bench:
        pages = bench.read()
        for page in (pages[0], pages[-1]):
            try:
                found = keys_of(bench.read(_later(page.cursor)))
            except CursorExpiredError:
                continue
            expect(set(found) <= set(bench.source_keys()), "records come that there are not")


def _later(cursor: Cursor) -> Cursor:
    """The same cursor, as a system with a broken clock would have left it."""
    return {name: _moved(value) for name, value in cursor.items()}


def _moved(value: JsonValue) -> JsonValue:
    if isinstance(value, str) and value[:2] == "20":
        return f"29{value[2:]}"
    if isinstance(value, dict):
        return {name: _moved(inner) for name, inner in value.items()}
    return value
