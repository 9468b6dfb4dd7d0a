"""Connectors that are wrong in writing many records, or in making new ones."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from hub.errors import DeliveryError, OutcomeUnknownError, RejectedError
from hub.sdk import Change, New, Receipt, Record, WriteResult
from tests.unit.testing.cards import CardsConnector


class FetchManyRaises(CardsConnector):
    def fetch_many(self, stream: str, keys: Sequence[str]) -> dict[str, Record]:
        found = super().fetch_many(stream, keys)
        return {key: found[key] for key in keys}


class FetchManyDiffers(CardsConnector):
    def fetch_many(self, stream: str, keys: Sequence[str]) -> dict[str, Record]:
        found = super().fetch_many(stream, keys)
        return {key: record._replace(version="") for key, record in found.items()}


class OrdersByKey(CardsConnector):
    """Answers in the order of its own."""

    def write_many(
        self, stream: str, changes: Sequence[Change], *, within: float
    ) -> list[WriteResult]:
        return super().write_many(
            stream, sorted(changes, key=lambda change: change.key), within=within
        )


class LeavesOut(CardsConnector):
    """Says nothing of what was refused."""

    def write_many(
        self, stream: str, changes: Sequence[Change], *, within: float
    ) -> list[WriteResult]:
        return [
            one
            for one in super().write_many(stream, changes, within=within)
            if isinstance(one, Receipt)
        ]


class AllOrNothing(CardsConnector):
    """Gives up at the first that is refused."""

    def write_many(
        self, stream: str, changes: Sequence[Change], *, within: float
    ) -> list[WriteResult]:
        results = super().write_many(stream, changes, within=within)
        refused = [one for one in results if isinstance(one, DeliveryError)]
        return [refused[0]] * len(changes) if refused else results


class OverwritesMany(CardsConnector):
    """Compares nothing."""

    def compare(self, now: Record, change: Change) -> None:
        """As it likes."""


class RepeatsMany(OverwritesMany):
    """Writes each time it is told."""

    def is_done(self, now: Record, change: Change) -> bool:
        return False


class SendsLate(CardsConnector):
    """Looks at no clock."""

    def write_many(
        self, stream: str, changes: Sequence[Change], *, within: float
    ) -> list[WriteResult]:
        return super().write_many(stream, changes, within=within + 60)


class TriesManyAgain(CardsConnector):
    """Sends a batch again whose outcome it does not know, without a condition."""

    def put_many(self, changes: Sequence[Change], found: Mapping[str, Record]) -> list[WriteResult]:
        try:
            return super().put_many(changes, found)
        except OutcomeUnknownError:
            free = {key: record._replace(version=None) for key, record in found.items()}
            return super().put_many(changes, free)


class TakesManyForRefused(CardsConnector):
    def write_many(
        self, stream: str, changes: Sequence[Change], *, within: float
    ) -> list[WriteResult]:
        try:
            return super().write_many(stream, changes, within=within)
        except OutcomeUnknownError:
            return [RejectedError("cards: no answer")] * len(changes)


class CreatesBlank(CardsConnector):
    def make(self, new: New) -> Receipt:
        return super().make(replace(new, fields={"name": "New card"}))


class CreatesEachTime(CardsConnector):
    def create(self, new: New) -> Receipt:
        return self.make(new)


class CreatesOver(CardsConnector):
    """An upsert: puts its first values back over another's."""

    def create(self, new: New) -> Receipt:
        made = super().create(new)
        change = Change(
            stream=new.stream,
            key=made.key,
            fields=new.fields,
            expected_version=None,
            idempotency_key="over",
        )
        return self.write(change)


class CreatesAgain(CardsConnector):
    """Makes another where it does not know whether it made one."""

    def make(self, new: New) -> Receipt:
        try:
            return super().make(new)
        except OutcomeUnknownError:
            return super().make(new)


class SwallowsRefusedCreation(CardsConnector):
    def create(self, new: New) -> Receipt:
        try:
            return super().create(new)
        except RejectedError:
            return Receipt(key="1")


class FindsAnyCard(CardsConnector):
    """Takes a system's first answer for the record that was asked for."""

    def write(self, change: Change) -> Receipt:
        if not change.external_key:
            return super().write(change)
        return super().write(replace(change, key="1", external_key="", expected_version=None))


class CreatesBackwards(CardsConnector):
    """Tells receipts in another order than it was given the records."""

    def create_many(
        self, stream: str, records: Sequence[New], *, within: float
    ) -> list[WriteResult]:
        return super().create_many(stream, records, within=within)[::-1]


class CreatesAllOrNothing(CardsConnector):
    """Gives up at the first that is refused."""

    def create_many(
        self, stream: str, records: Sequence[New], *, within: float
    ) -> list[WriteResult]:
        results: list[WriteResult] = []
        for new in records:
            results.append(self.create_one(new))
            if isinstance(results[-1], DeliveryError):
                return [results[-1]] * len(records)
        return results


class RemovesNothing(CardsConnector):
    def remove(self, stream: str, key: str) -> None:
        """Says that it is done."""


MANY: dict[type[CardsConnector], tuple[str, ...]] = {
    FetchManyRaises: ("batch_fetched",),
    FetchManyDiffers: ("batch_fetched",),
    OrdersByKey: ("batch_written",),
    LeavesOut: ("batch_apart",),
    AllOrNothing: ("batch_apart",),
    OverwritesMany: ("batch_apart",),
    RepeatsMany: ("batch_repeated",),
    SendsLate: ("batch_late",),
    TriesManyAgain: ("batch_dropped",),
    TakesManyForRefused: ("batch_dropped",),
    CreatesBlank: ("created",),
    CreatesEachTime: ("created_once", "create_dropped"),
    CreatesOver: ("created_once",),
    CreatesAgain: ("create_dropped",),
    SwallowsRefusedCreation: ("create_refused",),
    FindsAnyCard: ("external_key",),
    CreatesBackwards: ("batch_created",),
    CreatesAllOrNothing: ("batch_created_apart",),
    RemovesNothing: ("removed",),
}
