"""Resolve: which party records are the same customer, planned first and then applied.

``plan`` brings the index of match keys up to date, which changes no link, and works out the whole
outcome; ``apply`` commits it unit by unit. A unit's links, ids, events, review cases and the
pending flags it settles are one transaction: killed anywhere, the next run plans what is left.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from typing import Final

from hub.errors import StoreError
from hub.pipeline.collection import paced_collection
from hub.pipeline.doubts import UNSURE, Doubts
from hub.pipeline.growth import Growth, Unit
from hub.pipeline.indexing import BATCH, index_pending
from hub.pipeline.ledger import carry_out
from hub.pipeline.matcher import Matcher
from hub.pipeline.neighbours import BulkMatcher, find_neighbours, wants_bulk
from hub.pipeline.relationships import Relationships
from hub.pipeline.resolution import Change, Plan, resolve_unit, summarise
from hub.store.audit import Act, new_act
from hub.store.crosswalk import ask_shared_links, load_shared_links
from hub.store.database import Connection, Engine, reading, writing
from hub.store.match_look_ups import ask_first_members
from hub.store.relationships import ask_relationships
from hub.store.review import OpenCase, ask_open_cases
from hub.store.transaction import keep_plans

HUB: Final = "hub"
"""The actor of what no person has asked for."""
_CHUNK: Final = 1_000


def plan(
    engine: Engine,
    *,
    country: str = "DE",
    records: Collection[int] | None = None,
    bulk: bool | None = None,
) -> Plan:
    """Work out what resolving would change; no link, party or case is touched.

    ``records`` limits the plan to the units of these records (a steward's decision); else all
    pending records are planned. ``bulk`` weighs all contents at once, which comes to the same; by
    itself it is done where it is quicker.
    """
    indexed = index_pending(engine, country)
    changes: list[Change] = []
    doubts = Doubts()
    with paced_collection() as collect, reading(engine) as db:
        keep_plans(db)
        if bulk is None:
            bulk = records is None and wants_bulk(db, len(indexed))
        near = find_neighbours(db) if bulk else None
        planned: set[int] = set()
        for ids in indexed.batches(BATCH) if records is None else [set(records)]:
            growth = Growth(db, Matcher(db) if near is None else BulkMatcher(db, near))
            units = _grow(db, growth, ids - planned, planned)
            first = ask_first_members(db, growth.in_doubt())
            standing = ask_open_cases(db, growth.records)
            relationships = Relationships(growth, ask_relationships(db, growth.compared)())
            for unit in units:
                resolved = resolve_unit(unit, growth, indexed)
                resolved.change.related = relationships.changes(unit.content.values())
                doubts.note(len(changes), resolved)
                changes.append(resolved.change)
            doubts.note_batch(growth, first(), standing())
            planned.update(growth.records)
            collect()
        doubts.attach(db, changes)
    return summarise(changes)


def _grow(db: Connection, growth: Growth, ids: set[int], planned: set[int]) -> list[Unit]:
    """The units of the records, and of those that they are kept apart from and nobody has planned.

    What hangs on ids alone is asked in one turn.
    """
    cases, links = ask_open_cases(db, ids), ask_shared_links(db, ids)
    doubted = _doubted(cases()) - ids - planned
    linked = [*links(), *load_shared_links(db, doubted)]
    return growth.grow(ids | doubted, linked)


def _doubted(cases: Iterable[OpenCase]) -> set[int]:
    """Records that open cases keep apart from those asked about: one may fit without the other.

    The old content of a changed record is forgotten, so the former neighbours that it was a rival
    of are found by this. One that was merely like it would come to the same without it.
    """
    apart = (case for case in cases if case.reason != UNSURE)
    return {side for case in apart for side in (case.left_id, case.right_id)}


def apply(
    engine: Engine, plan: Plan, *, limit: int | None = 50, act: Act | None = None
) -> dict[str, int]:
    """Carry a plan out; returns its counts, with ``stale`` units that were left for the next run.

    ``act`` says on whose word; without it, the hub's own. Raises StoreError before any change
    where more than ``limit`` existing customers would merge.
    """
    require_few_merges(plan, limit)
    act = act or new_act(HUB, "resolved")
    stale = 0
    with paced_collection() as collect:
        for chunk in _chunked(plan.changes):
            with writing(engine) as db:
                keep_plans(db)
                stale += carry_out(db, chunk, act, plan=plan.digest)
            collect()
    return {**plan.counts, "stale": stale}


def require_few_merges(plan: Plan, limit: int | None) -> None:
    """Raises StoreError where a plan merges more existing customers than may pass unasked."""
    if limit is not None and plan.merges > limit:
        raise StoreError(
            f"this run would merge {plan.merges} existing customers, the limit is {limit}: nothing "
            "was changed; look at the plan, then allow it for this run"
        )


def _chunked(changes: Iterable[Change]) -> Iterator[list[Change]]:
    chunk: list[Change] = []
    size = 0
    for change in changes:
        chunk.append(change)
        size += len(change.members)
        if size >= _CHUNK:
            yield chunk
            chunk, size = [], 0
    if chunk:
        yield chunk
