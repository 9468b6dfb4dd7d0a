"""The brake of merging: nothing merges until a person has seen it, and then exactly that."""

from __future__ import annotations

from pathlib import Path

import orjson
import pytest

from tests.dags.site import add_twins, lay_out, write_twins

pytest.importorskip("airflow", reason="runs in .venv-airflow")
pytestmark = [pytest.mark.airflow, pytest.mark.slow]

PERSON = {"responded_by_user": {"id": "admin", "name": "admin"}}


@pytest.fixture
def held(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A site in which three pairs of customers turned out to be three customers."""
    from hub.airflow import tasks

    path = lay_out(tmp_path / "company")
    add_twins(path)
    monkeypatch.setenv("HUB_CONFIG", str(path))
    tasks.sync_stream("twins", "customers")
    assert tasks.resolve()["created"] == 6
    write_twins(path, alike=True)
    assert tasks.sync_stream("twins", "customers")["waiting"] == 1
    return path


def test_too_many_merges_are_held(held: Path) -> None:
    from hub.airflow import tasks

    assert tasks.resolve() == {"held": 3}
    assert tasks.resolve() == {"held": 3}


def test_a_person_approves_exactly_what_was_shown(held: Path) -> None:
    from hub.airflow import merging, tasks

    planned = merging.plan_merges()
    assert planned["count"] == 3
    assert "merged: 3" in planned["text"]
    assert len(orjson.dumps(planned)) < 1000
    assert merging.approve_merges(planned["digest"], PERSON)["merged"] == 3
    assert tasks.resolve()["merged"] == 0


def test_a_second_try_finds_nothing_left(held: Path) -> None:
    from hub.airflow import merging

    planned = merging.plan_merges()
    merging.approve_merges(planned["digest"], PERSON)
    assert merging.approve_merges(planned["digest"], PERSON) == {"held": 0}
    assert merging.plan_merges()["count"] == 0


def test_a_late_answer_does_nothing_and_asks_anew(held: Path) -> None:
    from hub.airflow import merging, tasks

    planned = merging.plan_merges()
    for stream in tasks.list_streams("sfa"):
        tasks.sync_stream("sfa", stream)
    assert merging.approve_merges(planned["digest"], PERSON) == {"held": 3}
    assert tasks.resolve() == {"held": 3}


def test_who_answered_stands_in_the_trail(held: Path) -> None:
    from hub.airflow import merging
    from hub.airflow.tasks import workplace
    from hub.store.audit import list_entries
    from hub.store.database import reading

    merging.approve_merges(merging.plan_merges()["digest"], PERSON)
    with workplace() as work, reading(work.engine) as db:
        assert "admin" in {entry.actor for entry in list_entries(db)}
