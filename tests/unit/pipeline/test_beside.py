"""What is handed to the process beside this one comes back, in order, or is done here."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from decimal import Decimal
from pathlib import Path

import pytest

from hub.errors import MappingError
from hub.pipeline.beside import beside, here
from hub.pipeline.contents import contents_of

pytestmark = pytest.mark.skipif(
    len(os.sched_getaffinity(0)) < 2, reason="with one core there is no other process"
)


def test_many_large_answers_come_back_in_order() -> None:
    """Larger than a pipe holds, and nobody takes them until all has been asked."""
    body = '{"kind": "organisation", "organisation": {"legal_name": "Holz GmbH"}}'
    said = [[(n, body) for n in range(at, at + 500)] for at in range(40)]
    with beside() as hand:
        answers = [hand(contents_of, part, "DE") for part in said]
        assert [answer() for answer in answers] == [contents_of(part, "DE") for part in said]


def test_it_is_another_process_and_ends_with_the_block() -> None:
    with beside() as hand:
        other = hand(os.getpid)()
        assert other != os.getpid()
        assert hand(os.getpid)() == other
    assert not Path(f"/proc/{other}").exists()


def test_an_error_is_raised_where_the_outcome_is_called_for() -> None:
    with beside() as hand:
        failed, fine = hand(Decimal, "no number"), hand(Decimal, "1.5")
        with pytest.raises(ArithmeticError):
            failed()
        assert fine() == Decimal("1.5")
        with pytest.raises(MappingError, match="told"):
            hand(_refuse, "told")()


def _refuse(why: str) -> None:
    raise MappingError(why)


def test_what_a_killed_process_was_asked_is_done_here() -> None:
    with beside() as hand:
        other = hand(os.getpid)()
        waiting = hand(_die_or_tell, os.getpid())
        assert waiting() == os.getpid()
        assert hand(os.getpid)() == os.getpid()
    assert not Path(f"/proc/{other}").exists()


def _die_or_tell(mine: int) -> int:
    """Where it is not called by the process with this id it kills its own."""
    if os.getpid() != mine:
        os.kill(os.getpid(), signal.SIGKILL)
    return os.getpid()


def test_a_stray_word_is_no_answer(capfd: pytest.CaptureFixture[str]) -> None:
    with beside() as hand:
        assert hand(print, "stray")() is None
        assert hand(len, "four")() == 4
    assert "stray" in capfd.readouterr().err


def test_it_ends_when_this_one_is_killed() -> None:
    code = (
        "import os, time\n"
        "from hub.pipeline.beside import beside\n"
        "with beside() as hand:\n"
        "    print(hand(os.getpid)(), flush=True)\n"
        "    time.sleep(60)\n"
    )
    program = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    assert program.stdout is not None
    other = int(program.stdout.readline())
    os.kill(program.pid, signal.SIGKILL)
    program.wait()
    program.stdout.close()
    while _lives(other):  # else the test's own time limit ends this
        time.sleep(0.01)


def _lives(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_with_one_core_it_is_done_here() -> None:
    code = (
        "import os\n"
        "os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})\n"
        "from hub.pipeline.beside import beside, here\n"
        "with beside() as hand:\n"
        "    assert hand is here\n"
        "    assert hand(os.getpid)() == os.getpid()\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
    assert here(len, "abc")() == 3
