"""hub connector stand-in: a system that answers until it is ended."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator

import pytest
import requests
from typer.testing import CliRunner

from hub.cli.main import app
from hub.errors import ConfigError

pytestmark = pytest.mark.timeout(60)


@pytest.fixture
def program() -> Iterator[subprocess.Popen[bytes]]:
    """The help desk's stand-in as a program of its own."""
    # A shell may have told what it runs in the background to ignore the signal.
    code = "import signal as s; s.signal(s.SIGINT, s.default_int_handler)\n"
    code += "from hub.cli.main import run; run()"
    words = ["connector", "stand-in", "request_tracker"]
    with subprocess.Popen([sys.executable, "-uc", code, *words], stdout=subprocess.PIPE) as running:
        yield running
        running.send_signal(signal.SIGINT)
        assert running.wait(20) == 0


def test_it_answers_who_knows_the_password(program: subprocess.Popen[bytes]) -> None:
    assert program.stdout is not None
    lines = [program.stdout.readline().decode() for _ in range(3)]
    settings = dict(line.strip().split(": ") for line in lines)
    address = f"{settings['base_url']}/REST/2.0/rt"
    wrong = requests.get(address, auth=("hub", "not-it"), timeout=10)
    right = requests.get(address, auth=(settings["username"], settings["password"]), timeout=10)
    assert (wrong.status_code, right.status_code) == (401, 200)


def test_a_connector_without_one_is_named() -> None:
    done = CliRunner().invoke(app, ["connector", "stand-in", "nowhere"])
    assert isinstance(done.exception, ConfigError)
    assert "request_tracker" in str(done.exception)
