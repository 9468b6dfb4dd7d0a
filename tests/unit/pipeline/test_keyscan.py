"""Key scans: what is gone, what came back, what is held, and that nothing else is touched."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any

import orjson
import pytest
import sqlalchemy as sa

from hub.errors import (
    ConfigError,
    ContractError,
    SourceSchemaError,
    SourceUnavailableError,
    StoreError,
    WatermarkRegressionError,
)
from hub.pipeline.keyscan import KeyScanResult, scan_keys
from hub.pipeline.turn import StreamTask
from hub.sdk.contract import Capability, Page, Tombstone
from hub.store import leases, streams
from hub.store.database import Engine, reading, writing
from hub.store.digest import digest
from hub.store.leases import Lease
from hub.store.tables import raw_version, run, scanned_record, source_record, stream
from tests.unit.pipeline.scripted import FULL_ONLY, INCREMENTAL, ScriptedConnector, page, record
from tests.unit.pipeline.scripted import read as read_stream

SCANNED = replace(
    INCREMENTAL,
    capabilities=frozenset({Capability.FULL, Capability.INCREMENTAL, Capability.KEY_SCAN}),
)
Step = Sequence[str] | Exception | Callable[[], Sequence[str]]


class Listing(ScriptedConnector):
    """A system that gives its keys as the test writes them down; a step may do something first."""

    def __init__(self, *steps: Step) -> None:
        super().__init__()
        self.steps = steps

    def keys(self, stream: str) -> Iterator[Sequence[str]]:
        for step in self.steps:
            if isinstance(step, Exception):
                raise step
            yield step() if callable(step) else step


def scan(store: Engine, *steps: Step, **options: Any) -> KeyScanResult:
    task = StreamTask(connection="toy", connector="toy", stream=SCANNED, **options)
    return scan_keys(store, Listing(*steps), task=task)


def read(store: Engine, *pages: Page) -> int:
    return read_stream(store, *pages, stream=SCANNED).stream_id


def fill(store: Engine, count: int = 20) -> int:
    return read(store, page(*(record(str(n)) for n in range(count))))


def numbers(*ranges: range) -> list[str]:
    return [str(n) for numbers in ranges for n in numbers]


def deleted(store: Engine) -> set[str]:
    with reading(store) as db:
        gone = sa.select(source_record.c.source_key).where(source_record.c.deleted)
        return set(db.scalars(gone))


def test_a_key_that_is_gone_is_a_deletion(store: Engine) -> None:
    fill(store)
    result = scan(store, numbers(range(10)), numbers(range(11, 20)))
    assert result.state == "ok"
    assert result.counts == {
        "keys": 19,
        "met": 19,
        "repeated": 0,
        "unknown": 0,
        "unreadable": 0,
        "vanished": 1,
        "revived": 0,
    }
    assert deleted(store) == {"10"}


def test_the_deleted_record_keeps_its_payload_and_waits_to_be_translated(store: Engine) -> None:
    fill(store)
    scan(store, numbers(range(1, 20)))
    with reading(store) as db:
        row = db.execute(sa.select(source_record).where(source_record.c.deleted)).one()
        versions = db.execute(
            sa.select(raw_version)
            .where(raw_version.c.record_id == row.id)
            .order_by(raw_version.c.version)
        ).all()
    assert row.pending
    assert [(one.version, one.deleted) for one in versions] == [(1, False), (2, True)]
    assert "Name 0" in versions[0].payload


def test_cursor_and_epoch_are_not_touched(store: Engine) -> None:
    stream_id = fill(store)
    with reading(store) as db:
        before = streams.read_stream(db, stream_id)
    scan(store, numbers(range(1, 20)))
    with reading(store) as db:
        after = streams.read_stream(db, stream_id)
    assert replace(after, commit_seq=before.commit_seq) == before


def test_every_key_is_accounted_for(store: Engine) -> None:
    fill(store)
    result = scan(store, ["0", "0", *numbers(range(20))], ["new", "1", "nul\0", ""])
    counts = {name: result.counts[name] for name in ("keys", "met", "repeated", "unknown")}
    assert counts == {"keys": 26, "met": 20, "repeated": 3, "unknown": 1}
    assert result.counts["unreadable"] == 2


def test_a_second_scan_changes_nothing(store: Engine) -> None:
    fill(store)
    scan(store, numbers(range(1, 20)))
    before = digest(store)
    assert scan(store, numbers(range(1, 20))).counts["vanished"] == 0
    assert digest(store) == before


@pytest.mark.parametrize("kept", [1, 12])
def test_too_many_deletions_are_held_until_they_are_allowed(store: Engine, kept: int) -> None:
    fill(store)
    before = digest(store)
    held = scan(store, numbers(range(kept)))
    assert held.state == "held"
    assert f"{20 - kept} of 20 records" in str(held.note)
    assert "hub sync toy --keys --allow-deletes" in str(held.note)
    assert digest(store) == before
    allowed = scan(store, numbers(range(kept)), max_missing_share=1.0)
    assert (allowed.state, allowed.counts["vanished"]) == ("ok", 20 - kept)


@pytest.mark.parametrize("keys", [[], ["elsewhere", "nowhere"]])
def test_no_keys_or_foreign_ones_are_held_whatever_is_allowed(
    store: Engine, keys: list[str]
) -> None:
    fill(store)
    assert scan(store, keys, max_missing_share=1.0).state == "held"
    assert scan(store, max_missing_share=1.0).state == "held"
    assert deleted(store) == set()


def test_a_stream_that_was_never_read_has_nothing_to_miss(store: Engine) -> None:
    assert scan(store, ["a"]).counts["unknown"] == 1
    assert scan(store).state == "ok"


def test_what_is_there_again_lives_again_as_it_was(store: Engine) -> None:
    fill(store)
    scan(store, numbers(range(1, 20)))
    result = scan(store, numbers(range(20)))
    assert (result.counts["revived"], deleted(store)) == (1, set())
    with reading(store) as db:
        row = db.execute(sa.select(source_record).where(source_record.c.source_key == "0")).one()
        latest = db.execute(
            sa.select(raw_version).where(
                raw_version.c.record_id == row.id, raw_version.c.version == row.version
            )
        ).one()
    assert (row.version, row.pending, row.payload_hash) == (3, True, latest.payload_hash)
    assert orjson.loads(latest.payload)["name"] == "Name 0"


def test_a_merged_record_and_one_never_seen_alive_stay_as_they_are(store: Engine) -> None:
    fill(store)
    read(store, page(tombstones=[Tombstone("3", merged_into="4"), Tombstone("never-seen")]))
    assert scan(store, [*numbers(range(20)), "never-seen"]).counts["revived"] == 0
    assert deleted(store) == {"3", "never-seen"}


def test_a_record_that_is_read_again_after_a_scan_lives_again(store: Engine) -> None:
    fill(store)
    scan(store, numbers(range(1, 20)))
    read(store, page(record("0", name="Back")))
    assert deleted(store) == set()


def test_what_lands_while_keys_are_read_is_not_missing(store: Engine) -> None:
    stream_id = fill(store)

    def arrive() -> list[str]:
        with writing(store) as db:
            row = {"stream_id": stream_id, "source_key": "late", "id": 99_999, "version": 1}
            row |= {"payload_hash": b"h", "epoch": 1, "pending": True}
            db.execute(sa.insert(source_record), row)
            db.exec_driver_sql(
                "INSERT INTO raw_version (record_id, version, payload, payload_hash, observed_at, "
                "run_id) SELECT 99999, 1, payload, payload_hash, observed_at + 60000000, run_id "
                "FROM raw_version LIMIT 1"
            )
        return numbers(range(20))

    assert scan(store, arrive).counts["vanished"] == 0
    assert deleted(store) == set()


def test_a_scan_that_breaks_off_deletes_nothing(store: Engine) -> None:
    fill(store)
    before = digest(store)
    with pytest.raises(SourceUnavailableError):
        scan(store, numbers(range(5)), SourceUnavailableError("gone"))
    assert digest(store) == before
    with reading(store) as db:
        states = list(db.scalars(sa.select(run.c.state).where(run.c.step == "keys")))
    assert states == ["failed"]


def test_what_an_earlier_scan_met_does_not_count(store: Engine) -> None:
    fill(store)
    with pytest.raises(SourceUnavailableError):
        scan(store, ["0"], SourceUnavailableError("gone"))
    assert scan(store, numbers(range(1, 20))).counts["vanished"] == 1
    with reading(store) as db:
        assert db.scalar(sa.select(sa.func.count()).select_from(scanned_record)) == 0


def test_a_stream_that_is_being_read_is_not_scanned(store: Engine) -> None:
    stream_id = fill(store)
    with writing(store) as db:
        leases.acquire_lease(db, stream_id, Lease("other", 60))
    with pytest.raises(StoreError, match="read by another worker"):
        scan(store, ["0"])


def test_a_scan_that_was_overtaken_deletes_nothing(store: Engine) -> None:
    fill(store)

    def overtaken() -> list[str]:
        with writing(store) as db:
            db.execute(sa.update(stream).values(lease_holder="other", commit_seq=99))
        return ["1"]

    with pytest.raises(WatermarkRegressionError):
        scan(store, numbers(range(1, 20)), overtaken)
    assert deleted(store) == set()


@pytest.mark.parametrize(
    ("steps", "error", "message"),
    [
        (["abc"], ContractError, "no list of texts"),
        ([KeyError("x")], SourceSchemaError, "broke down"),
        ([["1"]] * 50, SourceSchemaError, "same keys"),
    ],
)
def test_a_broken_connector_is_told_so(
    store: Engine, steps: list[Step], error: type[Exception], message: str
) -> None:
    fill(store)
    with pytest.raises(error, match=message):
        scan(store, *steps)
    assert deleted(store) == set()


def test_a_connector_without_keys_breaks_its_promise(store: Engine) -> None:
    task = StreamTask(connection="toy", connector="toy", stream=SCANNED)
    with pytest.raises(ContractError, match="keys"):
        scan_keys(store, ScriptedConnector(), task=task)


@pytest.mark.parametrize("kind", [FULL_ONLY, replace(SCANNED, retains=True)])
def test_only_a_stream_with_a_key_scan_is_scanned(store: Engine, kind: Any) -> None:
    task = StreamTask(connection="toy", connector="toy", stream=kind)
    with pytest.raises(ConfigError, match=r"full read|nothing to compare"):
        scan_keys(store, Listing(["a"]), task=task)
