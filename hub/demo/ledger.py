"""The ERP (Tryton): parties with addresses and VAT numbers, sales, invoices, credit notes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Final

from hub.demo.customers import Customer
from hub.demo.names import LOCALES
from hub.demo.places import CURRENCIES
from hub.demo.register import Bucket, Ref, Register, Row
from hub.demo.spread import Entry, Footprint, Standing, enter

_DOUBLE_ACCOUNT_SHARE: Final = 0.04
_OPEN_SHARE: Final = 0.2
_CREDIT_SHARE: Final = 0.06
_MERGED_SHARE: Final = 0.015
_LINKED_SHARE: Final = 0.3
_FORMER_BALANCE_SHARE: Final = 0.15

_STATES: Final = {"done": 70, "processing": 15, "quotation": 8, "cancelled": 7}
_DELIVERED: Final = frozenset({"done", "processing"})

VAT_TYPES: Final[Mapping[str, str]] = {"CH": "ch_vat", "GB": "gb_vat"}
"""Tryton checks a number by its type, and takes these for no European ones."""

CENT: Final = Decimal("0.01")

RATES: Final[Mapping[str, Decimal]] = {
    "EUR": Decimal(1),
    "GBP": Decimal("1.15"),
    "USD": Decimal("0.90"),
    "CHF": Decimal("1.05"),
}
"""What one unit of a currency is worth in euro: balances are in the company's own currency."""

TAX_RATES: Final[Mapping[str, str]] = {
    "DE": "0.19", "AT": "0.20", "CH": "0.081", "FR": "0.20", "GB": "0.20",
    "IT": "0.22", "ES": "0.21", "NL": "0.21", "BE": "0.21", "US": "0",
}  # fmt: skip
"""Country to the tax that its customers pay."""


