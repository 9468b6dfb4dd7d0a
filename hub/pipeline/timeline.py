"""Everything that happened with a customer in one line of time, whichever system told it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, Final, NamedTuple

import orjson

from hub.model.envelope import SourceKey
from hub.store.database import Engine, reading
from hub.store.dossier import LinkedRecord, Referring, linked_records, referring_records

KINDS: Final = ("interaction", "ticket", "opportunity", "order", "invoice", "payment")


class Event(NamedTuple):
    """Something that happened; ``at`` is a day or a moment in ISO 8601."""

    at: str
    kind: str
    title: str
    status: str
    amount: Decimal | None
    currency: str
    source: SourceKey
    tone: str = ""

    @property
    def day(self) -> str:
        """The day of it."""
        return self.at[:10]


class Bucket(NamedTuple):
    """Open money by how long it is overdue."""

    name: str
    amount: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """A customer's account in one ledger."""

    ledger: str
    number: str
    balance: Decimal | None
    currency: str
    credit_limit: Decimal | None
    hold: bool
    source: SourceKey


@dataclass(frozen=True, slots=True, kw_only=True)
class Dealings:
    """The line of time, the newest first, and how the customer stands with the ledgers.

    ``more`` says that there is more than was read.
    """

    events: Sequence[Event]
    more: bool
    counts: Mapping[str, int]
    accounts: Sequence[Account]
    ageing: Mapping[str, Sequence[Bucket]]


def read_dealings(engine: Engine, party_id: str, *, today: str, limit: int = 100) -> Dealings:
    """What the systems hold of a customer's dealings; ``today`` dates what is overdue."""
    with reading(engine) as db:
        records = linked_records(db, party_id)
        found = _read(db, records, limit)
        accounts = referring_records(db, records, ("account",), limit=200)
    events = sorted(
        (event for row in found if (event := _event(row, today)) is not None),
        key=lambda event: event.at,
        reverse=True,
    )
    bodies = [(row, orjson.loads(row.body)) for row in found if row.entity == "invoice"]
    counts = {kind: sum(event.kind == kind for event in events) for kind in KINDS}
    return Dealings(
        events=events[:limit],
        more=len(events) > limit,
        counts=counts,
        accounts=[_account(row) for row in accounts],
        ageing=_ageing([body for _, body in bodies], today),
    )


def _read(db: Any, records: Sequence[LinkedRecord], limit: int) -> list[Referring]:
    """The latest of each kind; a mail may refer to the customer by two of its ends."""
    found = [
        row for kind in KINDS for row in referring_records(db, records, (kind,), limit=limit + 1)
    ]
    return list({row.canonical_id: row for row in found}.values())


def _event(row: Referring, today: str) -> Event | None:
    body = orjson.loads(row.body)
    told = _TOLD[row.entity](body, today)
    if not told.at:
        return None
    return told._replace(kind=row.entity, source=row.source)


_NOWHERE: Final = SourceKey("", "", "")


def _told(at: Any, title: Any, status: str, *, money: Any = None, more: Any = ()) -> Event:
    currency, tone = (*more, "", "")[:2]
    amount = None if money in (None, "") else Decimal(str(money))
    return Event(str(at or ""), "", str(title or ""), status, amount, currency, _NOWHERE, tone)


def _interaction(body: Mapping[str, Any], _today: str) -> Event:
    words = f"{body['channel']}, {body['direction']}"
    return _told(body["at"], body.get("subject") or "(no subject)", words)


def _ticket(body: Mapping[str, Any], today: str) -> Event:
    late = (body.get("sla_due") or "9") < today and not body.get("resolved")
    open_ = body["status"] in {"new", "open", "pending"}
    tone = "bad" if late and open_ else "warn" if open_ else ""
    title = f"#{body['number']} {body.get('subject') or ''}".strip()
    opened = body.get("opened") or body.get("updated_at")
    return _told(opened, title, body["status"], more=("", tone))


def _opportunity(body: Mapping[str, Any], _today: str) -> Event:
    tone = {"won": "good", "open": "warn"}.get(body["stage"], "")
    at = body.get("close_date") or body.get("updated_at")
    more = (body.get("currency") or "", tone)
    return _told(at, body.get("name"), body["stage"], money=body.get("amount"), more=more)


def _order(body: Mapping[str, Any], _today: str) -> Event:
    more = (body["currency"], "warn" if body["status"] == "open" else "")
    return _told(body["date"], body["number"], body["status"], money=body["gross"], more=more)


def _invoice(body: Mapping[str, Any], today: str) -> Event:
    status, tone = _standing(body, today)
    title = f"{body['number']}{' (credit note)' if body.get('kind') == 'credit_note' else ''}"
    more = (body["currency"], tone)
    return _told(body["date"], title, status, money=body["gross"], more=more)


def _standing(body: Mapping[str, Any], today: str) -> tuple[str, str]:
    """What is open of an invoice, and how bad that is."""
    open_amount = Decimal(str(body.get("open_amount") or 0))
    if not open_amount:
        return body["status"], ""
    if open_amount > 0 and (body.get("due_date") or "9") < today:
        return f"overdue since {body['due_date']}, {open_amount:,.2f} open", "bad"
    return f"{body['status']}, {open_amount:,.2f} open", "warn"


def _payment(body: Mapping[str, Any], _today: str) -> Event:
    more = (body["currency"], "good")
    return _told(body["date"], body["number"], "received", money=body["amount"], more=more)


_TOLD: Final = {
    "interaction": _interaction,
    "ticket": _ticket,
    "opportunity": _opportunity,
    "order": _order,
    "invoice": _invoice,
    "payment": _payment,
}


def _account(row: Referring) -> Account:
    body = orjson.loads(row.body)
    return Account(
        ledger=body["ledger"],
        number=body["account_no"],
        balance=_decimal(body.get("ar_balance")),
        currency=body.get("currency") or "",
        credit_limit=_decimal(body.get("credit_limit")),
        hold=bool(body.get("hold")),
        source=row.source,
    )


def _decimal(value: Any) -> Decimal | None:
    return None if value in (None, "") else Decimal(str(value))


_BUCKETS: Final = ("not due", "1–30 days", "31–60 days", "61–90 days", "older")


def _ageing(invoices: Sequence[Mapping[str, Any]], today: str) -> dict[str, list[Bucket]]:
    """Open invoices by days overdue, in each currency that has any."""
    sums: dict[str, list[Decimal]] = {}
    for body in invoices:
        open_amount = Decimal(str(body.get("open_amount") or 0))
        if open_amount:
            row = sums.setdefault(body["currency"], [Decimal(0)] * len(_BUCKETS))
            row[_bucket(body.get("due_date") or body["date"], today)] += open_amount
    return {
        currency: [Bucket(name, amount) for name, amount in zip(_BUCKETS, row, strict=True)]
        for currency, row in sorted(sums.items())
    }


def _bucket(due: str, today: str) -> int:
    late = (date.fromisoformat(today) - date.fromisoformat(due[:10])).days
    return 0 if late <= 0 else min(1 + (late - 1) // 30, len(_BUCKETS) - 1)
