"""What people do with breaks: take them, explain them, comment, close them on their word."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

import orjson

from hub.errors import ConfigError, StoreError
from hub.pipeline.figure_desk import SourceView, break_rows, read_source
from hub.reports.catalogue import Reports, shipped_reports
from hub.reports.definition import Cause
from hub.reports.result import places_of
from hub.store import breaks as store
from hub.store.audit import Act, Entry, add_entries
from hub.store.breaks import Note
from hub.store.database import Connection, Engine, reading, writing

OPEN: Final = ("open", "reopened", "assigned", "explained")
_ENDED: Final = "closed"


@dataclass(frozen=True, slots=True, kw_only=True)
class BreakView:
    """A break in full: its figures, its life, and the records behind it."""

    stored: Mapping[str, Any]
    figures: Mapping[str, Any]
    notes: list[Note]
    sources: list[SourceView]
    rows: Sequence[Mapping[str, Any]] = ()
    """What a sum was made of, where the break stands for more than one record."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Word:
    """What a person says of a break; ``kind`` is assign, explain, comment or close."""

    kind: str
    act: Act
    owner: str | None = None
    cause: str | None = None


def list_breaks(engine: Engine, *, report: str | None, state: str, limit: int) -> list[Any]:
    """Breaks of a state, the oldest first; "open" stands for all that are not settled.

    ``customer`` is the name of the customer that a break is about, where it is about one.
    """
    states = OPEN if state == "open" else (state,)
    with reading(engine) as db:
        found = store.list_breaks(db, report=report, states=states, limit=limit)
    return [{**row, "customer": orjson.loads(row["detail"]).get("customer")} for row in found]


def break_view(engine: Engine, break_id: str, known: Reports | None = None) -> BreakView:
    """A break down to its raw payloads; StoreError where there is none.

    ``known`` are the reports there are; without them, those that ship with the hub.
    """
    with reading(engine) as db:
        stored = _get(db, break_id)
        figures = orjson.loads(stored["detail"])
        sources = [read_source(db, *place) for place in places_of(figures)]
        notes = store.notes_of(db, break_id)
    return BreakView(
        stored=stored,
        figures=figures,
        notes=notes,
        sources=[source for source in sources if source],
        rows=break_rows(engine, known or shipped_reports(), stored, figures),
    )


def speak(engine: Engine, break_id: str, word: Word) -> None:
    """Do what a person says, and note it: with the break, and in the audit trail."""
    now = datetime.now(UTC)
    changes = _changes(word)
    with writing(engine) as db:
        row = _get(db, break_id)
        if row["state"] == _ENDED and changes:
            raise StoreError(f"break {break_id} is closed: the two sides agree")
        if changes and not store.change_break(db, break_id, seen=row["state"], **changes):
            raise StoreError(f"break {break_id} has changed just now; look at it again")
        store.add_note(db, break_id, Note(now, word.act.actor, word.kind, word.act.reason))
        detail = {"break": break_id, "report": row["report"], **changes}
        add_entries(db, word.act, [Entry(f"{word.kind}_break", detail)], now)


def _changes(word: Word) -> dict[str, str]:
    if not word.act.reason.strip():
        raise ConfigError("say why: an empty text explains nothing")
    if word.cause is not None and word.cause not in set(Cause):
        raise ConfigError(f"there is no cause {word.cause!r}; known: {', '.join(Cause)}")
    state = {"assign": "assigned", "explain": "explained", "close": "force_closed"}.get(word.kind)
    found = {"state": state, "owner": word.owner, "cause": word.cause}
    return {name: value for name, value in found.items() if value is not None}


def _get(db: Connection, break_id: str) -> Mapping[str, Any]:
    found = store.get_break(db, break_id)
    if found is None:
        raise StoreError(f"there is no break {break_id}; `hub break list` shows them")
    return found
