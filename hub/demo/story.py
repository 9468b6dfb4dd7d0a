"""The demo's story: the whole job on the demo company, measured against the truth kept aside."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from hub.demo.company import Company, generate
from hub.demo.register import Ref
from hub.demo.site import lay_out
from hub.demo.truth import Score, score_bcubed, score_pairs
from hub.pipeline import reconcile as reconciliation
from hub.pipeline import steps
from hub.pipeline.workplace import Workplace, open_workplace
from hub.reports.result import ReportPack, ReportResult
from hub.store.database import reading
from hub.store.overview import linked_sources

Tell = Callable[[str], None]
LANDED: Final = ("new", "changed", "tombstones", "vanished")
"""The counts of an extract that change what the store knows."""

_NOTHING: Final = Score(0, 0)


@dataclass(slots=True)
class Story:
    """All that the demo found."""

    folder: Path
    read: dict[str, int] = field(default_factory=dict)
    quarantined: int = 0
    excluded: int = 0
    resolved: Mapping[str, Any] = field(default_factory=dict)
    party_records: int = 0
    customers: int = 0
    true_customers: int = 0
    pairs: Score = _NOTHING
    bcubed: Score = _NOTHING
    planted: dict[str, tuple[int, int, int]] = field(default_factory=dict)
    written: dict[str, int] = field(default_factory=dict)
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


def tell_story(folder: Path, customers: int, seed: int, tell: Tell) -> Story:
    """Make the company, run the job once, compare with the truth."""
    story = Story(folder)
    with story.timed("generate"):
        company = generate(seed, customers)
        lay_out(company, folder)
    work = open_workplace(folder / "hub.toml")
    try:
        run_job(work, company, story, tell)
    finally:
        work.engine.dispose()
    return story


def run_job(
    work: Workplace,
    company: Company,
    story: Story,
    tell: Tell,
    *,
    cut_off: datetime | None = None,
) -> None:
    """Read, resolve, publish and reconcile a site that is laid out; what it came to is noted."""
    read_all(work, story, tell)
    resolve(work, story)
    measure(work, company, story)
    story.written = publish(work, story)
    with story.timed("reconcile"):
        pack = _reconcile(work, story.folder, cut_off)
    for result in pack.results:
        if result.definition.breaks:
            story.planted[result.definition.id] = _compare(result, company)
    story.planted["R10"] = _compare_totals(pack, company)


def read_all(work: Workplace, story: Story, tell: Tell) -> dict[str, int]:
    """Sync every connection; returns what landed in each: new, changed or gone."""
    landed: dict[str, int] = {}
    for name in work.config.connections:
        tell(f"reading {name}")
        with story.timed("sync"):
            for report in steps.sync_connection(work, name):
                counts = report.as_counts()
                story.read[name] = story.read.get(name, 0) + int(counts["read"])
                story.quarantined += int(counts["quarantined"])
                fresh = sum(int(counts[kind]) for kind in LANDED)
                landed[name] = landed.get(name, 0) + fresh
    return landed


def resolve(work: Workplace, story: Story) -> None:
    """Find who is who, and compute the golden records."""
    with story.timed("resolve"):
        story.resolved = steps.resolve(work)


def measure(work: Workplace, company: Company, story: Story) -> None:
    """Compare the crosswalk with the truth; the hub itself never sees the truth."""
    with reading(work.engine) as db:
        clusters = {Ref(*row.source): row.party_id for row in linked_sources(db)}
    truth = company.truth.customer_of
    story.party_records = len(clusters)
    story.customers = len(set(clusters.values()))
    story.true_customers = len({truth[ref] for ref in clusters if ref in truth})
    story.pairs = score_pairs(clusters, truth)
    story.bcubed = score_bcubed(clusters, truth)


def publish(work: Workplace, story: Story) -> dict[str, int]:
    """Stage and deliver what waits; returns how many deliveries ended in each state."""
    written: dict[str, int] = {}
    with story.timed("publish"):
        steps.stage(work)
        for name in sorted({rule.connection for rule in work.config.publish.rules}):
            for state, count in steps.deliver(work, name).items():
                written[state] = written.get(state, 0) + count
    return written


def _reconcile(work: Workplace, folder: Path, cut_off: datetime | None) -> ReportPack:
    request = reconciliation.Request(company=work.config.hub.company, cut_off=cut_off)
    pack = reconciliation.reconcile(work.engine, request)
    reconciliation.write_reports(pack, folder / "reports", reconciliation.FORMS)
    return pack


def _compare(result: ReportResult, company: Company) -> tuple[int, int, int]:
    """Planted breaks, those found, and lines that were not planted; all by true customer."""
    planted = company.planted[result.definition.id]  # type: ignore[literal-required]  # R1, R2
    refs = {ref: customer for customer, group in planted.items() for ref in group}
    reported = [Ref(*(str(row[n]) for n in result.definition.subject)) for row in result.rows]
    customers = [refs.get(ref) or company.truth.customer_of.get(ref) for ref in reported]
    found = {customer for customer in customers if customer in planted}
    return len(planted), len(found), sum(customer not in planted for customer in customers)


def _compare_totals(pack: ReportPack, company: Company) -> tuple[int, int, int]:
    """Control totals expected, those equal to the last digit, and those nobody expected."""
    rows = next(item for item in pack.results if item.definition.id == "R10").rows
    reported = {
        tuple(row[n] for n in ("connection", "entity", "period", "currency")): tuple(
            row[n] for n in ("documents", "net", "tax", "gross")
        )
        for row in rows
    }
    expected = {tuple(bucket): tuple(total) for bucket, total in company.planted["R10"].items()}
    equal = sum(reported.get(bucket) == total for bucket, total in expected.items())
    return len(expected), equal, len(set(reported) - set(expected))
