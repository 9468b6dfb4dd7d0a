"""Why two are one customer, or are not: the reasons in words, the one that decides first."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, NamedTuple

from hub.match.thresholds import CERTAIN, CONFLICT
from hub.match.verdict import Grade
from hub.pipeline.explain_engine import Course
from hub.pipeline.explain_pair import FieldStory, PairStory
from hub.store.decisions import MUST_LINK, NEVER_LINK

_TOLD_FIELDS: Final = 3
_DECIDES = {MUST_LINK: "joined", NEVER_LINK: "kept apart"}


class Reason(NamedTuple):
    """A reason: a word for machines, a sentence for people."""

    code: str
    text: str


class Decided(NamedTuple):
    """A person's decision on two records; it stands until it is revoked."""

    kind: str
    left: str
    right: str
    actor: str
    reason: str
    decided_at: datetime
    revoked_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What is known of two sides; ``others`` are decisions on the rest of their customers.

    ``accepted`` are review cases that joined the two. ``pair`` is the best pair; there is none
    where a side has only deleted records. ``case`` is the open review case between them.
    """

    together: bool
    deleted: Sequence[str] = ()
    pending: Sequence[str] = ()
    decisions: Sequence[Decided] = ()
    others: Sequence[Decided] = ()
    accepted: Sequence[Decided] = ()
    pair: PairStory | None = None
    course: Course | None = None
    case: str | None = None


def reasons_for(facts: Facts) -> tuple[Reason, ...]:
    """The reasons; there is always one."""
    found = list(_for(facts) if facts.together else _against(facts))
    return (*found, *_waiting(facts))


def _for(facts: Facts) -> Iterator[Reason]:
    joined = _standing(facts.decisions, MUST_LINK)
    yield from (Reason("must_link", _told(item)) for item in joined)
    yield from (Reason("accepted", _told(item)) for item in facts.accepted if item not in joined)
    decided = [*joined, *facts.accepted]
    pair = facts.pair
    if pair is not None and pair.grade == Grade.CERTAIN:
        yield _certain(pair)
    elif not decided:
        yield _through(facts)


def _certain(pair: PairStory) -> Reason:
    if pair.same_content:
        return Reason("same_content", f"both say the same, and that is certain ({_bits(pair)})")
    if (pair.bits or 0.0) < CERTAIN:
        text = f"they match with {_bits(pair)}: only a look-alike speaks against it, and too little"
        return Reason("certain", text)
    return Reason("certain", f"they match with {_bits(pair)}, which is certain")


def _through(facts: Facts) -> Reason:
    """Two that do not match by themselves."""
    if facts.deleted:
        gone = ", ".join(facts.deleted)
        return Reason("deleted", f"{gone}: deleted at the source, and no run has parted them yet")
    if facts.course is not None and facts.course.through:
        chain = ", then ".join(facts.course.through)
        return Reason("through", f"each matches, or was joined with, the next: through {chain}")
    others = _standing(facts.others, MUST_LINK)
    if others:
        return Reason("must_link_of_others", f"others of the customer: {_told(others[0])}")
    return Reason("group", "the customer's other records hold them together")


def _against(facts: Facts) -> Iterator[Reason]:
    if facts.deleted:
        gone = ", ".join(facts.deleted)
        yield Reason("deleted", f"{gone}: deleted at the source, and so of no customer")
    for item in _standing(facts.decisions, NEVER_LINK):
        yield Reason("never_link", _told(item))
    if facts.pair is not None:
        yield from _weighed(facts, facts.pair)
    for item in _standing(facts.others, NEVER_LINK)[:1]:
        yield Reason("never_link_of_others", f"of others of the two customers: {_told(item)}")
    if facts.case is not None:
        yield Reason("in_review", f"a person is asked: `hub review show {facts.case}`")


def _weighed(facts: Facts, pair: PairStory) -> Iterator[Reason]:
    if pair.bits is None:
        text = "a person and an organisation are never compared and never one customer"
        yield Reason("other_kind", text)
        return
    yield from (Reason("veto", f"veto: {veto}") for veto in pair.vetoes)
    evidence = pair.bits - pair.before - pair.lookalikes
    if evidence <= CONFLICT:
        yield Reason("conflict", f"conflicting values: {_worst(pair.fields)}")
    elif pair.grade != Grade.CERTAIN:
        yield Reason("not_certain", _doubt(pair))
    if not pair.compared:
        yield Reason("no_shared_key", "they share no match key that finds candidates: not compared")
    elif pair.grade == Grade.CERTAIN:
        yield from _held_apart(facts)


def _held_apart(facts: Facts) -> Iterator[Reason]:
    """A certain pair that is not one customer."""
    course = facts.course
    if course is not None and course.together:
        yield Reason("next_run", "they match, and the next `hub resolve` that looks at them links")
    elif course is not None and course.apart:
        near = f", beside {', '.join(course.rivals)}" if course.rivals else ""
        yield Reason("rest_against", f"certain, but {course.apart}{near}")
    elif not _standing(facts.decisions, NEVER_LINK):
        text = "certain, but the rest of the two customers speaks against it"
        yield Reason("rest_against", text)


def _doubt(pair: PairStory) -> str:
    text = f"not certain: {_bits(pair)}, certain is {CERTAIN:g}"
    if pair.lookalike is None:
        return text
    return f"{text}; {_article(pair.lookalike)} would explain the pair as well"


def _article(relation: str) -> str:
    return relation if relation.endswith("s") else f"a {relation}"


def _worst(fields: Sequence[FieldStory]) -> str:
    worst = sorted((item for item in fields if item.bits < 0), key=lambda item: item.bits)
    return ", ".join(
        f"{item.field} {item.outcome} ({item.bits:+.1f})" for item in worst[:_TOLD_FIELDS]
    )


def _waiting(facts: Facts) -> Iterator[Reason]:
    if facts.pending:
        text = f"`hub resolve` has yet to look at {', '.join(facts.pending)}"
        yield Reason("pending", text)
    elif facts.together and facts.course is not None and not facts.course.together:
        text = "by what is known now they are no longer one: a run that looks at them parts them"
        yield Reason("stale", text)


def _standing(decisions: Sequence[Decided], kind: str) -> list[Decided]:
    return [item for item in decisions if item.kind == kind and item.revoked_at is None]


def _told(item: Decided) -> str:
    verb = _DECIDES[item.kind]
    day = item.decided_at.strftime("%Y-%m-%d")
    return f"{item.actor} {verb} {item.left} and {item.right} on {day}: {item.reason}"


def _bits(pair: PairStory) -> str:
    return f"{pair.bits or 0.0:.1f} bits"
