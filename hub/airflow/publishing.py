"""The bodies of the tasks that publish, and that ask a person first."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hub.airflow.tasks import Counts, level, workplace
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
    """What waits to be written: its digest, how many, and a text for a person without values."""
    with workplace() as work:
        plan = writeback.plan_publish(work).as_dict()
    counts = [f"* **{name}**: {count:,} writes" for name, count in plan["counts"].items()]
    stops = [f"* {name}: {reason}" for name, reason in plan["stops"].items()]
    text = "\n".join([*counts, "", *stops, "", "`hub publish --plan` shows them field by field."])
    return {"digest": plan["digest"], "writes": sum(plan["counts"].values()), "text": text}


def approve_publish(digest: str, answer: Mapping[str, Any]) -> Counts:
    """Approve exactly what was shown, on the word of who answered; counts by connection."""
    person = answer.get("responded_by_user") or {}
    actor = str(person.get("name") or person.get("id") or "airflow")
    with workplace() as work:
        return level(writeback.approve_publish(work, digest, actor=actor).as_dict()["counts"])
