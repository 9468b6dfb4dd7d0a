"""Three systems that are written to: each says itself that it holds the golden values."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import orjson
import pytest
import sqlalchemy as sa

from hub.demo.story import Job, Story
from hub.match.standardise import standardise_phone
from hub.pipeline.workplace import open_workplace
from hub.store import tables
from hub.store.database import reading
from hub.store.overview import linked_sources
from tests.faults.harness import Systems
from tests.faults.tally import Tell

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

FIELDS = {
    ("sfa", "Contact"): "Phone",
    ("helpdesk", "user"): "WorkPhone",
    ("erp", "party.party"): "phone",
}
RULES = "".join(
    f"[[publish.rules]]\nattribute = 'phone'\nconnection = '{name}'\nstream = '{stream}'\n"
    f"[publish.brakes.{name}]\nmax_changed_share = 1\n"
    for name, stream in FIELDS
)


class Company:
    """The demo company on systems that stay up, with three of them written to."""

    def __init__(self, systems: Systems, folder: Path) -> None:
        self.systems = systems
        file = systems.lay_out(folder) / "hub.toml"
        head = file.read_text(encoding="utf-8").split("[[publish.rules]]")[0]
        file.write_text(head + RULES, encoding="utf-8")
        self.work = open_workplace(file)
        self.job = Job(self.work, Story(folder), lambda _: None)

    def wanted(self) -> dict[tuple[str, str, str], str]:
        """By record of a subscriber, the golden phone number of its customer."""
        golden = tables.golden_record
        query = sa.select(golden.c.party_id, golden.c.body).where(golden.c.recorded_to.is_(None))
        with reading(self.work.engine) as db:
            phones = {
                row.party_id: orjson.loads(row.body).get("phone") for row in db.execute(query)
            }
            return {
                (source.connection, source.type, source.key): phones[party]
                for source, party in linked_sources(db)
                if (source.connection, source.type) in FIELDS
                and source.part == ""
                and phones.get(party)
            }

    def held(self, connection: str, stream: str, key: str) -> Any:
        """What the system says when it is asked for one record."""
        with self.work.site.connected(connection) as opened:
            record = opened.connector.fetch(stream, key)  # type: ignore[attr-defined]  # a Writer
        return record.data[FIELDS[connection, stream]]

    def calls(self) -> Mapping[str, int]:
        """How many requests each system was sent so far."""
        return self.systems.calls()


@pytest.fixture
def company(tmp_path: Path) -> Iterator[Company]:
    with closing(Systems(customers=60, latency=0)) as systems:
        made = Company(systems, tmp_path / "site")
        yield made
        made.work.engine.dispose()


def test_every_subscriber_holds_the_golden_value(company: Company, tell: Tell) -> None:
    company.job.read_all()
    company.job.resolve()
    written = company.job.publish()
    assert list(written) == ["acknowledged"]
    wanted = company.wanted()
    assert {name for name, *_ in wanted} == {"sfa", "helpdesk", "erp"}
    for place, phone in wanted.items():
        held = standardise_phone(company.held(*place) or "", "DE")
        assert held == standardise_phone(phone, "DE")
    before = company.calls()
    assert {"sfa", "helpdesk", "erp"} <= before.keys()
    assert company.job.publish() == {}
    assert company.calls() == before
    count = written["acknowledged"]
    tell(f"publish: {len(wanted)} records of three systems hold the golden value, {count} writes")
