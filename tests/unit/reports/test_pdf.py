"""The forms for print: the figures of the page, no link that leads out, and void where it is."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from pypdf import PdfReader

from hub.reports.catalogue import shipped_reports
from hub.reports.render_html import render_html
from hub.reports.render_pdf import can_render_pdf, render_pdf
from hub.reports.sign_off_sheet import SignedPeriod, render_sheet
from tests.servers.fixtures import require
from tests.unit.reports.made import HOSTILE, line, long_keys, pack_of, result_of

AT = datetime(2026, 10, 5, 8, 30, tzinfo=UTC)
TOTAL = {"documents": "12", "net": "1000.0000", "tax": "190.0000", "gross": "1190.0000"}

MARGIN, A_WORD = 34.0, 15.0
"""In points: 12 mm, and what the shortest text of a last column takes."""

pytestmark = pytest.mark.servers


@pytest.fixture(scope="module", autouse=True)
def _pango() -> None:
    require(lambda: None if can_render_pdf() else "Pango is not installed (make servers)")


def sheet(**changed: Any) -> SignedPeriod:
    told = {"period": "2026-09", "cut_off": AT, "data_hash": "d" * 32, "rules_hash": "r" * 32}
    told |= {"program": "customer-hub 0.1.0", "prepared_by": "paula", "prepared_at": AT}
    totals = {"erp invoice 2026-09 EUR": {**TOTAL, "hash_total": "77"}}
    return SignedPeriod(**{**told, "totals": totals, **changed})


def read(page: str) -> PdfReader:
    return PdfReader(io.BytesIO(render_pdf(page)))


def text_of(pdf: PdfReader) -> str:
    return re.sub(r"\s+", " ", " ".join(page.extract_text() for page in pdf.pages))


def actions(pdf: PdfReader) -> Iterator[Any]:
    for page in pdf.pages:
        for note in page.get("/Annots") or ():
            yield note.get_object().get("/A")


def test_the_printed_pack_has_the_figures_and_letters_of_all_scripts() -> None:
    found = line("Ölmühle Łódź Αθήνα Київ", "1234.5600")
    text = text_of(read(render_html(pack_of(result_of(found)))))
    assert "1,234.56" in text
    assert "Ölmühle Łódź Αθήνα Київ" in text


@pytest.mark.parametrize("hostile", HOSTILE)
def test_hostile_texts_become_no_link_and_no_script(hostile: str) -> None:
    pdf = read(render_html(pack_of(result_of(line(hostile)))))
    assert not any(action and "/URI" in action for action in actions(pdf))
    assert not {"/OpenAction", "/AA"} & set(pdf.root_object)
    names: Any = pdf.root_object.get("/Names", {})
    assert set(names) <= {"/Dests"}


def test_paper_shows_the_first_lines_and_says_how_many_more_there_are() -> None:
    pack = pack_of(result_of(*(line(f"Mill {number:03}") for number in range(120))))
    text = text_of(read(render_html(pack, lines=100)))
    assert len(set(re.findall(r"Mill \d{3}", text))) == 100
    assert "20 more lines" in text


def begins(page: Any) -> Iterator[tuple[float, str]]:
    """How far right each text of a page begins, in points, without those that are blank."""
    begun: list[tuple[float, str]] = []

    def note(text: str, cm: list[float], tm: list[float], *_: Any) -> None:
        if text.strip():
            begun.append((tm[4] * cm[0] + cm[4], text.strip()))

    page.extract_text(visitor_text=note)
    yield from begun


@pytest.mark.parametrize("report", sorted(shipped_reports()))
def test_no_column_runs_off_the_paper(report: str) -> None:
    """With keys as long as Salesforce's in every column that holds a text."""
    for page in read(render_html(pack_of(long_keys(report)))).pages:
        edge = float(page.mediabox.width) - MARGIN
        assert not [found for found in begins(page) if found[0] > edge - A_WORD]


def test_the_sheet_has_both_names_the_hashes_and_what_is_signed() -> None:
    text = text_of(read(render_sheet("Test", sheet(approved_by="anton", approved_at=AT))))
    for said in ("paula", "anton", "2026-10-05 08:30 UTC", "d" * 32, "r" * 32, "1,190.00", "77"):
        assert said in text
    assert "VOID" not in text.upper().replace("AVOID", "")


def test_a_void_sheet_says_so_and_why() -> None:
    voided = sheet(
        approved_by="anton", approved_at=AT, voided_at=AT, void_reason="2 documents more"
    )
    page = render_sheet("Test", voided)
    assert "VOID" in text_of(read(page))
    assert "2 documents more" in page


def test_names_on_the_sheet_are_text() -> None:
    page = render_sheet("<b>x</b>", sheet(prepared_by="<script>alert(1)</script>"))
    assert "<script" not in page
    assert "<b>x" not in page
