"""Brakes of publishing: what stops a connection's deliveries, and how fast they go."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Final

from hub.ownership import BrakesSection
from hub.store import brakes as store
from hub.store.brakes import PlannedDelivery
from hub.store.database import Connection, Engine, reading
from hub.store.whole import CREATE

_MINUTE: Final = timedelta(minutes=1)
_LONGEST_SLEEP: Final = 1.0
_LOOK: Final = "look at `hub publish --plan`"


def _now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Clock:
    """The time, and how to wait; a test brings its own."""

    now: Callable[[], datetime] = _now
    sleep: Callable[[float], None] = time.sleep


@dataclass(frozen=True, slots=True)
class Gate:
    """Lets deliveries to one connection through: not while it is paused, only in its window."""

    engine: Engine
    connection: str
    section: BrakesSection
    clock: Clock = field(default_factory=Clock)

    def stop(self) -> str | None:
        """``paused`` or ``closed`` where nothing may go now, else None."""
        with reading(self.engine) as db:
            if self.connection in store.paused_connections(db):
                return "paused"
        return None if self.section.is_open(self.clock.now()) else "closed"

    def allowance(self) -> int | None:
        """How many deliveries may go now, once at least one may; None for any number.

        0 where the connection was paused or its window closed meanwhile.
        """
        most = self.section.per_minute
        while most is not None and self.stop() is None:
            since = self.clock.now() - _MINUTE
            with reading(self.engine) as db:
                sent = store.sent_since(db, self.connection, since)
            if len(sent) < most:
                return most - len(sent)
            wait = (sent[len(sent) - most] - since).total_seconds()
            self.clock.sleep(min(max(wait, 0.01), _LONGEST_SLEEP))
        return 0 if self.stop() else None


def excess(
    db: Connection, connection: str, section: BrakesSection, planned: Sequence[PlannedDelivery]
) -> str | None:
    """Why a person must approve what is planned for a connection; None where it may go.

    Only what nobody has approved counts, and by record: two fields of one are one change.
    """
    waiting = [item for item in planned if not item.approved and item.connection == connection]
    reasons = (*_excess_of_records(db, connection, section), _excess_of(db, section, waiting))
    return "; ".join(reason for reason in reasons if reason) or None


def _excess_of(
    db: Connection, section: BrakesSection, waiting: Sequence[PlannedDelivery]
) -> str | None:
    records = {item.record_id for item in waiting}
    if len(records) <= section.min_changed:
        return None
    connection = waiting[0].connection
    live = store.live_records(db, connection, {item.stream for item in waiting})
    if len(records) <= section.max_changed_share * live:
        return None
    share = section.max_changed_share
    return (
        f"{len(records):,} of {live:,} records would change, more than publish.brakes."
        f"{connection}.max_changed_share = {share:g} allows: {_LOOK}"
    )


def _excess_of_records(db: Connection, connection: str, section: BrakesSection) -> Iterator[str]:
    kinds = Counter(i.kind for i in store.planned_records(db, connection) if not i.approved)
    erased = kinds.total() - kinds[CREATE]
    limits = ((kinds[CREATE], "max_creates", "made"), (erased, "max_deletes", "erased"))
    for count, name, word in limits:
        most = getattr(section, name)
        if count > most:
            yield (
                f"{count:,} records would be {word}, more than publish.brakes.{connection}."
                f"{name} = {most} allows: {_LOOK}"
            )
