"""The whole suite of reports at size: ``python -m benchmarks.report_path [customers] [url]``.

The store (``benchmarks.report_world``) is filled by the database itself, in a temporary folder or
in the database of the URL, where it stays for the next time. Measured are wall time and the peak
of memory of a run in a process of its own, and whether it found what was planted; beside them a
calibration row: a sorted count of as many numbers in the same database.
"""

from __future__ import annotations

import multiprocessing
import resource
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import sqlalchemy as sa

from benchmarks.report_world import INVOICES, fill, is_filled, numbers, planted
from hub.pipeline.reconcile import Request, reconcile
from hub.store.database import Engine, open_store
from hub.store.schema import migrate
from tests.unit.pipeline.control_world import CUT_OFF


def _measure(url: str, door: Any) -> None:
    engine = open_store(url)
    begun = time.perf_counter()
    pack = reconcile(engine, Request(company="Bench", cut_off=CUT_OFF))
    seconds = time.perf_counter() - begun
    breaks = {r.definition.id: r.break_count for r in pack.results if r.break_count}
    used = resource.getrusage(resource.RUSAGE_SELF)
    door.send((seconds, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024, breaks))


def _calibrate(engine: Engine, count: int) -> float:
    begun = time.perf_counter()
    spread = "COUNT(DISTINCT CAST(n AS BIGINT) * 7919 % 1000003)"
    postgres = engine.dialect.name == "postgresql"
    with engine.connect() as db:
        db.execute(sa.text(f"SELECT {spread} FROM {numbers(count, postgres=postgres)}"))
    return time.perf_counter() - begun


@contextmanager
def _store(url: str | None) -> Iterator[str]:
    if url:
        yield url
        return
    with tempfile.TemporaryDirectory() as folder:
        yield f"sqlite:///{folder}/hub.db"


def main(customers: int = 1_000_000, url: str | None = None) -> None:
    with _store(url) as place:
        engine = open_store(place)
        migrate(engine)
        begun = time.perf_counter()
        if not is_filled(engine):
            fill(engine, customers)
            print(f"filled in {time.perf_counter() - begun:.0f} s")
        count = customers * INVOICES
        print(f"calibration: {count:,} numbers sorted in {_calibrate(engine, count):.1f} s")
        engine.dispose()
        door, inner = multiprocessing.Pipe()
        worker = multiprocessing.get_context("spawn").Process(target=_measure, args=(place, inner))
        worker.start()
        seconds, cpu, peak, breaks = door.recv()
        worker.join()
        print(f"{customers:,} customers, {count:,} invoices: {seconds:.0f} s, {peak:,.0f} MB")
        print(f"of CPU in the process itself: {cpu:.0f} s")
        wanted = planted(customers)
        print(f"breaks: {breaks}" + ("" if breaks == wanted else f"; planted were {wanted}"))


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000, *sys.argv[2:3])
