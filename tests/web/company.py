"""A small company with customers, cases, deliveries and breaks, served to people of every role."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fastapi import FastAPI
from starlette.types import ASGIApp

from hub.pipeline.people import load_people, new_client, new_person, people_text
from hub.pipeline.workplace import Workplace, open_workplace
from hub.roles import Role
from hub.web.app import create_app, find_access
from tests.web.served import Caller, served

HUB = [sys.executable, "-c", "from hub.cli.main import run; run()"]
PASSWORD = "correct horse battery"
KEY = b"a key of the tests, 32 bytes long"
API = "/api/v1"


def make_company(folder: Path, customers: int = 60) -> Path:
    """The demo company with few customers, and people who sign in: one of each role."""
    command = [*HUB, "demo", "--dir", str(folder), "--customers", str(customers), "--json"]
    subprocess.run(command, check=True, capture_output=True)
    people = [new_person(role.value, role.title(), [role], password=PASSWORD) for role in Role]
    (folder / "people.json").write_bytes(people_text({who.login: who for who in people}))
    return folder


@dataclass
class Company:
    """The company as it is served; ``app`` is what serves it."""

    work: Workplace
    app: FastAPI
    address: str
    tokens: dict[Role, str]

    def program(self, role: Role) -> Caller:
        """A program with a token."""
        caller = Caller(self.address)
        caller.session.headers["Authorization"] = f"Bearer {self.tokens[role]}"
        return caller

    def browser(self, role: Role) -> Caller:
        """Somebody who has signed in with a password."""
        caller = Caller(self.address)
        assert caller.sign_in(role.value, PASSWORD).status_code == 303
        return caller

    def get(self, path: str, role: Role = Role.STEWARD, **more: Any) -> Any:
        """What the API answers, which must be good."""
        found = self.program(role).get(API + path, **more)
        assert found.status_code == 200, found.text
        return found.json()

    def post(self, path: str, content: Any, role: Role = Role.STEWARD) -> Any:
        """What the API answers to a change, which must be good."""
        found = self.program(role).post(API + path, json=content)
        assert found.status_code == 200, found.text
        return found.json()


@contextmanager
def running(
    made: Path, folder: Path, *, wrap: Callable[[ASGIApp], ASGIApp] = lambda app: app
) -> Iterator[Company]:
    """A copy of the company, served; ``wrap`` puts something around the application."""
    shutil.copytree(made, folder)
    work = open_workplace(folder / "hub.toml")
    file, tokens = folder / "people.json", {}
    known = find_access(work, KEY)
    people: dict[str, Any] = {}
    for role in Role:
        client, tokens[role] = new_client(f"program-{role.value}", f"Program {role}", [role])
        people[client.login] = client
    file.write_bytes(people_text({**load_people(file), **people}))
    app = create_app(work, access=known, key=KEY)
    with served(wrap(app)) as address:
        yield Company(work, app, address, tokens)
    work.engine.dispose()
