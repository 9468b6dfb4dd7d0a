"""Gold: a record is made at most once for its external key."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from typing import cast

from hub.errors import DeliveryError, OutcomeUnknownError, RejectedError
from hub.sdk.contract import (
    Capability,
    Change,
    New,
    Receipt,
    Remover,
)
from hub.testing.bench import Bench
from hub.testing.effects import Effects
from hub.testing.newcomer import EXTERNAL, creator_of, made_keys, new_of
from hub.testing.proxy import Trouble
from hub.testing.rule import BrokenRuleError, NotDeclaredError, Tier, expect, rule
from hub.testing.subject import Subject


def each_creating(subject: Subject) -> Sequence[str]:
    return subject.able(Capability.CREATE)


def each_removing(subject: Subject) -> Sequence[str]:
    return subject.able(Capability.CREATE, Capability.REMOVE)


def _repeat(bench: Bench, new: New) -> Receipt:
    try:
        return creator_of(bench).create(new)
    except DeliveryError as error:
        name = type(error).__name__
        message = f"a repeated creation is {name}; the record that is there is the receipt"
        raise BrokenRuleError(message) from error


@rule(Tier.GOLD, group="writing", cases=each_creating)
def created(subject: Subject, case: str) -> None:
    """What is created stands in a new record, under the receipt's key and version."""
    with Bench(subject, case) as bench:
        new, creator = new_of(bench), creator_of(bench)
        receipt = creator.create(new)
        record = creator.fetch(case, receipt.key)
        expect(record is not None, "the receipt's key leads to no record")
        assert record is not None
        wrong = [name for name, value in new.fields.items() if record.data.get(name) != value]
        expect(not wrong, f"created, but not in the record: {', '.join(wrong)}")
        expect(receipt.version in (None, record.version), "the receipt has another version")
        expect(made_keys(bench) == [receipt.key], "a read does not give the one new record")
        expect(creator.find(case, EXTERNAL) == receipt.key, "it is not found by its external key")
        expect(creator.find(case, f"{EXTERNAL}-none") is None, "another external key is found too")


@rule(Tier.GOLD, group="writing", cases=each_creating)
def created_once(subject: Subject, case: str) -> None:
    """Created twice under one external key it is one record, and the second try changes nothing."""
    with Bench(subject, case) as bench:
        new = new_of(bench)
        first = creator_of(bench).create(new)
        _edit(bench, first)
        before = bench.fingerprint()
        second = _repeat(bench, new)
        expect(second.key == first.key, "the receipts are for different records")
        expect(bench.fingerprint() == before, "the repeat put its first values back")
        expect(made_keys(bench) == [first.key], "there is more than one new record")


def _edit(bench: Bench, receipt: Receipt) -> None:
    """Another's change to the record, made meanwhile."""
    writer = creator_of(bench)
    record = writer.fetch(bench.stream, receipt.key)
    assert record is not None
    fields = dict(bench.samples.fields(bench.stream, 3))
    writer.write(
        Change(
            stream=bench.stream,
            key=receipt.key,
            fields=fields,
            expected_version=record.version,
            idempotency_key="conformance-edit",
        )
    )


@rule(Tier.GOLD, group="writing", cases=each_creating)
def create_dropped(subject: Subject, case: str) -> None:
    """An answer lost after a creation is OutcomeUnknownError, and a repeat finds the record."""
    place = _place_of_creation(subject, case)
    with Bench(subject, case) as bench:
        new, creator = new_of(bench), creator_of(bench)
        effects = Effects(bench)
        bench.proxy.inject(Trouble(kind="drop", skip=place))
        with suppress(OutcomeUnknownError):
            creator.create(new)
        expect(effects.count == 1, f"{effects.count} requests had an effect")
        receipt = _repeat(bench, new)
        expect(effects.count == 1, "the repeat after it had a second effect")
        expect(made_keys(bench) == [receipt.key], "there is not exactly one new record")


def _place_of_creation(subject: Subject, stream: str) -> int:
    """Which request of a creation is the one that has the effect."""
    with Bench(subject, stream) as bench:
        if bench.address is None or not bench.address.http:
            raise NotDeclaredError("the protocol is not HTTP")
        creator, new = creator_of(bench), new_of(bench)
        effects = Effects(bench)
        creator.create(new)
        expect(effects.places, "a creation has no effect on what the stand-in holds")
        return effects.places[0]


@rule(Tier.GOLD, group="writing", cases=each_creating)
def create_refused(subject: Subject, case: str) -> None:
    """A creation with a field that the system does not know is RejectedError, and makes nothing."""
    with Bench(subject, case) as bench:
        new, before = new_of(bench), bench.fingerprint()
        fields = {**new.fields, "no_such_field": "conformance"}
        wrong = New(stream=case, fields=fields, external_key=EXTERNAL)
        try:
            creator_of(bench).create(wrong)
        except RejectedError:
            expect(bench.fingerprint() == before, "a RejectedError, and yet it was made")
            return
        raise BrokenRuleError("a field that does not exist is created without an error")


@rule(Tier.GOLD, group="writing", cases=each_removing)
def removed(subject: Subject, case: str) -> None:
    """What the hub made is gone once it is removed, and nothing else; gone already is no error."""
    with Bench(subject, case) as bench:
        receipt = creator_of(bench).create(new_of(bench))
        remover = cast("Remover", bench.connect())
        for _ in range(2):
            remover.remove(case, receipt.key)
        expect(remover.fetch(case, receipt.key) is None, "removed, and yet it is there")
        gone = [key for key in bench.source_keys() if remover.fetch(case, key) is None]
        expect(not gone, "another record was removed too")


@rule(Tier.GOLD, group="writing", cases=each_creating)
def external_key(subject: Subject, case: str) -> None:
    """A change that names its record by the external key reaches it, and no other record."""
    with Bench(subject, case) as bench:
        receipt = creator_of(bench).create(new_of(bench))
        others = {key: creator_of(bench).fetch(case, key) for key in bench.source_keys()}
        writer, fields = creator_of(bench), dict(bench.samples.fields(case, 2))
        change = Change(
            stream=case,
            key="",
            external_key=EXTERNAL,
            fields=fields,
            expected_version=receipt.version,
            idempotency_key="conformance-0002",
        )
        done, record = writer.write(change), writer.fetch(case, receipt.key)
        expect(done.key == receipt.key, "the receipt names another record")
        assert record is not None
        expect(fields.items() <= dict(record.data).items(), "written, but not in the record")
        same = {key: writer.fetch(case, key) for key in others} == others
        expect(same, "another record was changed")
