"""The sales system (Salesforce): accounts, contacts, leads, opportunities, tombstones."""

from __future__ import annotations

import string
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final

from hub.demo.customers import Address, Customer
from hub.demo.numbers import draw_vat
from hub.demo.places import COUNTRIES, CURRENCIES
from hub.demo.register import Ref, Register, Row
from hub.demo.spread import Entry, Footprint, Standing, enter

_PREFIXES: Final = {"Account": "001", "Contact": "003", "Lead": "00Q", "Opportunity": "006"}
_CHECK: Final = string.ascii_uppercase + "012345"

DOUBLE_ENTRY_SHARE: Final = 0.04
_MERGED_SHARE: Final = 0.03
_STRAY_LEAD_SHARE: Final = 0.05
_WRONG_VAT_EVERY: Final = 15
_TYPES: Final = {
    Standing.CUSTOMER: ("Customer - Direct", "Customer - Channel"),
    Standing.PROSPECT: ("Prospect",),
    Standing.FORMER: ("Other",),
}


class SalesDesk:
    """Writes what sales knows; organisations first, since contacts point at their accounts."""

    def __init__(self, register: Register) -> None:
        self._register = register
        self._accounts: dict[str, str] = {}
        self._firms: dict[str, Customer] = {}
        self._vat_numbers = 0

    def write(self, customers: Sequence[Customer], footprints: Mapping[str, Footprint]) -> None:
        """Write all rows of the sales system."""
        known = [c for c in customers if "sfa" in footprints[c.id].connections]
        self._firms = {c.id: c for c in customers if not c.is_person}
        for customer in known:
            self._write_customer(customer, footprints[customer.id])
        self._write_junk()

    def _write_customer(self, customer: Customer, footprint: Footprint) -> None:
        register = self._register
        if footprint.lead:
            self._write_lead(customer)
            return
        write = self._write_contact if customer.is_person else self._write_account
        key = write(customer, footprint.standing)
        if not customer.is_person:
            self._write_opportunities(key, customer, footprint.standing)
        if register.chance(DOUBLE_ENTRY_SHARE):
            register.cases["double entry in sfa"] += 1
            write(customer, footprint.standing)
        if register.chance(_MERGED_SHARE):
            self._bury(write(customer, footprint.standing), key)
        if customer.is_person and register.chance(_STRAY_LEAD_SHARE):
            register.cases["lead beside contact"] += 1
            self._write_lead(customer)

    def _write_account(self, customer: Customer, standing: Standing) -> str:
        register, entry = self._register, enter(self._register.rng, customer)
        row = self._row("Account") | {
            "Name": entry.name,
            "Type": register.rng.choice(_TYPES[standing]),
            "Phone": entry.phone or None,
            "Website": f"www.{customer.domain}" if register.chance(0.7) else None,
            "VAT_Number__c": entry.vat if entry.vat and register.chance(0.5) else None,
            "ERP_Account__c": None,
            **_place("Billing", entry.address),
        }
        key = self._add("Account", row)
        self._accounts.setdefault(customer.id, key)
        ref = Ref("sfa", "Account", key)
        register.identify(ref, customer)
        self._vat_numbers += bool(row["VAT_Number__c"])
        if row["VAT_Number__c"] and self._vat_numbers % _WRONG_VAT_EVERY == 0:
            row["VAT_Number__c"] = draw_vat(register.rng, customer.country)
            register.wrong_vat.append(ref)
        return key

    def _write_contact(self, customer: Customer, standing: Standing) -> str:
        register, entry = self._register, enter(self._register.rng, customer)
        born = customer.birth_date
        row = self._row("Contact") | {
            **_person(entry),
            "AccountId": self._accounts.get(customer.employer),
            "Phone": entry.phone if register.chance(0.7) else None,
            "MobilePhone": entry.mobile if register.chance(0.6) else None,
            "Title": register.rng.choice(_TITLES) if customer.employer else None,
            "Birthdate": born.isoformat() if born and register.chance(0.4) else None,
            "Description": _JUNK if standing is Standing.FORMER else None,
            **_place("Mailing", entry.address),
        }
        key = self._add("Contact", row)
        register.identify(Ref("sfa", "Contact", key), customer)
        return key

    def _write_lead(self, customer: Customer) -> None:
        """A lead names a person and a company: of either there may be only one."""
        register, entry = self._register, enter(self._register.rng, customer)
        employer = self._firms.get(customer.employer)
        company = enter(register.rng, employer).name if employer else entry.name
        row = self._row("Lead") | {
            **_person(entry),
            "Company": company,
            "Phone": entry.phone or None,
            "MobilePhone": entry.mobile or None,
            "Status": register.rng.choice(("Open - Not Contacted", "Working - Contacted")),
            "IsConverted": False,
            **_place("", entry.address),
        }
        key = self._add("Lead", row)
        register.identify(Ref("sfa", "Lead", key), customer)  # a desk that asks is the company
        if company != row["Name"]:
            register.identify(Ref("sfa", "Lead", key, "company"), employer or customer)

    def _write_opportunities(self, account: str, customer: Customer, standing: Standing) -> None:
        rng = self._register.rng
        stages = _STAGES[standing]
        for _ in range(rng.choices((0, 1, 2, 3), (30, 40, 20, 10))[0]):
            stage = rng.choice(stages)
            created = self._register.moment(700, 30)
            closed = (created + timedelta(days=rng.randint(5, 120))).date()
            row = self._row("Opportunity", created) | {
                "Name": f"{customer.name} {rng.choice(_DEALS)} {created:%Y-%m}",
                "AccountId": account,
                "StageName": stage,
                "Amount": rng.randint(500, 90_000) + rng.choice((0.0, 0.5, 0.9)),
                "CurrencyIsoCode": CURRENCIES.get(customer.country, "EUR"),
                "CloseDate": closed.isoformat(),
                "Probability": {"Closed Won": 100, "Closed Lost": 0}.get(stage, 40),
                "IsWon": stage == "Closed Won",
                "IsClosed": stage.startswith("Closed"),
            }
            self._add("Opportunity", row)

    def _bury(self, key: str, master: str) -> None:
        """Turn a row into the tombstone that a merge (or now and then a plain delete) leaves."""
        stream = "Account" if key.startswith("001") else "Contact"
        merged = self._register.chance(0.8)
        row = self._register.rows("sfa", stream)[key]
        row |= {"IsDeleted": True, "MasterRecordId": master if merged else None}
        del self._register.customer_of[Ref("sfa", stream, key)]
        self._register.tombstones["sfa", stream] += 1
        self._register.cases["merged in sfa" if merged else "deleted in sfa"] += 1

    def _write_junk(self) -> None:
        """Records that somebody made while trying the system out: nobody's customers."""
        for name in ("TEST bitte löschen", "zzz NICHT VERWENDEN", "asdf"):
            row = self._row("Account") | {"Name": name, "Type": None, "Phone": "000000"}
            key = self._add("Account", row)
            self._register.identify(Ref("sfa", "Account", key), f"junk-{key}")
            self._register.cases["test records"] += 1

    def _row(self, stream: str, created: datetime | None = None) -> Row:
        created = created or self._register.moment()
        changed = min(
            created + timedelta(days=self._register.rng.randint(0, 400)),
            self._register.moment(3, 2),
        )
        number = len(self._register.rows("sfa", stream)) + 1
        return {
            "Id": salesforce_id(_PREFIXES[stream], number),
            "CreatedDate": _stamp(created),
            "LastModifiedDate": _stamp(max(created, changed)),
            "SystemModstamp": _stamp(max(created, changed)),
            "IsDeleted": False,
            "MasterRecordId": None,
        }

    def _add(self, stream: str, row: Row) -> str:
        self._register.add("sfa", stream, row["Id"], row)
        return str(row["Id"])


