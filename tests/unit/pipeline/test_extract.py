"""Extract: every kind of item, epochs and their guard, cursors, leases, failures."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
import sqlalchemy as sa

from hub.errors import (
    ContractError,
    CursorExpiredError,
    SourceSchemaError,
    SourceUnavailableError,
    StoreError,
    WatermarkRegressionError,
)
from hub.pipeline.extract import StreamTask, extract
from hub.sdk.contract import Cursor, Page, Record, Tombstone, Unreadable
from hub.store import leases, streams
from hub.store.database import Engine, reading, writing
from hub.store.digest import digest
from hub.store.leases import Lease
from hub.store.tables import quarantine, raw_version, run, source_record, stream
from tests.unit.pipeline.scripted import (
    FULL_ONLY,
    INCREMENTAL,
    ScriptedConnector,
    page,
    read,
    record,
)


def _counts(counts: object, *kinds: str) -> list[int]:
    assert isinstance(counts, dict)
    return [counts[kind] for kind in kinds]


def _records(store: Engine) -> dict[str, sa.Row[tuple[object, ...]]]:
    with reading(store) as db:
        return {row.source_key: row for row in db.execute(sa.select(source_record))}


def test_new_records_land_with_their_cursor(store: Engine) -> None:
    result = read(store, page(record("a"), record("b")), page(record("c")))
    assert result.state == "ok"
    assert _counts(result.counts, "read", "new", "pages") == [3, 3, 2]
    with reading(store) as db:
        state = streams.read_stream(db, result.stream_id)
    assert state.cursor == {"page": 2}
    assert not state.epoch_open


def test_reading_the_same_again_lands_nothing(store: Engine) -> None:
    pages = [page(record("a"), record("b")), page(record("c"))]
    read(store, *pages, stream=FULL_ONLY)
    before = digest(store)
    again = read(store, *pages, stream=FULL_ONLY)
    assert _counts(again.counts, "read", "unchanged", "new", "changed") == [3, 3, 0, 0]
    assert digest(store) == before


def test_a_read_that_is_told_to_end_stops_after_its_page_and_goes_on_there(store: Engine) -> None:
    pages = [page(record("a")), page(record("b")), page(record("c"))]
    asked = iter([False, True, True])
    task = StreamTask(connection="toy", connector="toy", stream=FULL_ONLY)
    stopped = replace(task, ending=lambda: next(asked))
    result = extract(store, ScriptedConnector(*pages), task=stopped)
    assert (result.state, _counts(result.counts, "new", "vanished")) == ("stopped", [2, 0])
    with reading(store) as db:
        state = streams.read_stream(db, result.stream_id)
    assert (state.cursor, state.epoch_open) == ({"page": 2}, True)
    again = extract(store, ScriptedConnector(*pages), task=task)
    assert (again.state, _counts(again.counts, "new", "vanished")) == ("ok", [1, 0])
    assert _records(store).keys() == {"a", "b", "c"}


def test_key_order_is_no_change(store: Engine) -> None:
    read(store, page(Record("a", {"x": 1, "y": {"p": 1, "q": 2}})))
    again = read(store, page(Record("a", {"y": {"q": 2, "p": 1}, "x": 1})))
    assert _counts(again.counts, "unchanged", "changed") == [1, 0]


def test_a_changed_record_keeps_its_old_version(store: Engine) -> None:
    read(store, page(record("a", "1")))
    changed = read(store, page(record("a", "2", name="Other")))
    assert _counts(changed.counts, "changed") == [1]
    with reading(store) as db:
        versions = db.execute(sa.select(raw_version).order_by(raw_version.c.version)).all()
    assert [row.version for row in versions] == [1, 2]
    assert "Name a" in versions[0].payload
    assert "Other" in versions[1].payload


def test_an_older_version_is_stale(store: Engine) -> None:
    read(store, page(record("a", "2")))
    older = read(store, page(record("a", "1", name="Old")))
    assert _counts(older.counts, "stale", "changed") == [1, 0]
    assert _records(store)["a"].version == 1


def test_the_same_content_under_a_newer_version_is_only_renumbered(store: Engine) -> None:
    read(store, page(record("a", "1")))
    again = read(store, page(record("a", "2")))
    assert _counts(again.counts, "unchanged") == [1]
    row = _records(store)["a"]
    assert (row.version, row.source_version) == (1, "2")


def test_a_key_twice_in_a_page_is_repeated_or_changed(store: Engine) -> None:
    result = read(store, page(record("a"), record("a"), record("b", "1"), record("b", "2", x=1)))
    assert _counts(result.counts, "read", "new", "repeated", "changed") == [4, 2, 1, 1]
    assert _records(store)["b"].version == 2


def test_an_identical_page_is_repeated(store: Engine) -> None:
    read(store, page(record("a")))
    result = read(store, page(record("a"), record("b")), page(record("a"), record("b")))
    assert _counts(result.counts, "new", "unchanged", "repeated") == [1, 1, 2]


def test_a_tombstone_keeps_the_last_payload(store: Engine) -> None:
    read(store, page(record("a")))
    gone = [Tombstone("a", merged_into="b"), Tombstone("never-seen")]
    result = read(store, page(tombstones=gone))
    assert _counts(result.counts, "read", "tombstones") == [2, 2]
    row = _records(store)["a"]
    assert (row.deleted, row.merged_into, row.pending) == (True, "b", True)
    with reading(store) as db:
        payloads = list(
            db.scalars(sa.select(raw_version.c.payload).where(raw_version.c.record_id == row.id))
        )
    assert any("Name a" in payload for payload in payloads)


def test_a_tombstone_of_an_unknown_record_stops_older_versions(store: Engine) -> None:
    read(store, page(tombstones=[Tombstone("a", "5")]))
    late = read(store, page(record("a", "3")))
    assert _counts(late.counts, "stale", "new") == [1, 0]
    assert _records(store)["a"].deleted


def test_a_deleted_record_can_come_back(store: Engine) -> None:
    read(store, page(record("a", "1")), page(tombstones=[Tombstone("a", "2")]))
    back = read(store, page(record("a", "3")))
    assert _counts(back.counts, "changed") == [1]
    assert not _records(store)["a"].deleted


def test_excluded_and_unreadable_items_are_counted(store: Engine) -> None:
    bad = [Unreadable("x", "broken quoting", "raw \0 text"), Unreadable(None, "no id", "raw")]
    result = read(store, page(record("a"), unreadable=bad, excluded={"internal mail": 7}))
    assert _counts(result.counts, "read", "new", "unreadable") == [10, 1, 2]
    assert result.counts["excluded"] == {"internal mail": 7}
    with reading(store) as db:
        raws = set(db.scalars(sa.select(quarantine.c.raw)))
    assert raws == {"raw \\u0000 text", "raw"}


@pytest.mark.parametrize(
    "bad",
    [
        Record("", {"id": 1}),
        Record("nul\0key", {}),
        Record("k" * 3000, {}),
        Record("a", {"value": b"bytes"}),
        Record("a", {"value": 2**70}),
        Record("a", {"value": "\ud800"}),
        Record("a", {}, "v\0"),
    ],
)
def test_what_no_database_stores_is_quarantined(store: Engine, bad: Record) -> None:
    result = read(store, page(record("good"), bad))
    assert _counts(result.counts, "read", "new", "unreadable") == [2, 1, 1]


def test_an_unreadable_record_is_settled_once_it_can_be_read(store: Engine) -> None:
    read(store, page(unreadable=[Unreadable("a", "broken", "raw")]))
    read(store, page(record("a")))
    with reading(store) as db:
        assert list(db.scalars(sa.select(quarantine.c.state))) == ["superseded"]


def test_what_a_full_read_meets_no_more_leaves_the_quarantine(store: Engine) -> None:
    read(
        store, page(unreadable=[Unreadable(None, "broken", raw) for raw in "xy"]), stream=FULL_ONLY
    )
    read(store, page(record("a"), unreadable=[Unreadable(None, "broken", "x")]), stream=FULL_ONLY)
    with reading(store) as db:
        states = db.execute(sa.select(quarantine.c.raw, quarantine.c.state))
        assert {row.raw: row.state for row in states} == {"x": "open", "y": "superseded"}


def test_a_full_read_deletes_what_it_did_not_meet(store: Engine) -> None:
    read(store, page(*(record(str(n)) for n in range(20))), stream=FULL_ONLY)
    result = read(store, page(*(record(str(n)) for n in range(1, 20))), stream=FULL_ONLY)
    assert _counts(result.counts, "unchanged", "vanished") == [19, 1]
    assert [key for key, row in _records(store).items() if row.deleted] == ["0"]


@pytest.mark.parametrize("kept", [0, 12])
def test_too_many_deletions_are_held(store: Engine, kept: int) -> None:
    read(store, page(*(record(str(n)) for n in range(20))), stream=FULL_ONLY)
    rest = page(*(record(str(n)) for n in range(kept)))
    held = read(store, rest, stream=FULL_ONLY)
    assert held.state == "held"
    assert str(20 - kept) in str(held.note)
    assert not any(row.deleted for row in _records(store).values())
    allowed = read(store, rest, stream=FULL_ONLY, max_missing_share=1.0)
    assert (allowed.state, allowed.counts["vanished"]) == ("ok", 20 - kept)


def test_nothing_is_deleted_while_an_unreadable_record_may_be_it(store: Engine) -> None:
    read(store, page(*(record(str(n)) for n in range(20))), stream=FULL_ONLY)
    rest = page(*(record(str(n)) for n in range(19)), unreadable=[Unreadable(None, "?", "raw")])
    assert read(store, rest, stream=FULL_ONLY).state == "held"


def test_an_unreadable_record_with_a_key_is_met(store: Engine) -> None:
    read(store, page(*(record(str(n)) for n in range(20))), stream=FULL_ONLY)
    rest = page(*(record(str(n)) for n in range(19)), unreadable=[Unreadable("19", "?", "raw")])
    result = read(store, rest, stream=FULL_ONLY)
    assert (result.state, result.counts["vanished"]) == ("ok", 0)


def test_a_stream_without_incremental_is_read_in_full_each_time(store: Engine) -> None:
    system = ScriptedConnector(page(record("a")))
    task = StreamTask(connection="toy", connector="toy", stream=FULL_ONLY)
    extract(store, system, task=task)
    extract(store, system, task=task)
    assert system.cursors == [None, None]


def test_an_incremental_read_goes_on_and_full_begins_again(store: Engine) -> None:
    system = ScriptedConnector(page(record("a")), page(record("b")))
    task = StreamTask(connection="toy", connector="toy", stream=INCREMENTAL)
    extract(store, system, task=task)
    extract(store, system, task=task)
    full = StreamTask(connection="toy", connector="toy", stream=INCREMENTAL, full=True)
    result = extract(store, system, task=full)
    assert system.cursors == [None, {"page": 2}, None]
    assert _counts(result.counts, "unchanged", "vanished") == [2, 0]


def test_a_failed_full_read_goes_on_where_it_stopped(store: Engine) -> None:
    system = ScriptedConnector(page(record("a")), SourceUnavailableError("gone"), page(record("b")))
    task = StreamTask(connection="toy", connector="toy", stream=FULL_ONLY)
    with pytest.raises(SourceUnavailableError):
        extract(store, system, task=task)
    assert set(_records(store)) == {"a"}
    result = extract(store, system, task=task)
    assert system.cursors == [None, {"page": 1}]
    assert result.counts["epoch"] == 1
    with reading(store) as db:
        states = list(db.scalars(sa.select(run.c.state).order_by(run.c.id)))
    assert states == ["failed", "ok"]


def test_an_expired_cursor_opens_an_epoch_and_compares_keys(store: Engine) -> None:
    read(store, page(*(record(str(n)) for n in range(20))))
    rest = page(*(record(str(n)) for n in range(19)))
    result = read(store, CursorExpiredError("sync token"), rest)
    assert _counts(result.counts, "unchanged", "vanished", "epoch") == [19, 1, 2]


def test_a_cursor_that_expires_twice_is_given_up(store: Engine) -> None:
    with pytest.raises(CursorExpiredError):
        read(store, CursorExpiredError("one"), CursorExpiredError("two"))


def test_counts_are_stored_with_the_run(store: Engine) -> None:
    result = read(store, page(record("a")))
    with reading(store) as db:
        row = db.execute(sa.select(run)).one()
    assert (row.id, row.state, row.step) == (result.run_id, "ok", "extract")
    assert '"read":1' in row.counts


def test_a_second_reader_is_turned_away(store: Engine) -> None:
    result = read(store, page(record("a")))
    with writing(store) as db:
        leases.acquire_lease(db, result.stream_id, Lease("other", 60))
    with pytest.raises(StoreError, match="read by another worker"):
        read(store, page(record("b")))


def test_a_lease_that_ran_out_is_taken_over(store: Engine) -> None:
    result = read(store, page(record("a")))
    with writing(store) as db:
        leases.acquire_lease(db, result.stream_id, Lease("dead", -1))
    assert read(store, page(record("b"))).state == "ok"


def test_the_page_of_a_worker_that_was_overtaken_is_refused(store: Engine) -> None:
    def overtaken() -> Page:
        with writing(store) as db:
            db.execute(sa.update(stream).values(lease_holder="other", commit_seq=99))
        return page(record("late"))

    class Paused(ScriptedConnector):
        def read(self, stream: str, cursor: Cursor | None) -> Iterator[Page]:
            yield Page(records=[record("first")], cursor={"page": 1})
            yield overtaken()

    task = StreamTask(connection="toy", connector="toy", stream=INCREMENTAL, pages_ahead=0)
    with pytest.raises(WatermarkRegressionError):
        extract(store, Paused(), task=task)
    assert set(_records(store)) == {"first"}


def test_a_system_that_repeats_one_page_for_ever_is_stopped(store: Engine) -> None:
    class Stuck(ScriptedConnector):
        def read(self, stream: str, cursor: Cursor | None) -> Iterator[Page]:
            while True:
                yield Page(records=[record("a")], cursor={"page": 1})

    task = StreamTask(connection="toy", connector="toy", stream=INCREMENTAL)
    with pytest.raises(SourceSchemaError, match="same page"):
        extract(store, Stuck(), task=task)


def test_a_cursor_that_is_not_json_is_the_connectors_fault(store: Engine) -> None:
    class Careless(ScriptedConnector):
        def read(self, stream: str, cursor: Cursor | None) -> Iterator[Page]:
            yield Page(records=[], cursor={"at": object()})  # type: ignore[dict-item]  # the fault

    task = StreamTask(connection="toy", connector="toy", stream=INCREMENTAL)
    with pytest.raises(ContractError, match="cursor"):
        extract(store, Careless(), task=task)
