"""The whole suite of reports at size: ``python -m benchmarks.report_path [customers] [url]``.

Five invoices to a customer, each from an order of its own; the store is filled by the database
itself, in a temporary folder or in the empty database of the URL. Measured are wall time and the
peak of memory of a run in a process of its own; beside them a calibration row: a sorted count of
as many numbers in the same database.
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

from hub.pipeline.reconcile import Request, reconcile
from hub.store.columns import to_micros
from hub.store.database import Connection, Engine, open_store, writing
from hub.store.schema import migrate
from tests.unit.pipeline.control_world import CUT_OFF, LONG_AGO, Books

INVOICES = 5
DAY = LONG_AGO.date().isoformat()


def fill(engine: Engine, customers: int) -> None:
    """Customers in a CRM and an ERP, with an account each, orders and invoices."""
    books = Books()
    for connection, name in (("crm", "account"), ("erp", "party"), ("erp", "order")):
        books.stream(connection, name)
    books.stream("erp", "invoice")
    books.store(engine)
    with writing(engine) as db:
        party = _uuid(db)
        names = '\'{"kind":"organisation","display_name":"Firma \' || n || \'",\' '
        names += '|| \'"organisation":{"legal_name":"Firma \' || n || \'"},\''
        role = f'{names} || \'"roles":[{{"role":"customer"}}]}}\''
        _records(db, customers, at=0, stream=1, entity="party", body=role)
        _records(
            db, customers, at=customers, stream=2, entity="party", body=f"{names} || '\"x\":1}}'"
        )
        account = '\'{"ledger":"erp","account_no":"\' || n || \'","credit_limit":"900"}\''
        _parts(db, customers, at=2 * customers, of=customers, body=account)
        _parties(db, customers, party)
        count = customers * INVOICES
        body = f'\'{{"due_date":"{DAY}","number":"\' || n || \'"}}\''
        for place, (stream, entity) in enumerate(((3, "order"), (4, "invoice"))):
            at = 3 * customers + place * count
            _records(db, count, at=at, stream=stream, entity=entity, body=body)
            _documents(db, count, at=at, entity=entity)
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as db:
        db.exec_driver_sql("ANALYZE")


def _numbers(db: Connection, count: int) -> str:
    if db.dialect.name == "postgresql":
        return f"(SELECT generate_series(1, {count}) AS n) s"
    series = f"WITH RECURSIVE s(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM s WHERE n < {count})"
    return f"({series} SELECT n FROM s) s"


def _uuid(db: Connection) -> str:
    if db.dialect.name == "postgresql":
        return "CAST(lpad(to_hex(n), 32, '0') AS uuid)"
    return "printf('%032x', n)"


def _insert(db: Connection, table: str, columns: str, values: str, count: int) -> None:
    statement = f"INSERT INTO {table} ({columns}) SELECT {values} FROM {_numbers(db, count)}"
    db.execute(sa.text(statement.replace(":", "\\:")))


def _records(db: Connection, count: int, *, at: int, stream: int, entity: str, body: str) -> None:
    blob = "decode('00', 'hex')" if db.dialect.name == "postgresql" else "x'00'"
    false, true = ("false", "true") if db.dialect.name == "postgresql" else ("0", "1")
    columns = "id, stream_id, source_key, version, payload_hash, epoch, deleted, pending"
    values = f"n + {at}, {stream}, CAST(n AS TEXT), 1, {blob}, 1, {false}, {false}"
    _insert(db, "source_record", columns, values, count)
    columns = (
        "id, record_id, part, entity, body, body_hash, raw_version, mapping_digest, active, pending"
    )
    values = f"n + {at}, n + {at}, '', '{entity}', {body}, {blob}, 1, 'm', {true}, {false}"
    _insert(db, "canonical_record", columns, values, count)


def _parts(db: Connection, count: int, *, at: int, of: int, body: str) -> None:
    """Accounts: a part of the ERP's party record."""
    blob = "decode('00', 'hex')" if db.dialect.name == "postgresql" else "x'00'"
    false, true = ("false", "true") if db.dialect.name == "postgresql" else ("0", "1")
    columns = (
        "id, record_id, part, entity, body, body_hash, raw_version, mapping_digest, active, pending"
    )
    values = f"n + {at}, n + {of}, 'account', 'account', {body}, {blob}, 1, 'm', {true}, {false}"
    _insert(db, "canonical_record", columns, values, count)
    columns = "canonical_id, entity, kind, number, status, currency, open_amount, checksum"
    values = f"n + {at}, 'account', 'account', CAST(n AS TEXT), 'active', 'EUR', 0, n"
    _insert(db, "document", columns, values, count)
    _refer(db, count, at=at, role="party", to=(2, "n", ""))


