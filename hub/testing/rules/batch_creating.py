"""Gold: many records are made at once, each of them as if it were made alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final, cast

from hub.errors import RejectedError
from hub.sdk.contract import BatchCreator, Capability, New, Receipt, WriteResult
from hub.testing.bench import Bench
from hub.testing.newcomer import EXTERNAL, creator_of, made_keys, new_of
from hub.testing.rule import Tier, expect, rule
from hub.testing.subject import Subject

_SEVERAL: Final = 4
_LONG: Final = 60.0


def each_batched(subject: Subject) -> Sequence[str]:
    return subject.able(Capability.BATCH_CREATE)


def _create_many(bench: Bench, records: Sequence[New]) -> list[WriteResult]:
    creator = cast("BatchCreator", bench.connect())
    expect(creator.create_limit(bench.stream) >= len(records), "create_many takes too few")
    results = list(creator.create_many(bench.stream, records, within=_LONG))
    expect(len(results) == len(records), f"{len(results)} results for {len(records)} creations")
    return results


def _several(bench: Bench) -> list[New]:
    new = new_of(bench)
    return [replace(new, external_key=f"{EXTERNAL}-{number}") for number in range(_SEVERAL)]


@rule(Tier.GOLD, group="writing", cases=each_batched)
def batch_created(subject: Subject, case: str) -> None:
    """Many records that are created at once are there once each, and a repeat changes nothing."""
    with Bench(subject, case) as bench:
        records = _several(bench)
        keys = [one.key for one in _create_many(bench, records) if isinstance(one, Receipt)]
        found = [creator_of(bench).find(case, new.external_key) for new in records]
        expect(keys == found, "the receipts are not those of the records, in their order")
        expect(sorted(made_keys(bench)) == sorted(keys), "a read gives not each new record once")
        before = bench.fingerprint()
        again = [one.key for one in _create_many(bench, records) if isinstance(one, Receipt)]
        expect(again == keys, "a repeat has other receipts")
        expect(bench.fingerprint() == before, "a repeat has an effect")


@rule(Tier.GOLD, group="writing", cases=each_batched)
def batch_created_apart(subject: Subject, case: str) -> None:
    """A creation that is refused hinders no other of its batch."""
    with Bench(subject, case) as bench:
        records = _several(bench)
        fields = {**records[1].fields, "no_such_field": "conformance"}
        records[1] = replace(records[1], fields=fields)
        results = _create_many(bench, records)
        expect(isinstance(results[1], RejectedError), "an unknown field is not RejectedError")
        keys = [one.key for one in results if isinstance(one, Receipt)]
        expect(len(keys) == len(records) - 1, "a refused creation has hindered another")
        expect(
            sorted(made_keys(bench)) == sorted(keys), "what was made is not what the receipts say"
        )
