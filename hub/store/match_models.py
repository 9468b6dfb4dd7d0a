"""Matching models as trained and adopted, with the frequencies they were frozen with."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from datetime import datetime
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from hub.store import bulk
from hub.store.bulk import LookUp
from hub.store.columns import from_micros
from hub.store.driver import ask
from hub.store.tables import canonical_record, match_frequency, match_model

_IN_FORCE = sa.text("in_force")  # as in the partial index


class Frequency(NamedTuple):
    """How many contents hold a term (column and value), and which share that is."""

    term: str
    holders: int
    share: float


class StoredModel(NamedTuple):
    """A model; ``body`` is JSON without frequencies."""

    version: str
    body: str
    records: int
    trained_at: datetime
    adopted_at: datetime | None
    in_force: bool


def model_in_force(db: Connection) -> StoredModel | None:
    """The model that records are compared with; None where the shipped one is."""
    return ask_model_in_force(db)()


def ask_model_in_force(db: Connection) -> Callable[[], StoredModel | None]:
    """The same, called for later."""
    query = f"SELECT {', '.join(StoredModel._fields)} FROM match_model WHERE in_force"
    rows = ask(db, query, (), StoredModel._fields)
    return lambda: next(map(_stored, rows()), None)


def _stored(row: Any) -> StoredModel:
    version, body, records, trained, adopted, _ = row
    adopted_at = None if adopted is None else from_micros(adopted)
    return StoredModel(version, body, records, from_micros(trained), adopted_at, in_force=True)


def list_models(db: Connection) -> list[StoredModel]:
    """Every trained model, the oldest first."""
    rows = db.execute(_models().order_by(match_model.c.trained_at, match_model.c.version))
    return [StoredModel._make(row) for row in rows]


def _models() -> sa.Select[tuple[str, str, int, datetime, datetime | None, bool]]:
    return sa.select(*(match_model.c[name] for name in StoredModel._fields))


def add_model(db: Connection, model: StoredModel, frequencies: Iterable[Frequency]) -> bool:
    """Keep a model that is not known yet; returns whether it was new."""
    known = sa.select(match_model.c.version).where(match_model.c.version == model.version)
    if db.scalar(known) is not None:
        return False
    db.execute(sa.insert(match_model).values(model._asdict()))
    rows: list[bulk.Row] = [(model.version, *item) for item in frequencies]
    bulk.insert(db, match_frequency, ("version", "term", "holders", "share"), rows)
    return True


def adopt_model(db: Connection, version: str | None, now: datetime) -> int:
    """Compare with this model from now on, or with the shipped one: all records wait for it.

    Returns how many records are resolved anew.
    """
    standing = sa.update(match_model).where(_IN_FORCE).values(in_force=False)
    db.execute(standing)
    if version is not None:
        taken = sa.update(match_model).where(match_model.c.version == version)
        db.execute(taken.values(in_force=True, adopted_at=now))
    waiting = sa.update(canonical_record).where(
        canonical_record.c.entity == "party", canonical_record.c.active, ~canonical_record.c.pending
    )
    return db.execute(waiting.values(pending=True)).rowcount


def load_shares(db: Connection, version: str, terms: Collection[str]) -> dict[str, float]:
    """The shares of the terms that the model knows."""
    where = LookUp("term", terms, fixed=("version", version))
    return {row.term: row.share for row in bulk.look_up(db, match_frequency, _TERM, where)}


def all_shares(db: Connection, version: str) -> dict[str, float]:
    """Every term's share."""
    query = sa.select(match_frequency.c.term, match_frequency.c.share)
    rows = db.execute(query.where(match_frequency.c.version == version))
    return {row.term: row.share for row in rows}


def forget_terms(db: Connection, terms: Collection[str], *, most: int) -> int:
    """Remove terms that no more than so many held, from every model; returns how many rows."""
    few = match_frequency.c.holders <= most
    return sum(
        db.execute(
            sa.delete(match_frequency).where(
                match_frequency.c.version == version, match_frequency.c.term == term, few
            )
        ).rowcount
        for version in db.scalars(sa.select(match_model.c.version)).all()
        for term in sorted(terms)
    )


_TERM = ("term", "share")
