"""The demo's story on a real Tryton, Request Tracker and Dovecot: what was written is read back.

The servers are started for this module alone: another test's parties and users would be customers
that the company does not have.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.servers import dovecot, request_tracker, tryton
from tests.servers.demo_real.company import Servers, running
from tests.servers.demo_real.helpdesk import read_user
from tests.servers.demo_real.story import RealStory, tell_real_story
from tests.servers.fixtures import require

pytestmark = [
    pytest.mark.servers,
    pytest.mark.slow,
    pytest.mark.xdist_group("servers"),
    pytest.mark.timeout(600),
]


@pytest.fixture(scope="module")
def servers() -> Iterator[Servers]:
    for program in (tryton, request_tracker, dovecot):
        require(program.available)
    with running() as started:
        yield started


@pytest.fixture(scope="module")
def told(servers: Servers, tmp_path_factory: pytest.TempPathFactory) -> RealStory:
    folder = tmp_path_factory.mktemp("real") / "site"
    return tell_real_story(folder, servers, customers=40, seed=14, tell=lambda _: None)


def test_every_expectation_is_met(told: RealStory) -> None:
    assert list(told.failures()) == []


def test_breaks_were_planted_and_found(told: RealStory) -> None:
    for name in ("R1", "R2", "R10"):
        planted, found, _ = told.story.planted[name]
        assert planted == found > 0


def test_request_tracker_holds_the_values_it_was_sent(told: RealStory, servers: Servers) -> None:
    assert told.written
    for one in told.written:
        assert one.field == "WorkPhone"
        assert read_user(servers.helpdesk, one.key)[one.field] == one.value


def test_secrets_are_for_their_owner_alone(told: RealStory) -> None:
    files = list((told.story.folder / "secrets").iterdir())
    assert {path.name for path in files} == {"erp.json", "helpdesk.json", "mail.json"}
    assert {path.stat().st_mode & 0o777 for path in files} == {0o600}


def test_the_command_line_works_on_the_site(told: RealStory) -> None:
    hub = Path(sys.executable).parent / "hub"
    command = [str(hub), "-c", str(told.story.folder), "doctor"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_what_is_not_as_it_must_be_is_said(told: RealStory) -> None:
    (lost,) = replace(told, read_back=len(told.written) - 1).failures()
    assert "read back" in lost
    (again,) = replace(told, written_again={"acknowledged": 1}).failures()
    assert "second publish" in again
    (restless,) = replace(told, same_digest=False).failures()
    assert "digest" in restless
