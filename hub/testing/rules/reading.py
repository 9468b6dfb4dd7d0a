"""Bronze: what a read gives, and going on after each page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from hub.model import ENTITIES
from hub.sdk.contract import Capability, Page, Record, Stream, composite_key
from hub.sdk.records import compile_path
from hub.testing.bench import Bench, keys_of
from hub.testing.rule import Tier, expect, expect_keys, rule
from hub.testing.subject import Subject


def each_stream(subject: Subject) -> Sequence[str]:
    return list(subject.streams)


def each_cursor(subject: Subject) -> Sequence[str]:
    return subject.able(Capability.INCREMENTAL)


@rule(Tier.BRONZE, cases=each_stream)
def complete(subject: Subject, case: str) -> None:
    """A full read gives every record that the system holds, each once, and nothing else."""
    with Bench(subject, case) as bench:
        found = keys_of(bench.read())
        expect_keys(found, bench.source_keys(), "a full read")
    twice = sorted({key for key in found if found.count(key) > 1})
    expect(not twice, f"given twice in one full read: {', '.join(twice)}")


@rule(Tier.BRONZE, cases=each_stream)
def repeatable(subject: Subject, case: str) -> None:
    """Two full reads of a system at rest are the same, records and order."""
    with Bench(subject, case) as bench:
        first, second = (_records(bench.read()) for _ in range(2))
    expect(first == second, "two full reads differ")


@rule(Tier.BRONZE, cases=each_stream)
def key_fields(subject: Subject, case: str) -> None:
    """A key is text, made of the declared key fields as they stand in the record."""
    stream = subject.streams[case]
    with Bench(subject, case) as bench:
        records = _records(bench.read())
    expect(records, "a full read gives no record")
    for record in records:
        expect(isinstance(record.key, str) and record.key, "a key is not a text, or is empty")
        expect(
            key_of(stream, record.data) == record.key, f"{record.key} is not {stream.key} as text"
        )


@rule(Tier.BRONZE, cases=each_cursor)
def cursor_field(subject: Subject, case: str) -> None:
    """The declared cursor field stands in every record."""
    field = subject.streams[case].cursor or ""
    find = compile_path(field)
    with Bench(subject, case) as bench:
        missing = [record.key for record in _records(bench.read()) if find(record.data) is None]
    expect(not missing, f"{len(missing)} record(s) have no {field}")


@rule(Tier.BRONZE, cases=each_stream)
def versions(subject: Subject, case: str) -> None:
    """Versions are text and sort in time, so that an older one never replaces a newer one."""
    with Bench(subject, case) as bench:
        before = {record.key: record.version for record in _records(bench.read())}
        bench.put(2, 1)
        after = {record.key: record.version for record in _records(bench.read())}
    old, new = before.get(bench.key(2)), after.get(bench.key(2))
    expect(all(isinstance(found, str | None) for found in after.values()), "a version is no text")
    expect(old is None or new is None or new > old, "a later version sorts before an earlier one")


@rule(Tier.BRONZE, cases=each_stream)
def mapped(subject: Subject, case: str) -> None:
    """Every record is translated by the mapping into valid canonical records."""
    stream = subject.mapping.stream(case)
    made: set[str] = set()
    with Bench(subject, case) as bench:
        for record in _records(bench.read()):
            why = stream.excluded_by(dict(record.data))
            expect(why is None, f"the mapping excludes a sample ({why})")
            for entity, _, body, gaps in stream.translate(dict(record.data)):
                ENTITIES[entity].model_validate(body)
                expect(not gaps, f"a value of {entity} is unknown to the mapping: {gaps}")
                made.add(entity)
    missing = set(subject.streams[case].entities) - made
    expect(not missing, f"no sample gives a {', '.join(sorted(missing))}; declared as entities")


def _records(pages: list[Page]) -> list[Record]:
    return [record for page in pages for record in page.records]


def key_of(stream: Stream, data: Mapping[str, Any]) -> str:
    """The key that a record's declared key fields make."""
    values = [compile_path(name)(data) for name in stream.key]
    return str(values[0]) if len(values) == 1 else composite_key(values)
