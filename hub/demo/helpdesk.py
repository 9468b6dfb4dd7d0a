"""The help desk (Request Tracker): who asked, and what."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

from hub.demo.customers import Customer
from hub.demo.noise import vary_legal_form
from hub.demo.places import COUNTRIES
from hub.demo.register import INTERNAL_DOMAIN, Ref, Register, Row
from hub.demo.spread import Footprint, enter

AGENTS: Final = ("anna.berg", "tom.reiter", "lea.stein", "paul.winter")
"""Local parts of the people who answer."""

_DISABLED_SHARE: Final = 0.03
_ORGANISATION_SHARE: Final = 0.6
_SUBJECTS: Final = (
    "Lieferung unvollständig",
    "Invoice copy needed",
    "Capteur défectueux",
    "Passwort zurücksetzen",
    "Calibration certificate missing",
    "Retoure zu Auftrag",
    "Wrong delivery address",
    "Frage zur Rechnung",
)
_STATUSES: Final = {"new": 8, "open": 22, "stalled": 8, "resolved": 54, "rejected": 8}


class HelpDesk:
    """Writes users and their tickets."""

    def __init__(self, register: Register, customers: Sequence[Customer]) -> None:
        self._register = register
        self._by_id = {customer.id: customer for customer in customers}

    def write(self, footprints: Mapping[str, Footprint]) -> None:
        """Write all rows of the help desk."""
        self._write_agents()
        for identity, footprint in footprints.items():
            if "helpdesk" not in footprint.connections:
                continue
            customer = self._by_id[identity]
            names = [self._write_user(customer, customer.email)]
            if customer.second_email and self._register.chance(0.5):
                self._register.cases["two help desk users"] += 1
                names.append(self._write_user(customer, customer.second_email))
            for _ in range(self._register.rng.choices((0, 1, 2, 4), (25, 45, 20, 10))[0]):
                self._write_ticket(self._register.rng.choice(names))

    def _write_agents(self) -> None:
        """Our own people are users too, privileged ones; nobody's customers."""
        for name in AGENTS:
            key = self._register.next_key("helpdesk", "user")
            hired = stamp(self._register.moment(900, 800))
            row: Row = {
                "id": int(key),
                "Name": f"{name}@{INTERNAL_DOMAIN}",
                "EmailAddress": f"{name}@{INTERNAL_DOMAIN}",
                "RealName": name.replace(".", " ").title(),
                "Privileged": 1,
                "Created": hired,
                "LastUpdated": hired,
            }
            self._register.add("helpdesk", "user", key, row)
            self._register.excluded["privileged staff"] += 1

    def _write_user(self, customer: Customer, email: str) -> Row:
        register = self._register
        entry = enter(register.rng, customer)
        key = register.next_key("helpdesk", "user")
        firm = self._organisation(customer)
        known = register.chance(0.3)
        created = register.moment()
        row: Row = {
            "id": int(key),
            "Name": email,
            "EmailAddress": email,
            "RealName": entry.name,
            "Organization": firm,
            "Address1": entry.address.street if known else "",
            "City": entry.address.town if known else "",
            "Zip": entry.address.postcode if known else "",
            "Country": COUNTRIES[entry.address.country][1] if known else "",
            "WorkPhone": entry.phone if register.chance(0.4) else "",
            "MobilePhone": entry.mobile if register.chance(0.2) else "",
            "Privileged": 0,
            "Disabled": int(register.chance(_DISABLED_SHARE)),
            "Created": stamp(created),
            "LastUpdated": stamp(created + timedelta(hours=register.rng.randint(0, 40))),
        }
        register.add("helpdesk", "user", key, row)
        register.identify(Ref("helpdesk", "user", key), customer)
        if firm:
            register.identify(Ref("helpdesk", "user", key, "company"), customer.employer)
        return row

    def _organisation(self, customer: Customer) -> str:
        employer = self._by_id.get(customer.employer)
        if employer is None or not self._register.chance(_ORGANISATION_SHARE):
            return ""
        if self._register.chance(0.3):
            return vary_legal_form(self._register.rng, employer.name, employer.country)
        return employer.name

    def _write_ticket(self, user: Row) -> None:
        register = self._register
        key = register.next_key("helpdesk", "ticket")
        first = datetime.fromisoformat(user["Created"])
        newest = register.moment(3, 2)
        created = min(first + timedelta(days=register.rng.randint(0, 300)), newest)
        updated = min(created + timedelta(hours=register.rng.randint(1, 300)), newest)
        status = register.rng.choices(list(_STATUSES), list(_STATUSES.values()))[0]
        closed = status in ("resolved", "rejected")
        row: Row = {
            "id": int(key),
            "Subject": register.rng.choice(_SUBJECTS),
            "Status": status,
            "Queue": register.rng.choice(("Support", "Support", "Returns", "Billing")),
            "Priority": register.rng.choice((0, 0, 20, 50, 90)),
            "Requestor": [user["Name"]],
            "Owner": f"{register.rng.choice(AGENTS)}@{INTERNAL_DOMAIN}",
            "Created": stamp(created),
            "LastUpdated": stamp(max(created, updated)),
            "Resolved": stamp(max(created, updated)) if closed else "",
        }
        register.add("helpdesk", "ticket", key, row)


def stamp(moment: datetime) -> str:
    """A moment as Request Tracker's REST2 interface writes it."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
