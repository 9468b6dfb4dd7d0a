"""Gold: a write never goes over another's, and is never repeated blindly."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Final

from hub.errors import ConflictError, DeliveryError, OutcomeUnknownError, RejectedError
from hub.sdk.contract import Capability
from hub.testing.bench import Bench
from hub.testing.effects import (
    NUMBER,
    Effects,
    expect_conflict,
    place_of_effect,
    planned,
    receipt_of_repeat,
)
from hub.testing.proxy import Trouble
from hub.testing.rule import BrokenRuleError, Tier, expect, rule
from hub.testing.rules.writing import each_writable
from hub.testing.subject import Subject
from hub.testing.wire import Exchange

ANSWERS: Final[Mapping[str, type[DeliveryError]]] = {
    "409": ConflictError,
    "412": ConflictError,
    "422": RejectedError,
}


def each_locked(subject: Subject) -> Sequence[str]:
    return subject.able(Capability.WRITE, Capability.OPTIMISTIC_LOCK)


def each_keyed(subject: Subject) -> Sequence[str]:
    return subject.able(Capability.WRITE, Capability.IDEMPOTENCY_KEY)


@rule(Tier.GOLD, group="writing", cases=each_locked)
def stale(subject: Subject, case: str) -> None:
    """A change computed from an older version is a ConflictError, and nothing is overwritten."""
    with Bench(subject, case) as bench:
        writer, change = planned(bench)
        bench.put(NUMBER, 5)
        others = bench.fingerprint()
        expect_conflict(writer.write, change, "a stale version")
        expect(bench.fingerprint() == others, "a ConflictError, and yet it was written")


@rule(Tier.GOLD, group="writing", cases=each_locked)
def raced(subject: Subject, case: str) -> None:
    """Another's change between our comparing and our writing is not overwritten."""
    place = place_of_effect(subject, case)
    with Bench(subject, case) as bench:
        writer, change = planned(bench)
        seen: list[Exchange] = []
        others: list[bytes] = []

        def interfere(exchange: Exchange) -> None:
            seen.append(exchange)
            if len(seen) == place + 1:
                bench.put(NUMBER, 5)
                others.append(bench.fingerprint())

        bench.proxy.before = interfere
        expect_conflict(writer.write, change, "a change made meanwhile")
        expect(others == [bench.fingerprint()], "the other's change was overwritten")


@rule(Tier.GOLD, group="writing", cases=each_writable)
def dropped(subject: Subject, case: str) -> None:
    """An answer lost after the effect is OutcomeUnknownError, and never becomes a second effect."""
    place = place_of_effect(subject, case)
    with Bench(subject, case) as bench:
        writer, change = planned(bench)
        effects = Effects(bench)
        bench.proxy.inject(Trouble(kind="drop", skip=place))
        with suppress(OutcomeUnknownError):
            writer.write(change)
        expect(effects.count == 1, f"{effects.count} requests had an effect")
        done = bench.fingerprint()
        receipt_of_repeat(bench.writer().write, change)
        expect(bench.fingerprint() == done, "the repeat after it had a second effect")


@rule(Tier.GOLD, group="writing", cases=each_writable)
def answered(subject: Subject, case: str) -> None:
    """409 and 412 are ConflictError, 422 is RejectedError, and none of them is sent again."""
    place = place_of_effect(subject, case)
    for status, expected in ANSWERS.items():
        with Bench(subject, case) as bench:
            writer, change = planned(bench)
            before = bench.fingerprint()
            bench.proxy.inject(Trouble(kind="status", status=int(status), skip=place, body=b"{}"))
            try:
                writer.write(change)
            except expected:
                expect(bench.fingerprint() == before, f"sent again after a {status}")
                continue
            except DeliveryError as error:
                name = type(error).__name__
                raise BrokenRuleError(f"{status} is {name}, not {expected.__name__}") from error
            raise BrokenRuleError(f"a write that is answered with {status} is a receipt")


@rule(Tier.GOLD, group="writing", cases=each_keyed)
def key_sent(subject: Subject, case: str) -> None:
    """The idempotency key goes out with the write, the same one at each try."""
    place = place_of_effect(subject, case)
    with Bench(subject, case) as bench:
        writer, change = planned(bench)
        before = len(bench.proxy.exchanges)
        writer.write(change)
        sent = bench.proxy.exchanges[before + place]
    key = change.idempotency_key
    carried = key.encode() in sent.body or any(key in value for value in sent.headers.values())
    expect(carried, "the write carries no idempotency key, in no header and not in its body")
