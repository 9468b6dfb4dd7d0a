"""The demo's story: the whole job on the demo company, measured against the truth kept aside."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from hub.demo.company import Company, generate
from hub.demo.register import Ref
from hub.demo.site import NEWCOMERS, add_rule, lay_out
from hub.match.quality import Scores, measure
from hub.pipeline import reconcile as reconciliation
from hub.pipeline import steps, writeback
from hub.pipeline.report_files import write_reports
from hub.pipeline.workplace import Workplace, open_site, open_workplace
from hub.reports.result import ReportPack, ReportResult
from hub.store.creations import count_strayed
from hub.store.database import reading
from hub.store.overview import linked_sources

Tell = Callable[[str], None]
LANDED: Final = ("new", "changed", "tombstones", "vanished")
"""The counts of an extract that change what the store knows."""

_COUNTED: Final = ("R1", "R2")
_NOTHING: Final = Scores(0, 0, 0)


@dataclass(slots=True)
class Story:
    """All that the demo found.

    ``planted`` has, by report, how many breaks were planted, found, and reported beside them. A
    line beside them is ``invented`` unless its customer is ``split``: not recognised as one.
    ``echoes`` are our own writes that came back, the canonical records and the further writes that
    followed from them: the last two must be none. ``made`` are the customers that the ERP lacked
    and has now, and how many of their records came back as somebody else's: none.
    """

    folder: Path
    read: dict[str, int] = field(default_factory=dict)
    quarantined: int = 0
    excluded: int = 0
    resolved: Mapping[str, Any] = field(default_factory=dict)
    party_records: int = 0
    customers: int = 0
    true_customers: int = 0
    pairs: Scores = _NOTHING
    bcubed: Scores = _NOTHING
    planted: dict[str, tuple[int, int, int]] = field(default_factory=dict)
    split: frozenset[str] = frozenset()
    invented: dict[str, int] = field(default_factory=dict)
    written: dict[str, int] = field(default_factory=dict)
    echoes: tuple[int, int, int] = (0, 0, 0)
    made: tuple[int, int] = (0, 0)
    seconds: dict[str, float] = field(default_factory=dict)

    @property
    def merged(self) -> int:
        """Records that turned out to be a customer we had already."""
        return self.party_records - self.customers

    @contextmanager
    def timed(self, name: str) -> Iterator[None]:
        """Add the time that the block takes."""
        begun = time.perf_counter()
        yield
        self.seconds[name] = self.seconds.get(name, 0.0) + time.perf_counter() - begun


@dataclass(frozen=True, slots=True)
class Job:
    """The whole job on one site; each step may be repeated, and notes in the story what it did."""

    work: Workplace
    story: Story
    tell: Tell

    def run(self, company: Company, *, cut_off: datetime | None = None) -> None:
        """Every step once, compared with the truth; the hub itself never sees the truth."""
        self.read_all()
        self.resolve()
        self.measure(company)
        self.story.written = self.publish()
        self.reconcile(company, cut_off)

    def read_all(self) -> dict[str, int]:
        """Sync every connection; returns what landed from each: new, changed or gone."""
        landed: dict[str, int] = {}
        for name in self.work.config.connections:
            self.tell(f"reading {name}")
            with self.story.timed("sync"):
                counts = [one.as_counts() for one in steps.sync_connection(self.work, name)]
            self.story.read[name] = sum(int(one["read"]) for one in counts)
            self.story.quarantined += sum(int(one["quarantined"]) for one in counts)
            landed[name] = sum(int(one[kind]) for one in counts for kind in LANDED)
        return landed

    def resolve(self) -> None:
        """Find who is who, and compute the golden records."""
        with self.story.timed("resolve"):
            self.story.resolved = steps.resolve(self.work)

    def measure(self, company: Company) -> None:
        """Compare the crosswalk with the truth."""
        with reading(self.work.engine) as db:
            clusters = {Ref(*row.source): row.party_id for row in linked_sources(db)}
        story, truth = self.story, company.truth.customer_of
        story.party_records = len(clusters)
        story.customers = len(set(clusters.values()))
        story.true_customers = len({truth[ref] for ref in clusters if ref in truth})
        story.split = _find_split(clusters, truth)
        quality = measure((clusters[ref], truth[ref]) for ref in clusters if ref in truth)
        story.pairs, story.bcubed = quality.pairwise, quality.b_cubed

    def publish(self) -> dict[str, int]:
        """Approve and deliver what waits; returns how many deliveries ended in each state.

        A first run writes more than the brakes let pass unasked: its plan is approved as it is.
        """
        written: dict[str, int] = {}
        with self.story.timed("publish"):
            plan = writeback.plan_publish(self.work)
            writeback.approve_publish(self.work, plan.digest, actor="demo")
            for name in self.work.config.publish.targets:
                for state, count in writeback.deliver(self.work, name).items():
                    written[state] = written.get(state, 0) + count
        return written

    def read_back(self) -> None:
        """Read the written systems again: our own writes come back, and nothing follows."""
        names = self.work.config.publish.targets
        came, followed = 0, 0
        with self.story.timed("read back"):
            for name in names:
                for report in steps.sync_connection(self.work, name):
                    counts = report.as_counts()
                    came += int(counts["changed"])
                    followed += int(counts["parts_changed"]) + int(counts["parts_new"])
            steps.resolve(self.work)
        self.story.echoes = (came, followed, sum(self.publish().values()))

    def welcome(self) -> None:
        """Make in the ERP who has bought and is not there, and see that nobody is there twice."""
        self.tell("making customers in the ERP")
        with self.story.timed("create"):
            writeback.stage_all(self.work)
            made = self.publish().get("acknowledged", 0)
            list(steps.sync_connection(self.work, "erp"))
            steps.resolve(self.work)
            writeback.stage(self.work)
        with reading(self.work.engine) as db:
            self.story.made = (made, count_strayed(db))

    def reconcile(self, company: Company, cut_off: datetime | None = None) -> None:
        """Run the reports, and look for the planted breaks in them."""
        request = reconciliation.Request(company=self.work.config.hub.company, cut_off=cut_off)
        with self.story.timed("reconcile"):
            pack = reconciliation.reconcile(self.work.engine, request)
            write_reports(pack, self.story.folder / "reports")
        for result in pack.results:
            if result.definition.id in _COUNTED:
                self._compare(result, company)
        self.story.planted["R10"] = _compare_totals(pack, company)

    def _compare(self, result: ReportResult, company: Company) -> None:
        """Look for planted breaks in one report, by true customer."""
        name = result.definition.id
        planted = company.planted[name]  # type: ignore[literal-required]  # R1, R2
        refs = {ref: customer for customer, group in planted.items() for ref in group}
        reported = [
            Ref(*(str(line.row[n]) for n in item.check.subject))
            for item in result.checks
            for line in item.lines
        ]
        customers = [refs.get(ref) or company.truth.customer_of.get(ref) for ref in reported]
        more = [customer for customer in customers if customer not in planted]
        found = {customer for customer in customers if customer in planted}
        self.story.planted[name] = (len(planted), len(found), len(more))
        self.story.invented[name] = sum(customer not in self.story.split for customer in more)


def tell_story(folder: Path, customers: int, seed: int, tell: Tell) -> Story:
    """Make the company, run the job once, compare with the truth."""
    story = Story(folder)
    with story.timed("generate"):
        company = generate(seed, customers)
        lay_out(company, folder)
    work = open_workplace(folder / "hub.toml")
    try:
        job = Job(work, story, tell)
        job.run(company)
        job.read_back()
        add_rule(folder, NEWCOMERS)
        replace(job, work=replace(work, site=open_site(folder / "hub.toml"))).welcome()
    finally:
        work.engine.dispose()
    return story


def _find_split(clusters: Mapping[Ref, str], truth: Mapping[Ref, str]) -> frozenset[str]:
    """The true customers whose records are not all in one place."""
    places: dict[str, set[str]] = defaultdict(set)
    for ref, cluster in clusters.items():
        if ref in truth:
            places[truth[ref]].add(cluster)
    return frozenset(customer for customer, found in places.items() if len(found) > 1)


def _compare_totals(pack: ReportPack, company: Company) -> tuple[int, int, int]:
    """Control totals expected, those equal to the last digit, and those nobody expected."""
    totals = next(item for item in pack.results if item.definition.id == "R10")
    rows = totals.tables[0].rows
    reported = {
        tuple(row[n] for n in ("connection", "entity", "period", "currency")): tuple(
            row[n] for n in ("documents", "net", "tax", "gross")
        )
        for row in rows
    }
    expected = {tuple(bucket): tuple(total) for bucket, total in company.planted["R10"].items()}
    equal = sum(reported.get(bucket) == total for bucket, total in expected.items())
    return len(expected), equal, len(set(reported) - set(expected))
