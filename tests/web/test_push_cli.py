"""hub push: what came, what became of it, and the receiver as people start it."""

from __future__ import annotations

import importlib
import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from hub.cli.main import run
from tests.servers.process import accepts, reserved_port
from tests.web.site import (
    SECRET,
    body_of,
    contact,
    environment,
    event,
    send,
    signed,
    write_site,
)

Call = Callable[..., Any]
GOOD = body_of(event(contact(1, 5, mail="anna@example.com")))
POISON = b'{"ereignisse": [{"art": "anna@example.com"}]}'
HUB = "from hub.cli.main import run; run()"


@pytest.fixture
def site(tmp_path: Path) -> Path:
    return write_site(tmp_path / "site")


@pytest.fixture
def hub(
    site: Path,
    plugin_folder: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Call]:
    monkeypatch.syspath_prepend(str(plugin_folder))
    importlib.invalidate_caches()

    def call(*words: str) -> Any:
        monkeypatch.setattr(sys, "argv", ["hub", "-c", str(site), *words])
        try:
            run()
        except SystemExit as end:
            if end.code:
                return capsys.readouterr().err
        out = capsys.readouterr().out
        return json.loads(out) if "--json" in words else out

    yield call
    for name in [name for name in sys.modules if name.startswith("hub_kontakte")]:
        del sys.modules[name]


@contextmanager
def serving(site: Path, plugin: Path) -> Iterator[int]:
    """`hub push serve` as a process of its own."""
    with reserved_port() as port:
        command = [sys.executable, "-c", HUB, "-c", str(site), "push", "serve", "--port", str(port)]
        process = subprocess.Popen(
            command, env=environment(plugin), stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        )
        try:
            _await(lambda: accepts(port))
            yield port
        finally:
            process.terminate()
            told = process.communicate(timeout=30)[0].decode()
            assert process.returncode in (0, -15, 143)
            assert "receiving at http://127.0.0.1" in told
            assert SECRET not in told
            assert "anna" not in told


def _await(done: Callable[[], bool]) -> None:
    ends = time.monotonic() + 30
    while not done():
        assert time.monotonic() < ends
        time.sleep(0.05)


@pytest.mark.slow
def test_what_is_sent_is_landed_soon(hub: Call, site: Path, plugin_folder: Path) -> None:
    with serving(site, plugin_folder) as port:
        assert send(port, GOOD, signed(GOOD))[0] == 200
        assert send(port, POISON, signed(POISON))[0] == 200
        assert send(port, GOOD, signed(GOOD, secret="x"))[0] == 401
        _await(lambda: not hub("push", "list", "--state", "pending", "--json"))
    states = [row["state"] for row in hub("push", "list", "--json")]
    assert sorted(states) == ["done", "failed"]
    (stream,) = hub("status", "--json")["streams"]
    assert (stream["records"], stream["waiting"]) == (1, 0)


@pytest.mark.slow
def test_a_failed_delivery_is_shown_without_its_content_and_tried_again(
    hub: Call, site: Path, plugin_folder: Path
) -> None:
    with serving(site, plugin_folder) as port:
        send(port, POISON, signed(POISON))
        _await(lambda: bool(hub("push", "list", "--state", "failed", "--json")))
    (row,) = hub("push", "list", "--json")
    shown = hub("push", "show", row["id"])
    assert "broke down" in shown
    assert "anna" not in shown + hub("push", "list") + json.dumps(row)
    assert hub("push", "show", row["id"], "--json")["attempts"] == 1
    assert hub("push", "retry", row["id"], "--json") == {"queued": 1, "done": 0, "failed": 1}
    assert "1 queued, 0 landed, 1 failed again" in hub("push", "retry")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("list", "--state", "lost"), "pending, done, failed, dead"),
        (("show", "17"), "is a UUID"),
        (("show", "00000000-0000-0000-0000-000000000000"), "no such delivery"),
        (("retry", "00000000-0000-0000-0000-000000000000"), "no such delivery has failed"),
    ],
)
def test_a_mistake_is_explained(hub: Call, words: tuple[str, ...], message: str) -> None:
    assert message in hub("push", *words)


def test_nothing_to_land_is_nothing(hub: Call) -> None:
    assert hub("push", "drain", "--json") == []
    assert hub("push", "list", "--json") == []


def test_a_site_without_a_secret_receives_nothing(hub: Call, site: Path) -> None:
    (site / "secret.json").write_text("{}", encoding="utf-8")
    assert "no connection takes deliveries" in hub("push", "serve", "--port", "9")
