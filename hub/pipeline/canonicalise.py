"""Canonicalise: translates pending source records into the canonical model.

Chunk by chunk: read what is pending, translate and validate it outside of any transaction, then
store it in one, for those records that nobody has touched since. Killed anywhere, it goes on where
it stopped.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Final, NamedTuple

import orjson

from hub.errors import (
    ConfigError,
    HubError,
    InvalidRecordError,
    RecordError,
    WatermarkRegressionError,
)
from hub.mapping import CompiledMapping, CompiledStream
from hub.pipeline.bodies import build_body
from hub.pipeline.collection import paced_collection
from hub.pipeline.counts import balanced_taken
from hub.pipeline.echo import undo_echoes
from hub.pipeline.keepout import Gate, keep_out
from hub.pipeline.learning import receive_seen, recognised
from hub.pipeline.survey import Ours
from hub.store import (
    canonical,
    deliveries,
    mappings,
    quarantine,
    record_flow,
    runs,
    streams,
    suppression,
)
from hub.store.audience import OPPORTUNITY, parties_of_deals
from hub.store.canonical import Taken, Translated, Translation
from hub.store.database import Connection, Engine, reading, writing
from hub.store.deliveries import AcknowledgedWrite
from hub.store.events import requeue_events
from hub.store.ids import IdSource
from hub.store.landing import GONE
from hub.store.streams import StreamState
from hub.store.suppression import KeySource

STEP: Final = "canonicalise"


class _OwnWords(NamedTuple):
    """What we wrote to records, and of those that we made the kind of their customer."""

    writes: Mapping[int, Sequence[AcknowledgedWrite]] = MappingProxyType({})
    kinds: Mapping[int, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True, kw_only=True)
class CanonicaliseTask:
    """Which stream to translate; ``text`` is the mapping file's, kept for provenance."""

    connection: str
    stream: str
    text: str
    chunk: int = 1_000
    erasure_key: KeySource = suppression.no_key
    ours: Ours = field(default_factory=Ours)


@dataclass(frozen=True, slots=True)
class CanonicaliseResult:
    """What became of the records that were taken; a run without work has no id."""

    run_id: str | None
    counts: Mapping[str, int]


def canonicalise(
    engine: Engine, mapping: CompiledMapping, *, task: CanonicaliseTask
) -> CanonicaliseResult:
    """Translate what is pending in a stream; a changed mapping makes all of its records pending.

    Raises WatermarkRegressionError where another worker began with another mapping meanwhile.
    """
    with reading(engine) as connection:
        stream_id = streams.find_stream(connection, task.connection, task.stream)
    if stream_id is None:
        raise ConfigError(f"{task.connection}/{task.stream} was never read: run extract first")
    run = _Run(engine, mapping, task=task, stream_id=stream_id)
    try:
        run.adopt_mapping()
        with paced_collection() as collect:
            for chunk, commit_seq in run.chunks():
                outcome = _translate(chunk, run.stream, run.own_words(chunk))
                run.store(chunk, outcome, commit_seq=commit_seq)
                collect()
        return run.complete()
    except BaseException as error:
        run.fail(error)
        raise


@dataclass(slots=True)
class _Outcome:
    """What a chunk's records gave; each record is in one of mapped, excluded, flaws, suppressed."""

    rows: list[Translated] = field(default_factory=list)
    gaps: list[tuple[int, str, str]] = field(default_factory=list)
    mapped: set[int] = field(default_factory=set)
    excluded: set[int] = field(default_factory=set)
    flaws: dict[int, RecordError] = field(default_factory=dict)
    suppressed: set[int] = field(default_factory=set)


def _translate(chunk: Sequence[Taken], stream: CompiledStream, own: _OwnWords) -> _Outcome:
    outcome = _Outcome()
    for taken in chunk:
        try:
            _translate_one(taken, stream, outcome, own)
        except RecordError as error:
            outcome.flaws[taken.id] = error
        except Exception as error:  # noqa: BLE001  # one record must not stop all others
            outcome.flaws[taken.id] = InvalidRecordError(
                f"the mapping broke down with {type(error).__name__}"
            )
    return outcome


def _translate_one(
    taken: Taken,
    stream: CompiledStream,
    outcome: _Outcome,
    own: _OwnWords,
) -> None:
    """All parts of a record, or none: a half-translated customer would be worse than an old one."""
    if taken.deleted:
        outcome.mapped.add(taken.id)
        return
    if taken.payload == GONE:  # its documents are held: all that there is, is translated
        outcome.suppressed.add(taken.id)
        return
    payload, updated_at = orjson.loads(taken.payload), None
    if own_writes := own.writes.get(taken.id, ()):
        payload, updated_at = undo_echoes(payload, own_writes, taken.source_version)
    if stream.excluded_by(payload) is not None:
        outcome.excluded.add(taken.id)
        return
    kind = own.kinds.get(taken.id)
    made = [
        (entity, part, build_body(entity, _dated(_known_kind(fields, kind), updated_at)), gaps)
        for entity, part, fields, gaps in stream.translate(payload)
    ]
    for entity, part, body, gaps in made:
        outcome.rows.append(Translated(taken.id, taken.version, part, entity, *body))
        if gaps:
            outcome.gaps += [(taken.id, path, str(value)) for path, value in gaps]
    outcome.mapped.add(taken.id)


