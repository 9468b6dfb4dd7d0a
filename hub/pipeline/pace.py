"""The pace of publishing: how long writes and their effects may take, and how many a run makes."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from hub.pipeline.conflicts import Conflicts


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How long a request and its effect at the target may take, and how many writes a run may make.

    A batch may take several requests, of which none begins once ``batch`` has passed. A delivery
    whose worker died is looked up after all of these have passed, never before. One that has failed
    by itself ``max_failures`` times is given up.
    """

    settle: timedelta = timedelta(seconds=60)
    request: timedelta = timedelta(seconds=60)
    batch: timedelta = timedelta(seconds=20)
    max_writes: int = 500
    max_failures: int = 5
    country: str = "DE"
    conflicts: Conflicts = field(default_factory=Conflicts)

    def until(self, now: datetime) -> datetime:
        """When a request that leaves now can have no more effect."""
        return now + self.request + self.settle
