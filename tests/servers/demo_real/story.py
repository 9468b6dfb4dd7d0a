"""The demo's story on real servers, with what must come out of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final, NamedTuple

import sqlalchemy as sa

from hub.demo.company import Company, generate
from hub.demo.story import Job, Story, Tell
from hub.pipeline.workplace import Workplace, open_workplace
from hub.store.database import reading
from hub.store.digest import digest
from tests.servers.demo_real.company import Servers, move
from tests.servers.demo_real.helpdesk import read_user
from tests.servers.demo_real.site import lay_out_real
from tests.servers.request_tracker import RequestTrackerServer

LOWEST_PRECISION: Final = 0.95
LOWEST_RECALL: Final = 0.80

_WRITTEN: Final = """
    SELECT r.source_key, d.field, d.value
    FROM delivery d JOIN source_record r ON r.id = d.record_id
    WHERE d.state = 'acknowledged'
    ORDER BY d.seq
"""


class Written(NamedTuple):
    """One value that the hub has a receipt for."""

    key: str
    field: str
    value: str


@dataclass(slots=True)
class RealStory:
    """The story, and what only real servers can tell."""

    story: Story
    left_out: Mapping[str, int] = field(default_factory=dict)
    party_truth: int = 0
    written: list[Written] = field(default_factory=list)
    read_back: int = 0
    written_again: dict[str, int] = field(default_factory=dict)
    echo: dict[str, int] = field(default_factory=dict)
    landed_again: dict[str, int] = field(default_factory=dict)
    same_digest: bool = False

    def failures(self) -> Iterator[str]:
        """Every expectation that is not met, in words."""
        story = self.story
        for name, (planted, found, more) in story.planted.items():
            invented = story.invented.get(name, more)
            if found < planted or invented:
                yield f"{name}: {found} of {planted} planted found, {invented} invented"
        if story.party_records != self.party_truth:
            yield f"{story.party_records} party records linked, not {self.party_truth}"
        if story.pairs.precision < LOWEST_PRECISION or story.pairs.recall < LOWEST_RECALL:
            yield f"precision {story.pairs.precision:.3f}, recall {story.pairs.recall:.3f}"
        yield from self._write_failures()

    def _write_failures(self) -> Iterator[str]:
        count = len(self.written)
        if not count or self.story.written != {"acknowledged": count}:
            yield f"deliveries ended as {self.story.written}, with {count} receipts"
        if self.read_back != count:
            yield f"{self.read_back} of {count} written values were read back equal"
        if self.written_again:
            yield f"a second publish wrote: {self.written_again}"
        if self.echo != {"helpdesk": count}:
            yield f"after the writes {self.echo} landed, not the {count} users that were written"
        if self.landed_again or not self.same_digest:
            yield f"a further sync landed {self.landed_again}, digest equal: {self.same_digest}"


def tell_real_story(
    folder: Path, servers: Servers, *, customers: int, seed: int, tell: Tell
) -> RealStory:
    """Fill the servers, run the job on them, read the written values back, run it all again."""
    told = RealStory(Story(folder))
    with told.story.timed("fill servers"):
        tell(f"filling Tryton, Request Tracker and Dovecot with {customers} customers")
        today = datetime.now(UTC).date()
        moved = move(generate(seed, customers, today=today), servers, today)
        lay_out_real(moved.company, servers, folder)
    told.left_out = moved.left_out
    told.party_truth = len(moved.company.truth.customer_of)
    work = open_workplace(folder / "hub.toml")
    try:
        _run(Job(work, told.story, tell), moved.company, servers.helpdesk, told)
    finally:
        work.engine.dispose()
    return told


def _run(job: Job, company: Company, desk: RequestTrackerServer, told: RealStory) -> None:
    # The servers took everything minutes ago: it is settled only as seen from the day after.
    job.run(company, cut_off=datetime.now(UTC) + timedelta(hours=25))
    told.written = _receipts(job.work)
    with told.story.timed("read back"):
        told.read_back = sum(_is_there(desk, one) for one in told.written)
    told.written_again = job.publish()
    told.echo = _sync_again(job)
    told.written_again |= job.publish()
    before = digest(job.work.engine)
    told.landed_again = _sync_again(job)
    told.written_again |= job.publish()
    told.same_digest = digest(job.work.engine) == before


def _sync_again(job: Job) -> dict[str, int]:
    """What landed, by connection, without the nothing of most; the first run's figures stay."""
    job.tell("reading everything again")
    work, seconds = job.work, job.story.seconds
    once_more = Job(work, Story(job.story.folder, seconds=seconds), lambda _: None)
    landed = once_more.read_all()
    once_more.resolve()
    return {name: count for name, count in landed.items() if count}


def _receipts(work: Workplace) -> list[Written]:
    with reading(work.engine) as db:
        return [Written._make(row) for row in db.execute(sa.text(_WRITTEN))]


def _is_there(desk: RequestTrackerServer, one: Written) -> bool:
    return bool(read_user(desk, one.key).get(one.field) == one.value)
