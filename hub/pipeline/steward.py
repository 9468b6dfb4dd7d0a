"""What a data steward decides: accept or reject a case, merge, take apart, never link.

Each function records the decision and resolves the records it names at once. Decisions are pairs
of records and outlive every run (law 7).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import UTC, datetime

from hub.errors import StoreError
from hub.pipeline.resolve import apply, plan
from hub.store.crosswalk import load_links, load_party_links
from hub.store.database import Connection, Engine, writing
from hub.store.decisions import MUST_LINK, NEVER_LINK, Author, Pair, decide, revoke
from hub.store.match_keys import load_profiles
from hub.store.parties import resolve_party
from hub.store.review import get_case, settle_cases


def accept_case(engine: Engine, case_id: str, *, actor: str, reason: str = "") -> dict[str, int]:
    """The two records are one customer: their parties are merged whole."""
    with writing(engine) as db:
        left, right = _open_case(db, case_id)
        author = Author(actor, reason or "case accepted", datetime.now(UTC))
        settle_cases(db, [case_id], state="accepted", by=actor, now=author.at)
        ids = _link_whole(db, _companions(db, left), _companions(db, right), author)
    return _resolve(engine, ids)


def reject_case(engine: Engine, case_id: str, *, actor: str, reason: str = "") -> dict[str, int]:
    """The two records are different customers, for ever."""
    with writing(engine) as db:
        pair = _open_case(db, case_id)
        author = Author(actor, reason or "case rejected", datetime.now(UTC))
        settle_cases(db, [case_id], state="rejected", by=actor, now=author.at)
        decide(db, NEVER_LINK, [pair], author)
    return _resolve(engine, pair)


def merge(
    engine: Engine, party_id: str, other_id: str, *, actor: str, reason: str
) -> dict[str, int]:
    """Merge two customers; the older id survives, the other resolves to it for ever."""
    with writing(engine) as db:
        author = Author(actor, reason, datetime.now(UTC))
        groups = [_members(db, _alive(db, party)) for party in (party_id, other_id)]
        ids = _link_whole(db, groups[0], groups[1], author)
    return _resolve(engine, ids)


def unmerge(
    engine: Engine, party_id: str, records: Collection[int], *, actor: str, reason: str
) -> dict[str, int]:
    """Take records (by canonical id) out of a customer; a merged id among them is revived."""
    with writing(engine) as db:
        author = Author(actor, reason, datetime.now(UTC))
        members = _members(db, _alive(db, party_id))
        leaving, staying = members & set(records), members - set(records)
        if not leaving or not staying:
            raise StoreError(
                f"party {party_id}: name some of its records, not none and not all of them"
            )
        pairs = [
            (one, other) for one in _one_of_each(db, leaving) for other in _one_of_each(db, staying)
        ]
        revoke(db, MUST_LINK, [(one, other) for one in leaving for other in staying], author.at)
        decide(db, NEVER_LINK, pairs, author)
    return _resolve(engine, members)


def never_link(engine: Engine, left: int, right: int, *, actor: str, reason: str) -> dict[str, int]:
    """Keep two records (canonical ids) apart for ever."""
    with writing(engine) as db:
        decide(db, NEVER_LINK, [(left, right)], Author(actor, reason, datetime.now(UTC)))
    return _resolve(engine, (left, right))


def _open_case(db: Connection, case_id: str) -> Pair:
    case = get_case(db, case_id)
    if case is None or case["state"] != "open":
        raise StoreError(f"review case {case_id} is not open: somebody has settled it")
    return case["left_id"], case["right_id"]


def _alive(db: Connection, party_id: str) -> str:
    party = resolve_party(db, party_id)
    if party is None or party.status != "active":
        raise StoreError(f"there is no active party {party_id}")
    return party.id


def _members(db: Connection, party_id: str) -> set[int]:
    return {link.canonical_id for link in load_party_links(db, [party_id])}


def _companions(db: Connection, record: int) -> set[int]:
    """All records of the party that a record is linked to."""
    parties = {link.party_id for link in load_links(db, [record])}
    return {record}.union(*(_members(db, party) for party in parties))


def _one_of_each(db: Connection, records: Iterable[int]) -> list[int]:
    """The first record of each content: copies follow it."""
    first: dict[str, int] = {}
    for record, digest in sorted(load_profiles(db, records).items()):
        first.setdefault(digest, record)
    return sorted(first.values())


def _link_whole(
    db: Connection, ones: Collection[int], others: Collection[int], author: Author
) -> set[int]:
    """Must-links from one record to every other content of both sides, so that none is left out."""
    members = _one_of_each(db, {*ones, *others})
    pairs = [(members[0], member) for member in members[1:]]
    crossing = [(one, other) for one in ones for other in others]
    revoke(db, NEVER_LINK, crossing, author.at)
    decide(db, MUST_LINK, pairs, author)
    return {*ones, *others}


def _resolve(engine: Engine, records: Collection[int]) -> dict[str, int]:
    return apply(engine, plan(engine, records=records), limit=None)
