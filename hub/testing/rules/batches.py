"""Gold: many changes at once, each of them as if it went alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any, Final, NamedTuple, cast

from hub.errors import (
    ConflictError,
    DeliveryError,
    OutcomeUnknownError,
    RejectedError,
    TransientSourceError,
)
from hub.sdk.contract import BatchWriter, Capability, Change, Receipt, WriteResult
from hub.testing.bench import Bench
from hub.testing.effects import Effects
from hub.testing.proxy import Trouble
from hub.testing.rule import NotDeclaredError, Tier, expect, expect_keys, rule
from hub.testing.subject import Subject

NUMBERS: Final = (1, 2, 3, 4, 5)
"""The records that are written to."""
_LONG: Final = 60.0


def each_batched(subject: Subject) -> Sequence[str]:
    return subject.able(Capability.BATCH_WRITE)


class Batch(NamedTuple):
    """A writer of many, and one change to each of some records as they are."""

    writer: BatchWriter
    changes: list[Change]

    def write(self) -> list[WriteResult]:
        """Make the changes; the results must be as many."""
        return _written(self.writer, self.changes)


def batch(bench: Bench, writer: BatchWriter | None = None) -> Batch:
    """A batch to the bench's records; where the settings want none, there is nothing to test."""
    writer = writer or cast("BatchWriter", bench.connect())
    if writer.batch_limit(bench.stream) < len(NUMBERS):
        raise NotDeclaredError("by these settings changes go one by one: give those for batches")
    keys = [bench.key(number) for number in NUMBERS]
    found = writer.fetch_many(bench.stream, keys)
    expect_keys(list(found), keys, "fetch_many")
    changes = [
        Change(
            stream=bench.stream,
            key=key,
            fields=dict(bench.samples.fields(bench.stream, number)),
            expected_version=found[key].version,
            idempotency_key=f"conformance-{number:04d}",
        )
        for number, key in zip(NUMBERS, keys, strict=True)
    ]
    return Batch(writer, changes)


def _written(writer: BatchWriter, changes: Sequence[Change]) -> list[WriteResult]:
    """The results of a batch, which must be as many as the changes."""
    results = list(writer.write_many(changes[0].stream, changes, within=_LONG))
    expect(len(results) == len(changes), f"{len(results)} results for {len(changes)} changes")
    return results


def _expect_written(
    bench: Bench, changes: Sequence[Change], results: Sequence[WriteResult]
) -> None:
    """Each change has a receipt of its own and stands in its record, under that version."""
    found = cast("BatchWriter", bench.connect()).fetch_many(
        bench.stream, [change.key for change in changes]
    )
    for change, result in zip(changes, results, strict=True):
        expect(isinstance(result, Receipt), f"{change.key} is {type(result).__name__}")
        assert isinstance(result, Receipt)
        record = found[change.key]
        expect(result.key == change.key, "the receipts have another order than the changes")
        expect(_holds(record.data, change), f"written, but not in the record: {change.key}")
        expect(result.version in (None, record.version), "a receipt has another version")


def _holds(row: Mapping[str, Any], change: Change) -> bool:
    return all(row.get(name) == value for name, value in change.fields.items())


@rule(Tier.GOLD, group="writing", cases=each_batched)
def batch_fetched(subject: Subject, case: str) -> None:
    """Many records are fetched as each is alone, and one that is gone is missing."""
    with Bench(subject, case) as bench:
        writer, changes = batch(bench)
        keys = [change.key for change in changes]
        bench.remove(NUMBERS[2])
        found = writer.fetch_many(case, [*keys, bench.key(bench.count + 1)])
        alone = {key: record for key in keys if (record := writer.fetch(case, key)) is not None}
    expect(keys[2] not in found, "fetch_many finds a deleted record")
    expect(dict(found) == alone, "fetch_many gives records otherwise than fetch does")


@rule(Tier.GOLD, group="writing", cases=each_batched)
def batch_written(subject: Subject, case: str) -> None:
    """A batch stands in its records afterwards, with one receipt to each, in its order."""
    with Bench(subject, case) as bench:
        writer, changes = batch(bench)
        turned = changes[::-1]
        _expect_written(bench, turned, _written(writer, turned))


