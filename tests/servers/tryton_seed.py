"""Creates customers, sales and invoices in one process; runs under `.venv-tryton` only.

Reads one JSON object on stdin (see `tests.servers.tryton.TrytonServer.seed`) and prints the ids of
what it made. Parties, sales, postings and opportunities are one transaction each.
"""

# The Tryton packages are untyped and live in an environment of their own.
# mypy: disable-error-code="import-not-found, no-untyped-call"

from __future__ import annotations

import copy
import datetime as dt
import functools
import itertools
import json
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from trytond import config
from trytond.pool import Pool
from trytond.transaction import Transaction, TransactionError

PRICE_PLACES = Decimal("0.0001")

STAGES = ("draft", "quotation", "processing", "posted", "paid")

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Desk:
    """The user, the company and the database that everything is created with."""

    database: str
    user: int
    context: Mapping[str, Any]
    locks: dict[str, Any] = field(default_factory=dict)

    def commit(self, step: Callable[[], Any]) -> Any:
        """Run `step` in one transaction; start over with the locks it turned out to need."""
        while True:
            locks = copy.deepcopy(self.locks)
            begin = Transaction().start(self.database, self.user, context={**self.context}, **locks)
            with begin as transaction:
                try:
                    return step()
                except TransactionError as error:
                    transaction.rollback()
                    error.fix(self.locks)


def main() -> None:
    """Create what stdin asks for and print the ids."""
    order = json.load(sys.stdin)
    config.update_etc([order["config"]])
    Pool.start()
    pool = Pool(order["database"])
    pool.init()
    sys.stdout.write(json.dumps(_create(_desk(pool, order["database"]), pool, order)))


def _desk(pool: Any, database: str) -> Desk:
    with Transaction().start(database, 0):
        (admin,) = pool.get("res.user").search([("login", "=", "admin")])
        context = {"company": admin.company.id, "language": "en", "_skip_warnings": True}
        return Desk(database, admin.id, context)


def _create(desk: Desk, pool: Any, order: Row) -> dict[str, Any]:
    made = desk.commit(lambda: _parties(pool, order.get("parties", [])))
    parties = [party["id"] for party in made]
    rows = order.get("sales", [])
    sales = desk.commit(lambda: _sales(pool, rows, parties))
    pairs = list(zip(sales, rows, strict=True))
    to_post = [number for number, row in pairs if _reaches(row, "posted")]
    for batch in desk.commit(lambda: _batches(pool, to_post)):
        desk.commit(functools.partial(_post, pool, batch))
    desk.commit(lambda: _pay(pool, [number for number, row in pairs if _reaches(row, "paid")]))
    chances = order.get("opportunities", [])
    return {
        "parties": made,
        "sales": desk.commit(lambda: [_sale_ids(sale) for sale in _browse(pool, sales)]),
        "opportunities": desk.commit(lambda: _opportunities(pool, chances, parties)),
    }


def _parties(pool: Any, rows: Sequence[Row]) -> list[dict[str, Any]]:
    countries = {country.code: country.id for country in pool.get("country.country").search([])}
    languages = {lang.code: lang.id for lang in pool.get("ir.lang").search([])}
    values = [_party(row, countries, languages) for row in rows]
    return [_party_ids(party) for party in pool.get("party.party").create(values)]


def _party(row: Row, countries: Mapping[str, int], languages: Mapping[str, int]) -> dict[str, Any]:
    addresses = [_address(address, countries) for address in row.get("addresses", [])]
    contacts = [dict(contact) for contact in row.get("contact_mechanisms", [])]
    identifiers = [dict(identifier) for identifier in row.get("identifiers", [])]
    party: dict[str, Any] = {key: row[key] for key in ("name", "code", "active") if key in row}
    party["addresses"] = [("create", addresses)]
    party["contact_mechanisms"] = [("create", contacts)]
    party["identifiers"] = [("create", identifiers)]
    if row.get("lang"):
        party["lang"] = languages[row["lang"]]
    return party


def _address(row: Row, countries: Mapping[str, int]) -> dict[str, Any]:
    address = dict(row)
    if address.get("country"):
        address["country"] = countries[address["country"]]
    return address


def _sales(pool: Any, rows: Sequence[Row], parties: Sequence[int]) -> list[int]:
    model = pool.get("sale.sale")
    sales = [_sale(pool, row, parties) for row in rows]
    model.save(sales)
    pairs = list(zip(sales, rows, strict=True))
    model.quote([sale for sale, row in pairs if _reaches(row, "quotation")])
    confirmed = [sale for sale, row in pairs if _reaches(row, "processing")]
    model.confirm(confirmed)
    model.process(confirmed)
    return [sale.id for sale in sales]


