"""A report in sheets: each person's own, with all of his lines and nobody else's."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from hub.errors import ConfigError
from hub.pipeline.report_files import write_reports
from hub.reports.catalogue import read_definition, shipped_reports
from hub.reports.result import ReportPack, ReportResult, TableResult
from hub.reports.sheets import sheets

NOW = datetime(2026, 11, 1, tzinfo=UTC)
MANAGERS = ("Ada Berg", "../Ada", "Ada-Berg", None, "=cmd()")


def pack_of(*managers: str | None) -> ReportPack:
    definition = shipped_reports()["R14"]
    table = definition.tables[0]
    empty = dict.fromkeys([*table.columns, "party_id"])
    rows = [
        {**empty, "party_id": f"p{place}", "display_name": f"Firma {place}", "account_manager": who}
        for place, who in enumerate(managers)
    ]
    tables = [TableResult(table=table, rows=rows, report="R14")]
    result = ReportResult(definition=definition, checks=[], tables=tables)
    return ReportPack(
        company="T", made_at=NOW, cut_off=NOW, data_hash="d", rules_hash="r", program="p",
        results=[result],
    )  # fmt: skip


def test_each_line_stands_on_the_sheet_of_its_manager() -> None:
    found = dict(sheets(pack_of(*MANAGERS, "Ada Berg")))
    lines = Counter({pack.about: len(pack.results[0].tables[0].rows) for pack in found.values()})
    assert lines == {"Ada Berg": 2, "../Ada": 1, "Ada-Berg": 1, "nobody": 1, "=cmd()": 1}
    assert len(found) == len(set(found)) == 5
    assert all(name.startswith("R14/") and "." not in name for name in found)


def test_sheets_are_files_and_old_ones_go(tmp_path: Path) -> None:
    write_reports(pack_of("Ada Berg", "Bo Li"), tmp_path, ("html", "xlsx"))
    written = {path.suffix for path in (tmp_path / "R14").iterdir()}
    assert written == {".html", ".xlsx"}
    write_reports(pack_of("Bo Li"), tmp_path, ("html",))
    (page,) = (tmp_path / "R14").iterdir()
    text = page.read_text()
    assert "<h1>Bo Li</h1>" in text
    assert "Firma 0" in text
    assert "Who owes the correction" not in text


def test_a_report_without_the_column_is_refused() -> None:
    content = shipped_reports()["R10"].model_dump(mode="json", exclude_none=True)
    with pytest.raises(ConfigError, match="each: every check and table"):
        read_definition({**content, "each": "account_manager"}, "own")


def test_other_reports_have_no_sheets() -> None:
    pack = pack_of("Ada Berg")
    plain = pack.results[0].definition.model_copy(update={"each": None})
    assert not list(sheets(replace(pack, results=[replace(pack.results[0], definition=plain)])))
