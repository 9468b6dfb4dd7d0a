"""A planned change, and what writing it does to the stand-in."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from hub.errors import ConflictError, DeliveryError
from hub.sdk.contract import Change, Receipt, Writer
from hub.testing.bench import Bench
from hub.testing.rule import BrokenRuleError, NotDeclaredError, expect
from hub.testing.subject import Subject
from hub.testing.wire import Exchange

NUMBER: Final = 4
"""The record that is written to."""


class Effects:
    """Counts the requests after which the stand-in holds something else."""

    def __init__(self, bench: Bench) -> None:
        self.places: list[int] = []
        self._bench = bench
        self._seen = 0
        self._before = bench.fingerprint()
        bench.proxy.after = self._look

    @property
    def count(self) -> int:
        return len(self.places)

    def _look(self, _exchange: Exchange) -> None:
        now = self._bench.fingerprint()
        if now != self._before:
            self.places.append(self._seen)
        self._before, self._seen = now, self._seen + 1


def planned(bench: Bench, fields: Mapping[str, str] | None = None) -> tuple[Writer, Change]:
    """A writer, and a change computed from the record as it is."""
    writer = bench.writer()
    record = writer.fetch(bench.stream, bench.key(NUMBER))
    expect(record is not None, "fetch finds no record that read finds")
    assert record is not None
    wanted = fields or bench.samples.fields(bench.stream, 1)
    expect(wanted, "samples.fields gives no change for a stream that is written to")
    change = Change(
        stream=bench.stream,
        key=record.key,
        fields=dict(wanted),
        expected_version=record.version,
        idempotency_key="conformance-0001",
    )
    return writer, change


def place_of_effect(subject: Subject, stream: str) -> int:
    """Which request of a write is the one that has the effect."""
    with Bench(subject, stream) as bench:
        if bench.address is None or not bench.address.http:
            raise NotDeclaredError("the protocol is not HTTP")
        writer, change = planned(bench)
        effects = Effects(bench)
        writer.write(change)
        expect(effects.places, "a write has no effect on what the stand-in holds")
        return effects.places[0]


def receipt_of_repeat(write: Callable[[Change], Receipt], change: Change) -> Receipt:
    try:
        return write(change)
    except DeliveryError as error:
        name = type(error).__name__
        raise BrokenRuleError(
            f"a repeated change is {name}; where the record holds the values already, an earlier "
            "try got through: that is a receipt"
        ) from error


def expect_conflict(write: Callable[[Change], Receipt], change: Change, what: str) -> None:
    try:
        write(change)
    except ConflictError:
        return
    except DeliveryError as error:
        raise BrokenRuleError(f"{what} is {type(error).__name__}, not ConflictError") from error
    raise BrokenRuleError(f"{what} is written over without an error")
