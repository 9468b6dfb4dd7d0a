"""Sales orders: the header has the net value alone, so tax and gross are the sums of the items."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

Row = dict[str, Any]


def with_totals(row: Row) -> Row:
    """The order with ``TotalTaxAmount`` and ``TotalGrossAmount``, exact."""
    items: list[Row] = row.get("to_Item") or []
    net = Decimal(str(row.get("TotalNetAmount") or 0))
    tax = sum((Decimal(str(item.get("TaxAmount") or 0)) for item in items), Decimal(0))
    return {**row, "TotalTaxAmount": str(tax), "TotalGrossAmount": str(net + tax)}
