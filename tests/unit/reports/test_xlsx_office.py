"""The workbook in LibreOffice: opened without repair, its totals calculated to the same figures."""

from __future__ import annotations

import io
import shutil
import subprocess
from pathlib import Path

import openpyxl
import pytest

from hub.reports.render_xlsx import render_xlsx
from tests.servers.fixtures import require
from tests.unit.reports.made import HOSTILE, line, pack_of, result_of, totals_of

OFFICE = shutil.which("soffice")
pytestmark = pytest.mark.servers


@pytest.fixture(scope="module", autouse=True)
def _office() -> None:
    require(lambda: None if OFFICE else "LibreOffice is not installed (make servers)")


def calculated(content: bytes, folder: Path) -> openpyxl.Workbook:
    """The workbook as LibreOffice saves it after it has calculated everything anew."""
    source = folder / "in" / "book.xlsx"
    source.parent.mkdir()
    without_values = openpyxl.load_workbook(io.BytesIO(content))
    without_values.save(source)
    command = [str(OFFICE), f"-env:UserInstallation=file://{folder}/profile", "--headless"]
    command += ["--convert-to", "xlsx:Calc MS Excel 2007 XML", "--outdir", str(folder / "out")]
    subprocess.run([*command, str(source)], check=True, capture_output=True, timeout=120)
    return openpyxl.load_workbook(folder / "out" / "book.xlsx", data_only=True)


def test_formulas_calculate_to_the_figures_that_stand_beside_them(tmp_path: Path) -> None:
    lines = [line("A", "-0.1000"), line("B", "1234.5600"), line("C", "9.0000", timing=True)]
    content = render_xlsx(pack_of(result_of(*lines), totals_of()))
    stated = openpyxl.load_workbook(io.BytesIO(content), data_only=True)["Summary"]
    found = calculated(content, tmp_path)["Summary"]
    rows = [[cell.value for cell in row] for row in found.iter_rows(min_row=5, max_col=8)]
    assert rows == [[c.value for c in row] for row in stated.iter_rows(min_row=5, max_col=8)]
    assert rows[0][3:] == [3, 2, 1, "EUR", 1234.66]
    assert rows[-1][2:6] == ["Total", 3, 2, 1]


def test_hostile_texts_stay_texts_in_libreoffice(tmp_path: Path) -> None:
    content = render_xlsx(pack_of(result_of(*(line(text) for text in HOSTILE))))
    sheet = calculated(content, tmp_path)["R2 no_party"]
    values = [sheet.cell(row, 2).value for row in range(5, 5 + len(HOSTILE))]
    assert sum(isinstance(value, str) for value in values) == len(HOSTILE)
