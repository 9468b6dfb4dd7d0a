"""A store filled by the database itself: customers, and all that happens around five invoices.

A customer has a record in a CRM and one in an ERP with an account, five orders with an invoice
each, a payment of the first of them; every fifth a won opportunity, every tenth a ticket, every
second a mail. Bodies are as long as those of the demo company. One in a thousand customers has
something that does not agree: ``planted`` says how many breaks that makes.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import sqlalchemy as sa

from hub.store.columns import to_micros
from hub.store.database import Connection, Engine, reading, writing
from tests.unit.pipeline.control_world import LONG_AGO, Books

INVOICES: Final = 5
ODD: Final = 1000
"""Every so many customers something does not agree."""
DAY: Final = LONG_AGO.date().isoformat()
CHANGED: Final = LONG_AGO.strftime("%Y-%m-%dT%H:%M:%SZ")
_STREAMS: Final = (
    ("crm", "account"),
    ("erp", "party"),
    ("erp", "order"),
    ("erp", "invoice"),
    ("erp", "payment"),
    ("crm", "opportunity"),
    ("desk", "ticket"),
    ("mail", "message"),
)
ODD_ONE: Final = f"(CASE n % {ODD} WHEN 0 THEN 1 ELSE 0 END)"
_CUSTOMER: Final = f"(n - 1) / {INVOICES} + 1"


def planted(customers: int) -> Mapping[str, int]:
    """How many breaks each report has to find: a postcode, a balance, an invoice."""
    odd = customers // ODD
    return {"R3": odd, "R5": odd, "R7": 3 * odd, "R10": min(odd, 1)} if odd else {}


def is_filled(engine: Engine) -> bool:
    """Whether the store holds records already."""
    with reading(engine) as db:
        return db.scalar(sa.text("SELECT 1 FROM source_record LIMIT 1")) is not None


def fill(engine: Engine, customers: int) -> None:
    """Fill an empty store, each table by one statement, and refresh the statistics."""
    books = Books()
    for connection, name in _STREAMS:
        books.stream(connection, name)
    books.store(engine)
    with writing(engine) as db:
        maker = _Filler(db, customers)
        maker.parties()
        maker.documents()
        maker.service()
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as db:
        db.exec_driver_sql("ANALYZE")


class _Filler:
    """Writes the rows; ids of canonical records go up by what was written before."""

    def __init__(self, db: Connection, customers: int) -> None:
        self._db = db
        self._customers = customers
        self._at = 0
        postgres = db.dialect.name == "postgresql"
        self._blob = "decode('00', 'hex')" if postgres else "x'00'"
        self._no, self._yes = ("false", "true") if postgres else ("0", "1")
        self._party = "CAST(lpad(to_hex(n), 32, '0') AS uuid)" if postgres else "printf('%032x', n)"
        self._postgres = postgres

    def parties(self) -> None:
        """The records of both systems, the accounts, the customers and their golden records."""
        count = self._customers
        body = _body(_PARTY.replace("@roles", _ROLE).replace("@postcode", "10115"))
        crm = self._records(count, stream=1, entity="party", body=body)
        postcode = f"CASE {ODD_ONE} WHEN 1 THEN '99999' ELSE '10115' END"
        body = _body(_PARTY.replace("@roles", "").replace("@postcode", f"<{postcode}>"))
        erp = self._records(count, stream=2, entity="party", body=body)
        self._customers_of(count)
        self._accounts(of=erp, stream=2, balance=f"4760000 + {ODD_ONE} * 1000000")
        self._accounts(of=crm, stream=1, balance="4760000")

    def documents(self) -> None:
        """Five orders with an invoice each, and a payment for the first; the last are open."""
        count = self._customers * INVOICES
        for stream, entity in ((3, "order"), (4, "invoice")):
            body = _body(_INVOICE if entity == "invoice" else _ORDER)
            at = self._records(count, stream=stream, entity=entity, body=body)
            self._document(count, at=at, entity=entity, more=_amounts(entity))
            self._refer(count, at=at, role="party", to=(2, _CUSTOMER, ""))
            self._refer(count, at=at, role="account", to=(2, _CUSTOMER, "account"))
            if entity == "invoice":
                self._refer(count, at=at, role="order", to=(3, "n", ""))
        count = self._customers
        at = self._records(count, stream=5, entity="payment", body=_body(_PAYMENT))
        self._document(count, at=at, entity="payment", more={"gross": "1190000"})
        self._refer(count, at=at, role="party", to=(2, "n", ""))
        first = f"(n - 1) * {INVOICES} + 1"
        self._refer(count, at=at, role="allocations.0.invoice", to=(4, first, ""))

    def service(self) -> None:
        """Opportunities, tickets and mails."""
        count = self._customers // 5
        at = self._records(count, stream=6, entity="opportunity", body=_body(_OPPORTUNITY))
        self._document(count, at=at, entity="opportunity", more={"gross": "1000000"}, status="won")
        self._refer(count, at=at, role="party", to=(1, "n * 5", ""))
        count = self._customers // 10
        at = self._records(count, stream=7, entity="ticket", body=_body(_TICKET))
        self._refer(count, at=at, role="party", to=(1, "n * 10", ""))
        count = self._customers // 2
        at = self._records(count, stream=8, entity="interaction", body=_body(_MAIL))
        self._refer(count, at=at, role="participants.0.party", to=(1, "n * 2", ""))

    def _accounts(self, *, of: int, stream: int, balance: str) -> None:
        """The account of the ledger, or a copy of it: a part of the party's record."""
        count = self._customers
        body = _body(_ACCOUNT)
        at = self._canonical(count, of=of, part="account", entity="account", body=body)
        more = {"open_amount": balance}
        self._document(count, at=at, entity="account", more=more, status="active")
        self._refer(count, at=at, role="party", to=(stream, "n", ""))

    def _customers_of(self, count: int) -> None:
        when = to_micros(LONG_AGO)
        columns = "id, seq, founding_id, status, created_at, golden_pending"
        self._insert("master_party", columns,
                     f"{self._party}, n, n, 'active', {when}, {self._no}", count)  # fmt: skip
        columns = "id, canonical_id, party_id, kind, reason, valid_from, recorded_from"
        for offset in (0, count):
            values = f"n + {offset}, n + {offset}, {self._party}, 'auto', 'r', {when}, {when}"
            self._insert("link", columns, values, count)
        columns = "id, party_id, version, body, provenance, body_hash, rules_digest, valid_from, "
        values = f"n, {self._party}, 1, {_body(_GOLDEN)}, '{{}}', {self._blob}, 'd', {when}, {when}"
        self._insert("golden_record", f"{columns}recorded_from", values, count)

    def _records(self, count: int, *, stream: int, entity: str, body: str) -> int:
        """Source records with a canonical one each; returns after which id they come."""
        at = self._at
        columns = "id, stream_id, source_key, version, payload_hash, epoch, deleted, pending"
        values = f"n + {at}, {stream}, CAST(n AS TEXT), 1, {self._blob}, 1, {self._no}, {self._no}"
        self._insert("source_record", columns, values, count)
        return self._canonical(count, of=at, part="", entity=entity, body=body)

    def _canonical(self, count: int, *, of: int, part: str, entity: str, body: str) -> int:
        at, self._at = self._at, self._at + count
        columns = "id, record_id, part, entity, body, body_hash, raw_version, mapping_digest, "
        values = f"n + {at}, n + {of}, '{part}', '{entity}', {body}, {self._blob}, 1, 'm', "
        self._insert("canonical_record", f"{columns}active, pending",
                     f"{values}{self._yes}, {self._no}", count)  # fmt: skip
        return at

    def _document(
        self, count: int, *, at: int, entity: str, more: Mapping[str, str], status: str = "done"
    ) -> None:
        columns = "canonical_id, entity, kind, number, date, status, currency, checksum, changed"
        values = f"n + {at}, '{entity}', '{entity}', CAST(n AS TEXT), '{DAY}', '{status}', 'EUR', "
        values += f"n, '{CHANGED}'"
        self._insert("document", ", ".join([columns, *more]),
                     ", ".join([values, *more.values()]), count)  # fmt: skip

    def _refer(self, count: int, *, at: int, role: str, to: tuple[int, str, str]) -> None:
        stream, key, part = to
        columns = "canonical_id, role, stream_id, source_key, part"
        values = f"n + {at}, '{role}', {stream}, CAST({key} AS TEXT), '{part}'"
        self._insert("canonical_ref", columns, values, count)

    def _insert(self, table: str, columns: str, values: str, count: int) -> None:
        statement = f"INSERT INTO {table} ({columns}) SELECT {values} FROM {self._numbers(count)}"
        self._db.execute(sa.text(statement.replace(":", "\\:")))

    def _numbers(self, count: int) -> str:
        return numbers(count, postgres=self._postgres)


