"""The reports: which there are, the files of the last run, and a run now."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Final

from fastapi import APIRouter, HTTPException, Response
from fastapi import Path as InPath
from fastapi.responses import FileResponse
from pydantic import BaseModel

from hub.pipeline.steps import reconcile
from hub.reports.catalogue import all_reports
from hub.store.audit import Entry, add_entries
from hub.store.database import writing
from hub.web.api.desks import ControllerDesk, Desk
from hub.web.api.words import Done
from hub.web.masking import sees_personal

router = APIRouter(tags=["reports"])
_FOLDER: Final = "reports"
_FORMS: Final = frozenset({".html", ".xlsx", ".csv"})


class Report(BaseModel):
    """A report that `reconcile` knows."""

    id: str
    title: str


class ReportFile(BaseModel):
    """A file that was made; fetch it under ``/reports/files/NAME``."""

    name: str
    bytes: int
    made_at: datetime


class Reports(BaseModel):
    """The reports there are, and the files of the last run."""

    reports: Sequence[Report]
    files: Sequence[ReportFile]


@router.get("/reports", response_model=Reports)
def list_reports(desk: ControllerDesk) -> Response:
    """The reports, and the files of the last run."""
    known = all_reports(desk.work.config.root / "report-definitions")
    reports = [Report(id=item.id, title=item.title) for item in known.values()]
    files = [_file(path) for path in _files(desk).values()]
    return desk.answer(Reports(reports=reports, files=files))


@router.get("/reports/files/{name}", response_class=FileResponse)
def fetch_file(desk: ControllerDesk, name: Annotated[str, InPath(max_length=200)]) -> FileResponse:
    """One file of the last run, to be saved: a report's page has a style of its own."""
    if not sees_personal(desk.person):
        raise HTTPException(403, "a report names people: this is for the role controller itself")
    path = _files(desk).get(name)
    if path is None:
        raise HTTPException(404, "there is no such file; list the reports")
    return FileResponse(path, filename=path.name)


@router.post("/reports/run", response_model=Done)
def run(desk: ControllerDesk) -> Response:
    """Compare front and back office now, and write the files; counts are breaks by report."""
    counts = reconcile(desk.work, desk.work.config.root / _FOLDER).break_counts
    act = desk.act("reports run by hand")
    with writing(desk.work.engine) as db:
        add_entries(db, act, [Entry("run_reports", {"breaks": dict(counts)})], datetime.now(UTC))
    return desk.answer(Done(counts=counts))


def _files(desk: Desk) -> dict[str, Path]:
    folder = desk.work.config.root / _FOLDER
    found = sorted(folder.iterdir()) if folder.is_dir() else []
    return {path.name: path for path in found if path.suffix in _FORMS and path.is_file()}


def _file(path: Path) -> ReportFile:
    found = path.stat()
    made = datetime.fromtimestamp(found.st_mtime, UTC)
    return ReportFile(name=path.name, bytes=found.st_size, made_at=made)
