"""What hub_maintain does: copies that can be read, and nothing lost that is still in use."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from hub.store.database import open_store
from hub.store.digest import digest
from tests.dags.site import add_twins, lay_out, write_twins

pytest.importorskip("airflow", reason="runs in .venv-airflow")
pytestmark = pytest.mark.airflow

MOMENT = datetime(2026, 11, 1, 3, 0, tzinfo=UTC)


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A store with records that were changed once."""
    from hub.airflow import tasks

    path = lay_out(tmp_path / "company")
    add_twins(path)
    monkeypatch.setenv("HUB_CONFIG", str(path))
    tasks.sync_stream("twins", "customers")
    write_twins(path, alike=True)
    tasks.sync_stream("twins", "customers")
    return path


def set_section(path: Path, line: str) -> None:
    path.write_text(path.read_text(encoding="utf-8") + f"[maintain]\n{line}\n", encoding="utf-8")


def digest_of(file: Path) -> str:
    engine = open_store(f"sqlite:///{file}")
    found = digest(engine)
    engine.dispose()
    return found


def versions(path: Path) -> int:
    with closing(sqlite3.connect(path.parent / "hub.db")) as db:
        return int(db.execute("SELECT count(*) FROM raw_version").fetchone()[0])


def test_a_backup_is_the_store(site: Path) -> None:
    from hub.airflow import upkeep

    assert upkeep.back_up(MOMENT)["kept"] == 1
    assert upkeep.back_up(MOMENT)["kept"] == 1
    (copy,) = (site.parent / "backups").iterdir()
    assert copy.name == "hub-20261101T030000Z.sqlite"
    assert copy.stat().st_mode & 0o777 == 0o600
    assert digest_of(copy) == digest_of(site.parent / "hub.db")


def test_the_oldest_backups_go(site: Path) -> None:
    from hub.airflow import upkeep

    set_section(site, "keep_backups = 2")
    for day in range(4):
        upkeep.back_up(MOMENT + timedelta(days=day))
    names = sorted(path.name for path in (site.parent / "backups").iterdir())
    assert names == ["hub-20261103T030000Z.sqlite", "hub-20261104T030000Z.sqlite"]


def test_no_backups_where_none_are_wanted(site: Path) -> None:
    from airflow.sdk.exceptions import AirflowSkipException

    from hub.airflow import upkeep

    set_section(site, 'backups = "none"')
    with pytest.raises(AirflowSkipException):
        upkeep.back_up(MOMENT)


def test_superseded_versions_go_when_they_are_old(site: Path) -> None:
    from hub.airflow import tasks, upkeep

    later = datetime.now(UTC) + timedelta(days=91)
    assert upkeep.forget(later)["versions"] == 0
    set_section(site, "raw_days = 90")
    before = versions(site)
    assert upkeep.forget(later - timedelta(days=2))["versions"] == 0
    assert upkeep.forget(later)["versions"] == before - 6 > 0
    assert upkeep.forget(later)["versions"] == 0
    assert tasks.sync_stream("twins", "customers")["unchanged"] == 6


def test_tidying_changes_nothing_that_is_stored(site: Path) -> None:
    from hub.airflow import upkeep

    before = digest_of(site.parent / "hub.db")
    assert upkeep.tidy(vacuum=False)["bytes"] > 0
    assert upkeep.tidy(vacuum=True)["bytes"] > 0
    assert digest_of(site.parent / "hub.db") == before
