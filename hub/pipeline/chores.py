"""Chores: the steps of the job as ``hub run`` does them again and again, with what they count."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, Final

from hub.errors import DeliveryError, HubError, SourceUnavailableError
from hub.pipeline import steps, writeback
from hub.pipeline.loops import Counts, Done
from hub.pipeline.push import drain
from hub.pipeline.turn import SyncMode
from hub.pipeline.workplace import Workplace
from hub.store.database import reading
from hub.store.deliveries import due_deliveries

_SAME: Final = frozenset({"read", "pages", "taken", "unchanged", "repeated", "stale"})
"""Counts that say nothing where nothing else is counted."""

Ending = Callable[[], bool]


def land(work: Workplace, connection: str) -> Done:
    """Land some of what a system has pushed: soon it shall be resolved, while more is landed.

    What has to wait is trouble once it is all that there is.
    """
    report = drain(work, connection, batches=1)
    stuck = report.errors and not report.counts["done"]
    return Done(_numbers([report.as_counts()]), report.errors[-1] if stuck else None)


def read(work: Workplace, connection: str, ending: Ending) -> Done:
    """Read what has changed in a system; a stream that is broken in itself stops no other."""
    errors: list[HubError] = []
    reports: list[Mapping[str, Any]] = []
    mode = SyncMode(ending=ending)
    try:
        for report in steps.sync_connection(work, connection, mode=mode, failed=errors.append):
            reports.append(report.as_counts())
            if report.note:
                errors.append(HubError(f"{connection}/{report.stream}: {report.note}"))
    except HubError as error:
        errors.append(error)
    named = [steps.name_connection(error, connection) for error in errors]
    return Done(_news(_numbers(reports)), named[-1] if named else None)


def resolve(work: Workplace) -> Done:
    """Resolve what is pending, and compute the golden records it touches."""
    counts = dict(_numbers([steps.resolve(work)]))
    counts.pop("golden_same", None)
    return Done(counts)


def stage(work: Workplace) -> Done:
    """Turn the events of customers into deliveries."""
    return Done(writeback.stage(work))


def write(work: Workplace, connection: str, ending: Ending) -> Done:
    """Send what is due to one system; what could not go now is tried again later and later."""
    with reading(work.engine) as db:
        if not due_deliveries(db, connection, datetime.now(UTC), 1):
            return Done({})
    counts = writeback.deliver(work, connection, ending=ending)
    if counts.get("planned"):
        left = f"{connection}: {counts['planned']} deliveries could not be sent now"
        return Done(counts, SourceUnavailableError(left))
    if counts.get("held"):
        held = f"{connection}: {counts['held']} deliveries need approval: `hub publish --plan`"
        return Done(counts, DeliveryError(held))
    return Done(counts)


def _numbers(reports: Iterable[Mapping[str, Any]]) -> Counts:
    """The sums of what was counted by number; what is counted by rule is left to the runs."""
    total: Counter[str] = Counter()
    for report in reports:
        total.update(dict(_plain(report)))
    return total


def _plain(report: Mapping[str, Any]) -> Iterator[tuple[str, int]]:
    for name, count in report.items():
        if isinstance(count, int) and name != "epoch":
            yield name, count


def _news(counts: Counts) -> Counts:
    """Nothing, where all that was read is known already."""
    return counts if any(counts[name] for name in counts.keys() - _SAME) else {}
