"""Maintain: backups, retention, fresh statistics, and training on purpose; each may be repeated."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final, NamedTuple

from hub.pipeline import training
from hub.pipeline.workplace import Workplace
from hub.store import upkeep
from hub.store.database import writing
from hub.store.pushes import forget_deliveries

_PREFIX: Final = "hub-"


class Backup(NamedTuple):
    """A copy that was made, its size, and how many copies there are now."""

    path: Path
    size: int
    kept: int


def back_up(work: Workplace, moment: datetime) -> Backup | None:
    """Copy the store into ``maintain.backups`` and drop the oldest copies; None where none is made.

    The moment names the copy: a repeat replaces it.
    """
    section = work.config.maintain
    if section.backups is None:
        return None
    folder = work.config.root / section.backups
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    end = upkeep.ending(work.engine)
    target = folder / f"{_PREFIX}{moment.astimezone(UTC):%Y%m%dT%H%M%SZ}{end}"
    upkeep.copy_store(work.engine, target)
    copies = sorted(folder.glob(f"{_PREFIX}*{end}"))
    for old in copies[: -section.keep_backups]:
        old.unlink(missing_ok=True)
    return Backup(target, target.stat().st_size, min(len(copies), section.keep_backups))


def forget(work: Workplace, moment: datetime) -> Mapping[str, int]:
    """Drop what hub.toml keeps no longer at that moment: superseded versions, landed deliveries."""
    section, versions = work.config.maintain, 0
    if section.raw_days is not None:
        before = moment - timedelta(days=section.raw_days)
        while dropped := _forget_some(work, before):
            versions += dropped
    with writing(work.engine) as db:
        before = moment - timedelta(days=work.config.push.keep_days)
        return {"versions": versions, "deliveries": forget_deliveries(db, before)}


def _forget_some(work: Workplace, before: datetime) -> int:
    with writing(work.engine) as db:
        return upkeep.forget_versions(db, before)


def tidy(work: Workplace, *, vacuum: bool = False) -> int:
    """Have the database learn its tables anew, and rewrite them where asked; its size in bytes."""
    return upkeep.analyse(work.engine, vacuum=vacuum)


def train(work: Workplace, *, adopt: bool, actor: str, reason: str) -> Mapping[str, int]:
    """Train the matching model on all records, and put it in force where that is asked."""
    done = training.train(work.engine, country=work.config.hub.country)
    anew = 0
    if adopt:
        anew = training.adopt(work.engine, done.version, actor=actor, reason=reason)
    return {"contents": done.contents, "resolved_anew": anew}
