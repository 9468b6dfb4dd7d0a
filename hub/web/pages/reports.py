"""Reports: what reconciling found, the breaks and their life, the files, the signatures."""

from __future__ import annotations

import re
from typing import Annotated, Final

from fastapi import APIRouter, Form, HTTPException, Query, Request
from fastapi.responses import FileResponse, HTMLResponse, Response

from hub.errors import StoreError
from hub.pipeline.break_desk import Word, break_view, list_breaks, speak
from hub.pipeline.figure_desk import figure_view, reports_of, source_by_id
from hub.pipeline.report_desk import read_desk, report_path
from hub.reports.cells import shown
from hub.reports.render_html import POLICY
from hub.store.audit import new_act
from hub.web.access import web_of
from hub.web.masking import masked
from hub.web.pages.view import Controller, Worker, go, page

router = APIRouter()
STATES: Final = ("open", "reopened", "assigned", "explained", "force_closed", "closed")
_SHOWN: Final = 200
_ROW_ID: Final = re.compile("[0-9]{1,18}")
_OWN_POLICY: Final = f"{POLICY}; frame-ancestors 'self'"
"""The report's page brings its style along, and one script that is known."""


@router.get("/reports", name="page_reports")
def reports(request: Request, _person: Worker) -> HTMLResponse:
    """All reports, with the breaks that stand."""
    return page(request, "reports/reports.html", desk=read_desk(web_of(request).work))


@router.get("/reports/breaks", name="page_breaks")
def breaks(
    request: Request,
    _person: Worker,
    report: Annotated[str, Query(max_length=20)] = "",
    state: Annotated[str, Query()] = "open",
) -> HTMLResponse:
    """The breaks of a report, the oldest first."""
    shown = state if state in STATES else "open"
    engine = web_of(request).work.engine
    found = list_breaks(engine, report=report or None, state=shown, limit=_SHOWN)
    return page(
        request,
        "reports/breaks.html",
        found=found,
        report=report,
        state_picked=shown,
        states=STATES,
        full=len(found) == _SHOWN,
    )


@router.get("/reports/breaks/{key}", name="page_break")
def one_break(request: Request, person: Worker, key: str) -> HTMLResponse:
    """A break down to its records."""
    work = web_of(request).work
    try:
        view = break_view(work.engine, key, reports_of(work))
    except StoreError as error:
        raise HTTPException(404, str(error)) from error
    figures = masked(dict(view.figures), person)
    made_of = masked([dict(row) for row in view.rows], person)
    return page(
        request,
        "reports/break.html",
        view=view,
        figures=figures,
        rows=made_of,
        figure=shown,
        key=key,
    )


@router.get("/reports/figures/{key}", name="page_figure")
def figure(request: Request, person: Worker, key: str) -> HTMLResponse:
    """A figure of a table down to the records that it is made of."""
    work = web_of(request).work
    try:
        view = figure_view(work.engine, reports_of(work), key)
    except StoreError as error:
        raise HTTPException(404, str(error)) from error
    rows = masked([dict(row) for row in view.rows], person)
    return page(request, "reports/figure.html", view=view, rows=rows, figure=shown)


@router.get("/reports/records/{record_id}", name="page_record")
def record(request: Request, _person: Worker, record_id: str) -> HTMLResponse:
    """A source record with the raw payload that was last read."""
    if not _ROW_ID.fullmatch(record_id):
        raise HTTPException(404, "there is no such source record")
    try:
        source = source_by_id(web_of(request).work.engine, int(record_id))
    except StoreError as error:
        raise HTTPException(404, str(error)) from error
    return page(request, "reports/record.html", source=source)


@router.post("/reports/breaks/{key}", name="page_word")
def say(
    request: Request,
    person: Controller,
    key: str,
    kind: Annotated[str, Form(pattern="^(assign|explain|comment|close)$")],
    reason: Annotated[str, Form(min_length=1, max_length=2000)],
) -> Response:
    """Take a break, explain it, comment it, or close it on one's word."""
    owner = person.actor if kind == "assign" else None
    word = Word(kind=kind, act=new_act(person.actor, reason), owner=owner)
    speak(web_of(request).work.engine, key, word)
    return go(request, "page_break", key=key)


@router.get("/reports/files/{file}", name="page_report_file")
def report_file(
    request: Request,
    _person: Worker,
    file: str,
    month: Annotated[str, Query(max_length=7)] = "",
) -> Response:
    """A file that a reconciliation wrote."""
    try:
        path = report_path(web_of(request).work, month, file)
    except StoreError as error:
        raise HTTPException(404, str(error)) from error
    if path.suffix == ".html":
        return FileResponse(path, headers={"content-security-policy": _OWN_POLICY})
    return FileResponse(path, filename=f"{month}-{file}" if month else file)
