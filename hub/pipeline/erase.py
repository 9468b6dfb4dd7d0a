"""Erase: removes a person from every table in one transaction, then from the disk.

What is found is decided by :mod:`hub.pipeline.survey`; which column may hold what stands in
:mod:`hub.store.personal`. Killed anywhere, running it again goes on: before the commit nothing has
happened, after it only the cleaning of the disk is left.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from hub.errors import StoreError
from hub.pipeline.leftovers import leftovers
from hub.pipeline.scrub import Scrub
from hub.pipeline.survey import Fate, Ours, Survey, survey
from hub.store import erasures, suppression
from hub.store.audit import Entry, add_entries, new_act
from hub.store.creations import insert_records
from hub.store.database import Connection, Engine, reading, trying, writing
from hub.store.events import PartyEvent, add_events
from hub.store.fates import add_fates
from hub.store.parties import resolve_party
from hub.store.scour import scour
from hub.store.suppression import KeySource, Marks

_ORGANISATION: Final = "organisation"
_TEXT_FILES: Final = frozenset({".html", ".csv", ".json", ".txt"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """Who is to be erased, on whose word and why.

    ``hold`` says what becomes of documents that books must keep: kept without names, or emptied;
    None refuses where there are any. ``reports`` is the folder in which report files are looked at.
    """

    party: str
    actor: str
    reason: str
    hold: bool | None = None
    organisation: bool = False
    reports: Path | None = None
    ours: Ours = field(default_factory=Ours)
    targets: Mapping[str, str] = field(default_factory=dict)
    """By connection, what becomes of what we wrote there: blank, delete or keep."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Erased:
    """What was done, or would be: rows by table, records by fate; names nothing of the person.

    ``files`` are reports that still hold the person, ``sharers`` other parties with the same e-mail
    or phone: the same person perhaps, to be merged before. ``state`` is planned, cleaning or done.
    """

    party: str
    state: str
    fates: Mapping[str, int]
    held: int
    counts: Mapping[str, int]
    files: Sequence[str]
    sharers: Sequence[str]


def plan_erasure(engine: Engine, request: Request, key: KeySource) -> Erased:
    """Do all of it and take it back: the counts are exact. Documents count as held if unsaid."""
    with trying(engine) as db:
        return _erase(db, request, key, planning=True)


def erase(engine: Engine, request: Request, key: KeySource) -> Erased:
    """Erase a person, and what earlier erasures have left on the disk; repeating it is harmless.

    Raises StoreError where there is no such person, where documents ask for a decision, where a
    write to a target or a pushed delivery about the person is under way; ConfigError without key.
    """
    with writing(engine) as db:
        done = _erase(db, request, key, planning=False)
    clean(engine)
    return replace(done, state=erasures.DONE)


def clean(engine: Engine) -> int:
    """Finish on the disk what is erased in the tables; returns how many erasures that ends."""
    with reading(engine) as db:
        waiting = erasures.uncleaned(db)
    if waiting:
        scour(engine)
        with writing(engine) as db:
            erasures.mark_cleaned(db, waiting, datetime.now(UTC))
        scour(engine, log_only=True)
    return len(waiting)


def _erase(db: Connection, request: Request, key: KeySource, *, planning: bool) -> Erased:
    now = datetime.now(UTC)
    party = resolve_party(db, request.party)
    if party is None:
        raise StoreError(f"there is no party {request.party}")
    erasures.lock(db, party.id)
    before = erasures.get_erasure(db, party.id)
    if before is not None:
        return Erased(party=party.id, state=before.state, **before.counts)
    marks = suppression.begin_marks(db, key, now)
    found = survey(db, party.id, request.ours, hold=request.hold is not False)
    _require_allowed(db, found, request, planning=planning)
    scrub = Scrub(db, found, marks, now)
    left = leftovers(db, found, marks, request.targets)
    scrub.run()
    scrub.counts["record_delivery"] += insert_records(db, left, now)
    _keep_out(db, found, marks, now)
    add_events(db, [PartyEvent(party.id, "erased", [])], now)
    fates = {fate.value: len(found.of(fate)) for fate in Fate}
    counts: dict[str, Any] = {
        "held": len(found.held),
        "files": _files_with(found, request.reports),
        "sharers": sorted(found.sharers),
        "fates": fates,
        "counts": {str(name): rows for name, rows in sorted(scrub.counts.items()) if rows},
    }
    add_fates(db, {party.id: "erased"}, {}, now)
    entry = Entry("erase", {"records": fates, "held": len(found.held)}, set(found.parties))
    add_entries(db, new_act(request.actor, request.reason), [entry], now)
    note = erasures.Note(request.actor, request.reason, counts)
    erasures.add_erasure(db, party.id, note, now)
    return Erased(
        party=party.id,
        state="planned" if planning else erasures.CLEANING,
        **counts,
    )


def _require_allowed(db: Connection, found: Survey, request: Request, *, planning: bool) -> None:
    party = found.parties[0]
    if _ORGANISATION in found.kinds and not request.organisation:
        raise StoreError(
            f"party {party} is, or has records of, an organisation: only people are erased; say "
            "--organisation for one that is a person, a sole trader"
        )
    if found.named.occurs_in(request.reason):
        raise StoreError("the reason names the person and would be kept: name a ticket or a law")
    if planning:
        return
    if found.held and request.hold is None:
        raise StoreError(
            f"party {party} has {len(found.held)} accounts, orders, invoices or payments: say "
            "--hold to keep them without names, or --no-hold to empty them too"
        )
    sending = erasures.count_sending(
        db, found.parties, [record.id for record in found.of(Fate.EMPTY)]
    )
    if sending:
        raise StoreError(
            f"party {party}: {sending} values are being written to a target just now; wait until "
            "`hub publish` is done, then erase again"
        )


def _keep_out(db: Connection, found: Survey, marks: Marks, now: datetime) -> None:
    """Marks of what must not come back; what others hold as well is nobody's mark."""
    people = found.identity
    suppression.add_marks(
        db,
        {
            suppression.RECORD: [marks.record(*record.place) for record in found.of(Fate.EMPTY)],
            suppression.HELD: [marks.record(*record.place) for record in found.of(Fate.HOLD)],
            suppression.PART: [
                marks.part(*record.place, part.part)
                for record in found.of(Fate.CLEAN)
                for part in record.parts
                if part.id in found.mine
            ],
            suppression.EMAIL: map(marks.email, people.emails),
            suppression.PHONE: [
                marks.phone(number, family)
                for number in people.phones
                for family in people.families
            ],
            suppression.WORD: map(marks.word, found.named.words),
        },
        now,
    )


def _files_with(found: Survey, folder: Path | None) -> list[str]:
    """Report files that hold the person, by path; what can't be read is no text of ours."""
    if folder is None or not folder.is_dir():
        return []
    needles = [text.lower() for text in _file_needles(found)]
    paths = sorted(path for path in folder.rglob("*") if path.suffix in _TEXT_FILES)
    return [str(path) for path in paths if _holds(path, needles)]


def _file_needles(found: Survey) -> Iterable[str]:
    yield from found.parties
    yield from found.identity.needles()
    yield from (word for word in found.named.words if " " in word)


def _holds(path: Path, needles: Sequence[str]) -> bool:
    text = path.read_text(encoding="utf-8", errors="replace").lower()
    return any(needle in text for needle in needles)