def numbers(count: int, *, postgres: bool) -> str:
    """A table ``s`` of the numbers ``n`` from 1."""
    if postgres:
        return f"(SELECT generate_series(1, {count}) AS n) s"
    series = f"WITH RECURSIVE s(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM s WHERE n < {count})"
    return f"({series} SELECT n FROM s) s"


def _amounts(entity: str) -> Mapping[str, str]:
    """100.00 and tax; invoices are paid (1st of 5) or open, one in a thousand customers short."""
    short = f"n % {ODD * INVOICES} = 0"
    if entity == "order":
        return {"net": "1000000", "tax": "190000", "gross": "1190000"}
    return {
        "net": f"CASE WHEN {short} THEN 900000 ELSE 1000000 END",
        "tax": f"CASE WHEN {short} THEN 290000 ELSE 190000 END",
        "gross": "1190000",
        "due_date": _LATE,
        "open_amount": f"CASE WHEN n % {INVOICES} = 1 THEN 0 WHEN {short} THEN 1200000 "
        "ELSE 1190000 END",
    }


def _body(template: str) -> str:
    """A body as an expression: what stands in <> is SQL."""
    return "'" + template.replace("<", "' || (").replace(">", ") || '") + "'"


_ROLE: Final = '{"role":"customer","role_raw":"Customer"}'
_PARTY: Final = (
    f'{{"updated_at":"{CHANGED}","ext":{{}},"kind":"organisation","status":"active",'
    '"display_name":"Firma <n> GmbH","organisation":{"legal_name":"Firma <n> GmbH",'
    '"trading_names":[]},"roles":[@roles],"contact_points":[{"kind":"phone","value":"+4930<n>",'
    '"purpose":[],"rank":1,"status":"ok","shared":false},{"kind":"email","value":'
    '"info@firma-<n>.example","purpose":[],"rank":1,"status":"ok","shared":false}],"addresses":'
    '[{"lines":["Hauptstr. <n>"],"locality":"Berlin","postcode":"@postcode","country":"DE",'
    '"country_raw":"Germany","purpose":["billing"],"rank":1}],"identifiers":[{"scheme":"eu_vat",'
    '"value":"DE<100000000 + n>"}],"consents":[]}'
)
_GOLDEN: Final = (
    '{"kind":"organisation","display_name":"Firma <n> GmbH","legal_name":"Firma <n> GmbH",'
    '"eu_vat":"DE<100000000 + n>","email":"info@firma-<n>.example","phone":"+4930<n>",'
    '"address":{"lines":["Hauptstr. <n>"],"locality":"Berlin","postcode":"10115","country":"DE"}}'
)
_ACCOUNT: Final = (
    f'{{"updated_at":"{CHANGED}","ext":{{}},"party":{{"type":"party","key":"<n>","part":""}},'
    '"ledger":"erp","account_no":"<n>","active":true,"currency":"EUR","terms_days":30,'
    '"credit_limit":"900"}'
)
_ORDER: Final = (
    f'{{"updated_at":"{CHANGED}","ext":{{"erp.reference":"PO-<n>"}},"number":"<n>","party":'
    f'{{"type":"party","key":"<{_CUSTOMER}>","part":""}},"account":{{"type":"party","key":'
    f'"<{_CUSTOMER}>","part":"account"}},"date":"{DAY}","status":"done","status_raw":"done",'
    '"currency":"EUR","net":"100.00","tax":"19.00","gross":"119.00","lines":[]}'
)
_LATE: Final = f"CASE n % {ODD // 10 * INVOICES} WHEN 0 THEN '{DAY}' ELSE '2026-11-30' END"
_INVOICE: Final = _ORDER.replace(
    '"lines"', f'"due_date":"<{_LATE}>","order":{{"type":"order","key":"<n>","part":""}},"lines"'
)
_PAYMENT: Final = (
    f'{{"updated_at":"{CHANGED}","ext":{{}},"number":"<n>","date":"{DAY}","status":"done",'
    '"currency":"EUR","gross":"119.00","allocations":[{"invoice":{"type":"invoice","key":'
    f'"<(n - 1) * {INVOICES} + 1>","part":""}},"amount":"119.00"}}]}}'
)
_OPPORTUNITY: Final = (
    f'{{"updated_at":"{CHANGED}","ext":{{}},"name":"Calibration <n>","party":{{"type":"account",'
    '"key":"<n * 5>","part":""},"stage":"won","stage_raw":"Closed Won","amount":"100.00",'
    f'"currency":"EUR","close_date":"{DAY}","owner":"manager <n % 50>","lines":[]}}'
)
_TICKET: Final = (
    f'{{"updated_at":"{CHANGED}","ext":{{}},"number":"<n>","subject":"Calibration certificate",'
    '"status":"<CASE n % 10 WHEN 0 THEN \'open\' ELSE \'closed\' END>","priority":"20",'
    f'"queue":"Returns","opened":"{CHANGED}"}}'
)
_MAIL: Final = (
    f'{{"updated_at":"{CHANGED}","ext":{{"imap.in_reply_to":"<n>@mx.example"}},"channel":"email",'
    f'"direction":"inbound","kind":"message","at":"{CHANGED}","thread_id":"<n>@mx.example",'
    '"participants":[{"contact_point":"info@firma-<n * 2>.example","role":"from"}],'
    '"subject":"Re: Question about invoice","visibility":"internal","attachments":[]}'
)