def _reaches(row: Row, stage: str) -> bool:
    return STAGES.index(row.get("until", "posted")) >= STAGES.index(stage)


def _sale(pool: Any, row: Row, parties: Sequence[int]) -> Any:
    (term,) = pool.get("account.invoice.payment_term").search([], limit=1)
    sale = pool.get("sale.sale")(party=_who(pool, row, parties))
    sale.on_change_party()
    sale.payment_term = term
    if row.get("currency"):
        (sale.currency,) = pool.get("currency.currency").search([("code", "=", row["currency"])])
    sale.invoice_method = "order"
    sale.sale_date = dt.date.fromisoformat(row["date"])
    sale.reference = row.get("reference")
    sale.description = row.get("description")
    sale.lines = [_line(pool, sale, line) for line in row["lines"]]
    return sale


def _line(pool: Any, sale: Any, row: Row) -> Any:
    (product,) = pool.get("product.product").search([("name", "=", "Service")])
    line = pool.get("sale.line")(sale=sale, product=product, quantity=row["quantity"])
    line.on_change_product()
    line.unit_price = Decimal(row["unit_price"]).quantize(PRICE_PLACES)
    line.description = row.get("description")
    return line


def _batches(pool: Any, sales: Sequence[int]) -> list[list[int]]:
    """Sort sales by date, since invoice numbers must ascend with it, and split them by year.

    The first of each year goes alone: its posting finds out, cheaply, which locks a year needs.
    """
    dated = sorted(_browse(pool, sales), key=lambda sale: sale.sale_date)
    batches = []
    for _, year in itertools.groupby(dated, key=lambda sale: sale.sale_date.year):
        numbers = [sale.id for sale in year]
        batches += [numbers[:1], numbers[1:]]
    return [batch for batch in batches if batch]


def _post(pool: Any, sales: Sequence[int]) -> None:
    model = pool.get("account.invoice")
    invoices = []
    for sale in _browse(pool, sales):
        for invoice in sale.invoices:
            invoice.invoice_date = sale.sale_date
            invoices.append(invoice)
    model.save(invoices)
    model.post(invoices)


def _pay(pool: Any, sales: Sequence[int]) -> None:
    """Pay each invoice in full on its own date; `process` is what makes its state `paid`."""
    (method,) = pool.get("account.invoice.payment.method").search([], limit=1)
    invoices = [invoice for sale in _browse(pool, sales) for invoice in sale.invoices]
    for invoice in invoices:
        open_lines = [line for line in invoice.lines_to_pay if not line.reconciliation]
        paid = invoice.pay_invoice(invoice.amount_to_pay, method, invoice.invoice_date)
        pool.get("account.move.line").reconcile([*open_lines, *paid])
    pool.get("account.invoice").process(invoices)


def _opportunities(pool: Any, rows: Sequence[Row], parties: Sequence[int]) -> list[int]:
    model = pool.get("sale.opportunity")
    opportunities = [_opportunity(pool, row, parties) for row in rows]
    model.save(opportunities)
    return [opportunity.id for opportunity in opportunities]


def _opportunity(pool: Any, row: Row, parties: Sequence[int]) -> Any:
    opportunity = pool.get("sale.opportunity")(party=_who(pool, row, parties))
    opportunity.on_change_party()
    opportunity.description = row.get("description")
    opportunity.start_date = dt.date.fromisoformat(row["date"])
    opportunity.amount = Decimal(row["amount"])
    opportunity.conversion_probability = row.get("probability", 0.5)
    return opportunity


def _who(pool: Any, row: Row, parties: Sequence[int]) -> Any:
    """The party of a row: an id that exists, or the position of a party of the same order."""
    number = row["party_id"] if "party_id" in row else parties[row["party"]]
    return pool.get("party.party")(number)


def _browse(pool: Any, sales: Sequence[int]) -> list[Any]:
    records: list[Any] = pool.get("sale.sale").browse(sales)
    return records


def _party_ids(party: Any) -> dict[str, Any]:
    return {
        "id": party.id,
        "code": party.code,
        "addresses": [address.id for address in party.addresses],
        "contact_mechanisms": [contact.id for contact in party.contact_mechanisms],
    }


def _sale_ids(sale: Any) -> dict[str, Any]:
    return {"id": sale.id, "number": sale.number, "invoices": [i.id for i in sale.invoices]}


if __name__ == "__main__":
    main()
