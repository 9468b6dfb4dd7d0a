"""What the last reconciliations left: breaks by report, the files, and who signed which month."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, Final, NamedTuple

from hub.errors import StoreError
from hub.pipeline.workplace import Workplace
from hub.reports.catalogue import all_reports
from hub.reports.definition import ReportDefinition
from hub.store.break_counts import BreakCount, count_breaks
from hub.store.database import reading
from hub.store.figures import IN_FLIGHT, last_figures
from hub.store.sign_offs import all_sign_offs

_FORMS: Final = {".html": "page", ".xlsx": "workbook", ".csv": "table", ".pdf": "print"}


class ReportFile(NamedTuple):
    """A file that a reconciliation wrote; ``folder`` is "" for the latest, or a month."""

    folder: str
    name: str
    kind: str
    size: int
    made_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportLine:
    """A report with the breaks that stand; ``amounts`` are at stake, by currency.

    ``in_flight`` is how many differences the last run took for no breaks yet; None before it.
    """

    id: str
    title: str
    question: str
    states: Mapping[str, int]
    amounts: Mapping[str, Decimal]
    oldest: datetime | None
    in_flight: int | None

    @property
    def standing(self) -> int:
        """Breaks that nobody has settled."""
        return sum(self.states.get(name, 0) for name in ("open", "reopened", "assigned"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """All of it."""

    reports: Sequence[ReportLine]
    files: Sequence[ReportFile]
    sign_offs: Sequence[Mapping[str, Any]]
    made_at: datetime | None


def read_desk(work: Workplace) -> Desk:
    """The reports with their breaks, the files, the sign-offs."""
    with reading(work.engine) as db:
        found = count_breaks(db)
        in_flight = last_figures(db, IN_FLIGHT)
        signed = [dict(row) for row in all_sign_offs(db)]
    known = all_reports(work.config.root / "report-definitions").values()
    files = list_files(work)
    return Desk(
        reports=[_line(one, found, in_flight.get(one.id)) for one in known],
        files=files,
        sign_offs=signed,
        made_at=max((file.made_at for file in files if not file.folder), default=None),
    )


def _line(
    definition: ReportDefinition, found: Sequence[BreakCount], in_flight: int | None
) -> ReportLine:
    held = [item for item in found if item.report == definition.id]
    standing = [item for item in held if item.state not in _SETTLED]
    states: Counter[str] = Counter()
    amounts: dict[str, Decimal] = {}
    for item in held:
        states[item.state] += item.breaks
    for item in standing:
        if item.currency and item.amount is not None:
            amounts[item.currency] = amounts.get(item.currency, Decimal(0)) + item.amount
    return ReportLine(
        id=definition.id,
        title=definition.title,
        question=definition.question,
        states=states,
        amounts=amounts,
        oldest=min((item.oldest for item in standing), default=None),
        in_flight=in_flight,
    )


_SETTLED: Final = frozenset({"closed", "force_closed", "explained"})


def list_files(work: Workplace) -> list[ReportFile]:
    """The files in the folder of reports, and in those of months beneath it."""
    root = work.config.root / "reports"
    if not root.is_dir():
        return []
    paths = [*root.iterdir(), *root.glob("[0-9][0-9][0-9][0-9]-[0-9][0-9]/*")]
    files = [_file(path, root) for path in paths if path.suffix in _FORMS and path.is_file()]
    return sorted(files, key=lambda file: (file.folder, file.kind != "page", file.name))


def _file(path: Path, root: Path) -> ReportFile:
    found = path.stat()
    folder = "" if path.parent == root else path.parent.name
    made = datetime.fromtimestamp(found.st_mtime, UTC)
    return ReportFile(folder, path.name, _FORMS[path.suffix], found.st_size, made)


def report_path(work: Workplace, folder: str, name: str) -> Path:
    """Where a file of the list is; StoreError for any other name."""
    for file in list_files(work):
        if (file.folder, file.name) == (folder, name):
            return work.config.root / "reports" / folder / name
    raise StoreError("there is no such report; `hub reconcile` makes them anew")
