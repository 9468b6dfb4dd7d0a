"""The steps of write-back as the command line and Airflow run them; each may be repeated."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from hub.pipeline import delivering, publish
from hub.pipeline.delivering import Pace
from hub.pipeline.subscriptions import read_subscriptions
from hub.pipeline.workplace import Workplace
from hub.store import outbox
from hub.store.database import writing
from hub.store.events import requeue_events
from hub.store.outbox import PlannedWrite


def plan_publish(work: Workplace) -> list[PlannedWrite]:
    """What a publish would write now; nothing is stored."""
    return publish.plan_writes(work.engine, read_subscriptions(work.site), work.config.hub.country)


def stage(work: Workplace) -> Mapping[str, int]:
    """Turn waiting events into deliveries."""
    rules = read_subscriptions(work.site)
    return publish.stage_deliveries(work.engine, rules, work.config.hub.country)


def stage_all(work: Workplace) -> int:
    """Have every customer looked at anew by the next staging: rules or audiences have changed."""
    with writing(work.engine) as db:
        outbox.take_turn(db)
        return requeue_events(db)


def deliver(work: Workplace, connection: str) -> Mapping[str, int]:
    """Send what is due to one connection."""
    section = work.config.publish
    pace = Pace(
        settle=timedelta(seconds=section.settle_seconds),
        request=timedelta(seconds=section.request_seconds),
        max_writes=section.max_writes,
        max_failures=section.max_failures,
        country=work.config.hub.country,
    )
    with work.site.connected(connection) as opened:
        return delivering.deliver(work.engine, opened, pace)
