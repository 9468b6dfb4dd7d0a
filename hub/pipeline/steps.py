"""The steps of the job as the command line and Airflow run them; each may be repeated."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from hub.errors import (
    AuthenticationError,
    ConfigError,
    HubError,
    PermanentSourceError,
    SourceError,
)
from hub.mapping import compile_mapping
from hub.pipeline.accounts import adopt_ledgers
from hub.pipeline.canonicalise import CanonicaliseTask, canonicalise
from hub.pipeline.connections import OpenConnection
from hub.pipeline.extract import extract
from hub.pipeline.golden import compute_golden
from hub.pipeline.keyscan import scan_keys
from hub.pipeline.report_files import Wanted, make_reports
from hub.pipeline.resolve import apply, plan
from hub.pipeline.search_customers import index_customers
from hub.pipeline.sign_off_files import void_with_sheets
from hub.pipeline.totals import ask_systems
from hub.pipeline.turn import CHANGES, StreamTask, SyncMode
from hub.pipeline.workplace import Workplace
from hub.reports.result import ReportPack
from hub.sdk.contract import Capability, Stream
from hub.store.columns import new_id
from hub.store.database import reading, writing
from hub.store.events import requeue_touched
from hub.store.overview import known_streams


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamReport:
    """What a sync of one stream did; ``note`` says why deletions were held back, if they were."""

    connection: str
    stream: str
    extract: Mapping[str, Any]
    canonical: Mapping[str, Any]
    note: str | None = None

    def as_counts(self) -> dict[str, Any]:
        """The counts in one level: what was read, what became of it, by which rule left out."""
        excluded = {**self.extract.get("excluded", {})}
        if self.canonical["excluded"]:
            excluded["mapping"] = self.canonical["excluded"]
        suppressed = self.extract.get("suppressed", 0) + self.canonical["suppressed"]
        counts = {**self.extract, **self.canonical}
        return {**counts, "excluded": excluded, "suppressed": suppressed}


def stream_names(
    work: Workplace, connection: str, *, having: Capability = Capability.FULL
) -> list[str]:
    """The streams of a connection that are to be synced, and can do a thing."""
    with work.site.connected(connection) as opened:
        return [stream.name for stream in opened.streams if having in stream.capabilities]


def sync_connection(
    work: Workplace,
    connection: str,
    *,
    mode: SyncMode = CHANGES,
    failed: Callable[[HubError], None] | None = None,
) -> Iterator[StreamReport]:
    """Sync every stream of a connection, in order, over one open connection.

    A key scan goes over the streams that have one. Where ``failed`` is given, it is told of a
    stream that is broken in itself, and the next stream is read; a system that can't be reached or
    logged in to is always raised.
    """
    with work.site.connected(connection) as opened:
        for stream in opened.streams:
            if mode.ending():
                return
            if mode.keys and Capability.KEY_SCAN not in stream.capabilities:
                continue
            try:
                yield _sync(work, opened, stream, mode)
            except AuthenticationError:
                raise
            except PermanentSourceError as error:
                if failed is None:
                    raise
                failed(error)


def name_connection(error: HubError, connection: str) -> HubError:
    """The same error, naming the connection: two of them may be of one system."""
    if not isinstance(error, SourceError):
        return error
    return type(error)(error.message, system=connection, stream=error.stream)


def sync_stream(
    work: Workplace, connection: str, name: str, *, mode: SyncMode = CHANGES
) -> StreamReport:
    """Extract one stream or compare its keys, then translate what is new in it."""
    with work.site.connected(connection) as opened:
        for stream in opened.streams:
            if stream.name == name:
                return _sync(work, opened, stream, mode)
    raise ConfigError(f"connection {connection} has no stream {name!r}")


def _sync(work: Workplace, opened: OpenConnection, stream: Stream, mode: SyncMode) -> StreamReport:
    section = work.site.section(opened.name)
    task = replace(
        stream_task(work, opened, stream),
        full=mode.full,
        ending=mode.ending,
        max_missing_share=1.0 if mode.allow_deletes else section.max_delete_share,
    )
    run = scan_keys if mode.keys else extract
    done = run(work.engine, opened.connector, task=task)
    return StreamReport(
        connection=opened.name,
        stream=stream.name,
        extract=done.counts,
        canonical=canonicalise_stream(work, opened.name, stream.name),
        note=done.note,
    )


def stream_task(work: Workplace, opened: OpenConnection, stream: Stream) -> StreamTask:
    """What hub.toml says about reading a stream."""
    section = work.site.section(opened.name)
    return StreamTask(
        connection=opened.name,
        connector=opened.spec.name,
        office=section.office,
        stream=stream,
        renamed_from=section.renamed_from,
        max_missing_share=section.max_delete_share,
        lease_seconds=work.config.hub.lease_seconds,
        erasure_key=work.config.erasure_key,
    )


def canonicalise_stream(work: Workplace, connection: str, stream: str) -> Mapping[str, Any]:
    """Translate the records of one stream that are new, changed, or wait for a new mapping."""
    mapping = work.site.mapping(connection)
    task = CanonicaliseTask(
        connection=connection,
        stream=stream,
        text=mapping.text,
        erasure_key=work.config.erasure_key,
        ours=work.ours,
    )
    return canonicalise(work.engine, compile_mapping(mapping), task=task).counts


def canonicalise_all(work: Workplace) -> dict[str, int]:
    """Translate what waits in every stream of the configured connections."""
    totals = {"mapped": 0, "quarantined": 0, "excluded": 0}
    with reading(work.engine) as db:
        streams = known_streams(db).values()
    for connection, stream in streams:
        if connection in work.config.connections:
            counts = canonicalise_stream(work, connection, stream)
            totals = {name: totals[name] + int(counts[name]) for name in totals}
    return totals


def resolve(
    work: Workplace, *, allow_merges: bool = False, hold: bool = False
) -> Mapping[str, Any]:
    """Plan and apply what is pending, then compute the golden records it touches.

    Beyond ``resolve.max_merges`` nothing is done: with ``hold``, ``held`` counts the merges for a
    person to be asked, else StoreError is raised.
    """
    limit = None if allow_merges else work.config.resolve.max_merges
    adopt_ledgers(work.engine, work.config)
    planned = plan(work.engine, country=work.config.hub.country)
    if hold and limit is not None and planned.merges > limit:
        return {"held": planned.merges}
    applied = apply(work.engine, planned, limit=limit)
    if work.config.publish.targets:
        with writing(work.engine) as db:
            requeue_touched(db)
    golden = compute_golden(work.engine, trust=work.config.trust, country=work.config.hub.country)
    index_customers(work.engine)
    return {**applied, **golden}


def reconcile(
    work: Workplace, folder: Path, wanted: Wanted | None = None, *, ask: bool = True
) -> ReportPack:
    """Run the reports and write their files.

    With ``ask``, systems that can count are asked first what they hold. Sign-offs whose period has
    changed since are void from now on.
    """
    if ask:
        ask_systems(work)
    void_with_sheets(work, new_id())
    return make_reports(work, folder, wanted or Wanted())
