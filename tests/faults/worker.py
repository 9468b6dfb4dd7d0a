"""The process that the fault tests kill: reads two scripted streams, scans a third one's keys,
and translates all of them.

    python -m tests.faults.worker STORE-URL

It prints a line when it begins to work and one when it is done. Killed and started again, it goes
on where it stopped; started after its end, it finds nothing new.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace

from hub.pipeline.canonicalise import CanonicaliseTask, canonicalise
from hub.pipeline.extract import StreamTask, extract
from hub.pipeline.keyscan import scan_keys
from hub.sdk.contract import Capability, Cursor, Page, Stream, Tombstone
from hub.store.database import Engine, open_store
from tests.unit.pipeline.scripted import FULL_ONLY, INCREMENTAL, MAPPING, mapping, record

PAGES, SIZE = 12, 25
SHELF = replace(
    INCREMENTAL,
    capabilities=frozenset({Capability.FULL, Capability.INCREMENTAL, Capability.KEY_SCAN}),
)
LEASE_SECONDS = 0.2
"""Shorter than the start of a process: a killed worker's lease has ended when the next begins."""


class Growing:
    """Pages of new records, then of changed ones and tombstones, then of changes again."""

    def check(self) -> str:
        return "growing"

    def read(self, stream: str, cursor: Cursor | None) -> Iterator[Page]:
        for number in range(int(str(cursor["page"])) if cursor else 0, PAGES * 3):
            turn, place = divmod(number, PAGES)
            keys = range(place * SIZE, (place + 1) * SIZE)
            yield Page(
                records=[
                    record(f"k{key}", str(turn), turn=turn, boss="k1", **_bill(key))
                    for key in keys
                    if turn == 0 or key % 3 == turn
                ],
                tombstones=[Tombstone(f"k{keys[0]}", "9")] if turn == 1 else [],
                cursor={"page": number + 1},
            )

    def close(self) -> None:
        """Nothing is open."""


class Listed:
    """A system that can only be read in full; with ``turn`` 1 a record of each page is gone."""

    def __init__(self, turn: int) -> None:
        self.turn = turn

    def check(self) -> str:
        return "listed"

    def read(self, stream: str, cursor: Cursor | None) -> Iterator[Page]:
        for place in range(int(str(cursor["page"])) if cursor else 0, PAGES):
            keys = range(place * SIZE + self.turn, (place + 1) * SIZE)
            yield Page(
                records=[record(f"f{key}", turn=self.turn if key % 7 == 0 else 0) for key in keys],
                cursor={"page": place + 1},
            )

    def close(self) -> None:
        """Nothing is open."""


class Shelf(Listed):
    """The list again, whose keys can be read alone: a record of each page is gone."""

    def keys(self, stream: str) -> Iterator[Sequence[str]]:
        for place in range(PAGES):
            yield [f"f{key}" for key in range(place * SIZE + self.turn, (place + 1) * SIZE)]


def prepare(engine: Engine) -> None:
    """What was there before: list and shelf, as they were first read."""
    _sync(engine, "list", FULL_ONLY, Listed(0))
    _sync(engine, "shelf", SHELF, Shelf(0))


def work(engine: Engine) -> None:
    """Read and translate two streams, and compare the keys of the third."""
    _sync(engine, "toy", INCREMENTAL, Growing())
    _sync(engine, "list", FULL_ONLY, Listed(1))
    _sync(engine, "shelf", SHELF, Shelf(1), scan=True)


def _sync(
    engine: Engine,
    connection: str,
    stream: Stream,
    connector: Growing | Listed,
    *,
    scan: bool = False,
) -> None:
    task = StreamTask(
        connection=connection, connector="toy", stream=stream, lease_seconds=LEASE_SECONDS
    )
    run = scan_keys if scan else extract
    run(engine, connector, task=task)
    chunks = CanonicaliseTask(connection=connection, stream=stream.name, text=MAPPING, chunk=40)
    canonicalise(engine, mapping(), task=chunks)


def _bill(key: int) -> dict[str, str]:
    return {"bill": f"R{key}", "net": "9.99" if key % 10 else "unreadable"} if key % 5 else {}


if __name__ == "__main__":
    store = open_store(sys.argv[1])
    print("working", flush=True)  # noqa: T201  # the test that kills us waits for it
    work(store)
    print("done", flush=True)  # noqa: T201  # the test reads it
