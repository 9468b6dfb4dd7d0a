"""A steward's desk: a decision with all that follows of it, one case or many, and the figures.

The command line and the pages decide through this, so that golden records and the search follow.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from hub.errors import ConfigError, StoreError
from hub.pipeline.customer import find_records
from hub.pipeline.golden import compute_golden
from hub.pipeline.queue import Waiting, read_cases
from hub.pipeline.search_customers import index_customers
from hub.pipeline.steward import Steward
from hub.pipeline.workplace import Workplace
from hub.store.database import reading
from hub.store.review_counts import Decided, Tally, recent_decisions, tally_cases

ACCEPT: Final = "accept"
REJECT: Final = "reject"
MOST: Final = 200
"""So many cases may be decided at once."""

Counts = Mapping[str, int]


def steward_for(work: Workplace, actor: str) -> Steward:
    """The person at work on the store."""
    return Steward(work.engine, actor, country=work.config.hub.country)


def settle(work: Workplace) -> dict[str, int]:
    """What follows of decisions: golden records, and the words under which they are found."""
    settings = work.config
    golden = compute_golden(work.engine, trust=settings.trust, country=settings.hub.country)
    index_customers(work.engine)
    return golden


def decide(work: Workplace, actor: str, verb: str, case_id: str, *, reason: str = "") -> Counts:
    """Accept or reject a case, or take such a decision back (``undo``)."""
    counts = _verb(steward_for(work, actor), verb)(case_id, reason=reason)
    return {**counts, **settle(work)}


def _verb(steward: Steward, verb: str) -> Callable[..., Counts]:
    verbs = {ACCEPT: steward.accept, REJECT: steward.reject, "undo": steward.undo}
    if verb not in verbs:
        raise ConfigError(f"there is no decision {verb!r}; known: {', '.join(verbs)}")
    return verbs[verb]


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """What deciding many cases would do; ``groups`` are customers that would become one."""

    verb: str
    cases: Sequence[Waiting]
    gone: int
    groups: Sequence[frozenset[str]]

    @property
    def customers(self) -> int:
        """How many customers are concerned."""
        return len(
            {
                side.party_id
                for case in self.cases
                for side in (case.left, case.right)
                if side.party_id
            }
        )

    @property
    def merged(self) -> int:
        """How many customers would be merged into others."""
        return sum(len(group) - 1 for group in self.groups)


def preview(work: Workplace, verb: str, case_ids: Sequence[str]) -> Preview:
    """What a decision on many cases comes to; nothing is changed."""
    if len(case_ids) > MOST:
        raise ConfigError(f"{len(case_ids)} cases at once are too many to look at: take {MOST}")
    cases = read_cases(work.engine, list(dict.fromkeys(case_ids)))
    groups = _groups(cases) if verb == ACCEPT else []
    return Preview(verb=verb, cases=cases, gone=len(set(case_ids)) - len(cases), groups=groups)


def _groups(cases: Sequence[Waiting]) -> list[frozenset[str]]:
    """Customers that accepting would join, directly or through others."""
    groups: list[set[str]] = []
    for case in cases:
        pair = {side.party_id for side in (case.left, case.right) if side.party_id}
        near = [group for group in groups if group & pair]
        groups = [group for group in groups if not group & pair]
        groups.append(pair.union(*near))
    return [frozenset(group) for group in groups if len(group) > 1]


@dataclass(frozen=True, slots=True)
class Bulk:
    """What became of many cases; ``gone`` were settled by others, or by what was decided before."""

    decided: int
    gone: int


def decide_all(
    work: Workplace, actor: str, verb: str, case_ids: Sequence[str], *, reason: str
) -> Bulk:
    """Decide many cases, one after the other; each is a decision of its own, to be undone alone."""
    if verb not in {ACCEPT, REJECT}:
        raise ConfigError(f"many cases can be accepted or rejected, not {verb!r}")
    if len(case_ids) > MOST:
        raise ConfigError(f"{len(case_ids)} cases at once are too many: take {MOST}")
    act = _verb(steward_for(work, actor), verb)
    decided = gone = 0
    for case_id in dict.fromkeys(case_ids):
        try:
            act(case_id, reason=reason)
            decided += 1
        except StoreError:
            gone += 1
    settle(work)
    return Bulk(decided, gone)


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """Statistics of the queue."""

    tally: Tally
    recent: Sequence[Decided]


def read_figures(work: Workplace, *, days: int = 30) -> Figures:
    """What is open, what was decided lately and by whom."""
    since = datetime.now(UTC) - timedelta(days=days)
    with reading(work.engine) as db:
        return Figures(tally=tally_cases(db, since), recent=recent_decisions(db, 10))


def keep_customers_apart(work: Workplace, actor: str, case_id: str, *, reason: str) -> Counts:
    """Keep the two customers of a case apart with all their records, for ever."""
    case = next(iter(read_cases(work.engine, [case_id])), None)
    if case is None or case.left.party_id is None or case.right.party_id is None:
        raise StoreError(f"review case {case_id} is not open: somebody has settled it")
    ones, others = (
        find_records(work.engine, party) for party in (case.left.party_id, case.right.party_id)
    )
    counts = steward_for(work, actor).keep_apart(ones, others, reason=reason)
    return {**counts, **settle(work)}
