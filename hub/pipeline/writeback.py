"""The steps of write-back as the command line and Airflow run them; each may be repeated."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from typing import Final

from hub.errors import ConfigError
from hub.pipeline import creating, delivering, erasing, publish, publish_plan
from hub.pipeline.brakes import Gate, excess
from hub.pipeline.conflicts import Conflicts
from hub.pipeline.pace import Pace
from hub.pipeline.publish_plan import Publishing, PublishPlan
from hub.pipeline.subscriptions import read_creations, read_subscriptions
from hub.pipeline.turn import never
from hub.pipeline.workplace import Workplace
from hub.sdk.overrides import shared_budgets
from hub.store import brakes, outbox
from hub.store.audit import Entry, add_entries, new_act
from hub.store.database import reading, writing
from hub.store.events import requeue_events

STOPPED: Final = ("held", "paused", "closed")
"""Counts of deliveries that stay where they are: a person is asked, or time has to pass."""


def publishing(work: Workplace) -> Publishing:
    """What hub.toml says about publishing, checked against the mappings."""
    return Publishing(
        subscriptions=read_subscriptions(work.site),
        newcomers=read_creations(work.site),
        country=work.config.hub.country,
        brakes=work.config.publish.brakes,
    )


def plan_publish(work: Workplace) -> PublishPlan:
    """What a publish would write now, pinned by a digest; nothing is stored."""
    return publish_plan.plan_publish(work.engine, publishing(work))


def approve_publish(work: Workplace, digest: str, *, actor: str) -> PublishPlan:
    """Stage, and approve exactly what the plan with this digest showed, or refuse."""
    return publish_plan.approve_publish(work.engine, publishing(work), digest, actor=actor)


def stage(work: Workplace) -> Mapping[str, int]:
    """Turn waiting events into deliveries."""
    rules, newcomers = read_subscriptions(work.site), read_creations(work.site)
    country = work.config.hub.country
    return publish.stage_deliveries(work.engine, rules, country, newcomers)


def stage_all(work: Workplace) -> int:
    """Have every customer looked at anew by the next staging: rules or audiences have changed."""
    with writing(work.engine) as db:
        outbox.take_turn(db)
        return requeue_events(db)


def deliver(
    work: Workplace, connection: str, *, ending: Callable[[], bool] = never
) -> Mapping[str, int]:
    """Send what is due to one connection, as far as its brakes let it.

    What stays is counted too: ``held`` waits for approval, ``paused`` for a person, ``closed`` for
    the window of writes. ``ending`` is asked after each request whether to stop there.
    """
    section = work.config.publish.brakes.get(connection) or publish_plan.NO_SECTION
    gate = Gate(work.engine, connection, section, ending=ending)
    with reading(work.engine) as db:
        planned = brakes.planned_deliveries(db, connection)
        held = excess(db, connection, section, planned) is not None
    stopped = gate.stop()
    counts: dict[str, int] = {}
    if stopped is None:
        with ExitStack() as stack:
            alone = work.site.section(connection).standin is not None
            with shared_budgets():
                opened = [
                    stack.enter_context(work.site.connected(connection))
                    for _ in range(1 if alone else section.at_once)
                ]
            pace, key = _pace(work), work.config.erasure_key
            made = creating.create_records(
                work.engine, opened[0], pace, barrier=gate, approved=held
            )
            gone = erasing.erase_records(work.engine, opened[0], pace, key=key, going=(gate, held))
            counts = delivering.deliver(work.engine, opened, pace, barrier=gate, approved=held)
        counts = dict(Counter(made) + Counter(gone) + Counter(counts))
        stopped = gate.stop()
    return counts | _left(work, connection, stopped or ("held" if held else None))


def pause(work: Workplace, connection: str, *, actor: str, reason: str) -> bool:
    """Write nothing to a connection from now on; False where it is paused already."""
    return _set_pause(work, connection, datetime.now(UTC), (actor, reason))


def resume(work: Workplace, connection: str, *, actor: str, reason: str) -> bool:
    """Let writes to a connection go on; False where it was not paused."""
    return _set_pause(work, connection, None, (actor, reason))


def _set_pause(
    work: Workplace, connection: str, paused_at: datetime | None, word: tuple[str, str]
) -> bool:
    work.config.connection(connection)
    with writing(work.engine) as db:
        if connection not in brakes.known_connections(db):
            raise ConfigError(f"{connection} was never synced, so nothing is written to it")
        changed = brakes.set_pause(db, connection, paused_at)
        action = "pause" if paused_at else "resume"
        entries = [Entry(action, {"connection": connection})] if changed else []
        add_entries(db, new_act(*word), entries, datetime.now(UTC))
    return changed


def _left(work: Workplace, connection: str, why: str | None) -> dict[str, int]:
    """How many deliveries stay planned, by the word that says why."""
    if why is None:
        return {}
    with reading(work.engine) as db:
        left = len(brakes.planned_deliveries(db, connection))
        left += len(brakes.planned_records(db, connection))
    return {why: left} if left else {}


def _pace(work: Workplace) -> Pace:
    section = work.config.publish
    return Pace(
        settle=timedelta(seconds=section.settle_seconds),
        request=timedelta(seconds=section.request_seconds),
        max_writes=section.max_writes,
        max_failures=section.max_failures,
        country=work.config.hub.country,
        conflicts=Conflicts(section.conflicts),
    )
