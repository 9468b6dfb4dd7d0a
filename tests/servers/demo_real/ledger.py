"""Puts the demo company's ERP into a real Tryton, and says what it holds then."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Final

from hub.demo.register import Bucket, Row, Totals
from tests.servers.tryton import SeededParty, TrytonServer

PARTY: Final = "party.party"
CURRENCIES: Final = frozenset({"EUR", "USD", "GBP", "CHF"})
"""Those that the test database has exchange rates for."""

_UNTIL: Final[Mapping[str, str]] = {"quotation": "quotation", "posted": "posted", "paid": "paid"}
_CHILDREN: Final[Mapping[str, tuple[str, ...]]] = {
    "party.address": ("street", "city", "postal_code", "country"),
    "party.contact_mechanism": ("type", "value"),
    "party.identifier": ("type", "code"),
}
_LISTS: Final[Mapping[str, str]] = {
    "party.address": "addresses",
    "party.contact_mechanism": "contact_mechanisms",
    "party.identifier": "identifiers",
}

Tables = Mapping[str, Mapping[str, Row]]


@dataclass(slots=True)
class MovedLedger:
    """Tryton's ids by the generator's keys, the documents it holds, and what it can't hold."""

    keys: dict[str, str] = field(default_factory=dict)
    totals: dict[Bucket, Totals] = field(default_factory=dict)
    owing: set[str] = field(default_factory=set)
    left_out: Counter[str] = field(default_factory=Counter)


@dataclass(frozen=True, slots=True)
class _Document:
    """One sale and what is to become of it; a credit note is a sale of a negative quantity."""

    party: str
    date: str
    currency: str
    net: Decimal
    until: str
    reference: str


def move_ledger(server: TrytonServer, tables: Tables) -> MovedLedger:
    """Create parties, sales and invoices; the own company is there already."""
    moved = MovedLedger()
    parties = dict(_movable(tables, moved.left_out))
    documents = [one for one in _documents(tables, moved.left_out) if one.party in parties]
    place = {key: number for number, key in enumerate(parties)}
    seeded = server.seed(
        parties=[_party(row, children) for row, children in _with_children(parties, tables)],
        sales=[_sale(one, place[one.party]) for one in documents],
    )
    moved.keys = dict(zip(parties, _ids(seeded.parties), strict=True))
    for one in documents:
        _count(moved, one)
    return moved


def _ids(parties: Iterable[SeededParty]) -> list[str]:
    return [str(party.id) for party in parties]


def _movable(tables: Tables, left_out: Counter[str]) -> Iterator[tuple[str, Row]]:
    own = {str(row["party"]) for row in tables["company.company"].values()}
    for key, row in tables[PARTY].items():
        if row.get("replaced_by"):
            left_out["parties merged in Tryton"] += 1
        elif key not in own:
            yield key, row


def _with_children(
    parties: Mapping[str, Row], tables: Tables
) -> Iterator[tuple[Row, dict[str, list[Row]]]]:
    children: dict[str, dict[str, list[Row]]] = defaultdict(lambda: defaultdict(list))
    for model, fields in _CHILDREN.items():
        for row in tables.get(model, {}).values():
            child = {name: row[name] for name in fields}
            children[str(row["party"])][_LISTS[model]].append(child)
    for key, row in parties.items():
        yield row, children[key]


def _party(row: Row, children: Mapping[str, list[Row]]) -> dict[str, Any]:
    return {name: row[name] for name in ("name", "code", "active", "lang")} | dict(children)


def _documents(tables: Tables, left_out: Counter[str]) -> Iterator[_Document]:
    invoices = tables["account.invoice"].values()
    invoiced = {str(row["sales"][0]): row for row in invoices if row["sales"]}
    for key, row in tables["sale.sale"].items():
        invoice = invoiced.get(key)
        yield from _checked(row, invoice["state"] if invoice else row["state"], left_out)
    for row in invoices:
        if not row["sales"]:
            yield from _checked(row, row["state"], left_out)


def _checked(row: Row, state: str, left_out: Counter[str]) -> Iterator[_Document]:
    """The document, unless the server has no place for it."""
    date = row.get("sale_date") or row["invoice_date"]
    first_year = datetime.now(UTC).year - 1  # as tests/servers/tryton_setup.py makes them
    if row["currency"] not in CURRENCIES:
        left_out[f"documents in {row['currency']}: no exchange rate"] += 1
    elif state not in _UNTIL:
        left_out[f"sales that are {state}"] += 1
    elif int(date[:4]) < first_year:
        left_out["documents before the first fiscal year"] += 1
    else:
        net = Decimal(row["untaxed_amount"])
        reference = str(row.get("reference") or row["number"])
        yield _Document(str(row["party"]), date, row["currency"], net, _UNTIL[state], reference)


def _sale(one: _Document, party: int) -> dict[str, Any]:
    line = {"quantity": -1 if one.net < 0 else 1, "unit_price": str(abs(one.net))}
    return {
        "party": party,
        "date": one.date,
        "currency": one.currency,
        "reference": one.reference,
        "lines": [line],
        "until": one.until,
    }


def _count(moved: MovedLedger, one: _Document) -> None:
    """The test database has no tax rules, so that net is gross."""
    entities = ("order",) if one.until == "quotation" else ("order", "invoice")
    for entity in entities:
        bucket = Bucket("erp", entity, one.date[:7], one.currency)
        old = moved.totals.get(bucket, Totals())
        moved.totals[bucket] = Totals(
            old.documents + 1, old.net + one.net, old.tax, old.gross + one.net
        )
    if one.until == "posted":
        moved.owing.add(one.party)
