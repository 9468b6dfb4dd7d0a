"""The steps of write-back as the command line and Airflow run them; each may be repeated."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from hub.errors import ConfigError
from hub.pipeline import delivering, publish
from hub.pipeline.delivering import Pace
from hub.pipeline.publish import Subscription
from hub.pipeline.workplace import Workplace
from hub.store.outbox import PlannedWrite


def subscriptions(work: Workplace) -> list[Subscription]:
    """Who gets which golden value, with the field that the mapping's write side names."""
    return [
        Subscription(
            attribute=rule.attribute,
            connection=rule.connection,
            stream=rule.stream,
            field=_field(work, rule.connection, rule.stream, rule.attribute),
            mode=rule.mode,
        )
        for rule in work.config.publish.rules
    ]


def _field(work: Workplace, connection: str, stream: str, attribute: str) -> str:
    mapping = work.site.mapping(connection)
    field = mapping.write.get(stream, {}).get(attribute)
    if field is None:
        raise ConfigError(
            f"publish.rules: the mapping {mapping.file} has no write side for {attribute} of "
            f"{connection}/{stream}; add it under write:"
        )
    return field


def plan_publish(work: Workplace) -> list[PlannedWrite]:
    """What a publish would write now; nothing is stored."""
    return publish.plan_writes(work.engine, subscriptions(work), work.config.hub.country)


def stage(work: Workplace) -> Mapping[str, int]:
    """Turn waiting events into deliveries."""
    return publish.stage_deliveries(work.engine, subscriptions(work), work.config.hub.country)


def deliver(work: Workplace, connection: str) -> Mapping[str, int]:
    """Send what is due to one connection."""
    section = work.config.publish
    pace = Pace(
        settle=timedelta(seconds=section.settle_seconds),
        request=timedelta(seconds=section.request_seconds),
        max_writes=section.max_writes,
        country=work.config.hub.country,
    )
    with work.site.connected(connection) as opened:
        return delivering.deliver(work.engine, opened, pace)
