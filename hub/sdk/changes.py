"""How a system is asked for what changed: by a time, its own position, or a condition."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo
from typing import Any, Final, Literal

from pydantic import JsonValue

from hub.errors import SourceSchemaError

_ISO: Final = "iso"
_SAFE: Final = re.compile(r"^[A-Za-z0-9 :.+\-_]*$")


@dataclass(frozen=True, slots=True)
class Times:
    """How a system writes times: ``iso``, ``epoch`` (seconds), ``epoch_ms``, or a strftime form.

    ``zone`` holds for times without an offset.
    """

    form: Literal["iso", "epoch", "epoch_ms"] | str = _ISO  # noqa: PYI051  # names the usual ones
    zone: tzinfo = UTC

    def parse(self, value: Any) -> datetime:
        """The moment in UTC; ValueError where it is none."""
        if self.form in ("epoch", "epoch_ms"):
            seconds = float(value) / (1000 if self.form == "epoch_ms" else 1)
            return datetime.fromtimestamp(seconds, UTC)
        text = str(value)
        moment = (
            datetime.fromisoformat(text)
            if self.form == _ISO
            else datetime.strptime(text, self.form)  # noqa: DTZ007  # the zone is set below
        )
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=self.zone)
        return moment.astimezone(UTC)

    def format(self, moment: datetime) -> str | int:
        """The moment as the system takes it."""
        if self.form == "epoch":
            return int(moment.timestamp())
        if self.form == "epoch_ms":
            return int(moment.timestamp() * 1000)
        local = moment.astimezone(self.zone)
        if self.form != _ISO:
            return local.strftime(self.form)
        text = local.isoformat(timespec="milliseconds")
        return text.replace("+00:00", "Z")


@dataclass(frozen=True, slots=True, kw_only=True)
class Since:
    """The parameter that asks for records changed since a time.

    ``text`` is its value, with ``{time}`` in it. Each run looks back by ``overlap`` seconds, longer
    than the system's longest transaction; what comes again unchanged is not handed on.
    ``exclusive`` says that the system leaves out records of just that time.

    ``sorted_by_time`` says that the list is sorted by the time of change, oldest first (ask for
    that in ``params``): then each page starts at the time that the last one ended with, so that
    records that change while we read can't move others past us. Without it, the list must be sorted
    by what stays, such as the id, or dealt out by the system's own cursors.
    """

    param: str
    text: str = "{time}"
    overlap: float = 120.0
    exclusive: bool = False
    sorted_by_time: bool = False

    def value(self, moment: datetime, times: Times) -> JsonValue:
        """The parameter's value; a number stays one where nothing stands around it."""
        written = times.format(moment)
        return written if self.text == "{time}" else self.text.format(time=written)


@dataclass(frozen=True, slots=True, kw_only=True)
class Feed:
    """The system's own position in its changes: a cursor, sync token or end time that it gives.

    ``next`` is the path of the position in each answer, ``param`` takes it back; ``start`` is asked
    for while there is none. ``more`` is the path of a flag that says that there is more at once,
    ``ended`` of one that says that there is not; without either, an empty answer is the end. A
    system that says that there is more and gives the same position again is refused. What comes
    again unchanged (an end time gives its last second twice) is not handed on.
    """

    param: str
    next: str
    start: Mapping[str, JsonValue] = field(default_factory=dict)
    more: str = ""
    ended: str = ""
    size_param: str = ""
    size: int = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Keyset:
    """A condition over (time of change, key): what comes after the last record that was read.

    For systems with a query language. The list must be sorted by both (ask for it in ``params``).
    ``then`` is the condition after a record, with ``{time}`` and ``{key}``; ``first`` the one at
    the start ('' for none). ``until`` (``" and updated <= {until}"``) is appended where it is set,
    and what is younger than ``settle`` seconds waits for the next run: a transaction may commit
    after a later one with an older time in it. Texts from the system are put into the condition
    only if they are plain words, numbers or times.
    """

    param: str
    then: str
    first: str = ""
    until: str = ""
    settle: float = 60.0
    size_param: str = "limit"
    size: int = 100

    def condition(self, last: tuple[str, str] | None, until: str) -> str:
        """The condition after the record with this time and key."""
        bound = self.until.format(until=until) if self.until else ""
        if last is None:
            return f"{self.first}{bound}" if self.first else bound.removeprefix(" and ").strip()
        time, key = last
        if not (_SAFE.match(time) and _SAFE.match(key)):
            raise SourceSchemaError(
                "a record's time or key holds signs that can't stand in a condition safely"
            )
        return self.then.format(time=time, key=key) + bound
