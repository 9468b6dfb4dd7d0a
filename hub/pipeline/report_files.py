"""Makes the reports of a site, as files in the forms asked for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from hub.errors import ConfigError
from hub.pipeline.reconcile import Request, reconcile
from hub.pipeline.workplace import Workplace
from hub.reports.catalogue import all_reports
from hub.reports.render_csv import render_csv
from hub.reports.render_html import render_html
from hub.reports.render_pdf import render_pdf
from hub.reports.render_xlsx import render_xlsx
from hub.reports.result import ReportPack
from hub.reports.sheets import sheets

FORMS: Final = ("html", "xlsx", "csv")
PDF: Final = "pdf"
"""Made where it is asked for: it needs libraries that not everybody has."""
_NAME: Final = "reconciliation"
_PRINTED_LINES: Final = 100
"""Paper shows so many lines of a check; the other forms have them all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which reports (all if none is named), in which forms, as of when (now if nothing is said).

    ``own_sheets`` are those of each person, which no signed pack needs.
    """

    reports: Sequence[str] = ()
    forms: Sequence[str] = FORMS
    cut_off: datetime | None = None
    own_sheets: bool = True


def make_reports(work: Workplace, folder: Path, wanted: Wanted) -> ReportPack:
    """Run the reports as of a cut-off and write their files.

    A company's own reports stand in the folder ``report-definitions`` beside hub.toml.
    """
    request = Request(
        company=work.config.hub.company,
        reports=wanted.reports,
        known=all_reports(work.config.root / "report-definitions"),
        cut_off=wanted.cut_off,
    )
    pack = reconcile(work.engine, request)
    write_reports(pack, folder, wanted.forms, own_sheets=wanted.own_sheets)
    return pack


def write_reports(
    pack: ReportPack, folder: Path, forms: Sequence[str] = FORMS, *, own_sheets: bool = True
) -> list[Path]:
    """Write the pack; each file is complete or absent.

    Raises ConfigError for an unknown form, and for a folder that can't be written to.
    """
    for form in forms:
        if form not in (*FORMS, PDF):
            known = ", ".join((*FORMS, PDF))
            raise ConfigError(f"there is no report form {form!r}; known: {known}")
    contents = _rendered(pack, _NAME, forms)
    if "csv" in forms:
        for result in pack.results:
            contents |= {name: text.encode() for name, text in render_csv(result).items()}
    written = write_files(folder, contents)
    return [*written, *(_write_sheets(pack, folder, forms) if own_sheets else [])]


def _write_sheets(pack: ReportPack, folder: Path, forms: Sequence[str]) -> list[Path]:
    """Each person's own sheet; those of an earlier run go."""
    contents: dict[str, bytes] = {}
    for name, sheet in sheets(pack):
        contents |= _rendered(sheet, name, forms)
    written = write_files(folder, contents)
    for result in pack.results:
        if result.definition.each:
            _clear(folder / result.definition.id, keep=written)
    return written


def _rendered(pack: ReportPack, name: str, forms: Sequence[str]) -> dict[str, bytes]:
    """The forms that hold a whole pack, by their file names."""
    contents: dict[str, bytes] = {}
    if "html" in forms:
        contents[f"{name}.html"] = render_html(pack).encode()
    if "xlsx" in forms:
        contents[f"{name}.xlsx"] = render_xlsx(pack)
    if PDF in forms:
        contents[f"{name}.pdf"] = render_pdf(render_html(pack, lines=_PRINTED_LINES))
    return contents


def _clear(folder: Path, *, keep: Sequence[Path]) -> None:
    """Remove the sheets of an earlier run: they say what holds no longer."""
    for path in folder.glob("*") if folder.is_dir() else ():
        if path.suffix in (".html", ".xlsx", ".pdf") and path not in keep:
            path.unlink()


def write_files(folder: Path, contents: Mapping[str, bytes]) -> list[Path]:
    """Write files by their names; each is complete or absent."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        return [_write(folder / name, content) for name, content in contents.items()]
    except OSError as error:
        raise ConfigError(f"{folder}: can't be written to ({error.strerror})") from error


def _write(path: Path, content: bytes) -> Path:
    path.parent.mkdir(exist_ok=True)
    fresh = path.with_suffix(path.suffix + ".new")
    fresh.write_bytes(content)
    return fresh.replace(path)
