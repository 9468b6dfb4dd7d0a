"""Deliveries per second to Salesforce's stand-in: ``python -m benchmarks.publish_path``.

Phone numbers for as many accounts, from planned deliveries to receipts, on SQLite with full sync;
one by one and in batches of 200, each with no latency and with 20 ms to a request. The target runs
in a process of its own. Beside them a calibration row: commits of one row a second on this disk.
"""

from __future__ import annotations

import multiprocessing
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson
import sqlalchemy as sa

from connectors import salesforce
from hub.mapping import compile_mapping, load_mapping
from hub.pipeline import publish
from hub.pipeline.canonicalise import CanonicaliseTask, canonicalise
from hub.pipeline.connections import OpenConnection
from hub.pipeline.delivering import Pace, deliver
from hub.pipeline.extract import StreamTask, extract
from hub.pipeline.publish import Subscription
from hub.sdk import Fault, StandInState
from hub.store import tables
from hub.store.columns import new_id
from hub.store.database import Engine, open_store, writing
from hub.store.schema import migrate

SINGLE, MANY = 300, 5_000
LATENCY = 0.02
NOW = datetime(2026, 1, 31, tzinfo=UTC)
SPEC = salesforce.hub_connector()
TO_PHONE = Subscription(attribute="phone", connection="sfa", stream="Account", field="Phone")


def account(number: int) -> dict[str, Any]:
    fixed = {"SystemModstamp": "2026-01-31T12:00:00.000+0000", "IsDeleted": False, "Phone": None}
    return {"Id": f"001{number:012d}AAA", "Name": f"Example Mills {number}", **fixed}


def serve(count: int, latency: float, door: Any) -> None:
    """The target, until it is told to end."""
    rows = {row["Id"]: row for row in map(account, range(1, count + 1))}
    standin: Any = salesforce.hub_standin().start(StandInState({"Account": rows}), 0)
    door.send(standin.config)
    door.recv()
    if latency:
        standin.fail(Fault(kind="delay", seconds=latency, times=10**9))
    door.recv()
    kept = standin.state.stream("Account").values()
    door.send((len([row for row in kept if row["Phone"]]), standin.http.requests))
    door.recv()


@contextmanager
def target(count: int, latency: float) -> Iterator[tuple[Any, dict[str, Any]]]:
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=serve, args=(count, latency, theirs))
    process.start()
    try:
        yield ours, ours.recv()
    finally:
        process.kill()
        process.join()


def prepare(engine: Engine, opened: OpenConnection, count: int) -> None:
    """Accounts that were read, each a customer with a number that waits to be published."""
    migrate(engine)
    stream = opened.streams[0]
    task = StreamTask(connection="sfa", connector=SPEC.name, stream=stream)
    extract(engine, opened.connector, task=task)
    text = Path("mappings/salesforce.yaml").read_text(encoding="utf-8")
    work = CanonicaliseTask(connection="sfa", stream=stream.name, text=text)
    mapping = compile_mapping(load_mapping(text, file="salesforce.yaml"))
    canonicalise(engine, mapping, task=work)
    with writing(engine) as db:
        found = tables.canonical_record.c
        ids = list(db.scalars(sa.select(found.id).where(found.part == "").order_by(found.id)))
        assert len(ids) == count
        insert_customers(db, ids)
    publish.stage_deliveries(engine, [TO_PHONE], "DE")


def insert_customers(db: sa.Connection, ids: list[int]) -> None:
    parties = [(number, canonical, new_id()) for number, canonical in enumerate(ids, 1)]
    same = {"valid_from": NOW, "recorded_from": NOW}
    rows: dict[sa.Table, list[dict[str, Any]]] = {
        tables.master_party: [
            {"id": p, "seq": n, "founding_id": c, "status": "active", "created_at": NOW}
            | {"golden_pending": False}
            for n, c, p in parties
        ],
        tables.link: [
            {"id": n, "canonical_id": c, "party_id": p, "kind": "auto", "reason": "bench"} | same
            for n, c, p in parties
        ],
        tables.golden_record: [
            {"id": n, "party_id": p, "version": 1, "body": golden(n), "provenance": "{}"}
            | {"body_hash": b"h", "rules_digest": "r"}
            | same
            for n, _, p in parties
        ],
        tables.party_event: [
            {"id": new_id(), "seq": n, "party_id": p, "kind": "changed", "fields": '["phone"]'}
            | {"created_at": NOW, "pending": True}
            for n, _, p in parties
        ],
    }
    for table, values in rows.items():
        db.execute(sa.insert(table), values)


def golden(number: int) -> str:
    return orjson.dumps({"phone": f"+4930{number:08d}"}).decode()


def measure(name: str, count: int, *, batch_writes: bool, latency: float) -> None:
    with tempfile.TemporaryDirectory() as folder, target(count, latency) as (door, settings):
        config = SPEC.config.model_validate({**settings, "batch_writes": batch_writes})
        opened = OpenConnection("sfa", SPEC, SPEC.open(config), SPEC.streams)
        engine = open_store(f"sqlite:///{folder}/hub.db")
        prepare(engine, opened, count)
        door.send("begin")
        began, cpu = time.perf_counter(), time.process_time()
        ends = deliver(engine, opened, Pace(max_writes=count))
        wall, cpu = time.perf_counter() - began, time.process_time() - cpu
        door.send("count")
        written, requests = door.recv()
        assert (ends, written) == ({"acknowledged": count}, count)
        sent = sum(n for path, n in requests.items() if "/sobjects" in path)
        opened.connector.close()
        engine.dispose()
    print(
        f"{name:<28} {count:6,} deliveries {wall:6.1f} s {count / wall:9,.0f} a second"
        f" {cpu:6.1f} CPU s {sent / count:6.2f} requests each"
    )


def calibrate() -> None:
    """Commits a second, which bound what goes one by one."""
    with tempfile.TemporaryDirectory() as folder:
        engine = open_store(f"sqlite:///{folder}/hub.db")
        with writing(engine) as db:
            db.exec_driver_sql("CREATE TABLE t (n INTEGER)")
        began = time.perf_counter()
        for number in range(200):
            with writing(engine) as db:
                db.exec_driver_sql(f"INSERT INTO t VALUES ({number})")
        print(f"{'commits of one row':<28} {200 / (time.perf_counter() - began):9,.0f} a second")
        engine.dispose()


def main() -> None:
    calibrate()
    for latency in (0.0, LATENCY):
        note = f", {latency * 1000:.0f} ms" if latency else ""
        measure(f"one by one{note}", SINGLE, batch_writes=False, latency=latency)
        measure(f"batches of 200{note}", MANY, batch_writes=True, latency=latency)


if __name__ == "__main__":
    main()