class Ledger:
    """Writes what the ERP knows."""

    def __init__(self, register: Register) -> None:
        self._register = register

    def write(self, customers: Sequence[Customer], footprints: Mapping[str, Footprint]) -> None:
        """Write all rows of the ERP."""
        self._write_own_company()
        known = [c for c in customers if "erp" in footprints[c.id].connections]
        for customer in known:
            footprint = footprints[customer.id]
            survivor = self._write_account(customer, footprint)
            live = footprint.standing is Standing.CUSTOMER
            if live and self._register.chance(_DOUBLE_ACCOUNT_SHARE):
                self._register.cases["double entry in erp"] += 1
                self._write_account(customer, footprint)
            elif self._register.chance(_MERGED_SHARE):
                self._write_merged(customer, footprint, survivor)

    def _write_account(self, customer: Customer, footprint: Footprint) -> str:
        party = self._write_party(customer, active=footprint.standing is Standing.CUSTOMER)
        owing = _OPEN_SHARE if footprint.standing is Standing.CUSTOMER else 0.0
        if footprint.standing is Standing.FORMER and "sfa" not in footprint.connections:
            owing = float(self._register.chance(_FORMER_BALANCE_SHARE))
        count = self._register.rng.choices((1, 2, 4, 6), (35, 35, 20, 10))[0]
        balance = sum(
            (self._write_business(party, customer, owing) for _ in range(count)), Decimal(0)
        )
        rate = RATES[CURRENCIES.get(customer.country, "EUR")]
        party["receivable"] = str((balance * rate).quantize(CENT))
        if balance:
            self._register.owing.add(str(party["id"]))
        return str(party["id"])

    def _write_own_company(self) -> None:
        """Tryton keeps the company itself as a party; it is nobody's customer."""
        register = self._register
        row = self._row("party.party") | {
            "name": "Nordlicht Messtechnik GmbH",
            "code": "1",
            "active": True,
            "receivable": "0",
        }
        register.add("erp", "party.party", "1", row)
        register.add("erp", "company.company", "1", {"id": 1, "party": 1, "currency": "EUR"})
        register.excluded["own company"] += 1

    def _write_merged(self, customer: Customer, footprint: Footprint, survivor: str) -> None:
        """A second party that Tryton merged into the first; it is a tombstone from now on."""
        active = footprint.standing is Standing.CUSTOMER
        row = self._write_party(customer, active=active)
        row |= {"replaced_by": int(survivor), "active": False, "receivable": "0"}
        del self._register.customer_of[Ref("erp", "party.party", str(row["id"]))]
        self._register.tombstones["erp", "party.party"] += 1
        self._register.cases["merged in erp"] += 1

    def _write_party(self, customer: Customer, *, active: bool) -> Row:
        register, entry = self._register, enter(self._register.rng, customer)
        key = register.next_key("erp", "party.party")
        row = self._row("party.party") | {
            "name": _party_name(register, entry),
            "code": f"{10000 + int(key)}",
            "active": active,
            "lang": LOCALES[customer.country] if register.chance(0.5) else None,
        }
        self._write_address(key, entry)
        self._write_contacts(key, entry)
        if entry.vat and register.chance(0.9):
            fields = {"type": VAT_TYPES.get(entry.vat[:2], "eu_vat"), "code": entry.vat}
            self._child("party.identifier", key, fields)
        register.add("erp", "party.party", key, row)
        register.identify(Ref("erp", "party.party", key), customer)
        if not active:
            register.cases["inactive in erp"] += 1
        return row

    def _write_address(self, party: str, entry: Entry) -> None:
        street, town, postcode, country = entry.address
        row = {
            "street": street,
            "city": town,
            "postal_code": postcode,
            "country": country,
        }
        self._child("party.address", party, row)

    def _write_contacts(self, party: str, entry: Entry) -> None:
        wanted = (
            ("email", entry.email, 0.5),
            ("phone", entry.phone, 0.6),
            ("mobile", entry.mobile, 0.3),
        )
        for kind, value, share in wanted:
            if value and self._register.chance(share):
                self._child("party.contact_mechanism", party, {"type": kind, "value": value})

    def _write_business(self, party: Row, customer: Customer, owing: float) -> Decimal:
        """One sale and what follows from it; returns what stays open."""
        register = self._register
        ordered, amounts = register.moment(700, 5), draw_amounts(register, customer.country)
        state = register.rng.choices(list(_STATES), list(_STATES.values()))[0]
        if owing == 1.0:
            state = "done"
        sale = self._write_sale(party, customer, ordered, (state, *amounts))
        if state not in _DELIVERED:
            return Decimal(0)
        unpaid = register.chance(owing)
        key = self._write_invoice(party, customer, ordered, (*amounts, unpaid))
        register.rows("erp", "account.invoice")[key]["sales"] = [int(sale)]
        if not unpaid and register.chance(_CREDIT_SHARE):
            net, tax = amounts
            self._write_invoice(party, customer, ordered, (-net, -tax, False))
            register.cases["credit notes in erp"] += 1
        return sum(amounts, Decimal(0)) if unpaid else Decimal(0)

    def _write_sale(
        self, party: Row, customer: Customer, ordered: datetime, terms: tuple[str, Decimal, Decimal]
    ) -> str:
        state, net, tax = terms
        key = self._register.next_key("erp", "sale.sale")
        row = self._row("sale.sale", ordered) | {
            "number": f"S{key.rjust(6, '0')}",
            "reference": f"PO-{self._register.rng.randint(1000, 9999)}",
            "party": party["id"],
            "company": 1,
            "sale_date": ordered.date().isoformat(),
            "state": state,
            **_money(customer, net, tax),
        }
        self._register.add("erp", "sale.sale", key, row)
        self._total("order", customer, ordered.date(), (net, tax))
        return key

    def _write_invoice(
        self,
        party: Row,
        customer: Customer,
        ordered: datetime,
        terms: tuple[Decimal, Decimal, bool],
    ) -> str:
        register = self._register
        net, tax, unpaid = terms
        issued = (ordered + timedelta(days=register.rng.randint(0, 4))).date()
        key = register.next_key("erp", "account.invoice")
        row = self._row("account.invoice", ordered) | {
            "type": "out",
            "number": f"R{issued.year}/{key.rjust(6, '0')}",
            "party": party["id"],
            "company": 1,
            "invoice_date": issued.isoformat(),
            "state": "posted" if unpaid else "paid",
            "amount_to_pay": str(net + tax if unpaid else Decimal(0)),
            "sales": [],
            **_money(customer, net, tax),
        }
        register.add("erp", "account.invoice", key, row)
        if unpaid:
            due = (issued + timedelta(days=30)).isoformat()
            fields = {"maturity_date": due, "invoice": int(key)}
            self._child("account.move.line", str(party["id"]), fields)
        self._total("invoice", customer, issued, (net, tax))
        return key

    def _total(
        self, entity: str, customer: Customer, when: date, amounts: tuple[Decimal, Decimal]
    ) -> None:
        currency = CURRENCIES.get(customer.country, "EUR")
        bucket = Bucket("erp", entity, f"{when:%Y-%m}", currency)
        self._register.total(bucket, *amounts)

    def _child(self, model: str, party: str, fields: Row) -> None:
        key = self._register.next_key("erp", model)
        row = self._row(model) | {"party": int(party), **fields}
        self._register.add("erp", model, key, row)

    def _row(self, model: str, created: datetime | None = None) -> Row:
        created = created or self._register.moment()
        edited = created + timedelta(days=self._register.rng.randint(1, 200))
        limit = self._register.moment(3, 2)
        return {
            "id": int(self._register.next_key("erp", model)),
            "create_date": moment(created),
            "write_date": moment(edited) if edited < limit else None,
        }


def link_accounts(register: Register) -> None:
    """Note the ERP's customer number on some of the accounts that sales keeps."""
    codes = {
        customer: register.rows("erp", "party.party")[ref.key]["code"]
        for ref, customer in register.customer_of.items()
        if ref.stream == "party.party"
    }
    for ref, customer in register.customer_of.items():
        if ref.stream == "Account" and customer in codes and register.chance(_LINKED_SHARE):
            register.rows("sfa", "Account")[ref.key]["ERP_Account__c"] = codes[customer]
            register.cases["customer number noted in sfa"] += 1


def draw_amounts(register: Register, country: str) -> tuple[Decimal, Decimal]:
    """Net amount and tax of a document, to the cent."""
    cents = register.rng.choice((1, 1, 10)) * register.rng.randint(900, 250_000)
    net = Decimal(cents).scaleb(-2)
    return net, (net * Decimal(TAX_RATES[country])).quantize(CENT)


def moment(value: datetime) -> str:
    """A moment as the rows of the ERP hold it."""
    return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.000000Z")


def _money(customer: Customer, net: Decimal, tax: Decimal) -> Row:
    return {
        "currency": CURRENCIES.get(customer.country, "EUR"),
        "untaxed_amount": str(net),
        "tax_amount": str(tax),
        "total_amount": str(net + tax),
    }


def _party_name(register: Register, entry: Entry) -> str:
    if entry.given and register.chance(0.3):
        return f"{entry.family} {entry.given}"
    return entry.name
