"""Control totals: asks the systems themselves what they hold, and notes it beside what we hold.

By this a record shows that no sync has ever seen. A difference may be in flight: it is taken for
lost only where a reading that began after it was first seen has not mended it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Final, cast

from hub.errors import AuthenticationError, ContractError, HubError, TransientSourceError
from hub.pipeline.blame import name_breakdown
from hub.pipeline.connections import OpenConnection
from hub.pipeline.workplace import Workplace
from hub.sdk.contract import Capability, Counter, Stream, Total
from hub.store import runs, streams, totals
from hub.store.columns import to_scaled
from hub.store.database import Connection, reading, writing

_AWAY: Final = (TransientSourceError, AuthenticationError)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One stream that was asked; ``problem`` says why there is no answer, if there is none."""

    connection: str
    stream: str
    system: int | None = None
    held: int | None = None
    problem: str | None = None


def ask_systems(work: Workplace) -> list[Asked]:
    """Ask every configured system that can count what it holds of the streams that were read.

    A system that does not answer is noted with the reason; the others are asked all the same.
    """
    return [asked for name in work.config.connections for asked in _ask_connection(work, name)]


def _ask_connection(work: Workplace, name: str) -> Iterator[Asked]:
    """Ask about each stream; a system that is away, or refuses the login, is asked once."""
    away: HubError | None = None
    try:
        with work.site.connected(name) as opened:
            for stream, stream_id in _counted(work, opened):
                told = away or _count(opened, stream)
                away = told if isinstance(told, _AWAY) else None
                yield _note(work, opened, (stream, stream_id), told)
    except HubError as error:  # it can't even be opened: its syncs say so too
        yield Asked(connection=name, stream="", problem=str(error))


def _counted(work: Workplace, opened: OpenConnection) -> Iterator[tuple[Stream, int]]:
    """The streams that were read and can be counted, with their ids."""
    for stream in opened.streams:
        if Capability.COUNT in stream.capabilities:
            with reading(work.engine) as db:
                stream_id = streams.find_stream(db, opened.name, stream.name)
            if stream_id is not None:
                yield stream, stream_id


def _count(opened: OpenConnection, stream: Stream) -> Total | HubError:
    try:
        return cast("Counter", opened.connector).count(stream.name)
    except HubError as error:
        return error
    except Exception as error:  # noqa: BLE001  # a foreign connector may raise anything
        return ContractError(f"{opened.spec.name} can't count: {name_breakdown(error)}")


def _note(
    work: Workplace, opened: OpenConnection, asked: tuple[Stream, int], told: Total | HubError
) -> Asked:
    """Keep the answer, or why there is none, as a run of its own."""
    stream, stream_id = asked
    place = Asked(connection=opened.name, stream=stream.name)
    with reading(work.engine) as db:  # to count takes a while, and nobody has to wait for it
        owner = streams.read_stream(db, stream_id).connection_id
        counts = {} if isinstance(told, HubError) else _compare(db, stream_id, told)
    problem = str(told) if isinstance(told, HubError) else None
    with writing(work.engine) as db:
        run_id = runs.start_run(db, totals.STEP, connection_id=owner, stream_id=stream_id)
        state = "ok" if problem is None else "failed"
        runs.finish_run(db, run_id, state=state, counts=counts, error=problem)
    return replace(place, system=counts.get("asked"), held=counts.get("held"), problem=problem)


def _compare(db: Connection, stream_id: int, told: Total) -> dict[str, Any]:
    """Both sides, and since when they differ.

    Of those who were erased here the system may still have records, or not: both are in order.
    """
    held = totals.held_total(db, stream_id, tuple(told.sums))
    ours = min(max(told.records, held.records), held.records + held.erased)
    sums = {
        name: {"asked": to_scaled(round(value, 4)), "held": to_scaled(held.sums[name])}
        for name, value in told.sums.items()
    }
    differs = ours != told.records or any(one["asked"] != one["held"] for one in sums.values())
    since = totals.last_ask(db, stream_id).get("since") if differs else None
    begun = datetime.fromisoformat(since) if since else datetime.now(UTC)
    read = totals.last_read(db, stream_id)
    return {
        "asked": told.records,
        "held": ours,
        "sums": sums,
        "since": begun.isoformat() if differs else None,
        "outlived": int(differs and read is not None and read > begun),
    }
