"""What a person does with the quarantine: have its records mapped again."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from hub.pipeline.steps import canonicalise_all
from hub.pipeline.workplace import Workplace
from hub.store.audit import Act, Entry, add_entries
from hub.store.database import writing
from hub.store.quarantine import replay_quarantine


def replay_entries(work: Workplace, ids: Sequence[int] | None, act: Act) -> dict[str, int]:
    """Map the records of entries again, of all without ids; ``queued`` is how many there were.

    Where ids are named and none of them waits, nothing is done.
    """
    with writing(work.engine) as db:
        queued = replay_quarantine(db, ids)
        if queued:
            detail = {"entries": sorted(ids) if ids is not None else "all", "queued": queued}
            add_entries(db, act, [Entry("replay_quarantine", detail)], datetime.now(UTC))
    if ids is not None and not queued:
        return {"queued": 0, "mapped": 0, "quarantined": 0, "excluded": 0}
    return {"queued": queued, **canonicalise_all(work)}
