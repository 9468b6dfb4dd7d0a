"""One planter for each check of R1 to R14."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from decimal import Decimal

import orjson

from tests.unit.pipeline.control_plants import DAY, Case, Expected, _party, deliver, ref, write
from tests.unit.pipeline.control_world import CUT_OFF, LONG_AGO, Books, Row, money, uuid

Plant = Callable[[Case], None]


def plant(books: Books, *, each: int, good: int) -> Expected:
    """Fill the books: ``each`` breaks a check, and good customers; returns what must be found."""
    expected: Expected = []
    number = 0
    for _ in range(each):
        for planted in PLANTS.values():
            number += 1
            case = Case(number, books, expected)
            planted(case)
            write(case)
    for _ in range(good):
        number += 1
        write(Case(number, books, expected))
    return expected


def _no_account(case: Case) -> None:
    case.account = False
    case.expect("R1", "no_account")


def _no_party(case: Case) -> None:
    case.crm = False
    case.expect("R2", "no_party", case.amount)


def _other(check: str, **value: str) -> Plant:
    def planted(case: Case) -> None:
        case.crm_values = dict(value)
        case.expect("R3", check)

    return planted


def _several(case: Case) -> None:
    def second(case: Case) -> None:
        key = f"{case.number}b"
        case.books.put("party", f"erp:party:{key}", _party(case.number), party=case.party)
        held: Row = {"ledger": "erp", "account_no": f"B{key}", "currency": case.currency}
        held = {**held, "ar_balance": "0", "party": ref("party", key)}
        case.books.put("account", f"erp:party:{key}#account", held)

    case.more = second
    case.expect("R4", "several", case.amount)


def _copied(check: str, amount: str | None, **copy: object) -> Plant:
    def planted(case: Case) -> None:
        case.copy = dict(copy)
        case.expect("R5", check, amount)

    return planted


def _copied_balance(case: Case) -> None:
    case.copy = {"ar_balance": case.amount + Decimal("1234.56")}
    case.expect("R5", "balance", "1234.56")


def _copied_currency(case: Case) -> None:
    case.copy = {"currency": "SEK"}
    case.expect("R5", "currency")


def _over_limit(case: Case) -> None:
    case.held = {"credit_limit": case.amount - 7}
    case.expect("R5", "over_limit", "7")


def _on_hold(case: Case) -> None:
    def open_deal(case: Case) -> None:
        deal: Row = {"stage": "open", "amount": "90", "currency": case.currency}
        deal |= {"party": ref("customer", case.number)}
        case.books.put("opportunity", f"suite:deal:{case.number}b", deal)

    case.held, case.more = {"hold": True}, open_deal
    case.expect("R5", "open_on_hold", "90")


def _won(check: str, at_stake: str, **won: object) -> Plant:
    def planted(case: Case) -> None:
        case.won = dict(won)
        case.expect("R6", check, at_stake)

    return planted


def _no_order(case: Case) -> None:
    case.order = False
    case.expect("R6", "no_order", "500")


def _other_currency(case: Case) -> None:
    case.won = {"currency": "JPY"}
    case.expect("R6", "currency")


def _invoiced(case: Case) -> None:
    case.invoice = {"net": money(498), "tax": money("94.62"), "gross": money("592.62")}
    case.expect("R7", "invoiced", "-2")


def _till(case: Case, *, paid: str, held_open: str) -> None:
    """A system of its own, with one invoice over 100.00 that a payment is allocated to in full."""
    till, number = f"till{case.number}", str(case.number)
    said: Row = {"number": "1", "date": LONG_AGO.date(), "currency": "EUR"}
    amounts: Row = {"net": "100", "tax": "0", "gross": "100", "open_amount": held_open}
    case.books.put("invoice", f"{till}:invoice:{number}", {**said, **amounts, "status": "open"})
    allocation = {"invoice": ref("invoice", number), "amount": "100"}
    payment = {**said, "amount": paid, "allocations": [allocation]}
    case.books.put("payment", f"{till}:payment:{number}", payment)


def _over_allocated(case: Case) -> None:
    case.more = lambda case: _till(case, paid="97", held_open="0")
    case.expect("R7", "over_allocated", "3")
    case.expect("R10", "roll_forward", "3")


def _open_amount(case: Case) -> None:
    case.more = lambda case: _till(case, paid="100", held_open="1.50")
    case.expect("R7", "open_amount", "1.50")
    case.expect("R10", "roll_forward", "-1.50")


def _open_items(case: Case) -> None:
    case.held = {"ar_balance": case.amount + 4}
    case.expect("R7", "open_items", "-4")


def _orphan_ticket(case: Case) -> None:
    """In turns: one that names nobody, and one of somebody who never arrived."""
    body: Row = {"number": "N", "status": "closed"}
    if case.number % 2:
        body["party"] = ref("user", f"{case.number}x")
    case.more = lambda case: _drop(
        case.books.put("ticket", f"desk:ticket:{case.number}n", dict(body))
    )
    case.expect("R8", "ticket")


def _orphan_mail(case: Case) -> None:
    case.mail = {"participants": [{"contact_point": "x@firma.example", "role": "from"}]}
    case.expect("R8", "touch")


def _orphan_contact(case: Case) -> None:
    case.more = lambda case: _drop(
        case.books.put("party", f"desk:user:{case.number}o", _party(case.number))
    )
    case.expect("R8", "contact")


def _drop(_: object) -> None:
    return None


def _write(check: str, state: str, held: str = "2") -> Plant:
    def planted(case: Case) -> None:
        case.more = lambda case: deliver(case, state, field="Phone", held=held)
        case.expect("R9", check)

    return planted


def _unbalanced(case: Case) -> None:
    case.posted = {"gross": money("357.50")}
    case.expect("R10", "document", "-0.50")


def _asked(check: str, amount: str | None = None, **told: object) -> Plant:
    """What a system said when it was asked; a difference that a reading has left as it was."""
    counts = {"asked": 7, "held": 7, "sums": {}, "outlived": 1, **told}

    def planted(case: Case) -> None:
        def ask(case: Case) -> None:
            stream = case.books.stream("erp", f"asked{case.number}")
            problem = told.get("problem")
            case.books.add("run", id=uuid(f"asked {case.number}"), step="count", stream_id=stream,
                           started_at=CUT_OFF, ended_at=CUT_OFF, error=problem,
                           state="failed" if problem else "ok",
                           counts="{}" if problem else orjson.dumps(counts).decode())  # fmt: skip

        case.more = ask
        case.expect("R10", check, amount)

    return planted


def _stale(case: Case) -> None:
    def old(case: Case) -> None:
        case.books.stream("erp", f"old{case.number}", read=CUT_OFF - 2 * DAY)
        case.books.source(f"erp:old{case.number}:1")

    case.more = old
    case.expect("R11", "stale")


def _rejected(case: Case) -> None:
    def reject(case: Case) -> None:
        stream = case.books.stream("erp", f"odd{case.number}")
        case.books.add("quarantine", id=case.books.number("quarantine"), stream_id=stream,
                       fingerprint="f", stage="canonicalise", error="E", message="m",
                       state="open", created_at=LONG_AGO)  # fmt: skip

    case.more = reject
    case.expect("R11", "rejected")


def _undeleted(case: Case) -> None:
    case.more = lambda case: _drop(
        case.books.source(f"erp:gone{case.number}:1", pending=True, deleted=True)
    )
    case.expect("R11", "deletes")


def _forgotten(case: Case) -> None:
    old = CUT_OFF - 90 * DAY
    case.books.add("report_break", id=f"old {case.number}", report="OWN", subject="s", cause="c",
                   detail="{}", amount=money(12), currency="EUR", state="open", first_seen=old,
                   last_seen=old)  # fmt: skip
    case.expect("R12", "forgotten", "12")


def _waiting(case: Case) -> None:
    def doubt(case: Case) -> None:
        last = case.books.numbers["canonical_record"]
        case.books.add("review_case", id=uuid(f"case {case.number}"), left_id=last - 1,
                       right_id=last, grade="possible", weight=1, evidence="[]", reason="r",
                       state="open", opened_at=CUT_OFF - 10 * DAY)  # fmt: skip

    case.more = doubt
    case.expect("R13", "waiting")


def _neglected(case: Case) -> None:
    case.posted = {"due_date": CUT_OFF.date() - 40 * DAY}
    case.mail = {"at": CUT_OFF - 45 * DAY}
    case.expect("R14", "neglected", case.amount)


def _late_ticket(case: Case) -> None:
    case.ticket = {"sla_due": CUT_OFF - timedelta(hours=1)}
    case.expect("R14", "promised")


PLANTS: Mapping[str, Plant] = {
    "R1": _no_account,
    "R2": _no_party,
    "R3 vat": _other("vat", vat="DE999999999"),
    "R3 name": _other("legal_name", name="Firma Ölmühle GmbH"),
    "R3 postcode": _other("postcode", postcode="10115"),
    "R3 country": _other("country", country="AT"),
    "R4": _several,
    "R5 balance": _copied_balance,
    "R5 limit": _copied("credit_limit", "-100", credit_limit="4900"),
    "R5 currency": _copied_currency,
    "R5 terms": _copied("terms", None, terms_days=14),
    "R5 hold": _copied("hold", None, hold=True),
    "R5 over": _over_limit,
    "R5 open": _on_hold,
    "R6 order": _no_order,
    "R6 amount": _won("amount", "-10", amount="510"),
    "R6 currency": _other_currency,
    "R6 lost": _won("not_won", "500", stage="lost"),
    "R7 invoiced": _invoiced,
    "R7 allocated": _over_allocated,
    "R7 open": _open_amount,
    "R7 items": _open_items,
    "R8 ticket": _orphan_ticket,
    "R8 mail": _orphan_mail,
    "R8 contact": _orphan_contact,
    "R9 overdue": _write("overdue", "planned"),
    "R9 dead": _write("dead", "dead"),
    "R9 conflict": _write("conflict", "conflict"),
    "R9 unknown": _write("unknown", "unknown"),
    "R9 read back": _write("read_back", "acknowledged"),
    "R10": _unbalanced,
    "R10 records": _asked("asked_records", asked=8),
    "R10 sums": _asked("asked_sums", sums={"owed": {"asked": 10_000, "held": 9_999}}),
    "R10 silent": _asked("not_answered", problem="is away"),
    "R11 stale": _stale,
    "R11 rejected": _rejected,
    "R11 deletes": _undeleted,
    "R12": _forgotten,
    "R13": _waiting,
    "R14 neglected": _neglected,
    "R14 late": _late_ticket,
}
"""Every check, by a name for people; the roll-forward of R10 breaks with the tills of R7."""
