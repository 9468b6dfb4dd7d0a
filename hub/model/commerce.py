"""Commerce: customer accounts, orders, invoices, payments."""

from __future__ import annotations

import datetime as dt
from enum import StrEnum

from pydantic import Field

from hub.model.base import Amount, CanonicalRecord, Currency, Model, SourceRef, Text, UtcTime


class DocumentStatus(StrEnum):
    DRAFT = "draft"
    OPEN = "open"
    DONE = "done"
    CANCELLED = "cancelled"
    OTHER = "other"


class InvoiceKind(StrEnum):
    INVOICE = "invoice"
    CREDIT_NOTE = "credit_note"


class Aging(Model):
    """Open receivables by days overdue."""

    current: Amount
    days_30: Amount
    days_60: Amount
    days_90: Amount
    older: Amount


class CustomerAccount(CanonicalRecord):
    """A party's account in one ledger, as the ledger's owner states it."""

    party: SourceRef
    ledger: Text
    account_no: Text
    active: bool = True
    currency: Currency | None = None
    terms_days: int | None = Field(default=None, ge=0)
    credit_limit: Amount | None = None
    ar_balance: Amount | None = None
    overdue: Amount | None = None
    aging: Aging | None = None
    hold: bool | None = None
    as_of: UtcTime | None = None


class DocumentLine(Model):
    product: Text | None = None
    description: Text | None = None
    quantity: Amount | None = None
    net: Amount | None = None


class Document(CanonicalRecord):
    """What orders and invoices share; ``party`` is the customer in the same system."""

    number: Text
    party: SourceRef | None = None
    account: SourceRef | None = None
    date: dt.date
    status: DocumentStatus
    status_raw: Text | None = None
    currency: Currency
    net: Amount
    tax: Amount
    gross: Amount
    lines: tuple[DocumentLine, ...] = ()


class Order(Document):
    opportunity: SourceRef | None = None


class Invoice(Document):
    """A credit note has negative amounts and ``kind`` credit_note."""

    kind: InvoiceKind = InvoiceKind.INVOICE
    due_date: dt.date | None = None
    open_amount: Amount | None = None
    order: SourceRef | None = None


class Allocation(Model):
    invoice: SourceRef
    amount: Amount


class Payment(CanonicalRecord):
    number: Text
    party: SourceRef | None = None
    account: SourceRef | None = None
    date: dt.date
    currency: Currency
    amount: Amount
    allocations: tuple[Allocation, ...] = ()
