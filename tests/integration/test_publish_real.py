"""A publish to three writers, two of them real: Tryton and Request Tracker hold the golden values.

What they hold is read from them, past the hub; how often they are called a proxy counts.
"""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import orjson
import pytest
import sqlalchemy as sa

from hub.demo.company import generate
from hub.demo.story import Job, Story
from hub.match.standardise import standardise_phone
from hub.pipeline.workplace import open_workplace
from hub.store.database import reading
from hub.testing.proxy import FaultProxy
from tests.servers import dovecot, request_tracker, tryton
from tests.servers.demo_real.company import Servers, move, running
from tests.servers.demo_real.helpdesk import read_user
from tests.servers.demo_real.site import lay_out_real
from tests.servers.fixtures import require

pytestmark = [
    pytest.mark.servers,
    pytest.mark.slow,
    pytest.mark.xdist_group("servers"),
    pytest.mark.timeout(600),
]

STREAMS = {"sfa": "Contact", "helpdesk": "user", "erp": "party.party"}
RULES = "".join(
    f"[[publish.rules]]\nattribute = 'phone'\nconnection = '{name}'\nstream = '{stream}'\n"
    for name, stream in STREAMS.items()
)
KINDS = {"phone", "mobile"}
WRITTEN = """
    SELECT c.name, r.source_key, d.value
    FROM delivery d JOIN source_record r ON r.id = d.record_id
    JOIN stream s ON s.id = r.stream_id JOIN connection c ON c.id = s.connection_id
    WHERE d.state = 'acknowledged' ORDER BY d.seq
"""


@dataclass(frozen=True)
class Office:
    """A company on real servers behind proxies, read and resolved."""

    job: Job
    servers: Servers
    proxies: Mapping[str, FaultProxy]
    folder: Path

    def written(self) -> list[tuple[str, str, str]]:
        """Connection, key and value of every receipt."""
        with reading(self.job.work.engine) as db:
            return [(row[0], row[1], row[2]) for row in db.execute(sa.text(WRITTEN))]

    def held(self, connection: str, key: str) -> set[str | None]:
        """The phone numbers that the system itself gives."""
        if connection == "helpdesk":
            return {_plain(read_user(self.servers.helpdesk, key)["WorkPhone"])}
        if connection == "erp":
            return {_plain(number) for number in _numbers(self.servers.erp, key)}
        state = json.loads((self.folder / "systems" / "sfa.json").read_text(encoding="utf-8"))
        return {_plain(state["Contact"][key]["Phone"])}

    def calls(self) -> int:
        """How many requests the real servers were sent."""
        return sum(len(proxy.exchanges) for proxy in self.proxies.values())


def _plain(number: str) -> str | None:
    return standardise_phone(number, "DE")


def _numbers(server: tryton.TrytonServer, key: str) -> list[str]:
    fields = "f=contact_mechanisms.type&f=contact_mechanisms.value"
    url = f"{server.model_url('party.party')}/{key}?{fields}"
    request = urllib.request.Request(url, headers=dict(server.headers))
    with urllib.request.urlopen(request, timeout=30) as answer:
        party: dict[str, Any] = json.load(answer)
    return [one["value"] for one in party["contact_mechanisms"] if one["type"] in KINDS]


def _behind_proxies(folder: Path, servers: Servers) -> dict[str, FaultProxy]:
    """Have the hub reach the real servers through proxies that count."""
    made = {}
    for name, address in (("helpdesk", servers.helpdesk.url), ("erp", servers.erp.url)):
        place = urlsplit(address)
        made[name] = FaultProxy(str(place.hostname), int(place.port or 0))
        file = folder / "secrets" / f"{name}.json"
        told = orjson.loads(file.read_bytes())
        told["base_url"] = told["base_url"].replace(str(place.port), str(made[name].port))
        if name == "erp":
            told |= {"username": "admin", "password": servers.erp.password}
        file.write_bytes(orjson.dumps(told))
    return made


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    for program in (tryton, request_tracker, dovecot):
        require(program.available)
    folder, today = tmp_path_factory.mktemp("three") / "site", datetime.now(UTC).date()
    with ExitStack() as stack:
        servers = stack.enter_context(running())
        lay_out_real(move(generate(21, 40, today=today), servers, today).company, servers, folder)
        file = folder / "hub.toml"
        head = file.read_text(encoding="utf-8").split("[[publish.rules]]")[0]
        file.write_text(head + RULES, encoding="utf-8")
        proxies = _behind_proxies(folder, servers)
        for proxy in proxies.values():
            stack.callback(proxy.close)
        work = open_workplace(file)
        stack.callback(work.engine.dispose)
        job = Job(work, Story(folder), lambda _: None)
        job.read_all()
        job.resolve()
        yield Office(job, servers, proxies, folder)


def test_the_systems_hold_the_golden_values_and_nobody_is_called_again(office: Office) -> None:
    """Neither by a second run, nor after all that was written has come back."""
    written = office.job.publish()
    assert list(written) == ["acknowledged"]
    receipts = office.written()
    assert {name for name, *_ in receipts} == set(STREAMS)
    assert len(receipts) == written["acknowledged"]
    for name, key, value in receipts:
        assert _plain(value) in office.held(name, key)
    before = office.calls()
    assert before > 0
    assert office.job.publish() == {}
    assert office.calls() == before
    office.job.read_all()
    office.job.resolve()
    before = office.calls()
    assert office.job.publish() == {}
    assert office.calls() == before
