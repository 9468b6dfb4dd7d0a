"""The bodies of the tasks: open the workplace, run one use case, return counts."""

from __future__ import annotations

import os
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from hub.airflow.counting import Counts, level
from hub.airflow.credentials import airflow_credentials
from hub.config import find_config
from hub.errors import HubError, PermanentSourceError
from hub.pipeline import report_mail, steps
from hub.pipeline.turn import SyncMode
from hub.pipeline.workplace import Workplace, open_workplace
from hub.sdk.contract import Capability
from hub.store.database import reading
from hub.store.material import pending_parties
from hub.store.waiting import pending_ids


def list_streams(connection: str) -> list[str]:
    """The streams of a connection that are to be synced."""
    with workplace() as work:
        return steps.stream_names(work, connection)


def list_key_scans(connection: str) -> list[str]:
    """The streams of a connection whose keys can be read alone."""
    with workplace() as work:
        return steps.stream_names(work, connection, having=Capability.KEY_SCAN)


def sync_stream(
    connection: str,
    stream: str,
    *,
    full: bool = False,
    keys: bool = False,
    allow_deletes: bool = False,
) -> Counts:
    """Extract and canonicalise one stream; red if deletions were held back for a person."""
    with workplace() as work:
        mode = SyncMode(full=full, keys=keys, allow_deletes=allow_deletes)
        report = steps.sync_stream(work, connection, stream, mode=mode)
        if report.note:
            raise PermanentSourceError(report.note, system=connection, stream=stream)
        counts = level(report.as_counts())
        counts.pop("epoch", None)  # a number, but nothing that could be added up
        return {**counts, "waiting": int(_something_waits(work))}


def resolve(*, allow_merges: bool = False) -> Counts:
    """Resolve what is pending and compute golden records, or count what is ``held``."""
    with workplace() as work:
        return level(steps.resolve(work, allow_merges=allow_merges, hold=True))


def reconcile() -> Counts:
    """Run the reports and write their files beside hub.toml; the number of breaks by report."""
    with workplace() as work:
        return dict(steps.reconcile(work, work.config.root / "reports").break_counts)


def mail_reports() -> Counts:
    """Tell those whom ``[mail]`` names how many breaks stand."""
    with workplace() as work:
        return {"receivers": report_mail.mail_reports(work)}


def _something_waits(work: Workplace) -> bool:
    """Whether there is something to resolve, or a golden record to compute."""
    with reading(work.engine) as db:
        return bool(pending_ids(db, 0, 1) or pending_parties(db, 1))


@contextmanager
def workplace() -> Iterator[Workplace]:
    """The workplace that a task opens for itself, with Airflow's credentials."""
    with discreet():
        work = open_workplace(find_config(), {"airflow": airflow_credentials})
        try:
            yield work
        finally:
            work.engine.dispose()


@contextmanager
def discreet() -> Iterator[None]:
    """Airflow logs an error with its causes, and a driver's or validator's text quotes values.

    So our own errors, whose messages are clean (law 10), go without their causes, and any other
    becomes its class and place; HUB_DEBUG in the worker's environment shows them whole.
    """
    try:
        yield
    except Exception as error:
        if os.environ.get("HUB_DEBUG"):
            raise
        if isinstance(error, HubError):
            raise error from None
        raise HubError(
            f"unexpected {type(error).__name__} at {_place(error)}; "
            "set HUB_DEBUG=1 for the worker to see it whole"
        ) from None


def _place(error: Exception) -> str:
    last = traceback.extract_tb(error.__traceback__)[-1]
    return f"{Path(last.filename).name}:{last.lineno}"