@rule(Tier.GOLD, group="writing", cases=each_batched)
def batch_apart(subject: Subject, case: str) -> None:
    """A change that is refused, stale or of a record that is gone hinders no other of its batch."""
    with Bench(subject, case) as bench:
        writer, changes = batch(bench)
        unknown = {**changes[0].fields, "no_such_field": "conformance"}
        changes[0] = _with_fields(changes[0], unknown)
        bench.remove(NUMBERS[1])
        expected: dict[int, type[DeliveryError]] = {0: RejectedError, 1: ConflictError}
        if Capability.OPTIMISTIC_LOCK in subject.streams[case].capabilities:
            bench.put(NUMBERS[2], 7)
            expected[2] = ConflictError
        results = _written(writer, changes)
        for place, kind in expected.items():
            told = type(results[place]).__name__
            expect(
                isinstance(results[place], kind), f"change {place} is {told}, not {kind.__name__}"
            )
        good = [place for place in range(len(changes)) if place not in expected]
        _expect_written(bench, [changes[n] for n in good], [results[n] for n in good])
        refused = writer.fetch(case, changes[0].key)
        expect(refused and not _holds(refused.data, changes[0]), "refused, and yet written")
        if 2 in expected:
            other = writer.fetch(case, changes[2].key)
            expect(other and not _holds(other.data, changes[2]), "another's change is overwritten")


def _with_fields(change: Change, fields: Mapping[str, Any]) -> Change:
    return Change(
        stream=change.stream,
        key=change.key,
        fields=fields,
        expected_version=change.expected_version,
        idempotency_key=change.idempotency_key,
    )


@rule(Tier.GOLD, group="writing", cases=each_batched)
def batch_repeated(subject: Subject, case: str) -> None:
    """The same batch written again changes nothing, and has receipts both times."""
    with Bench(subject, case) as bench:
        first = batch(bench)
        _expect_written(bench, first.changes, first.write())
        done = bench.fingerprint()
        again = Batch(cast("BatchWriter", bench.connect()), first.changes).write()
        expect(bench.fingerprint() == done, "the repeat changed records once more")
    expect(all(isinstance(one, Receipt) for one in again), "a repeated change is no receipt")


@rule(Tier.GOLD, group="writing", cases=each_batched)
def batch_late(subject: Subject, case: str) -> None:
    """A batch whose time is over sends nothing, and says that it may be made later."""
    with Bench(subject, case) as bench:
        late, before = batch(bench), bench.fingerprint()
        results: Sequence[object] = [TransientSourceError("raised")]
        with suppress(TransientSourceError):
            results = late.writer.write_many(case, late.changes, within=-1.0)
        expect(bench.fingerprint() == before, "it was sent after its time")
    told = [one for one in results if not isinstance(one, TransientSourceError)]
    expect(not told, f"{len(told)} results do not say that the change may be made later")


@rule(Tier.GOLD, group="writing", cases=each_batched)
def batch_dropped(subject: Subject, case: str) -> None:
    """A lost answer is OutcomeUnknownError for all that was sent; a repeat makes nothing twice."""
    place = _place_of_batch(subject, case)
    with Bench(subject, case) as bench:
        sent = batch(bench)
        effects = Effects(bench)
        bench.proxy.inject(Trouble(kind="drop", skip=place))
        results: list[WriteResult] = [OutcomeUnknownError("raised")] * len(sent.changes)
        with suppress(OutcomeUnknownError):
            results = sent.write()
        certain = [one for one in results if not isinstance(one, OutcomeUnknownError)]
        expect(not certain, f"{len(certain)} changes are not unknown")
        expect(effects.count == 1, f"{effects.count} requests had an effect")
        done = bench.fingerprint()
        again = Batch(cast("BatchWriter", bench.connect()), sent.changes).write()
        expect(bench.fingerprint() == done, "the repeat after it had a second effect")
    expect(all(isinstance(one, Receipt) for one in again), "what was made is no receipt after it")


def _place_of_batch(subject: Subject, stream: str) -> int:
    """Which request of a batch is the one that has the effect."""
    with Bench(subject, stream) as bench:
        if bench.address is None or not bench.address.http:
            raise NotDeclaredError("the protocol is not HTTP")
        sent = batch(bench)
        effects = Effects(bench)
        sent.write()
        expect(effects.places, "a batch has no effect on what the stand-in holds")
        expect(effects.count == 1, f"a batch takes {effects.count} requests that have an effect")
        return effects.places[0]
