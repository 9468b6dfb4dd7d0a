"""Why two records or customers are one, or are not: read from the store, and nothing is changed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

import orjson

from hub.match.features import build_features
from hub.match.profile import build_profile
from hub.pipeline.explain_engine import Course, ask_engine, load_lens
from hub.pipeline.explain_pair import Content, PairStory, tell_pair
from hub.pipeline.explain_sides import Side, load_sides
from hub.pipeline.explain_table import Weighed, pairs_left_out, weigh_all
from hub.pipeline.explain_why import Decided, Facts, Reason, reasons_for
from hub.store.between import CaseBetween, cases_between, judgements_between
from hub.store.database import Connection, Engine, reading
from hub.store.decisions import MUST_LINK, Judgement
from hub.store.party_records import load_bodies, load_records


class PairLine(NamedTuple):
    """A pair among others; ``keys`` find it, and so many ``pairs`` have the same contents."""

    left: str
    right: str
    bits: float | None
    grade: str
    keys: int
    pairs: int


class CaseLine(NamedTuple):
    """A review case between the two, open or settled."""

    case: str
    left: str
    right: str
    grade: str
    reason: str
    state: str
    opened_at: datetime
    settled_at: datetime | None
    settled_by: str | None


class BestPair(NamedTuple):
    """The best pair: the references of its records, and its story."""

    left: str
    right: str
    story: PairStory


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """Everything that is told of two sides; there is no best pair where a side is deleted.

    ``decisions`` are those on the two, ``others`` those on the rest of their customers;
    ``left_out`` is how many pairs of records were not weighed.
    """

    one: Side
    other: Side
    together: bool
    reasons: tuple[Reason, ...]
    best: BestPair | None
    pairs: tuple[PairLine, ...]
    left_out: int
    decisions: tuple[Decided, ...]
    others: tuple[Decided, ...]
    cases: tuple[CaseLine, ...]


class _Weighing(NamedTuple):
    """All pairs of the two sides; the story and the engine's outcome are the best one's."""

    pairs: Sequence[Weighed]
    left_out: int
    story: PairStory | None
    course: Course | None


class _Ruling(NamedTuple):
    """What people decided or are asked, on the two and on the rest of their customers."""

    own: tuple[Decided, ...]
    others: tuple[Decided, ...]
    cases: tuple[CaseLine, ...]


def explain_pair(engine: Engine, one: str, other: str, *, country: str = "DE") -> Explanation:
    """Explain two records (CONNECTION:TYPE:KEY[#part]) or customers (ids, merged ones too).

    Raises StoreError where one of them is unknown, erased, without records, or both are the same.
    """
    sides = load_sides(engine, one, other)
    with reading(engine) as db:
        weighing = _weigh(db, *sides, country=country)
        ruling = _rule(db, *sides)
    left, right = sides
    facts = _facts(left, right, weighing=weighing, ruling=ruling)
    names = {**left.names, **right.names}
    pairs = tuple(PairLine(names[p.left], names[p.right], *p[2:]) for p in weighing.pairs)
    return Explanation(
        one=left,
        other=right,
        together=facts.together,
        reasons=reasons_for(facts),
        best=BestPair(pairs[0].left, pairs[0].right, weighing.story) if weighing.story else None,
        pairs=pairs,
        left_out=weighing.left_out,
        decisions=ruling.own,
        others=ruling.others,
        cases=ruling.cases,
    )


def _weigh(db: Connection, one: Side, other: Side, *, country: str) -> _Weighing:
    left, right = (_contents(db, side.records, country) for side in (one, other))
    lens = load_lens(db, [item.stated for item in (*left.values(), *right.values())])
    pairs = weigh_all(left, right, lens)
    left_out = pairs_left_out(left, right, pairs)
    if not pairs:
        return _Weighing(pairs, left_out, None, None)
    best = pairs[0]
    return _Weighing(
        pairs,
        left_out,
        tell_pair(left[best.left], right[best.right], lens),
        ask_engine(db, best.left, best.right),
    )


def _contents(db: Connection, records: Iterable[int], country: str) -> dict[int, Content]:
    """What records say now, whether the index has it yet or not."""
    found = {}
    for record, body in load_bodies(db, records).items():
        profile = build_profile(orjson.loads(body), country)
        found[record] = Content(profile.digest, build_features(profile))
    return found


def _rule(db: Connection, one: Side, other: Side) -> _Ruling:
    judged = judgements_between(db, one.members, other.members)
    cases = cases_between(db, one.records, other.records)
    named = {item.left_id for item in judged} | {item.right_id for item in judged}
    named |= {item.left_id for item in cases} | {item.right_id for item in cases}
    names = {record: str(item.source) for record, item in load_records(db, named).items()}
    own = [item for item in judged if _is_between(item, one, other)]
    return _Ruling(
        tuple(_decided(item, names) for item in own),
        tuple(_decided(item, names) for item in judged if item not in own),
        tuple(_case(item, names) for item in cases),
    )


def _is_between(item: Judgement, one: Side, other: Side) -> bool:
    pairs = ((item.left_id, item.right_id), (item.right_id, item.left_id))
    return any(left in one.records and right in other.records for left, right in pairs)


def _decided(item: Judgement, names: Mapping[int, str]) -> Decided:
    return Decided(item.kind, names[item.left_id], names[item.right_id], *item[3:])


def _case(item: CaseBetween, names: Mapping[int, str]) -> CaseLine:
    return CaseLine(
        case=str(item.id),
        left=names[item.left_id],
        right=names[item.right_id],
        grade=item.grade,
        reason=item.reason,
        state=item.state,
        opened_at=item.opened_at,
        settled_at=item.settled_at,
        settled_by=item.settled_by,
    )


def _accepted(ruling: _Ruling) -> Iterator[Decided]:
    """Accepted cases as decisions on the two, as long as what was decided by them stands."""
    standing = {
        item.decided_at: item
        for item in (*ruling.own, *ruling.others)
        if item.kind == MUST_LINK and item.revoked_at is None
    }
    for case in ruling.cases:
        made = standing.get(case.settled_at) if case.settled_at else None
        if case.state == "accepted" and made is not None:
            yield made._replace(left=case.left, right=case.right)


def _facts(one: Side, other: Side, *, weighing: _Weighing, ruling: _Ruling) -> Facts:
    return Facts(
        together=one.party_id is not None and one.party_id == other.party_id,
        deleted=[side.name for side in (one, other) if side.inactive.issuperset(side.records)],
        pending=[side.name for side in (one, other) if side.pending],
        decisions=ruling.own,
        others=ruling.others,
        accepted=tuple(_accepted(ruling)),
        pair=weighing.story,
        course=weighing.course,
        case=next((item.case for item in ruling.cases if item.state == "open"), None),
    )