def _refer(db: Connection, count: int, *, at: int, role: str, to: tuple[int, str, str]) -> None:
    stream, key, part = to
    columns = "canonical_id, role, stream_id, source_key, part"
    values = f"n + {at}, '{role}', {stream}, CAST({key} AS TEXT), '{part}'"
    _insert(db, "canonical_ref", columns, values, count)


def _parties(db: Connection, count: int, party: str) -> None:
    when, blob = to_micros(LONG_AGO), "x'00'"
    false = "0"
    if db.dialect.name == "postgresql":
        blob, false = "decode('00', 'hex')", "false"
    columns = "id, seq, founding_id, status, created_at, golden_pending"
    values = f"{party}, n, n, 'active', {when}, {false}"
    _insert(db, "master_party", columns, values, count)
    for offset in (0, count):
        columns = "id, canonical_id, party_id, kind, reason, valid_from, recorded_from"
        values = f"n + {offset}, n + {offset}, {party}, 'auto', 'r', {when}, {when}"
        _insert(db, "link", columns, values, count)
    columns = "id, party_id, version, body, provenance, body_hash, rules_digest, valid_from, "
    columns += "recorded_from"
    body = '\'{"kind":"organisation","display_name":"Firma \' || n || \'","legal_name":"Firma \''
    values = f"n, {party}, 1, {body} || n || '\"}}', '{{}}', {blob}, 'd', {when}, {when}"
    _insert(db, "golden_record", columns, values, count)


def _documents(db: Connection, count: int, *, at: int, entity: str) -> None:
    columns = "canonical_id, entity, kind, number, date, status, currency, net, tax, gross, "
    columns += "open_amount, checksum"
    values = f"n + {at}, '{entity}', '{entity}', CAST(n AS TEXT), '{DAY}', 'done', 'EUR', 1000000, "
    _insert(db, "document", columns, f"{values} 190000, 1190000, 0, n", count)
    customer = f"(n - 1) / {INVOICES} + 1"
    _refer(db, count, at=at, role="party", to=(2, customer, ""))
    _refer(db, count, at=at, role="account", to=(2, customer, "account"))
    if entity == "invoice":
        _refer(db, count, at=at, role="order", to=(3, "n", ""))


def _measure(url: str, door: Any) -> None:
    engine = open_store(url)
    begun = time.perf_counter()
    pack = reconcile(engine, Request(company="Bench", cut_off=CUT_OFF))
    seconds = time.perf_counter() - begun
    breaks = {r.definition.id: r.break_count for r in pack.results if r.break_count}
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    door.send((seconds, peak, breaks))


def _calibrate(engine: Engine, count: int) -> float:
    begun = time.perf_counter()
    spread = "COUNT(DISTINCT CAST(n AS BIGINT) * 7919 % 1000003)"
    with engine.connect() as db:
        db.execute(sa.text(f"SELECT {spread} FROM {_numbers(db, count)}"))
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
        fill(engine, customers)
        print(f"filled in {time.perf_counter() - begun:.0f} s")
        count = customers * INVOICES
        print(f"calibration: {count:,} numbers sorted in {_calibrate(engine, count):.1f} s")
        engine.dispose()
        door, inner = multiprocessing.Pipe()
        worker = multiprocessing.get_context("spawn").Process(target=_measure, args=(place, inner))
        worker.start()
        seconds, peak, breaks = door.recv()
        worker.join()
        print(f"{customers:,} customers, {count:,} invoices: {seconds:.0f} s, {peak:,.0f} MB")
        print(f"breaks: {breaks}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000, *sys.argv[2:3])
