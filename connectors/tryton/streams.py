"""What is read of Tryton: three models, each with the models whose changes concern its records.

Tryton does not touch a party when one of its addresses or contact mechanisms changes, nor when it
owes more than before. So each stream also watches the models that its records are made of, and
reads the records again to which their changed rows belong. ``changed_at``, the newest time among a
record and its nested rows, is added to every record.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, NamedTuple

import orjson

from connectors.tryton.client import TrytonClient
from connectors.tryton.config import TrytonConfig
from connectors.tryton.contacts import flatten
from connectors.tryton.wire import Domain, encode_time
from hub.sdk import Capability, Page, Record, Stream, Tombstone, Unreadable
from hub.sdk.sweep import Sweep, format_time

INCREMENTAL: Final = frozenset(
    {Capability.FULL, Capability.INCREMENTAL, Capability.KEY_SCAN, Capability.COUNT}
)
WRITE: Final = frozenset({Capability.WRITE, Capability.OPTIMISTIC_LOCK, Capability.CREATE})
WATCH_PAGE: Final = 1000
TIMES: Final = ("create_date", "write_date")
OWN_COMPANY: Final = "own company"

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A model, the fields to read, and the models to watch with the field that leads back."""

    model: str
    entities: tuple[str, ...]
    fields: tuple[str, ...]
    watched: tuple[tuple[str, str], ...]
    condition: tuple[Any, ...] = ()
    merged_field: str | None = None
    capabilities: frozenset[Capability] = INCREMENTAL
    demands: tuple[str, ...] = ()

    @property
    def stream(self) -> Stream:
        """The stream's declaration."""
        return Stream(
            name=self.model,
            entities=self.entities,
            key=("id",),
            cursor="write_date",
            capabilities=self.capabilities,
            demands=self.demands,
        )


def _nested(relation: str, *fields: str) -> tuple[str, ...]:
    return tuple(f"{relation}.{field}" for field in (*fields, *TIMES))


PARTY: Final = Table(
    model="party.party",
    entities=("party", "account"),
    fields=(
        *("name", "code", "active", "lang.code", "replaced_by.id", *TIMES),
        *_nested("addresses", "street", "city", "postal_code", "country.code", "active"),
        *("addresses.subdivision.name", "addresses.sequence"),
        *_nested("contact_mechanisms", "type", "value", "active", "sequence"),
        *_nested("identifiers", "type", "code"),
    ),
    watched=(
        ("party.address", "party"),
        ("party.contact_mechanism", "party"),
        ("party.identifier", "party"),
        ("party.party.lang", "party"),
    ),
    merged_field="replaced_by",
    capabilities=INCREMENTAL | WRITE,
    demands=("name",),
)
BALANCE_FIELD: Final = "receivable"
BALANCE_WATCH: Final = ("account.move.line", "party")

_DOCUMENT: Final = (
    *("number", "reference", "state", "party.id", "currency.code", "company.id", *TIMES),
    *("untaxed_amount", "tax_amount", "total_amount"),
)
SALE: Final = Table(
    model="sale.sale",
    entities=("order",),
    fields=(
        *_DOCUMENT,
        "sale_date",
        *_nested("lines", "type", "product.rec_name", "description", "quantity", "amount"),
    ),
    watched=(("sale.line", "sale"),),
)
INVOICE: Final = Table(
    model="account.invoice",
    entities=("invoice",),
    fields=(
        *(*_DOCUMENT, "type", "invoice_date", "amount_to_pay", "sales.id"),
        "lines_to_pay.maturity_date",
    ),
    watched=(
        ("account.invoice.line", "invoice"),
        ("account.invoice-account.move.line", "invoice"),
    ),
    condition=("type", "=", "out"),
)
TABLES: Final[Mapping[str, Table]] = {table.model: table for table in (PARTY, SALE, INVOICE)}


class Sorted(NamedTuple):
    """What the rows of one answer are."""

    replaced: list[Tombstone]
    records: list[Record]
    unreadable: list[Unreadable]


