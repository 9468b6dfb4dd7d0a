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

import orjson

from hub.store import review
from hub.store.crosswalk import load_links, load_party_links
from hub.store.database import Connection, Engine, reading
from hub.store.golden import current_versions
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
        cases = review.list_cases(db, wanted, limit=WINDOW)
        sides = _sides(db, [case[side] for case in cases for side in ("left_id", "right_id")])
    now = datetime.now(UTC)
    found = [_waiting(case, sides, now) for case in cases]
    return sorted(found, key=lambda item: (-item.priority, item.case))[:limit]


def read_cases(engine: Engine, case_ids: Sequence[str]) -> list[Waiting]:
    """Certain cases that are still open, in the order of the queue."""
    with reading(engine) as db:
        found = [review.get_case(db, case_id) for case_id in case_ids]
        cases = [case for case in found if case is not None and case["state"] == "open"]
        sides = _sides(db, [case[side] for case in cases for side in ("left_id", "right_id")])
    now = datetime.now(UTC)
    waiting = [_waiting(case, sides, now) for case in cases]
    return sorted(waiting, key=lambda item: (-item.priority, item.case))


def _waiting(case: Mapping[Any, Any], sides: Mapping[int, Side], now: datetime) -> Waiting:
    left, right = sides[case["left_id"]], sides[case["right_id"]]
    bits = case["weight"] / 10
    money = max(left.money.amount, right.money.amount)
    return Waiting(
        case=case["id"],
        grade=case["grade"],
        bits=bits,
        priority=bits + log2(1 + max(float(money), 0.0) / _UNIT),
        reason=case["reason"],
        assignee=case["assignee"],
        age=now - case["opened_at"],
        left=left,
        right=right,
    )


def _sides(db: Connection, records: Sequence[int]) -> dict[int, Side]:
    """The customers that the records belong to, with all their money."""
    parties = {link.canonical_id: link.party_id for link in load_links(db, set(records))}
    members: dict[str, list[int]] = {}
    for link in load_party_links(db, set(parties.values())):
        members.setdefault(link.party_id, []).append(link.canonical_id)
    stakes = stakes_of(db, {*records, *(r for found in members.values() for r in found)})
    golden = current_versions(db, list(members))
    names = {party: orjson.loads(item.body).get("display_name") for party, item in golden.items()}
    found = {}
    for record in set(records):
        party = parties.get(record)
        own = members.get(party, [record]) if party else [record]
        found[record] = Side(
            record=record,
            party_id=party,
            name=str(names.get(party or "") or ""),
            money=_money([stake for member in own for stake in stakes.get(member, ())]),
        )
    return found


def _money(stakes: Sequence[Stake]) -> Money:
    """The largest sum of one kind in one currency: orders and their invoices count once."""
    sums: dict[tuple[str, str], Decimal] = {}
    for stake in stakes:
        place = (stake.entity, stake.currency)
        sums[place] = sums.get(place, Decimal(0)) + stake.amount
    best = max(sums.items(), key=lambda item: item[1], default=None)
    return NOTHING if best is None else Money(best[1], best[0][1], best[0][0])
