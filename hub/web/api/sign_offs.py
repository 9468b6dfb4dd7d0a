"""Sign-offs of periods, under two signatures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any, Final

from fastapi import APIRouter, HTTPException, Response
from fastapi import Path as InPath
from pydantic import BaseModel, Field

from hub.errors import ConfigError, StoreError
from hub.pipeline import sign_off
from hub.pipeline.report_files import Wanted, make_reports
from hub.store.columns import new_id
from hub.store.database import reading
from hub.store.sign_offs import all_sign_offs, standing
from hub.web.api.desks import ControllerDesk, Desk
from hub.web.api.words import Done, Why

router = APIRouter(tags=["reports"])
_FOLDER: Final = "reports"
Period = Annotated[
    str, Field(pattern="^(19|20)[0-9]{2}-(0[1-9]|1[0-2])$", description="A month: 2026-10.")
]


class SignOff(BaseModel):
    """A period's figures; void once the period has changed."""

    period: str
    state: str = Field(description="prepared, signed or void.")
    prepared_by: str
    prepared_at: datetime
    approved_by: str | None
    approved_at: datetime | None
    data_hash: str
    rules_hash: str
    program: str
    voided_at: datetime | None
    void_reason: str | None


class SignOffs(BaseModel):
    """Every sign-off there ever was, the latest first; no more than one stands for a month."""

    sign_offs: Sequence[SignOff]


class Preparing(Why):
    """Which period to put before another person."""

    period: Period


@router.get("/sign-offs", response_model=SignOffs)
def list_sign_offs(desk: ControllerDesk) -> Response:
    """Every sign-off, the latest first."""
    with reading(desk.work.engine) as db:
        rows = [_sign_off(dict(row)) for row in all_sign_offs(db)]
    return desk.answer(SignOffs(sign_offs=rows))


@router.post("/sign-offs", response_model=SignOff)
def prepare(desk: ControllerDesk, wanted: Preparing) -> Response:
    """Write the pack of a period and put it before another person to sign."""
    work = desk.work
    folder = work.config.root / _FOLDER / wanted.period
    end = _end_of(wanted.period)
    _require_none(desk, wanted.period)
    pack = make_reports(work, folder, Wanted(cut_off=end, own_sheets=False))
    sign_off.prepare(work.engine, wanted.period, pack, desk.act(wanted.reason))
    return desk.answer(_standing(desk, wanted.period))


@router.post("/sign-offs/{period}/approve", response_model=SignOff)
def approve(desk: ControllerDesk, period: Annotated[Period, InPath()], why: Why) -> Response:
    """Sign what somebody else prepared, if the period is still as it was."""
    desk.require_match(lambda: _standing(desk, period))
    _require_other(desk, _standing(desk, period))
    sign_off.approve(desk.work.engine, period, desk.act(why.reason))
    return desk.answer(_standing(desk, period))


@router.post("/sign-offs/check", response_model=Done)
def check(desk: ControllerDesk) -> Response:
    """Void every sign-off whose period has changed since."""
    voided = sign_off.void_changed(desk.work.engine, new_id())
    return desk.answer(Done(counts={"voided": len(voided)}))


def _end_of(period: str) -> datetime:
    try:
        return sign_off.end_of(period)
    except ConfigError as error:
        raise HTTPException(409, str(error)) from error


def _require_none(desk: Desk, period: str) -> None:
    """Making the pack takes a while: what can't be prepared is said before."""
    with reading(desk.work.engine) as db:
        if standing(db, period):
            raise StoreError(f"{period} is prepared or signed already; look at the sign-offs")


def _require_other(desk: Desk, found: SignOff) -> None:
    """Four eyes are two people's: a name can change, the id in brackets can't."""
    id_ = desk.person.id
    if found.prepared_by == id_ or found.prepared_by.endswith(f"({id_})"):
        raise StoreError("you have prepared this period yourself: another person has to sign it")


def _standing(desk: Desk, period: str) -> SignOff:
    with reading(desk.work.engine) as db:
        rows = standing(db, period)
    if not rows:
        raise HTTPException(404, "nothing is prepared for this period, or it is void")
    return _sign_off(dict(rows[0]))


def _sign_off(row: Mapping[str, Any]) -> SignOff:
    state = "void" if row["voided_at"] else "signed" if row["approved_by"] else "prepared"
    return SignOff.model_validate({**row, "state": state})