_TITLES: Final = ("Geschäftsführung", "Einkauf", "Buyer", "Head of IT", "Comptabilité", "Accounts")
_DEALS: Final = ("Renewal", "Sensors", "Calibration", "Pilot", "Framework contract")
_JUNK: Final = "ALT!! siehe neue Adr. / z.Hd. Fr. Maier, ruft zurück (0800-KEINE)"
_OPEN: Final = ("Prospecting", "Proposal/Price Quote", "Negotiation/Review")
_STAGES: Final = {
    Standing.CUSTOMER: ("Closed Won", "Closed Won", "Closed Lost", *_OPEN),
    Standing.PROSPECT: ("Closed Lost", "Closed Lost", *_OPEN, *_OPEN, *_OPEN, "Closed Won"),
    Standing.FORMER: ("Closed Lost",),
}


def salesforce_id(prefix: str, number: int) -> str:
    """An 18-character record id: its last three make it safe where case is lost."""
    digits = string.digits + string.ascii_uppercase + string.ascii_lowercase
    tail = ""
    while number:
        number, rest = divmod(number, 62)
        tail = digits[rest] + tail
    short = f"{prefix}Nl{tail.rjust(10, '0')}"
    bits = ["".join("01"[c.isupper()] for c in short[i : i + 5][::-1]) for i in (0, 5, 10)]
    return short + "".join(_CHECK[int(group, 2)] for group in bits)


def _stamp(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%S.000+0000")


def _person(entry: Entry) -> Row:
    family = entry.family or "Einkauf"  # a company's lead names the desk that asked
    return {
        "FirstName": entry.given or None,
        "LastName": family,
        "Name": f"{entry.given} {family}".strip(),
        "Email": entry.email or None,
    }


def _place(prefix: str, address: Address) -> Row:
    return {
        f"{prefix}Street": address.street,
        f"{prefix}City": address.town,
        f"{prefix}PostalCode": address.postcode,
        f"{prefix}Country": COUNTRIES[address.country][0],
        f"{prefix}CountryCode": address.country,
    }
