"""The second ERP (Dolibarr, over SOAP): third parties of the web shop, and their invoices."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Final

from hub.demo.customers import Customer
from hub.demo.ledger import draw_amounts
from hub.demo.places import COUNTRIES
from hub.demo.register import Bucket, Ref, Register, Row
from hub.demo.spread import Footprint, Standing, enter

BAD_DATE: Final = "0000-00-00"
"""What MySQL stores for a date nobody gave: no date, so the record can't be mapped."""

_BAD_INVOICES: Final = 3
_INVOICE: Final = "0"
_CREDIT_NOTE: Final = "2"
_DOUBLE_ENTRY_SHARE: Final = 0.05


class Shop:
    """Writes what the second ERP knows."""

    def __init__(self, register: Register) -> None:
        self._register = register

    def write(self, customers: Sequence[Customer], footprints: Mapping[str, Footprint]) -> None:
        """Write all rows of the second ERP."""
        for customer in customers:
            footprint = footprints[customer.id]
            if "shop" not in footprint.connections:
                continue
            self._write_account(customer, footprint)
            if self._register.chance(_DOUBLE_ENTRY_SHARE):
                self._register.cases["double entry in shop"] += 1
                self._write_account(customer, footprint)
        for _ in range(_BAD_INVOICES if self._register.rows("shop", "thirdparty") else 0):
            self._write_bad_invoice()

    def _write_account(self, customer: Customer, footprint: Footprint) -> None:
        register, entry = self._register, enter(self._register.rng, customer)
        key = register.next_key("shop", "thirdparty")
        created = register.moment()
        edited = min(created + timedelta(days=register.rng.randint(0, 300)), register.moment(3, 2))
        row: Row = {
            "id": key,
            "ref": entry.name,
            "ref_ext": "",
            "status": "1" if footprint.standing is Standing.CUSTOMER else "0",
            "client": "1",
            "supplier": "0",
            "customer_code": f"CU{int(key):05d}",
            "date_creation": stamp(created),
            "date_modification": stamp(max(created, edited)),
            "address": entry.address.street,
            "zip": entry.address.postcode,
            "town": entry.address.town,
            "country_code": entry.address.country,
            "country": COUNTRIES[entry.address.country][0],
            "phone": entry.phone if register.chance(0.7) else "",
            "email": entry.email if register.chance(0.8) else "",
            "url": f"www.{customer.domain}" if customer.domain and register.chance(0.4) else "",
            "vat_used": "1",
            "vat_number": entry.vat if register.chance(0.8) else "",
        }
        register.add("shop", "thirdparty", key, row)
        register.identify(Ref("shop", "thirdparty", key), customer)
        for _ in range(register.rng.choices((0, 1, 2, 5), (15, 40, 30, 15))[0]):
            self._write_invoice(key, customer)

    def _write_invoice(self, thirdparty: str, customer: Customer) -> None:
        register = self._register
        issued = register.moment(600, 4)
        net, tax = draw_amounts(register, customer.country)
        credit = register.chance(0.06)
        net, tax = (-net, -tax) if credit else (net, tax)
        row = self._invoice(thirdparty, issued, (net, tax))
        row["type"] = _CREDIT_NOTE if credit else _INVOICE
        bucket = Bucket("shop", "invoice", f"{issued:%Y-%m}", "EUR")
        register.total(bucket, net, tax)

    def _write_bad_invoice(self) -> None:
        """An invoice without a date: it must wait in quarantine, and be missing from all totals."""
        register = self._register
        thirdparty = register.rng.choice(list(register.rows("shop", "thirdparty")))
        amounts = draw_amounts(register, "DE")
        row = self._invoice(thirdparty, register.moment(600, 4), amounts)
        row |= {"date": BAD_DATE, "date_due": BAD_DATE}
        register.quarantine["shop", "invoice"] += 1

    def _invoice(self, thirdparty: str, issued: datetime, amounts: tuple[Decimal, Decimal]) -> Row:
        register = self._register
        net, tax = amounts
        key = register.next_key("shop", "invoice")
        row: Row = {
            "id": key,
            "ref": f"FA{issued:%y%m}-{int(key):04d}",
            "thirdparty_id": thirdparty,
            "date": f"{issued:%Y-%m-%d}",
            "date_due": f"{issued + timedelta(days=30):%Y-%m-%d}",
            "date_creation": stamp(issued),
            "date_validation": stamp(issued),
            "date_modification": stamp(issued),
            "type": _INVOICE,
            "total_net": str(net),
            "total_vat": str(tax),
            "total": str(net + tax),
            "status": register.rng.choice("1222"),
        }
        register.add("shop", "invoice", key, row)
        return row


def stamp(moment: datetime) -> str:
    """A moment as Dolibarr's web services write it."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
