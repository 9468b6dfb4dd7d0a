"""The master customer index: a first load, and records that change one by one against it.

`python -m benchmarks.index_path [--records N …] [--store sqlite postgresql] [--changes N]`. The
records are those of ``benchmarks.sparse``, put into the store as canonicalise would. Measured are
whole runs as ``hub resolve`` makes them: keys, scores, clusters, golden records, commits, with
the command's own pace of collecting memory. Beside them stands what a small transaction and a
question take: the latter shows how fast the machine wakes another process. PostgreSQL has a quarter
of the memory for its shared buffers, as its manual advises (docs/operations.md), and may settle
between the load and the changes: else these compete with its own vacuum. With `--at URL` the store
is one that stays: it gets the first size where it is empty, and else only changes are measured.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import random
import resource
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from hashlib import blake2b
from itertools import islice
from pathlib import Path
from statistics import median
from typing import Any

import orjson
import sqlalchemy as sa
from sqlalchemy.engine import Engine

from benchmarks.sparse.__main__ import make
from hub.cli.match import open_records
from hub.pipeline.collection import collect_seldom
from hub.pipeline.golden import compute_golden
from hub.pipeline.resolve import apply, plan
from hub.store import bulk
from hub.store.columns import new_id
from hub.store.database import open_store, reading, writing
from hub.store.driver import fetch
from hub.store.ids import take_block
from hub.store.schema import migrate
from hub.store.tables import canonical_record, connection, link, raw_version, source_record, stream
from tests.servers import postgres

CHUNK = 10_000
NOW = datetime(2026, 3, 1, tzinfo=UTC)
MEMORY_MB = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") >> 20
AT_ONCE, COMMITS, QUESTIONS = 1_000, 200, 2_000
SOURCE = ("id", "stream_id", "source_key", "version", "payload_hash", "epoch", "pending")
RAW = ("record_id", "version", "payload", "payload_hash", "observed_at", "run_id")
CANONICAL = (
    *("id", "record_id", "part", "entity", "body", "body_hash", "raw_version"),
    *("mapping_digest", "active", "pending"),
)


@contextmanager
def store(kind: str) -> Iterator[Engine]:
    """An empty store that is gone afterwards."""
    if kind == "postgresql":
        with postgres.running(shared_buffers=f"{MEMORY_MB // 4}MB") as server:
            yield _open(server.fresh_database())
        return
    with tempfile.TemporaryDirectory() as folder:
        yield _open(f"sqlite:///{folder}/hub.db")


def _open(url: str) -> Engine:
    engine = open_store(url)
    migrate(engine)
    return engine


def fill(engine: Engine, path: Path) -> int:
    """Put the records of a file into the store; returns how many."""
    streams: dict[str, int] = {}
    records = open_records(path, None).records()
    count = 0
    while chunk := list(islice(records, CHUNK)):
        with writing(engine) as db:
            rows = [
                (_stream(db, record.source, streams), record.record_id, orjson.dumps(record.body))
                for record in chunk
            ]
            _insert(db, rows)
        count += len(chunk)
    return count


def _stream(db: sa.Connection, source: str, streams: dict[str, int]) -> int:
    if source not in streams:
        connected = new_id()
        known = {"id": connected, "name": source, "connector": "file", "created_at": NOW}
        db.execute(sa.insert(connection).values(office="front", **known))
        streams[source] = take_block(db, "stream", 1)
        made = {"id": streams[source], "connection_id": connected, "name": "party"}
        db.execute(sa.insert(stream).values(**made))
    return streams[source]


def _insert(db: sa.Connection, rows: list[tuple[int, str, bytes]]) -> None:
    first = take_block(db, "source_record", len(rows))
    canonical = take_block(db, "canonical_record", len(rows))
    numbered = list(enumerate(rows))
    flat: list[bulk.Row] = [
        (first + n, stream_id, key, 1, b"x", 1, False) for n, (stream_id, key, _) in numbered
    ]
    bulk.insert(db, source_record, SOURCE, flat)
    run, now = bulk.driver_uuid(db, new_id()), int(NOW.timestamp() * 1e6)
    payloads: list[bulk.Row] = [
        (first + n, 1, text.decode(), b"x", now, run) for n, (_, _, text) in numbered
    ]
    bulk.insert(db, raw_version, RAW, payloads)
    bodies: list[bulk.Row] = [
        (canonical + n, first + n, "", "party", text.decode(), _digest(text), 1, "m", True, True)
        for n, (_, _, text) in numbered
    ]
    bulk.insert(db, canonical_record, CANONICAL, bodies)


def _digest(text: bytes) -> bytes:
    return blake2b(text, digest_size=16).digest()


def resolve(engine: Engine) -> dict[str, int]:
    """One run, through to committed golden records."""
    counts = apply(engine, plan(engine), limit=None)
    return {**counts, **compute_golden(engine)}


def first_load(engine: Engine) -> dict[str, Any]:
    """Everything at once."""
    found: dict[str, Any] = {}
    begun = time.perf_counter()
    planned = plan(engine)
    found["plan s"] = time.perf_counter() - begun
    begun = time.perf_counter()
    counts = apply(engine, planned, limit=None)
    found["apply s"] = time.perf_counter() - begun
    del planned
    begun = time.perf_counter()
    counts |= compute_golden(engine)
    found["golden s"] = time.perf_counter() - begun
    found["customers"] = counts["created"]
    found["peak MB"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    return found


def change(engine: Engine, ids: list[int], turn: int) -> None:
    """Give each record another phone and postcode, as a sync would bring them."""
    with writing(engine) as db:
        found = canonical_record.c
        held = db.execute(sa.select(found.id, found.body).where(found.id.in_(ids))).all()
        rows: list[bulk.Row] = []
        for record, text in held:
            body = orjson.loads(text)
            phone = f"+49 30 {2_000_000 + (record * 7 + turn) % 7_000_000}"
            points = [item for item in body.get("contact_points", []) if item["kind"] != "phone"]
            body["contact_points"] = [*points, {"kind": "phone", "value": phone}]
            fresh = orjson.dumps(body)
            rows.append((record, fresh.decode(), _digest(fresh), True))
        bulk.update(db, canonical_record, ("id", "body", "body_hash", "pending"), rows)


def online(engine: Engine, changes: int) -> dict[str, Any]:
    """Single changes, then a thousand at once."""
    with reading(engine) as db:
        ids = list(db.scalars(sa.select(link.c.canonical_id).where(link.c.recorded_to.is_(None))))
    drawn = random.Random(7).sample(ids, changes + AT_ONCE)
    first = int(time.time()) % 1_000_000  # never what an earlier run has put there
    took = []
    for turn, record in enumerate(drawn[:changes], first):
        change(engine, [record], turn)
        begun = time.perf_counter()
        resolve(engine)
        took.append((time.perf_counter() - begun) * 1000)
    change(engine, drawn[changes:], first + changes)
    begun = time.perf_counter()
    resolve(engine)
    ordered = sorted(took)
    return {
        "one: median ms": median(took),
        "p99 ms": ordered[int(len(ordered) * 0.99)],
        "worst ms": ordered[-1],
        f"{AT_ONCE:,} at once s": time.perf_counter() - begun,
    }


def calibrate(engine: Engine) -> dict[str, float]:
    """What a transaction takes that does next to nothing, and a question: a change has twenty."""
    begun = time.perf_counter()
    for _ in range(COMMITS):
        with writing(engine) as db:
            take_block(db, "calibration", 1)
    committed = time.perf_counter()
    with reading(engine) as db:
        for _ in range(QUESTIONS):
            fetch(db, "SELECT 1", (), ("one",))
    asked = time.perf_counter()
    return {
        "commit ms": (committed - begun) * 1000 / COMMITS,
        "question us": (asked - committed) * 1e6 / QUESTIONS,
    }


def measure(kind: str, path: Path, changes: int) -> dict[str, Any]:
    """One size on one store."""
    with store(kind) as engine:
        return _measured(engine, path, changes)


def measure_at(url: str, path: Path, changes: int) -> dict[str, Any]:
    """The same in a store that is there."""
    return _measured(_open(url), path, changes)


def _measured(engine: Engine, path: Path, changes: int) -> dict[str, Any]:
    collect_seldom()
    found: dict[str, Any] = {"store": engine.dialect.name}
    if _is_empty(engine):
        found |= {"records": fill(engine, path), **first_load(engine)}
        found["settled s"] = settle(engine)
    found |= online(engine, changes) | calibrate(engine)
    engine.dispose()
    return found


def settle(engine: Engine) -> float:
    """Have PostgreSQL do at once what it does in the background after so much has been written."""
    begun = time.perf_counter()
    if engine.dialect.name == "postgresql":
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as db:
            db.exec_driver_sql("VACUUM ANALYZE")
            db.exec_driver_sql("CHECKPOINT")
    return time.perf_counter() - begun


def _is_empty(engine: Engine) -> bool:
    with reading(engine) as db:
        return db.scalar(sa.select(canonical_record.c.id).limit(1)) is None


def main(words: list[str] | None = None) -> None:
    told = argparse.ArgumentParser(description=__doc__)
    told.add_argument("--records", type=int, nargs="+", default=[10_000, 100_000])
    told.add_argument("--store", nargs="+", default=["sqlite", "postgresql"])
    told.add_argument("--changes", type=int, default=500)
    told.add_argument("--at")
    asked = told.parse_args(words)
    for count in asked.records[:1] if asked.at else asked.records:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "records.csv"
            make(path, count, 1)
            places = [asked.at] if asked.at else asked.store
            work = measure_at if asked.at else measure
            for place in places:
                print(_line(_apart(work, (place, path, asked.changes))), flush=True)


def _apart(work: Callable[..., dict[str, Any]], told: tuple[Any, ...]) -> dict[str, Any]:
    """In a process of its own: the peak of memory is the highest of a process."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(work, told)


def _line(found: dict[str, Any]) -> str:
    shown = (f"{value:.1f}" if isinstance(value, float) else f"{value}" for value in found.values())
    return "  ".join(f"{name} {value}" for name, value in zip(found, shown, strict=True))


if __name__ == "__main__":
    main()
