"""Silver: what a scan of keys alone gives, for streams that declare it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

from hub.errors import SourceError
from hub.sdk.contract import Capability, KeyScanner
from hub.sdk.overrides import policy_overrides
from hub.testing.bench import Bench, keys_of
from hub.testing.proxy import Trouble
from hub.testing.rule import Tier, expect, expect_keys, rule
from hub.testing.subject import Subject

_ALWAYS = 10_000


def each_scanned(subject: Subject) -> Sequence[str]:
    return subject.able(Capability.KEY_SCAN)


@rule(Tier.SILVER, group="key_scan", cases=each_scanned)
def key_scan_complete(subject: Subject, case: str) -> None:
    """A key scan names the records of a full read, and no longer those that are deleted."""
    with Bench(subject, case) as bench:
        expect_keys(_keys(bench), keys_of(bench.read()), "keys beside a full read")
        for number in (1, 4, 5):
            bench.remove(number)
        gone = set(bench.source_keys([1, 4, 5]))
        expect_keys(_keys(bench), keys_of(bench.read()), "keys beside a full read, some deleted")
        expect(not gone & set(_keys(bench)), "a deleted record is still among the keys")


@rule(Tier.SILVER, group="key_scan", cases=each_scanned)
def key_scan_raises(subject: Subject, case: str) -> None:
    """A key scan that meets a fault raises: ending early would delete what it has not named."""
    with Bench(subject, case) as bench, policy_overrides(attempts=1):
        bench.proxy.inject(Trouble(kind="truncate", times=_ALWAYS, skip=1))
        try:
            found = _keys(bench)
        except SourceError:
            return
        expect(False, f"the scan ended with {len(found)} keys as if those were all")


def _keys(bench: Bench) -> list[str]:
    scanner = cast("KeyScanner", bench.connect())
    return [key for page in scanner.keys(bench.stream) for key in page]
