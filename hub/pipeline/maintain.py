"""Maintain: backups, retention, fresh statistics, and training on purpose; each may be repeated."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final, NamedTuple

from hub.pipeline import training
from hub.pipeline.workplace import Workplace
from hub.store import upkeep
from hub.store.database import Connection, writing
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
    """Drop what hub.toml keeps no longer then: superseded versions, runs, landed deliveries."""
    section = work.config.maintain
    counts = {
        "versions": _forget_all(work, upkeep.forget_versions, moment, section.raw_days),
        "runs": _forget_all(work, upkeep.forget_runs, moment, section.run_days),
    }
    with writing(work.engine) as db:
        before = moment - timedelta(days=work.config.push.keep_days)
        return {**counts, "deliveries": forget_deliveries(db, before)}


def _forget_all(
    work: Workplace, drop: Callable[[Connection, datetime], int], moment: datetime, days: int | None
) -> int:
    """Drop some at a time, so that nobody waits long for the store."""
    if days is None:
        return 0
    before, total = moment - timedelta(days=days), 0
    while True:
        with writing(work.engine) as db:
            dropped = drop(db, before)
        if not dropped:
            return total
        total += dropped


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
