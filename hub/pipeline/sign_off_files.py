"""The sheets of sign-offs as files, made anew from the store whenever one changes its state."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import orjson

from hub.pipeline.report_files import write_files
from hub.pipeline.sign_off import void_changed
from hub.pipeline.workplace import Workplace
from hub.reports.render_pdf import can_render_pdf, render_pdf
from hub.reports.sign_off_sheet import SignedPeriod, render_sheet
from hub.store.database import reading
from hub.store.sign_offs import all_sign_offs

_SHEET: Final = "sign-off"
_VOID: Final = "VOID.txt"
_FIELDS: Final = frozenset(SignedPeriod.__dataclass_fields__)


def pack_folder(work: Workplace, period: str) -> Path:
    """Where a period's pack lies."""
    return work.config.root / "reports" / period


def write_sheet(work: Workplace, period: str, folder: Path | None = None) -> list[Path]:
    """Write how the period's latest sign-off stands: as a page, and as PDF where that can be made.

    A void one leaves a file beside the pack that says so by its name.
    """
    with reading(work.engine) as db:
        rows = [dict(row) for row in all_sign_offs(db) if row["period"] == period]
    if not rows:
        return []
    signed = _signed(rows[0])
    page = render_sheet(work.config.hub.company, signed)
    files = {f"{_SHEET}.html": page.encode()}
    if can_render_pdf():
        files[f"{_SHEET}.pdf"] = render_pdf(page)
    where = folder or pack_folder(work, period)
    if signed.state == "void":
        text = f"The sign-off of {period} is void: {signed.void_reason}. Nothing here is signed.\n"
        files[_VOID] = text.encode()
    else:
        (where / _VOID).unlink(missing_ok=True)
    return write_files(where, files)


def void_with_sheets(work: Workplace, run_id: str) -> Mapping[str, str]:
    """Void what has changed since it was signed, in the store and on the sheets; returns why."""
    voided = void_changed(work.engine, run_id)
    for period in voided:
        write_sheet(work, period)
    return voided


def _signed(row: Mapping[str, Any]) -> SignedPeriod:
    own = {name: value for name, value in row.items() if name in _FIELDS}
    return SignedPeriod(**{**own, "totals": orjson.loads(row["totals"])})
