"""Gold: writing, once and never blindly."""

from __future__ import annotations

from collections.abc import Sequence

from hub.errors import RejectedError
from hub.sdk.contract import Capability
from hub.testing.bench import Bench
from hub.testing.effects import NUMBER, Effects, planned, receipt_of_repeat
from hub.testing.rule import BrokenRuleError, Tier, expect, rule
from hub.testing.subject import Subject


def each_writable(subject: Subject) -> Sequence[str]:
    return subject.able(Capability.WRITE)


@rule(Tier.GOLD, group="writing")
def writes(subject: Subject, _case: str) -> None:
    """The connector writes back: a stream declares WRITE."""
    expect(each_writable(subject), "no stream declares WRITE; exempt writes with the reason")


@rule(Tier.GOLD, group="writing", cases=each_writable)
def fetched(subject: Subject, case: str) -> None:
    """Fetch gives a record as read gives it, and None where there is none.

    A lock that has no order in time (an ETag) is no version of a record that is read, but may be
    the version of one that is fetched: a change is computed from it.
    """
    with Bench(subject, case) as bench:
        read = {record.key: record for page in bench.read() for record in page.records}
        writer = bench.writer()
        for key, record in read.items():
            found = writer.fetch(case, key)
            expect(found is not None, f"fetch finds no {key}")
            assert found is not None
            lock = found.version if record.version is None else record.version
            same = found == record._replace(version=lock)
            expect(same, f"fetch gives {key} otherwise than read does")
        bench.remove(NUMBER)
        expect(writer.fetch(case, bench.key(NUMBER)) is None, "fetch finds a deleted record")


@rule(Tier.GOLD, group="writing", cases=each_writable)
def written(subject: Subject, case: str) -> None:
    """What is written stands in the record afterwards, and the receipt has its version."""
    with Bench(subject, case) as bench:
        writer, change = planned(bench)
        receipt = writer.write(change)
        record = writer.fetch(case, change.key)
    assert record is not None
    wrong = [name for name, value in change.fields.items() if record.data.get(name) != value]
    expect(not wrong, f"written, but not in the record: {', '.join(wrong)}")
    expect(receipt.key == change.key, "the receipt is for another record")
    expect(receipt.version in (None, record.version), "the receipt has another version")


@rule(Tier.GOLD, group="writing", cases=each_writable)
def repeated(subject: Subject, case: str) -> None:
    """The same change written again has one effect, and both times a receipt."""
    with Bench(subject, case) as bench:
        writer, change = planned(bench)
        effects = Effects(bench)
        first = writer.write(change)
        done = bench.fingerprint()
        second = receipt_of_repeat(writer.write, change)
        expect(effects.count <= 1, f"{effects.count} requests had an effect")
        expect(bench.fingerprint() == done, "the repeat changed the record once more")
    expect(first.key == second.key, "the receipts are for different records")


@rule(Tier.GOLD, group="writing", cases=each_writable)
def rejected(subject: Subject, case: str) -> None:
    """A field that the system does not know is RejectedError, and nothing is written."""
    with Bench(subject, case) as bench:
        writer, change = planned(bench, {"no_such_field": "conformance"})
        before = bench.fingerprint()
        try:
            writer.write(change)
        except RejectedError:
            expect(bench.fingerprint() == before, "a RejectedError, and yet it was written")
            return
        raise BrokenRuleError("a field that does not exist is written without an error")
