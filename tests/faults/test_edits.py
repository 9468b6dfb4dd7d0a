"""Edits on both sides at random: at most one hop each, and both systems come to one value."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from hub.demo.company import generate
from hub.demo.site import lay_out
from hub.demo.story import Job, Story
from hub.match.standardise import standardise_phone
from hub.pipeline.workplace import open_workplace
from hub.sdk import StandInState
from hub.store.database import reading
from hub.store.overview import linked_sources
from tests.faults.harness import FULL
from tests.faults.tally import Tell

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1_800)]

EDITS = 1_000 if FULL else 60
SIDES = {
    "sfa": ("Contact", "Phone", "SystemModstamp"),
    "helpdesk": ("user", "WorkPhone", "LastUpdated"),
}
RULES = "\n[publish.conflicts]\nphone = 'newest'\n" + "".join(
    f"[[publish.rules]]\nattribute = 'phone'\nconnection = '{name}'\nstream = '{stream}'\n"
    for name, (stream, *_) in SIDES.items()
)


class Office:
    """Two systems of a demo company, and the customers that both of them know once."""

    def __init__(self, folder: Path) -> None:
        lay_out(generate(customers=150, seed=11), folder)
        file = folder / "hub.toml"
        head = file.read_text(encoding="utf-8").split("[[publish.rules]]")[0]
        file.write_text(head + RULES, encoding="utf-8")
        self._folder = folder
        self.work = open_workplace(file)
        self.job = Job(self.work, Story(folder), lambda _: None)
        self.job.read_all()
        self.pass_on()
        self.pairs = self._find_pairs()

    def pass_on(self) -> int:
        """Resolve and publish; returns how many writes were made."""
        self.job.resolve()
        written = self.job.publish()
        assert set(written) <= {"acknowledged"}, written
        return sum(written.values())

    def _find_pairs(self) -> list[dict[str, str]]:
        found: defaultdict[str, list[tuple[str, str, str]]] = defaultdict(list)
        with reading(self.work.engine) as db:
            for source, party in linked_sources(db):
                found[party].append((source.connection, source.type, source.key))
        wanted = sorted((name, stream) for name, (stream, *_) in SIDES.items())
        return [
            {name: key for name, _, key in sources}
            for sources in found.values()
            if sorted((name, stream) for name, stream, _ in sources) == wanted
        ]

    def edit(self, pair: dict[str, str], side: str, phone: str, at: datetime) -> None:
        """Somebody types a phone number into one system."""
        stream, field, changed = SIDES[side]
        state = StandInState.load(self._folder / "systems" / f"{side}.json")
        with state.changing():
            stamp = (
                f"{at:%Y-%m-%dT%H:%M:%S}.000+0000" if side == "sfa" else f"{at:%Y-%m-%dT%H:%M:%SZ}"
            )
            state.stream(stream)[pair[side]] |= {field: phone, changed: stamp}

    def phones(self, pair: dict[str, str]) -> set[str | None]:
        """What the two systems themselves hold."""
        held = set()
        for side, (stream, field, _) in SIDES.items():
            state = StandInState.load(self._folder / "systems" / f"{side}.json")
            held.add(standardise_phone(state.stream(stream)[pair[side]].get(field) or "", "DE"))
        return held


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    made = Office(tmp_path / "site")
    yield made
    made.work.engine.dispose()


def test_edits_on_both_sides_converge(office: Office, tell: Tell) -> None:
    dice, edits, writes, now = random.Random(4), 0, 0, datetime.now(UTC)
    assert len(office.pairs) >= 5
    while edits < EDITS:
        last: dict[int, str] = {}
        for number in dice.choices(range(len(office.pairs)), k=20):
            edits, now = edits + 1, now + timedelta(seconds=1)
            last[number] = f"+4930{90_180_000 + edits}"
            office.edit(office.pairs[number], dice.choice(list(SIDES)), last[number], now)
        office.job.read_all()
        made = office.pass_on()
        assert made <= 20
        writes += made
        office.job.read_all()
        assert office.pass_on() == 0
        for number, phone in last.items():
            assert office.phones(office.pairs[number]) == {phone}
        now = max(now, datetime.now(UTC)) + timedelta(seconds=5)
    tell(f"edits: {edits} on both sides, {writes} writes, one hop at most, both sides agree")
