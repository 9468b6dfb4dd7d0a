"""Won deals become orders: each has the date and the amount of an order of its customer.

Deals and orders are drawn apart, since neither system knows of the other. Without this pass every
won deal would be a break of R6 that nobody planted; what is left to find are the deals of those who
never ordered. It draws no random number, so that all else stays as it was.
"""

from __future__ import annotations

from collections import defaultdict
from typing import Final
from zlib import crc32

from hub.demo.register import Ref, Register, Row

MANAGERS: Final = tuple(f"005Nl0000000{number:03d}IAA" for number in range(1, 7))
"""The account managers, as Salesforce names its users."""


def settle_deals(register: Register) -> None:
    """Give every deal its account manager, and every won one the order that it became."""
    orders = _orders(register)
    taken: dict[str, int] = defaultdict(int)
    for key, deal in sorted(register.rows("sfa", "Opportunity").items()):
        deal["OwnerId"] = MANAGERS[crc32(str(deal["AccountId"]).encode()) % len(MANAGERS)]
        customer = register.customer_of.get(Ref("sfa", "Account", deal["AccountId"]))
        found = orders.get(customer or "", [])
        if deal["IsWon"] and found:
            order = found[taken[customer or ""] % len(found)]
            taken[customer or ""] += 1
            deal["CloseDate"] = order["sale_date"]
            deal["Amount"] = float(order["untaxed_amount"])
            deal["CurrencyIsoCode"] = order["currency"]
        elif deal["IsWon"]:
            register.cases["deals won without an order"] += 1
        assert key == deal["Id"]


def _orders(register: Register) -> dict[str, list[Row]]:
    """The orders of each customer that stand, the oldest first."""
    found: dict[str, list[Row]] = defaultdict(list)
    for row in register.rows("erp", "sale.sale").values():
        customer = register.customer_of.get(Ref("erp", "party.party", str(row["party"])))
        if customer and row["state"] != "cancelled":
            found[customer].append(row)
    for rows in found.values():
        rows.sort(key=lambda row: (row["sale_date"], row["id"]))
    return found
