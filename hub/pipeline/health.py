"""Health of the connections: what is broken first, and what mends it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import IntEnum
from itertools import groupby, takewhile
from typing import Final, NamedTuple

from hub.pipeline.workplace import Workplace
from hub.store.database import reading
from hub.store.stream_health import Run, StreamHealth, Waiting, stream_health, what_waits

_HOURS: Final[Mapping[str, int]] = {
    "@hourly": 1,
    "@daily": 24,
    "@weekly": 168,
    "@monthly": 744,
    "@quarterly": 2232,
    "@yearly": 8784,
}
_UNPLANNED: Final = timedelta(hours=48)
_OPEN_CIRCUIT: Final = 3
"""After so many failures in a row a system counts as broken, and not as troubled."""


class State(IntEnum):
    """From the worst: pages list in this order."""

    BROKEN = 0
    TROUBLED = 1
    LATE = 2
    UNREAD = 3
    PAUSED = 4
    WORKING = 5
    GOOD = 6


class Remedy(NamedTuple):
    """What a person can do: a sentence, and a command where one does it."""

    text: str
    command: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamLine:
    """A stream as the page shows it; ``failures`` are those in a row up to now."""

    health: StreamHealth
    failures: int
    error: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionHealth:
    """A connection; times and counts are those of its worst stream, or sums."""

    name: str
    connector: str
    office: str
    state: State
    last_good: datetime | None
    lag: timedelta | None
    read: int
    changed: int
    waiting: int
    quarantined: int
    failures: int
    error: str | None
    remedy: Remedy | None
    runs: Sequence[Run]
    streams: Sequence[StreamLine]


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """The whole: connections, the worst first, and what waits beside them."""

    connections: Sequence[ConnectionHealth]
    waiting: Waiting
    now: datetime

    @property
    def broken(self) -> int:
        """How many connections need somebody."""
        return sum(item.state <= State.LATE for item in self.connections)


def read_health(work: Workplace) -> Health:
    """How everything fares now; a configured connection that was never read is listed too."""
    now = datetime.now(UTC)
    with reading(work.engine) as db:
        streams = stream_health(db)
        waiting = what_waits(db)
    known = {
        name: [_line(item) for item in items]
        for name, items in groupby(streams, key=lambda item: item.connection)
    }
    sections = work.config.connections
    lines = [_connection(name, known[name], _allowed(work, name), now) for name in known]
    lines += [
        _unread(name, section.connector, section.office)
        for name, section in sections.items()
        if name not in known
    ]
    return Health(
        connections=sorted(lines, key=lambda item: (item.state, -item.failures, item.name)),
        waiting=waiting,
        now=now,
    )


def _allowed(work: Workplace, name: str) -> timedelta:
    """How old the last good reading may be: twice what is planned, and a little."""
    section = work.config.connections.get(name)
    hours = _HOURS.get(section.schedule or "") if section else None
    return _UNPLANNED if hours is None else timedelta(hours=2 * hours, minutes=30)


def _line(health: StreamHealth) -> StreamLine:
    ended = [item for item in health.runs if item.ended_at is not None]
    failed = list(takewhile(lambda item: item.state != "ok", ended))
    return StreamLine(
        health=health,
        failures=len(failed),
        error=failed[0].error or failed[0].state if failed else None,
    )


def _connection(
    name: str, lines: Sequence[StreamLine], allowed: timedelta, now: datetime
) -> ConnectionHealth:
    held = [line.health for line in lines]
    worst = max(lines, key=lambda line: line.failures)
    goods = [item.last_good for item in held]
    last_good = None if None in goods else min(good for good in goods if good is not None)
    lag = now - last_good if last_good else None
    state = _state(held, worst.failures, late=lag is None or lag > allowed)
    latest = [item.runs[0] for item in held if item.runs]
    return ConnectionHealth(
        name=name,
        connector=held[0].connector,
        office=held[0].office,
        state=state,
        last_good=last_good,
        lag=lag,
        read=sum(item.read for item in latest),
        changed=sum(item.changed for item in latest),
        waiting=sum(item.waiting for item in held),
        quarantined=sum(item.quarantined for item in held),
        failures=worst.failures,
        error=worst.error,
        remedy=_remedy(name, state, worst.error),
        runs=_merged(held),
        streams=lines,
    )


def _merged(streams: Sequence[StreamHealth]) -> list[Run]:
    """The runs of all streams in order of time, for the chart."""
    runs = sorted((run for item in streams for run in item.runs), key=lambda run: run.started_at)
    return runs[-32:]


def _state(streams: Sequence[StreamHealth], failures: int, *, late: bool) -> State:
    if failures >= _OPEN_CIRCUIT:
        return State.BROKEN
    if failures:
        return State.TROUBLED
    if any(item.working for item in streams):
        return State.WORKING
    if late:
        return State.LATE
    return State.PAUSED if any(item.paused for item in streams) else State.GOOD


_REMEDIES: Final = (
    (
        r"log ?in|credential|password|token|401|403|authent",
        "The system refuses the login: mend the credentials, then try.",
        "hub connection check {name}",
    ),
    (
        r"circuit|not asked",
        "The system failed again and again and is left alone for a while: look whether it is up.",
        "hub connection check {name}",
    ),
    (
        r"schema|field|column|unreadable",
        "The system answers in another form than before: look at the mapping, then read again.",
        "hub sync {name}",
    ),
    (
        r"delete|missing|vanish",
        "More records are gone than may go unasked: look at the system, then allow it.",
        "hub sync {name} --allow-deletes",
    ),
    (r"abandoned", "The last run was stopped in the middle: read again.", "hub sync {name}"),
)


def _remedy(name: str, state: State, error: str | None) -> Remedy | None:
    if state in {State.BROKEN, State.TROUBLED}:
        for pattern, text, command in _REMEDIES:
            if re.search(pattern, error or "", re.IGNORECASE):
                return Remedy(text, command.format(name=name))
        return Remedy("Read again; the reason is above.", f"hub sync {name}")
    if state is State.LATE:
        return Remedy("No good reading for too long: read now.", f"hub sync {name}")
    if state is State.PAUSED:
        return Remedy("Writing to it is paused.", f"hub connection resume {name}")
    return None


def _unread(name: str, connector: str, office: str) -> ConnectionHealth:
    return ConnectionHealth(
        name=name,
        connector=connector,
        office=office,
        state=State.UNREAD,
        last_good=None,
        lag=None,
        read=0,
        changed=0,
        waiting=0,
        quarantined=0,
        failures=0,
        error=None,
        remedy=Remedy("It was never read: check the connection, then read it.", f"hub sync {name}"),
        runs=(),
        streams=(),
    )
