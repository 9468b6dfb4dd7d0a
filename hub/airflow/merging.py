"""The bodies of the tasks that ask a person before many customers are merged."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hub.airflow.counting import Counts, level, who_answered
from hub.airflow.tasks import workplace
from hub.errors import StoreError
from hub.pipeline import planning
from hub.pipeline.workplace import Workplace


def plan_merges() -> dict[str, Any]:
    """What waits to be merged: its digest, how many, and a text for a person without values.

    ``count`` is 0 where the brake would let it pass.
    """
    with workplace() as work:
        proposal = planning.propose_resolve(work)
        merges = proposal.plan.merges
        limit = work.config.resolve.max_merges
        counts = level(proposal.counts)
    lines = [f"* {name.replace('_', ' ')}: {count:,}" for name, count in counts.items() if count]
    told = f"More than `resolve.max_merges` = {limit} customers would lose their id to another."
    seen = f"`hub resolve --plan` shows them one by one; this is plan `{proposal.digest}`."
    text = "\n".join([told, "", *lines, "", seen])
    return {"digest": proposal.digest, "count": merges if merges > limit else 0, "text": text}


def approve_merges(digest: str, answer: Mapping[str, Any]) -> Counts:
    """Do exactly what was shown; ``held`` counts what has to be asked anew instead.

    A try after one that was killed at its very end finds nothing left to do.
    """
    with workplace() as work:
        try:
            done = planning.apply_resolve(work, digest, actor=who_answered(answer))
        except StoreError:
            held = _held_now(work, digest)
            if held is None:
                raise
            return {"held": held}
        return level(done)


def _held_now(work: Workplace, digest: str) -> int | None:
    """How many merges wait now that the plan is another; None where it is still the same."""
    proposal = planning.propose_resolve(work)
    if proposal.digest == digest:
        return None
    merges = proposal.plan.merges
    return merges if merges > work.config.resolve.max_merges else 0
