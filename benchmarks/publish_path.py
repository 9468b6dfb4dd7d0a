"""Deliveries per second to Salesforce's stand-in: ``python -m benchmarks.publish_path``.

Phone numbers for as many accounts, from planned deliveries to receipts, on SQLite with full sync;
one by one and in batches of 200, each with no latency and with 20 ms to a request; as many requests
at once as there are without a word (``at_once`` of the brakes). The target runs in a process of its
own. Beside them: a calibration row, commits of one row a second on this disk; drt 1.2.1
(https://pypi.org/project/drt-core/) from .venv-bench on the same target in the same run, which
sends one request after the other.
"""

from __future__ import annotations

import gc
import json
import multiprocessing
import sqlite3
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Any
from urllib.parse import urlencode
from urllib.request import urlopen

import orjson
import sqlalchemy as sa

from connectors import salesforce
from hub.mapping import compile_mapping, load_mapping
from hub.ownership import BrakesSection
from hub.pipeline import publish
from hub.pipeline.canonicalise import CanonicaliseTask, canonicalise
from hub.pipeline.connections import OpenConnection
from hub.pipeline.delivering import deliver
from hub.pipeline.extract import StreamTask, extract
from hub.pipeline.pace import Pace
from hub.pipeline.publish import Subscription
from hub.sdk import Fault, StandInState
from hub.store import tables
from hub.store.columns import new_id
from hub.store.database import Engine, open_store, writing
from hub.store.schema import migrate

SINGLE, MANY = 600, 5_000
LATENCY = 0.02
TURNS, TARGET = 3, 0.85
LANES = BrakesSection().at_once
COLLECT_AFTER = (50_000, 20, 50)
"""As the program `hub` does."""
PEER_PYTHON = Path(".venv-bench/bin/python")
COLLECTION = "/services/data/v64.0/composite/sobjects"
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


def measure(name: str, count: int, *, batch_writes: bool, latency: float) -> float:
    """Prints a row; returns deliveries a second."""
    with tempfile.TemporaryDirectory() as folder, target(count, latency) as (door, settings):
        config = SPEC.config.model_validate({**settings, "batch_writes": batch_writes})
        lanes = [OpenConnection("sfa", SPEC, SPEC.open(config), SPEC.streams) for _ in range(LANES)]
        opened = lanes[0]
        engine = open_store(f"sqlite:///{folder}/hub.db")
        prepare(engine, opened, count)
        door.send("begin")
        began, cpu = time.perf_counter(), time.process_time()
        ends = deliver(engine, lanes, Pace(max_writes=count))
        wall, cpu = time.perf_counter() - began, time.process_time() - cpu
        door.send("count")
        written, requests = door.recv()
        assert (ends, written) == ({"acknowledged": count}, count)
        sent = sum(n for path, n in requests.items() if "/sobjects" in path)
        for lane in lanes:
            lane.connector.close()
        engine.dispose()
    print(
        f"{name:<28} {count:6,} deliveries {wall:6.1f} s {count / wall:9,.0f} a second"
        f" {cpu:6.1f} CPU s {sent / count:6.2f} requests each",
        flush=True,
    )
    return count / wall


def measure_drt(name: str, count: int, *, batch: bool, latency: float) -> float:
    """The same accounts by drt: no look before, no intents, no receipts."""
    with tempfile.TemporaryDirectory() as folder, target(count, latency) as (door, settings):
        with closing(sqlite3.connect(f"{folder}/rows.db")) as db, db:
            db.execute("CREATE TABLE rows (id TEXT PRIMARY KEY, phone TEXT)")
            rows = [(account(n)["Id"], f"+4930{n:08d}") for n in range(1, count + 1)]
            db.executemany("INSERT INTO rows VALUES (?, ?)", rows)
        token, url = log_in(settings), f"{settings['base_url']}{COLLECTION}"
        Path(folder, "peer.json").write_text(json.dumps({"token": token, "url": url}))
        door.send("begin")
        command = [str(PEER_PYTHON), "benchmarks/drt_peer.py", folder, *(["--batch"] * batch)]
        said = subprocess.run(command, check=True, capture_output=True, text=True).stdout
        seconds = float(json.loads(said)["seconds"])
        door.send("count")
        written, requests = door.recv()
        assert written == count, written
        sent = sum(n for path, n in requests.items() if "/sobjects" in path)
    print(
        f"{name:<28} {count:6,} records    {seconds:6.1f} s {count / seconds:9,.0f} a second"
        f" {'':12} {sent / count:6.2f} requests each",
        flush=True,
    )
    return count / seconds


def log_in(settings: dict[str, Any]) -> str:
    form = {name: settings[name] for name in ("client_id", "client_secret")}
    body = urlencode({**form, "grant_type": "client_credentials"}).encode()
    with urlopen(f"{settings['base_url']}/services/oauth2/token", body, timeout=30) as answer:
        return str(json.load(answer)["access_token"])


def compare(name: str, count: int, *, batch: bool, latency: float) -> None:
    """Both in turns, and the ratio of the medians: a machine is never alone."""
    ours, theirs = [], []
    for _ in range(TURNS):
        ours.append(measure(name, count, batch_writes=batch, latency=latency))
        if PEER_PYTHON.exists():
            theirs.append(measure_drt(f"drt: {name}", count, batch=batch, latency=latency))
    if theirs:
        ratio = median(ours) / median(theirs)
        verdict = "met" if ratio >= TARGET else "MISSED"
        print(f"{name}: {ratio:.2f} × drt 1.2.1 (target ≥ {TARGET}): {verdict}", flush=True)
    else:
        print("no .venv-bench: drt is left out; `make bench` makes it")


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
    gc.set_threshold(*COLLECT_AFTER)
    calibrate()
    for latency in (0.0, LATENCY):
        note = f", {latency * 1000:.0f} ms" if latency else ""
        compare(f"one by one{note}", SINGLE, batch=False, latency=latency)
        compare(f"batches of 200{note}", MANY, batch=True, latency=latency)


if __name__ == "__main__":
    main()
