"""The bodies of the tasks that publish, and that ask a person first."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hub.airflow.counting import Counts, level, who_answered
from hub.airflow.tasks import workplace
from hub.errors import StoreError
from hub.pipeline import writeback


def stage() -> Counts:
    """Turn events into deliveries."""
    with workplace() as work:
        return level(writeback.stage(work))


def deliver(connection: str) -> Counts:
    """Send what is due to one connection, as far as its brakes let it; ``held`` waits."""
    with workplace() as work:
        return level(writeback.deliver(work, connection))


def plan_publish() -> dict[str, Any]:
    """What waits to be written: its digest, how many, and a text for a person without values.

    ``count`` is 0 where no brake holds anything back.
    """
    with workplace() as work:
        plan = writeback.plan_publish(work).as_dict()
    counts = [f"* **{name}**: {count:,} writes" for name, count in plan["counts"].items()]
    stops = [f"* {name}: {reason}" for name, reason in plan["stops"].items()]
    text = "\n".join([*counts, "", *stops, "", "`hub publish --plan` shows them field by field."])
    total = sum(plan["counts"].values()) if stops else 0
    return {"digest": plan["digest"], "count": total, "text": text}


def approve_publish(digest: str, answer: Mapping[str, Any]) -> Counts:
    """Approve exactly what was shown, on the word of who answered; counts by connection.

    ``held`` counts what has to be asked anew instead, since other changes have come meanwhile. A
    try after one that was killed at its very end finds nothing held.
    """
    with workplace() as work:
        try:
            plan = writeback.approve_publish(work, digest, actor=who_answered(answer)).as_dict()
        except StoreError:
            now = writeback.plan_publish(work).as_dict()
            if now["digest"] == digest:
                raise
            return {"held": sum(now["counts"].values()) if now["stops"] else 0}
        return level(plan["counts"])
