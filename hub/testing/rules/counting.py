"""Silver: what a system counts itself, for streams that declare it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, cast

from hub.sdk.contract import Capability, Counter, Page
from hub.testing.bench import Bench
from hub.testing.rule import Tier, expect, rule
from hub.testing.subject import Subject


def each_counted(subject: Subject) -> Sequence[str]:
    return subject.able(Capability.COUNT)


@rule(Tier.SILVER, cases=each_counted)
def count_complete(subject: Subject, case: str) -> None:
    """The system counts the records of a full read and sums their fields, deleted ones left out."""
    with Bench(subject, case) as bench:
        _compare(bench, "all there are")
        for number in (1, 4, 5):
            bench.remove(number)
        _compare(bench, "some deleted")


def _compare(bench: Bench, when: str) -> None:
    total = cast("Counter", bench.connect()).count(bench.stream)
    held = _held(bench.read())
    expect(
        total.records == len(held),
        f"{when}: the system counts {total.records} records, a full read gives {len(held)}",
    )
    for name, told in total.sums.items():
        values = [data[name] for data in held.values() if data.get(name) is not None]
        summed = sum((Decimal(str(value)) for value in values), Decimal(0))
        alike = round(told, 4) == round(summed, 4)
        expect(alike, f"{when}: {name} is {told} in sum, {summed} in a full read")


def _held(pages: Sequence[Page]) -> Mapping[str, Mapping[str, Any]]:
    """The last version of each record that is not deleted."""
    held: dict[str, Mapping[str, Any]] = {}
    for page in pages:
        held.update((record.key, record.data) for record in page.records)
        for stone in page.tombstones:
            held.pop(stone.key, None)
    return held
