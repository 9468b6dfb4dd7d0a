"""The bodies of the tasks that keep the store in order."""

from __future__ import annotations

from datetime import datetime

from airflow.sdk.exceptions import AirflowSkipException

from hub.airflow.counting import Counts
from hub.airflow.tasks import workplace
from hub.pipeline import maintain


def back_up(moment: datetime) -> Counts:
    """Copy the store beside hub.toml; the copy is named by the run, so a repeat replaces it."""
    with workplace() as work:
        done = maintain.back_up(work, moment)
    if done is None:
        raise AirflowSkipException("maintain.backups is none: the store is backed up elsewhere")
    return {"bytes": done.size, "kept": done.kept}


def forget(moment: datetime) -> Counts:
    """Drop what hub.toml keeps no longer."""
    with workplace() as work:
        return dict(maintain.forget(work, moment))


def tidy(*, vacuum: bool) -> Counts:
    """Let the database learn its tables anew, and give back space where that is asked."""
    with workplace() as work:
        return {"bytes": maintain.tidy(work, vacuum=vacuum)}


def train(run_id: str, *, adopt: bool) -> Counts:
    """Train the matching model; it is in force only where it is to be adopted."""
    with workplace() as work:
        return dict(maintain.train(work, adopt=adopt, actor="airflow", reason=f"run {run_id}"))
