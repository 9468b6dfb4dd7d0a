"""`hub serve` as people start it, `hub web-user`, and the application mounted elsewhere."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from http.client import HTTPConnection
from pathlib import Path

import pytest
from fastapi import FastAPI

from hub.config import load_config
from hub.pipeline.connections import Site
from hub.pipeline.workplace import Workplace
from hub.plugins import discover
from hub.store.database import open_store
from hub.store.schema import migrate
from hub.web.app import create_app, find_access, signing_key
from hub.web.deadline import HEAD
from tests.servers.process import accepts, reserved_port
from tests.web.served import Caller, served

PASSWORD = "correct horse battery"
HUB = [sys.executable, "-c", "from hub.cli.main import run; run()"]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "hub.toml").write_text("[hub]\n", encoding="utf-8")
    return tmp_path


def hub(folder: Path, *words: str, said: str = "") -> str:
    command = [*HUB, "-c", str(folder), *words]
    done = subprocess.run(command, input=said, capture_output=True, text=True, check=False)
    return done.stdout + done.stderr


@contextmanager
def serving(folder: Path) -> Iterator[Caller]:
    with reserved_port() as port:
        command = [*HUB, "-c", str(folder), "serve", "--port", str(port)]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        try:
            ends = time.monotonic() + 30
            while not accepts(port):
                assert time.monotonic() < ends
                time.sleep(0.05)
            yield Caller(f"http://127.0.0.1:{port}")
        finally:
            process.terminate()
            told = process.communicate(timeout=30)[0].decode()
            assert f"pages at http://127.0.0.1:{port}/" in told
            assert PASSWORD not in told


@pytest.mark.slow
def test_who_was_added_signs_in(folder: Path) -> None:
    assert "may sign in" in hub(
        folder, "web-user", "add", "anna", "--role", "steward", said=PASSWORD
    )
    shown = json.loads(
        hub(folder, "web-user", "add", "crm", "--role", "viewer", "--token", "--json")
    )
    file = (folder / "people.json").read_text(encoding="utf-8")
    assert PASSWORD not in file
    assert shown["token"] not in file
    assert (folder / "people.json").stat().st_mode & 0o77 == 0
    with serving(folder) as browser:
        assert browser.sign_in("anna", PASSWORD).status_code == 303
        assert browser.get("/").status_code == 200
        bearer = {"Authorization": f"Bearer {shown['token']}"}
        assert browser.get("/api/v1/me", headers=bearer).json()["id"] == "crm"


def test_those_who_sign_in_are_listed_and_taken_out(folder: Path) -> None:
    hub(folder, "web-user", "add", "anna", "--role", "steward", "--name", "Anna B", said=PASSWORD)
    (row,) = json.loads(hub(folder, "web-user", "list", "--json"))
    assert row == {"login": "anna", "name": "Anna B", "roles": "steward", "by": "password"}
    assert "anna is out" in hub(folder, "web-user", "remove", "anna")
    assert json.loads(hub(folder, "web-user", "list", "--json")) == []


@pytest.mark.parametrize(
    ("words", "said", "message"),
    [
        (("add", "anna", "--role", "viewer"), "short\n", "12 to 1000 characters"),
        (("add", "Anna", "--role", "viewer"), PASSWORD, "small letters"),
        (("remove", "nobody"), "", "no login 'nobody'"),
    ],
)
def test_a_mistake_is_explained(
    folder: Path, words: tuple[str, ...], said: str, message: str
) -> None:
    assert message in hub(folder, "web-user", *words, said=said)
    assert not (folder / "people.json").exists()


def test_a_broken_file_of_people_is_named(folder: Path) -> None:
    (folder / "people.json").write_text("{", encoding="utf-8")
    assert "restore it from a backup" in hub(folder, "web-user", "list")


def test_mounted_elsewhere_every_address_leads_there(folder: Path) -> None:
    config = load_config(folder / "hub.toml")
    engine = open_store(config.store_url)
    migrate(engine)
    work = Workplace(Site(config, discover(), {}), engine)
    outer = FastAPI()
    outer.mount("/hub", create_app(work, access=find_access(work, signing_key(work))))
    with served(outer) as address:
        browser = Caller(address)
        assert browser.get("/hub/").headers["location"] == "/hub/sign-in?next=/hub/"
        page = browser.get("/hub/sign-in").text
        assert 'action="/hub/sign-in"' in page
        assert browser.get("/hub/api/v1/me").headers["content-type"] == "application/problem+json"
        assert browser.get(page.split('stylesheet" href="')[1].split('"')[0]).status_code == 200
    engine.dispose()


def test_who_dribbles_a_head_is_cut_off_and_who_keeps_alive_is_not() -> None:
    """Slow loris: a connection must not be held open by a byte now and then."""
    with served(FastAPI(lifespan=_short)) as address:
        port = int(address.rpartition(":")[2])
        line = HTTPConnection("127.0.0.1", port, timeout=10)
        for _ in range(4):
            line.request("GET", "/nowhere")
            assert line.getresponse().read() == b'{"detail":"Not Found"}'
            time.sleep(0.4)
        line.close()
        assert 0.5 < _seconds_until_cut_off(port) < 5


def _seconds_until_cut_off(port: int) -> float:
    begun = time.monotonic()
    with socket.create_connection(("127.0.0.1", port), timeout=10) as line, suppress(OSError):
        line.sendall(b"GET / HTTP/1.1\r\nHost: ")
        while time.monotonic() < begun + 8:
            line.sendall(b"x")
            time.sleep(0.1)
    return time.monotonic() - begun


@asynccontextmanager
async def _short(_app: FastAPI) -> AsyncIterator[dict[str, float]]:
    yield {HEAD: 1.0}
