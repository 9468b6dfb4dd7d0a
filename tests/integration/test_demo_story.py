"""The demo's story on stand-ins: what was planted is found, and doing it again does nothing."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from hub.demo.story import Job, Story, tell_story
from hub.errors import ConfigError
from hub.pipeline.workplace import open_workplace
from hub.store.digest import digest

CUSTOMERS = 120
LOWEST_PRECISION = 0.95
LOWEST_RECALL = 0.80


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Story:
    folder = tmp_path_factory.mktemp("story") / "site"
    return tell_story(folder, CUSTOMERS, 7, lambda _: None)


@pytest.fixture(scope="module")
def again(story: Story) -> Iterator[Job]:
    """The same job, begun once more on what the story left.

    A watermark never lies ahead of a system's clock, which Tryton tells in whole seconds: what was
    made within the last one is read once more before.
    """
    work = open_workplace(story.folder / "hub.toml")
    job = Job(work, Story(story.folder), lambda _: None)
    time.sleep(1)
    job.read_all()
    yield job
    work.engine.dispose()


def test_planted_breaks_are_found_and_none_is_invented(story: Story) -> None:
    assert set(story.planted) == {"R1", "R2", "R10"}
    for planted, found, _ in story.planted.values():
        assert planted == found > 0
    assert story.invented == {"R1": 0, "R2": 0}
    assert story.planted["R10"][2] == 0


def test_customers_are_recognised(story: Story) -> None:
    assert story.pairs.precision >= LOWEST_PRECISION
    assert story.pairs.recall >= LOWEST_RECALL
    assert 0 < story.merged < story.party_records


def test_every_write_is_acknowledged(story: Story) -> None:
    assert list(story.written) == ["acknowledged"]


def test_the_echoes_of_all_writes_came_back_and_nothing_followed(story: Story) -> None:
    assert story.echoes == (story.written["acknowledged"], 0, 0)


def test_who_has_bought_is_made_in_the_erp_and_nobody_is_there_twice(story: Story) -> None:
    made, strayed = story.made
    assert made > 0
    assert strayed == 0


def test_the_job_done_again_does_nothing(again: Job) -> None:
    before = digest(again.work.engine)
    assert set(again.read_all().values()) == {0}
    again.resolve()
    assert again.publish() == {}
    assert digest(again.work.engine) == before


def test_a_folder_of_somebody_else_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "letter.txt").write_text("mine")
    with pytest.raises(ConfigError, match="holds something else"):
        tell_story(tmp_path, CUSTOMERS, 7, lambda _: None)
    assert (tmp_path / "letter.txt").read_text() == "mine"


def test_more_writes_than_pass_unasked_are_approved(tmp_path: Path) -> None:
    written = tell_story(tmp_path, 1_000, 7, lambda _: None).written
    assert set(written) == {"acknowledged"}
    assert written["acknowledged"] > 100
