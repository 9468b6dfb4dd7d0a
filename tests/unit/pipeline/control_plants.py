"""Three hundred planted breaks over R1 to R14, among customers whose books agree."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from typing import Any

from tests.unit.pipeline.control_world import CURRENCIES, CUT_OFF, LONG_AGO, Books, Row, money, uuid

Expected = list[tuple[str, str, Decimal | None]]
DAY = timedelta(days=1)


@dataclass
class Case:
    """What one customer's books say; a plant changes one thing of it."""

    number: int
    books: Books
    expected: Expected
    crm: bool = True
    account: bool = True
    crm_values: Row = field(default_factory=dict)
    copy: Row = field(default_factory=dict)
    held: Row = field(default_factory=dict)
    won: Row = field(default_factory=dict)
    order: bool = True
    invoice: Row = field(default_factory=dict)
    posted: Row = field(default_factory=dict)
    ticket: Row = field(default_factory=dict)
    mail: Row = field(default_factory=dict)
    more: Callable[[Case], None] = lambda _: None

    @property
    def party(self) -> str:
        return f"party {self.number}"

    @property
    def currency(self) -> str:
        return CURRENCIES[self.number % len(CURRENCIES)]

    @property
    def amount(self) -> Decimal:
        return money(1_000 + self.number)

    def expect(self, report: str, check: str, amount: str | Decimal | None = None) -> None:
        self.expected.append((report, check, None if amount is None else money(amount)))


def write(case: Case) -> None:
    """Write all books of a customer."""
    number, books = case.number, case.books
    values = {"display_name": f"Firma {number}", "legal_name": f"Firma {number} GmbH"}
    golden = {**values, "kind": "organisation", "eu_vat": f"DE{number:09d}",
              "address": {"postcode": "20095", "country": "DE"}}  # fmt: skip
    founder = books.put("party", f"desk:user:{number}", _party(number), party=case.party)
    books.customer(case.party, founder, golden)
    if case.crm:
        body = _party(number, **case.crm_values) | {"roles": [{"role": "customer"}]}
        books.put("party", f"crm:account:{number}", body, party=case.party)
        _write_sale(case)
    if case.account:
        _write_account(case)
    _write_service(case)
    case.more(case)


def _party(number: int, **said: Any) -> Row:
    vat, name = said.get("vat", f"DE{number:09d}"), said.get("name", f"Firma {number} GmbH")
    postcode, country = said.get("postcode", "20095"), said.get("country", "DE")
    return {
        "kind": "organisation",
        "display_name": name,
        "organisation": {"legal_name": name},
        "identifiers": [{"scheme": "eu_vat", "value": vat}],
        "addresses": [{"postcode": postcode, "country": country}],
    }


def _write_account(case: Case) -> None:
    number, books = case.number, case.books
    books.put("party", f"erp:party:{number}", _party(number), party=case.party)
    held = {"ledger": "erp", "account_no": f"A{number}", "currency": case.currency,
            "terms_days": 30, "credit_limit": "5000", "hold": False,
            "ar_balance": case.amount, **case.held}  # fmt: skip
    books.put("account", f"erp:party:{number}#account", {**held, "party": ref("party", number)})
    if case.crm:
        copied = {**held, **case.copy, "party": ref("account", number)}
        books.put("account", f"crm:copy:{number}", copied)
    posted = {"open_amount": case.amount, "due_date": CUT_OFF.date() + 30 * DAY, **case.posted}
    account = {"type": "party", "key": str(number), "part": "account"}
    said = {**_document(case, "R", "300"), "account": account, "party": ref("party", number)}
    books.put("invoice", f"erp:invoice:{number}", {**said, **posted})


def _write_sale(case: Case) -> None:
    """Won, ordered, invoiced, paid: all in one system."""
    number, books = case.number, case.books
    won = {"name": f"Deal {number}", "stage": "won", "amount": "500", "currency": case.currency,
           "close_date": LONG_AGO.date(), "party": ref("customer", number), **case.won}  # fmt: skip
    books.put("party", f"suite:customer:{number}", _party(number), party=case.party)
    books.put("opportunity", f"suite:deal:{number}", won)
    if not case.order:
        return
    party = {"party": ref("customer", number)}
    order = {**_document(case, "S", "500"), "opportunity": ref("deal", number), **party}
    books.put("order", f"suite:order:{number}", order | {"status": "done"})
    invoice = {**_document(case, "I", "500"), "order": ref("order", number), "open_amount": "0"}
    invoice |= {**party, **case.invoice}
    books.put("invoice", f"suite:invoice:{number}", invoice)
    paid = invoice["gross"]
    payment = {"number": f"P{number}", "date": LONG_AGO.date(), "currency": case.currency,
               "amount": paid, **party}  # fmt: skip
    allocation = {"invoice": ref("invoice", number), "amount": paid}
    books.put("payment", f"suite:payment:{number}", payment | {"allocations": [allocation]})


def _write_service(case: Case) -> None:
    number, books = case.number, case.books
    ticket = {"number": f"T{number}", "status": "open", "party": ref("user", number),
              "opened": LONG_AGO, "sla_due": CUT_OFF + DAY, **case.ticket}  # fmt: skip
    books.put("ticket", f"desk:ticket:{number}", ticket)
    books.put("party", f"mail:message:{number}#from", _party(number), party=case.party)
    sender = {"contact_point": f"a{number}@firma.example", "role": "from",
              "party": {"type": "message", "key": str(number), "part": "from"}}  # fmt: skip
    mail = {"channel": "email", "direction": "inbound", "at": LONG_AGO, "participants": [sender]}
    books.put("interaction", f"mail:message:{number}", {**mail, **case.mail})
    deliver(case, "acknowledged", field="Phone", held="1")


def _document(case: Case, letter: str, net: str) -> Row:
    tax = money(net) * Decimal("0.19")
    return {"number": f"{letter}{case.number}", "date": LONG_AGO.date(), "status": "open",
            "currency": case.currency, "net": money(net), "tax": money(tax),
            "gross": money(net) + money(tax)}  # fmt: skip


def ref(type_: str, key: int | str) -> Row:
    return {"type": type_, "key": str(key), "part": ""}


def deliver(case: Case, state: str, *, field: str, held: str = "1") -> None:
    """A write to a record of the target system, with what was read of it since."""
    record = case.books.source(f"target:card:{case.number}-{state}-{held}", {field: held})
    seq = case.books.number("delivery")
    name = uuid(f"delivery {seq}")
    planned = CUT_OFF - 3 * DAY
    case.books.add("delivery", id=name, seq=seq, party_id=uuid(case.party), record_id=record,
                   attribute="phone", field=field, value="1", state=state, planned_at=planned,
                   sent_at=planned)  # fmt: skip
    if state == "acknowledged":
        case.books.add("receipt", delivery_id=name, received_at=planned)