def _dated(fields: dict[str, Any], updated_at: str | None) -> dict[str, Any]:
    """With the time of the last change that was not ours."""
    return {**fields, "updated_at": updated_at} if updated_at else fields


def _announce_deals(connection: Connection, rows: Sequence[Translated]) -> None:
    """Customers of whom opportunities came are looked at anew: a rule may be for those who won.

    Who is not known yet has an event of his own when he is.
    """
    deals = [row.record_id for row in rows if row.entity == OPPORTUNITY]
    if deals and (parties := parties_of_deals(connection, deals)):
        requeue_events(connection, parties)


def _known_kind(fields: dict[str, Any], kind: str | None) -> dict[str, Any]:
    """Without a name of its own, a record that we made says nothing of what its customer is."""
    if kind is None or "kind" not in fields or fields.get("display_name"):
        return fields
    other = {"person": "organisation", "organisation": "person"}.get(kind, "")
    return {name: value for name, value in fields.items() if name != other} | {"kind": kind}


class _Run:
    """One run over one stream."""

    def __init__(
        self, engine: Engine, mapping: CompiledMapping, *, task: CanonicaliseTask, stream_id: int
    ) -> None:
        self.stream = mapping.stream(task.stream)
        self._engine = engine
        self._mapping = mapping.mapping
        self._task = task
        self._stream_id = stream_id
        self._counts: Counter[str] = Counter()
        self._ids = IdSource(engine, "canonical_record")
        self._quarantine_ids = IdSource(engine, "quarantine", block=1_000)
        self._stream_ids: dict[str, int] = {}
        with writing(engine) as connection:
            self._run_id = runs.start_run(connection, STEP, stream_id=stream_id)
            runs.abandon_runs(connection, stream_id, step=STEP, keep=self._run_id)
            self._written = deliveries.has_written(connection)
            self._in_flight = record_flow.unseen_creations(connection, stream_id)

    def own_words(self, chunk: Sequence[Taken]) -> _OwnWords:
        """What we ourselves have written to these records, some of which we may have made."""
        if self._in_flight:
            self._recognise(chunk)
        if not self._written:
            return _OwnWords()
        ids = [taken.id for taken in chunk]
        with reading(self._engine) as connection:
            writes = deliveries.acknowledged_writes(connection, ids)
            return _OwnWords(writes, record_flow.created_kinds(connection, list(writes)))

    def _recognise(self, chunk: Sequence[Taken]) -> None:
        """A record that we made and have no receipt of: that it is here is the receipt."""
        found = recognised(self._in_flight, chunk)
        for row, made in found:
            with writing(self._engine) as connection:
                receive_seen(connection, row, made)
            self._written = True

    def adopt_mapping(self) -> None:
        """Keep the mapping's text; where the stream used another one, queue all of its records."""
        mapping = self._mapping
        with writing(self._engine) as connection:
            state = streams.lock_stream(connection, self._stream_id)
            if state.mapping_digest == mapping.digest:
                return
            mappings.record_mapping(
                connection, mapping.digest, system=mapping.system, text=self._task.text
            )
            mappings.record_catalogue(connection, mapping.system, mapping.catalogue)
            if state.mapping_digest is not None:
                canonical.queue_all(connection, self._stream_id)
            streams.record_mapping_digest(connection, self._stream_id, mapping.digest)

    def chunks(self) -> Iterator[tuple[list[Taken], int]]:
        """What is pending, a bounded number of records at a time, and the commit they are of."""
        after = 0
        while True:
            with reading(self._engine) as connection:
                commit_seq = streams.read_stream(connection, self._stream_id).commit_seq
                chunk = canonical.take_pending(
                    connection, self._stream_id, after=after, limit=self._task.chunk
                )
            if not chunk:
                return
            after = chunk[-1].id
            yield chunk, commit_seq

    def store(self, chunk: Sequence[Taken], outcome: _Outcome, *, commit_seq: int) -> None:
        """Commit a chunk, without the records that changed since it was read."""
        self._ids.reserve(len(outcome.rows))
        self._quarantine_ids.reserve(len(outcome.flaws))
        with writing(self._engine) as connection:
            state = streams.lock_stream(connection, self._stream_id)
            self._require_own_mapping(state)
            confirmed = canonical.confirm_pending(
                connection,
                self._stream_id,
                chunk,
                landed_since=state.commit_seq != commit_seq,
            )
            outcome.rows = [row for row in outcome.rows if row.record_id in confirmed]
            self._keep_out(connection, state, chunk, outcome)
            counts = self._store_parts(connection, state, outcome, confirmed)
            _announce_deals(connection, outcome.rows)
            self._store_flaws(connection, chunk, outcome, confirmed)
            self._store_gaps(connection, outcome, confirmed)
            counts += _count(chunk, outcome, confirmed)
            total = self._counts + counts
            runs.record_counts(connection, self._run_id, balanced_taken(total))
        self._counts = total

    def complete(self) -> CanonicaliseResult:
        """Note that all went well."""
        counts = balanced_taken(self._counts)
        with writing(self._engine) as connection:
            runs.finish_run(connection, self._run_id, state="ok", counts=counts)
        return CanonicaliseResult(self._run_id, counts)

    def fail(self, error: BaseException) -> None:
        """Record the failure; where even that fails, the first error is the one to raise."""
        message = str(error) if isinstance(error, HubError) else type(error).__name__
        counts = balanced_taken(self._counts)
        try:
            with writing(self._engine) as connection:
                runs.finish_run(
                    connection, self._run_id, state="failed", counts=counts, error=message
                )
        except HubError as second:
            error.add_note(f"the failed run could not be recorded: {second}")

    def _require_own_mapping(self, state: StreamState) -> None:
        if state.mapping_digest != self._mapping.digest:
            raise WatermarkRegressionError(
                f"{state.connection}/{state.name}: another worker translates with another mapping "
                "by now; this one stopped, what it had committed will be translated again"
            )

    def _keep_out(
        self, connection: Connection, state: StreamState, chunk: Sequence[Taken], outcome: _Outcome
    ) -> None:
        """Erased people stay out, once there are any."""
        marks = suppression.open_marks(connection, self._task.erasure_key)
        if marks is None:
            return
        gate = Gate(
            marks=marks,
            stream_id=self._stream_id,
            stream_of=self._streams_of(connection, state),
            ours=self._task.ours,
        )
        outcome.rows, suppressed = keep_out(connection, gate, chunk, outcome.rows)
        outcome.suppressed |= suppressed
        outcome.mapped -= suppressed
        outcome.gaps = [gap for gap in outcome.gaps if gap[0] not in suppressed]

    def _store_parts(
        self,
        connection: Connection,
        state: StreamState,
        outcome: _Outcome,
        confirmed: set[int],
    ) -> Counter[str]:
        return canonical.store_translated(
            connection,
            outcome.rows,
            of_records=(outcome.mapped | outcome.excluded) & confirmed,
            translation=Translation(
                self._mapping.digest, self._streams_of(connection, state), self._ids
            ),
        )

    def _streams_of(self, connection: Connection, state: StreamState) -> Callable[[str], int]:
        def stream_of(type_: str) -> int:
            found = self._stream_ids.get(type_)
            if found is None:
                found = streams.ensure_stream(connection, state.connection_id, type_)
                self._stream_ids[type_] = found
            return found

        return stream_of

    def _store_flaws(
        self,
        connection: Connection,
        chunk: Sequence[Taken],
        outcome: _Outcome,
        confirmed: set[int],
    ) -> None:
        """Close what waited about these records, then quarantine those that failed (again)."""
        waiting = quarantine.open_records(connection, self._stream_id, STEP) & confirmed
        mapped = sorted(waiting - outcome.flaws.keys())
        quarantine.settle_records(connection, mapped, stage=STEP, state="replayed")
        failed = sorted(waiting & outcome.flaws.keys())
        quarantine.settle_records(connection, failed, stage=STEP, state="superseded")
        quarantine.quarantine_records(
            connection,
            self._stream_id,
            rejected=[
                self._rejected(taken, outcome.flaws[taken.id])
                for taken in chunk
                if taken.id in outcome.flaws and taken.id in confirmed
            ],
            ids=self._quarantine_ids,
        )

    def _rejected(self, taken: Taken, error: RecordError) -> quarantine.Rejected:
        return quarantine.Rejected(
            fingerprint=quarantine.fingerprint(taken.key, taken.version, self._mapping.digest),
            stage=STEP,
            error=type(error).__name__,
            message=str(error),
            record_id=taken.id,
            version=taken.version,
        )

    def _store_gaps(self, connection: Connection, outcome: _Outcome, confirmed: set[int]) -> None:
        gaps = Counter((path, value) for id_, path, value in outcome.gaps if id_ in confirmed)
        mappings.record_gaps(connection, self._stream_id, gaps)


def _count(chunk: Sequence[Taken], outcome: _Outcome, confirmed: set[int]) -> Counter[str]:
    """Each confirmed record once; deleted ones are among the mapped, and counted on their own."""
    return Counter(
        taken=len(confirmed),
        mapped=len(outcome.mapped & confirmed),
        quarantined=len(outcome.flaws.keys() & confirmed),
        excluded=len(outcome.excluded & confirmed),
        suppressed=len(outcome.suppressed & confirmed),
        deleted=sum(taken.deleted for taken in chunk if taken.id in confirmed),
        gaps=sum(id_ in confirmed for id_, _, _ in outcome.gaps),
    )
