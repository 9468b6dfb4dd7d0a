"""The breaks that a correct reconciliation finds, computed from the rows and the truth."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import UTC, datetime, time, timedelta
from typing import Final

from hub.demo.register import Planted, Ref, Register

_SALES: Final = frozenset({"sfa"})
_LEDGERS: Final = frozenset({"erp", "shop"})
_GRACE: Final = timedelta(hours=24)

_Found = dict[str, tuple[Ref, ...]]


def count_planted(register: Register) -> Planted:
    """All that a correct run must find."""
    return Planted(
        R1=_lacking(register, _committed(register), _LEDGERS),
        R2=_lacking(register, _live_accounts(register), _SALES),
        R3=_contradicting(register),
        R4=_doubled(register),
        R10=register.totals,
        quarantine=dict(register.quarantine),
        excluded=dict(register.excluded),
        tombstones=dict(register.tombstones),
        cases=dict(sorted(register.cases.items())),
    )


def _lacking(register: Register, refs: Iterable[Ref], connections: frozenset[str]) -> _Found:
    """The customers behind ``refs`` whom none of the connections knows."""
    present = {c for ref, c in register.customer_of.items() if ref.connection in connections}
    found: dict[str, list[Ref]] = defaultdict(list)
    for ref in refs:
        customer = _customer_behind(register, ref)  # None: our own company, or merged away
        if customer and customer not in present:
            found[customer].append(ref)
    return {customer: tuple(group) for customer, group in found.items()}


def _customer_behind(register: Register, ref: Ref) -> str | None:
    if ref.stream == "Opportunity":
        account = register.rows(ref.connection, ref.stream)[ref.key]["AccountId"]
        ref = Ref(ref.connection, "Account", account)
    return register.customer_of.get(ref)


def _committed(register: Register) -> list[Ref]:
    """Sales records whose customer must be in a ledger: of type customer, or a deal won."""
    limit = datetime.combine(register.today, time(), UTC) - _GRACE
    accounts = register.rows("sfa", "Account").items()
    deals = register.rows("sfa", "Opportunity").items()
    claims = [
        *(("Account", key, row) for key, row in accounts if str(row["Type"]).startswith("Cust")),
        *(("Opportunity", key, row) for key, row in deals if row["IsWon"]),
    ]
    return [
        Ref("sfa", stream, key)
        for stream, key, row in claims
        if not row["IsDeleted"] and datetime.fromisoformat(row["CreatedDate"]) < limit
    ]


def _live_accounts(register: Register) -> list[Ref]:
    """Ledger accounts that sales must know: active, or with a balance."""
    erp = register.rows("erp", "party.party").items()
    shop = register.rows("shop", "thirdparty").items()
    return [
        *(Ref("erp", "party.party", k) for k, row in erp if row["active"] or k in register.owing),
        *(Ref("shop", "thirdparty", key) for key, row in shop if row["status"] == "1"),
    ]


def _contradicting(register: Register) -> _Found:
    """Customers whose sales account carries another VAT number than their own."""
    found: dict[str, list[Ref]] = defaultdict(list)
    for ref in register.wrong_vat:
        if ref in register.customer_of:  # else merged away
            found[register.customer_of[ref]].append(ref)
    return {customer: tuple(refs) for customer, refs in found.items()}


def _doubled(register: Register) -> _Found:
    """Customers with more than one account in one ledger."""
    accounts: dict[tuple[str, str], list[Ref]] = defaultdict(list)
    for ref, customer in register.customer_of.items():
        if ref.connection in _LEDGERS:
            accounts[ref.connection, customer].append(ref)
    doubles: dict[str, tuple[Ref, ...]] = {}
    for (_, customer), refs in accounts.items():
        if len(refs) > 1:
            doubles[customer] = (*doubles.get(customer, ()), *refs)
    return doubles
