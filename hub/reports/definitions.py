"""What each report compares, as data: SQL over the versioned views ``rpt_*`` and how to read it.

A company's own report may use the same views: their columns change only with the number in
their name. Parameters are always bound. Definitions R1 to R14 follow the controllers' list in
the documentation (docs/reports.md).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportDefinition:
    """One report: its query gives a row per line; ``breaks`` says whether each row is a break.

    ``columns`` maps a result column to its heading; those in ``money`` are ten-thousandths of the
    row's ``currency``. ``subject`` names the columns that identify a break over re-runs.
    """

    id: str
    title: str
    question: str
    sql: str
    columns: Mapping[str, str]
    subject: tuple[str, ...]
    money: tuple[str, ...] = ()
    breaks: bool = True
    cause: str = "missing"


R1: Final = ReportDefinition(
    id="R1",
    title="CRM customers without an ERP account",
    question="Who buys from us by the front office, but has no account in any ledger?",
    sql="""
        SELECT p.party_id, p.display_name, f.connection, f.type, f.source_key, f.why
        FROM rpt_party_v1 p
        JOIN (
            SELECT party_id, MIN(connection) AS connection, MIN(type) AS type,
                   MIN(source_key) AS source_key, MIN(why) AS why
            FROM (
                SELECT party_id, connection, type, source_key, 'role customer' AS why
                FROM rpt_role_v1
                WHERE role = 'customer' AND office = 'front' AND since <= :settled_before
                UNION ALL
                SELECT party_id, connection, type, source_key, 'won opportunity' AS why
                FROM rpt_opportunity_v1
                WHERE stage = 'won' AND office = 'front' AND since <= :settled_before
            ) claims
            GROUP BY party_id
        ) f ON f.party_id = p.party_id
        LEFT JOIN (SELECT DISTINCT party_id FROM rpt_account_v1) a ON a.party_id = p.party_id
        WHERE a.party_id IS NULL
        ORDER BY p.display_name, p.party_id
    """,
    columns={
        "display_name": "Customer",
        "why": "Customer because of",
        "connection": "System",
        "type": "Type",
        "source_key": "Key",
        "party_id": "Customer id",
    },
    subject=("connection", "type", "source_key"),
)

R2: Final = ReportDefinition(
    id="R2",
    title="ERP accounts without a CRM party",
    question="Which active or unsettled accounts does the front office know nothing of?",
    sql="""
        SELECT a.connection, a.type, a.source_key, a.ledger, a.account_no, p.display_name,
               a.balance, a.currency, a.active, a.party_id
        FROM rpt_account_v1 a
        LEFT JOIN rpt_party_v1 p ON p.party_id = a.party_id
        LEFT JOIN (SELECT DISTINCT party_id FROM rpt_source_v1 WHERE office = 'front') s
            ON s.party_id = a.party_id
        WHERE (a.active = 1 OR COALESCE(a.balance, 0) <> 0)
          AND a.since <= :settled_before
          AND s.party_id IS NULL
        ORDER BY a.connection, a.account_no, a.source_key
    """,
    columns={
        "account_no": "Account",
        "ledger": "Ledger",
        "display_name": "Name",
        "balance": "Balance",
        "currency": "Currency",
        "active": "Active",
        "connection": "System",
        "type": "Type",
        "source_key": "Key",
        "party_id": "Customer id",
    },
    subject=("connection", "type", "source_key"),
    money=("balance",),
)

R10: Final = ReportDefinition(
    id="R10",
    title="Control totals",
    question="How many documents of which value does each system hold, month by month?",
    sql="""
        SELECT connection, entity, period, currency, COUNT(*) AS documents,
               SUM(net) AS net, SUM(tax) AS tax, SUM(gross) AS gross,
               SUM(open_amount) AS open_amount, SUM(checksum) AS hash_total,
               SUM(CASE WHEN ABS(net + tax - gross) > 100 THEN 1 ELSE 0 END) AS unbalanced
        FROM rpt_document_v1
        GROUP BY connection, entity, period, currency
        ORDER BY connection, entity, period, currency
    """,
    columns={
        "connection": "System",
        "entity": "Document",
        "period": "Period",
        "currency": "Currency",
        "documents": "Count",
        "net": "Σ net",
        "tax": "Σ tax",
        "gross": "Σ gross",
        "open_amount": "Σ open",
        "hash_total": "Hash total",
        "unbalanced": "Net + tax ≠ gross",
    },
    subject=("connection", "entity", "period", "currency"),
    money=("net", "tax", "gross", "open_amount"),
    breaks=False,
    cause="amount",
)

REPORTS: Final[Mapping[str, ReportDefinition]] = {r.id: r for r in (R1, R2, R10)}
"""Every report by its number."""
