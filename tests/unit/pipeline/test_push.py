"""Landing of pushes: the normal way, whatever the order, and what becomes of bad ones."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from hub.errors import AuthenticationError, SourceUnavailableError, StoreError
from hub.pipeline.extract import StreamTask, extract
from hub.pipeline.push import PushReport
from hub.sdk.contract import Page
from hub.store import leases, pushes, streams
from hub.store.arrivals import push_delivery
from hub.store.database import Engine, reading, writing
from hub.store.digest import digest
from hub.store.leases import Lease
from hub.store.tables import canonical_record, quarantine, raw_version, run, source_record
from tests.unit.pipeline.pushing import ERRORS, PUSHED, World, errors_of
from tests.unit.pipeline.scripted import ScriptedConnector, page, record


@pytest.fixture
def world(store: Engine, tmp_path: Path) -> World:
    return World(store, tmp_path)


def read(world: World, *pages: Page) -> int:
    task = StreamTask(connection="toy", connector="toy", stream=PUSHED)
    return extract(world.store, ScriptedConnector(*pages), task=task).stream_id


def records(world: World) -> dict[str, Any]:
    with reading(world.store) as db:
        return {row.source_key: row for row in db.execute(sa.select(source_record))}


def states(world: World) -> dict[str, str]:
    with reading(world.store) as db:
        return {row["delivery_id"]: row["state"] for row in pushes.list_deliveries(db)}


def counted(report: PushReport, *names: str) -> list[int]:
    counts = report.as_counts()
    assert counts["taken"] == counts["done"] + counts["failed"] + counts["waiting"]
    return [counts[name] for name in names]


def test_pushed_records_land_and_are_translated(world: World) -> None:
    world.push("d1", put=[["a", "1", {}], ["b", "1", {}]])
    report = world.land()
    assert counted(report, "taken", "done", "new") == [1, 1, 2]
    assert set(records(world)) == {"a", "b"}
    with reading(world.store) as db:
        assert db.scalar(sa.select(sa.func.count()).select_from(canonical_record)) == 2


def test_the_cursor_of_reading_is_not_touched(world: World) -> None:
    stream_id = read(world, page(record("a", "1")), page(record("b", "1")))
    with reading(world.store) as db:
        before = streams.read_stream(db, stream_id)
    world.push("d1", put=[["a", "2", {"x": 1}]])
    assert counted(world.land(), "changed") == [1]
    with reading(world.store) as db:
        after = streams.read_stream(db, stream_id)
    assert (after.cursor, after.epoch, after.epoch_open) == (before.cursor, before.epoch, False)


def test_what_is_done_keeps_no_content_and_is_not_landed_again(world: World) -> None:
    world.push("d1", put=[["a", "1", {}]])
    world.land()
    before = digest(world.store)
    assert counted(world.land(), "taken") == [0]
    assert digest(world.store) == before
    with reading(world.store) as db:
        row = db.execute(sa.select(push_delivery)).one()
    assert (row.state, row.body, row.reason) == ("done", None, None)


def test_an_older_version_never_replaces_a_newer_one(world: World) -> None:
    read(world, page(record("a", "5", name="Newest")))
    world.push("late", put=[["a", "3", {"name": "Old"}]])
    world.push("later", gone=[["a", "4"]])
    assert counted(world.land(), "done", "stale", "changed") == [2, 2, 0]
    row = records(world)["a"]
    assert (row.source_version, row.version, row.deleted) == ("5", 1, False)


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 2, 0), (1, 0, 2)])
def test_the_order_of_arrival_does_not_matter(world: World, order: tuple[int, ...]) -> None:
    said: list[dict[str, Any]] = [
        {"put": [["a", "1", {}]]},
        {"gone": [["a", "2"]]},
        {"put": [["a", "3", {"name": "Back"}]]},
    ]
    for number in order:
        world.push(f"d{number}", **said[number])
    world.land()
    row = records(world)["a"]
    assert (row.source_version, row.deleted) == ("3", False)


def test_a_hint_is_fetched_and_what_is_gone_becomes_a_tombstone(world: World) -> None:
    read(world, page(record("a", "1"), record("b", "1")))
    world.connector.system = {"a": record("a", "2", name="Fetched")}
    world.push("d1", hints=["a", "b", "a"])
    assert counted(world.land(), "done", "changed", "tombstones") == [1, 1, 1]
    found = records(world)
    assert (found["a"].deleted, found["b"].deleted) == (False, True)


def test_a_record_without_a_version_is_put_aside(world: World) -> None:
    world.push("d1", put=[["a", None, {}]])
    world.push("d2", put=[["b", "1", {}]])
    assert counted(world.land(), "failed", "done") == [1, 1]
    assert set(records(world)) == {"b"}


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        ({"error": "bad"}, "nobody can read it"),
        ({"error": "bug"}, r"broke down on it \(KeyError at pipeline/\w+\.py:\d+\)"),
        ({"streams": ["nowhere"], "put": [["a", "1", {}]]}, "no stream 'nowhere'"),
        ({"hints": ["bug"]}, r"broke down on it \(KeyError at pipeline/\w+\.py:\d+\)"),
        ({"hints": ["bad"]}, "nobody can read it"),
        ({"put": [[{}, 5, {}]], "gone": 7}, "broke down"),
    ],
)
def test_a_bad_delivery_is_put_aside_and_stops_no_other(
    world: World, said: dict[str, Any], reason: str
) -> None:
    world.connector.system = dict(ERRORS)
    world.push("poison", **said)
    world.push("good", put=[["z", "1", {}]])
    assert counted(world.land(), "failed", "done") == [1, 1]
    assert states(world) == {"poison": "failed", "good": "done"}
    with reading(world.store) as db:
        (row,) = pushes.list_deliveries(db, state="failed")
    assert re.search(reason, row["reason"])
    assert "anna" not in row["reason"]


def test_a_failed_delivery_can_try_again_and_is_dead_after_five_times(world: World) -> None:
    id_ = world.push("poison", error="bad")
    for _ in range(5):
        world.land()
        with writing(world.store) as db:
            pushes.retry_deliveries(db, [])
    assert states(world) == {"poison": "dead"}
    with writing(world.store) as db:
        assert pushes.retry_deliveries(db, [id_]) == 1
    assert states(world) == {"poison": "pending"}


def test_a_mended_connector_lands_what_had_failed(world: World) -> None:
    world.connector.system = {"a": ERRORS["bad"]}
    world.push("d1", hints=["a"])
    world.land()
    world.connector.system = {"a": record("a", "1")}
    with writing(world.store) as db:
        pushes.retry_deliveries(db, [])
    assert counted(world.land(), "done", "new") == [1, 1]


def test_a_hint_that_can_not_be_fetched_now_waits_alone(world: World) -> None:
    world.connector.system = {"a": ERRORS["away"]}
    world.push("d1", hints=["a"])
    world.push("d2", put=[["b", "1", {}]])
    report = world.land()
    assert counted(report, "waiting", "done", "failed") == [1, 1, 0]
    assert errors_of(report) == [SourceUnavailableError]
    assert states(world) == {"d1": "pending", "d2": "done"}


@pytest.mark.parametrize(("trouble", "tries"), [("away", 3), ("key", 1)])
def test_a_system_that_is_away_is_not_asked_for_everything(
    world: World, trouble: str, tries: int
) -> None:
    world.connector.system = {str(n): ERRORS[trouble] for n in range(8)}
    for number in range(8):
        world.push(f"d{number}", hints=[str(number)])
    report = world.land()
    assert counted(report, "waiting", "failed") == [8, 0]
    assert set(errors_of(report)) <= {SourceUnavailableError, AuthenticationError}
    assert len(errors_of(report)) == tries + 1
    with reading(world.store) as db:
        assert list(db.scalars(sa.select(run.c.state).where(run.c.step == "push"))) == ["failed"]


def test_a_stream_that_is_being_read_makes_its_deliveries_wait(world: World) -> None:
    stream_id = read(world, page(record("a", "1")))
    with writing(world.store) as db:
        leases.acquire_lease(db, stream_id, Lease("reader", 60))
    world.push("d1", put=[["a", "2", {}]])
    report = world.land()
    assert counted(report, "waiting") == [1]
    assert errors_of(report) == [StoreError]
    with writing(world.store) as db:
        leases.release_lease(db, stream_id, Lease("reader", 60))
    assert counted(world.land(), "done") == [1]


def test_landing_again_what_was_landed_changes_nothing(world: World) -> None:
    """As after a kill between landing and the note that it is done."""
    world.push("d1", put=[["a", "1", {}]])
    world.push("d2", put=[["a", "2", {"name": "Newer"}]], gone=[["b", "2"]])
    world.land()
    before = digest(world.store)
    with reading(world.store) as db:
        versions = db.scalar(sa.select(sa.func.count()).select_from(raw_version))
    world.push("e1", put=[["a", "1", {}]])
    world.push("e2", put=[["a", "2", {"name": "Newer"}]], gone=[["b", "2"]])
    assert counted(world.land(), "new", "changed", "tombstones") == [0, 0, 0]
    with writing(world.store) as db:
        db.execute(sa.delete(push_delivery).where(push_delivery.c.delivery_id.startswith("e")))
    with reading(world.store) as db:
        assert db.scalar(sa.select(sa.func.count()).select_from(raw_version)) == versions
    assert digest(world.store) == before


def test_what_a_delivery_says_unreadably_is_in_quarantine(world: World) -> None:
    world.push("d1", broken=["a"])
    assert counted(world.land(), "done", "unreadable") == [1, 1]
    with reading(world.store) as db:
        assert list(db.scalars(sa.select(quarantine.c.state))) == ["open"]


def test_a_stream_that_takes_no_pushes_is_left_out_and_counted(world: World) -> None:
    world.push("d1", streams=["silent"], put=[["a", "1", {}]])
    assert counted(world.land(), "done", "excluded", "new") == [1, 1, 0]
    assert records(world) == {}


def test_many_deliveries_are_landed_in_batches(world: World) -> None:
    for number in range(120):
        world.push(f"d{number}", put=[[str(number % 7), f"{number:03}", {"n": number}]])
    assert counted(world.land(), "taken", "done", "new", "changed") == [120, 120, 7, 113]


def test_old_notes_are_forgotten(world: World) -> None:
    world.push("d1", put=[["a", "1", {}]])
    world.land()
    with writing(world.store) as db:
        db.execute(sa.update(push_delivery).values(settled_at=sa.text("1")))
    world.push("d2", put=[["b", "1", {}]])
    world.land()
    assert states(world) == {"d2": "done"}
