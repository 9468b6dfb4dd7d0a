"""What is kept no longer goes, and what anything is told by stays."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import sqlalchemy as sa

from hub.pipeline.maintain import forget
from hub.pipeline.workplace import Workplace, open_workplace
from hub.store.columns import new_id
from hub.store.database import Engine, reading, writing
from hub.store.tables import run
from tests.unit.pipeline.control_world import CUT_OFF, Books

DAY = timedelta(days=1)
NOW = datetime(2026, 11, 1, tzinfo=UTC)


def workplace(store: Engine, folder: Path, days: str) -> Workplace:
    url = store.url.render_as_string(hide_password=False)
    (folder / "hub.toml").write_text(f'[hub]\nstore = "{url}"\n[maintain]\nrun_days = {days}\n')
    return open_workplace(folder / "hub.toml")


def add_runs(store: Engine, *runs: tuple[str, str, int]) -> None:
    """Runs of one stream: step, state, and how many days ago."""
    books = Books()
    stream = books.stream("erp", "party", read=CUT_OFF - 4_000 * DAY)
    books.store(store)
    with writing(store) as db:
        for step, state, days in runs:
            at = NOW - days * DAY
            values = {"id": new_id(), "step": step, "state": state, "stream_id": stream}
            ended = None if state == "running" else at
            db.execute(sa.insert(run).values(**values, started_at=at, ended_at=ended))


def left(store: Engine) -> list[tuple[str, str, int]]:
    with reading(store) as db:
        rows = db.execute(sa.select(run.c.step, run.c.state, run.c.started_at)).all()
    days = [(step, state, (NOW - at).days) for step, state, at in rows]
    return sorted(item for item in days if item[2] < 3_000)


def test_old_runs_go_but_not_the_last_of_each_step_that_a_stream_is_told_by(
    store: Engine, tmp_path: Path
) -> None:
    old = [("extract", "ok", 100 + n) for n in range(2_500)]
    kept = [("extract", "ok", 99), ("extract", "failed", 200), ("count", "ok", 150)]
    add_runs(store, *old, *kept, ("extract", "failed", 201), ("extract", "running", 300))
    work = workplace(store, tmp_path, "90")
    assert forget(work, NOW)["runs"] == 2_502  # with the one that the stream was made with
    assert left(store) == sorted([*kept, ("extract", "running", 300)])
    assert forget(work, NOW)["runs"] == 0


def test_runs_within_the_days_stay(store: Engine, tmp_path: Path) -> None:
    runs = [("extract", "ok", 89), ("extract", "ok", 1)]
    add_runs(store, *runs)
    assert forget(workplace(store, tmp_path, "5000"), NOW)["runs"] == 0
    assert left(store) == sorted(runs)
