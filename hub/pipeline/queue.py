"""The steward's queue: open cases, those first that matter most and are nearest to certain.

A case counts by its match weight in bits and by the money of its two customers: each doubling of
the money counts as one more bit. The most certain cases are looked through, whatever their number.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from math import log2
from typing import Any, Final, NamedTuple

from hub.store import review
from hub.store.crosswalk import load_shared_links
from hub.store.database import Connection, Engine, reading
from hub.store.golden import active_names
from hub.store.review import CaseFilter
from hub.store.stakes import Stake, stakes_of

WINDOW: Final = 200
_UNIT: Final = 100
"""Money below this is as good as none."""


class Money(NamedTuple):
    """What a customer has brought or may bring: the largest of its sums."""

    amount: Decimal
    currency: str
    what: str


NOTHING: Final = Money(Decimal(0), "", "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """One customer of a case."""

    record: int
    party_id: str | None
    name: str
    money: Money


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """A case in the queue; ``priority`` is its weight and its money, in bits."""

    case: str
    grade: str
    bits: float
    priority: float
    reason: str
    assignee: str | None
    age: timedelta
    left: Side
    right: Side

    @property
    def money(self) -> Money:
        """The larger of the two customers' sums: what a wrong decision could touch."""
        return max(self.left.money, self.right.money, key=lambda money: money.amount)


def read_queue(
    engine: Engine, wanted: CaseFilter | None = None, *, limit: int = 50
) -> list[Waiting]:
    """The cases wanted, the most urgent first."""
    with reading(engine) as db:
        return _ranked(db, review.list_cases(db, wanted, limit=WINDOW), limit)


def read_cases(engine: Engine, case_ids: Sequence[str]) -> list[Waiting]:
    """Certain cases that are still open, in the order of the queue."""
    with reading(engine) as db:
        found = [review.get_case(db, case_id) for case_id in case_ids]
        cases = [case for case in found if case is not None and case["state"] == "open"]
        return _ranked(db, cases, len(cases))


def _ranked(db: Connection, cases: Sequence[Mapping[Any, Any]], limit: int) -> list[Waiting]:
    """The most urgent of these cases; names are read for those alone."""
    owners = _owners(db, [case[side] for case in cases for side in ("left_id", "right_id")])
    urgent = sorted((_rank(case, owners), case["id"], case) for case in cases)[:limit]
    shown = [owners[case[side]] for *_, case in urgent for side in ("left_id", "right_id")]
    names = active_names(db, {owner.party_id for owner in shown if owner.party_id})
    now = datetime.now(UTC)
    return [_waiting(-rank, case, (owners, names), now) for rank, _, case in urgent]


class _Owner(NamedTuple):
    """The customer that a record belongs to, with all its money."""

    party_id: str | None
    money: Money


def _owners(db: Connection, records: Sequence[int]) -> dict[int, _Owner]:
    parties: dict[int, str] = {}
    members: dict[str, list[int]] = {}
    for link in load_shared_links(db, set(records)):
        parties[link.canonical_id] = link.party_id
        members.setdefault(link.party_id, []).append(link.canonical_id)
    stakes = stakes_of(db, {*records, *parties})
    found = {}
    for record in set(records):
        party = parties.get(record)
        own = members[party] if party else [record]
        money = _money([stake for member in own for stake in stakes.get(member, ())])
        found[record] = _Owner(party, money)
    return found


def _rank(case: Mapping[Any, Any], owners: Mapping[int, _Owner]) -> float:
    """Its weight and its money in bits, the largest first."""
    amount = max(owners[case[side]].money.amount for side in ("left_id", "right_id"))
    bits: float = case["weight"] / 10
    return -(bits + log2(1 + max(float(amount), 0.0) / _UNIT))


def _waiting(
    priority: float,
    case: Mapping[Any, Any],
    known: tuple[Mapping[int, _Owner], Mapping[str, str]],
    now: datetime,
) -> Waiting:
    return Waiting(
        case=case["id"],
        grade=case["grade"],
        bits=case["weight"] / 10,
        priority=priority,
        reason=case["reason"],
        assignee=case["assignee"],
        age=now - case["opened_at"],
        left=_side(case["left_id"], *known),
        right=_side(case["right_id"], *known),
    )


def _side(record: int, owners: Mapping[int, _Owner], names: Mapping[str, str]) -> Side:
    party, money = owners[record]
    return Side(record=record, party_id=party, name=names.get(party or "", ""), money=money)


def _money(stakes: Sequence[Stake]) -> Money:
    """The largest sum of one kind in one currency: orders and their invoices count once."""
    sums: dict[tuple[str, str], Decimal] = {}
    for stake in stakes:
        place = (stake.entity, stake.currency)
        sums[place] = sums.get(place, Decimal(0)) + stake.amount
    best = max(sums.items(), key=lambda item: item[1], default=None)
    return NOTHING if best is None else Money(best[1], best[0][1], best[0][0])
