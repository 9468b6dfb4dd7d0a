"""The demo company's pages, with a person for each role; made once and copied for each test."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from hub.demo.story import tell_story
from hub.pipeline.people import LocalPerson, new_person, people_text
from hub.pipeline.workplace import Workplace, open_workplace
from hub.roles import Role
from hub.web.app import create_app, find_access, signing_key
from tests.web.served import Caller, served

PASSWORD = "correct horse battery"
CUSTOMERS = 120


@dataclass
class Company:
    """The pages of a demo company at an address."""

    address: str
    work: Workplace

    def caller(self, role: str) -> Caller:
        """Somebody of a role, signed in."""
        caller = Caller(self.address)
        assert caller.sign_in(role, PASSWORD).status_code == 303
        caller.session.headers["X-CSRF-Token"] = caller.token()
        return caller


def make_company(folder: Path) -> Path:
    """A site after the whole job, with its reports and a person for each role."""
    tell_story(folder, CUSTOMERS, 7, lambda _: None)
    people = [_person(role) for role in Role]
    text = people_text({person.login: person for person in people})
    (folder / "people.json").write_bytes(text)
    return folder


def _person(role: Role) -> LocalPerson:
    return new_person(role.value, f"{role.value.title()} Example", [role], password=PASSWORD)


@contextmanager
def open_company(made: Path, folder: Path) -> Iterator[Company]:
    """A copy of the site, served over a real socket."""
    shutil.copytree(made, folder)
    work = open_workplace(folder / "hub.toml")
    key = signing_key(work)
    with served(create_app(work, access=find_access(work, key), key=key)) as address:
        yield Company(address, work)
    work.engine.dispose()
