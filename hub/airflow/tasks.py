"""The bodies of the tasks: open the workplace, run one use case, return counts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from hub.airflow.credentials import airflow_credentials
from hub.config import find_config
from hub.errors import ConfigError
from hub.pipeline import steps
from hub.pipeline.workplace import Workplace, open_workplace


@contextmanager
def _workplace() -> Iterator[Workplace]:
    work = open_workplace(find_config(), {"airflow": airflow_credentials})
    try:
        yield work
    finally:
        work.engine.dispose()


def list_streams(connection: str) -> list[str]:
    """The streams of a connection that are to be synced."""
    with _workplace() as work:
        return steps.stream_names(work, connection)


def sync_stream(connection: str, stream: str) -> dict[str, Any]:
    """Extract and canonicalise one stream."""
    with _workplace() as work:
        report = steps.sync_stream(work, connection, stream)
        if report.note:
            raise ConfigError(f"{connection}/{stream}: {report.note}")
        return report.as_counts()


def add_up(counts: Iterable[Mapping[str, Any]]) -> dict[str, int]:
    """The sums of what the mapped tasks returned."""
    totals: dict[str, int] = {}
    for item in counts:
        for name, value in item.items():
            if isinstance(value, int):
                totals[name] = totals.get(name, 0) + value
    return totals


def resolve() -> dict[str, Any]:
    """Resolve what is pending and compute golden records."""
    with _workplace() as work:
        return dict(steps.resolve(work))


def stage() -> dict[str, int]:
    """Turn events into deliveries."""
    with _workplace() as work:
        return dict(steps.stage(work))


def deliver(connection: str) -> dict[str, int]:
    """Send what is due to one connection."""
    with _workplace() as work:
        return dict(steps.deliver(work, connection))


def reconcile() -> dict[str, int]:
    """Run the reports and write their files beside hub.toml."""
    with _workplace() as work:
        return dict(steps.reconcile(work, work.config.root / "reports"))