class Reader:
    """Reads one stream of one connection."""

    def __init__(self, client: TrytonClient, config: TrytonConfig, table: Table) -> None:
        self._client = client
        self._config = config
        self._table = table
        balanced = table is PARTY and config.balances
        self._fields = (*table.fields, BALANCE_FIELD) if balanced else table.fields
        self._watched = (*table.watched, BALANCE_WATCH) if balanced else table.watched
        self._companies: tuple[Row, ...] | None = None
        self._countries: dict[str, int | None] = {}

    def pages(self, sweep: Sweep) -> Iterator[Page]:
        """The pages of one run, in the order of ids."""
        self._enter_company()
        batches = self._all(sweep) if sweep.since is None else self._changed(sweep)
        for rows, is_last in batches:
            yield self._page(sweep, rows, is_last)

    def fetch(self, key: str) -> Record | None:
        """One record as it is now; None where the stream has none of this key."""
        row = self.row(key)
        return None if row is None else self.as_record(row)

    def row(self, key: str, *, also: Sequence[str] = ()) -> dict[str, Any] | None:
        """One row as it is now, with more fields than the stream reads where asked to."""
        if self._companies is None:
            self._enter_company()
        if not (key.isascii() and key.isdecimal()):
            return None
        rows = self._search([["id", "=", int(key)]], 1, fields=(*self._fields, *also))
        own = self._own_parties()
        found = [row for row in rows if row["id"] not in own and not row.get("replaced_by")]
        return found[0] if found else None

    def find(self, identifier: str) -> str | None:
        """The key of the record that has an identifier."""
        if self._companies is None:
            self._enter_company()
        domain: Domain = [["identifiers.code", "=", identifier]]
        rows = self._search(domain, 1, fields=("id",))
        return str(rows[0]["id"]) if rows else None

    def country_id(self, code: str) -> int | None:
        """The id of a country by its code."""
        if code not in self._countries:
            domain: Domain = [["code", "=", code]]
            rows = self._client.search("country.country", domain, fields=["code"], limit=1)
            self._countries[code] = int(rows[0]["id"]) if rows else None
        return self._countries[code]

    def as_record(self, row: dict[str, Any]) -> Record:
        """A row as the stream gives it."""
        version = format_time(_changed_at(row))
        data = {**(flatten(row) if self._table is PARTY else row), "changed_at": version}
        company = self._company()
        if self._table is PARTY and company and company["currency"]:
            data["company_currency"] = company["currency"]["code"]
        return Record(key=str(row["id"]), data=data, version=version)

    def keys(self) -> Iterator[list[str]]:
        """The keys of all records there are now, in the order of ids."""
        self._enter_company()
        own, after = self._own_parties(), 0
        merged = self._table.merged_field
        condition = [[merged, "=", None]] if merged else []
        while True:
            domain: Domain = [["id", ">", after], *condition]
            rows = self._search(domain, WATCH_PAGE, fields=("id",))
            yield [str(row["id"]) for row in rows if row["id"] not in own]
            if len(rows) < WATCH_PAGE:
                return
            after = rows[-1]["id"]

    def count(self) -> int:
        """How many records there are now, as Tryton counts them."""
        self._enter_company()
        merged, own = self._table.merged_field, self._own_parties()
        domain: Domain = [["id", "not in", sorted(own)]] if own else []
        domain += [[merged, "=", None]] if merged else []
        domain += [list(self._table.condition)] if self._table.condition else []
        return self._client.count(self._table.model, domain)

    def _enter_company(self) -> None:
        self._companies = tuple(self._read_companies())
        company = self._company()
        self._client.enter_company(company["id"] if company else self._config.company)

    def _all(self, sweep: Sweep) -> Iterator[tuple[list[dict[str, Any]], bool]]:
        size, is_last = self._config.page_size, False
        while not is_last:
            rows = self._search([["id", ">", sweep.after]], size)
            is_last = len(rows) < size
            yield rows, is_last

    def _changed(self, sweep: Sweep) -> Iterator[tuple[list[dict[str, Any]], bool]]:
        size = self._config.page_size
        ids = sorted(key for key in self._changed_ids(sweep) if key > sweep.after)
        for start in range(0, len(ids), size):
            rows = self._search([["id", "in", ids[start : start + size]]], size)
            yield rows, start + size >= len(ids)
        if not ids:
            yield [], True

    def _search(
        self, domain: Domain, size: int, *, fields: Sequence[str] = ()
    ) -> list[dict[str, Any]]:
        condition = [list(self._table.condition)] if self._table.condition else []
        return self._client.search(
            self._table.model, [*domain, *condition], fields=fields or self._fields, limit=size
        )

    def _changed_ids(self, sweep: Sweep) -> set[int]:
        ids = {row["id"] for row in self._changed_rows(self._table.model, (), sweep)}
        for model, parent in self._watched:
            rows = self._changed_rows(model, (parent,), sweep)
            ids |= {row[parent] for row in rows if isinstance(row[parent], int)}
        return ids

    def _changed_rows(
        self, model: str, fields: tuple[str, ...], sweep: Sweep
    ) -> Iterator[dict[str, Any]]:
        """Rows of a model that changed since the watermark, and their times for the next one."""
        floor = sweep.floor(self._config.overlap_seconds)
        assert floor is not None
        since = encode_time(floor)
        # write_date is null until the first edit, so create_date has to be asked for as well.
        changed: Domain = ["OR", *([[name, ">=", since]] for name in TIMES)]
        after = 0
        while True:
            domain: Domain = [["id", ">", after], changed]
            rows = self._client.search(model, domain, fields=(*fields, *TIMES), limit=WATCH_PAGE)
            for row in rows:
                sweep.note(_changed_at(row))
                yield row
            if len(rows) < WATCH_PAGE:
                return
            after = rows[-1]["id"]

    def _page(self, sweep: Sweep, rows: list[dict[str, Any]], is_last: bool) -> Page:
        own = self._own_parties()
        taken = [row for row in rows if row["id"] not in own]
        replaced, records, unreadable = self._sort(taken, sweep)
        fresh = sweep.unseen(records)
        sweep.after = max((row["id"] for row in rows), default=sweep.after)
        return Page(
            records=fresh,
            tombstones=sweep.tell(sweep.untold(replaced)),
            unreadable=unreadable,
            excluded={OWN_COMPANY: len(rows) - len(taken)} if len(rows) > len(taken) else {},
            cursor=sweep.end() if is_last else sweep.position(),
        )

    def _sort(self, rows: list[dict[str, Any]], sweep: Sweep) -> Sorted:
        """Tombstones, records, and those that lack what places them."""
        found = Sorted([], [], [])
        for row in rows:
            try:
                if row.get("replaced_by"):
                    found.replaced.append(_tombstone(row, sweep))
                else:
                    found.records.append(self._record(row, sweep))
            except (AttributeError, KeyError, TypeError, ValueError) as error:
                reason = f"a field is missing or has another type ({type(error).__name__})"
                raw = orjson.dumps(row, default=str).decode()
                found.unreadable.append(Unreadable(str(row["id"]), reason, raw))
        return found

    def _record(self, row: dict[str, Any], sweep: Sweep) -> Record:
        sweep.note(_changed_at(row))
        return self.as_record(row)

    def _read_companies(self) -> list[dict[str, Any]]:
        """The companies themselves, which are parties as well, and in what currency they count."""
        fields = ("party.id", "currency.code")
        return self._client.search(
            "company.company", [["id", ">", 0]], fields=fields, limit=WATCH_PAGE
        )

    def _company(self) -> Row | None:
        """The company that is read for: the one in the settings, or the only one there is."""
        chosen = self._config.company
        rows = [row for row in self._companies or () if chosen in (None, row["id"])]
        return rows[0] if len(rows) == 1 else None

    def _own_parties(self) -> set[int]:
        if self._table is not PARTY:
            return set()
        return {row["party"]["id"] for row in self._companies or () if row["party"]}


def _tombstone(row: Row, sweep: Sweep) -> Tombstone:
    """Tryton's own merge: the party lives on in another one."""
    changed = _changed_at(row)
    sweep.note(changed)
    return Tombstone(str(row["id"]), format_time(changed), str(row["replaced_by"]["id"]))


def _changed_at(row: Row) -> datetime:
    return datetime.fromisoformat(max(_times(row)))


def _times(row: Row) -> Iterator[str]:
    """Every time of change in a row and in the rows below it; as text they sort like the times."""
    for name in TIMES:
        if row.get(name):
            yield row[name]
    for value in row.values():
        for child in value if isinstance(value, list) else ():
            yield from _times(child)
