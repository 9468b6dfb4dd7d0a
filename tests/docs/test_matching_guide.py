"""The guide to measuring is run: its records, its mapping file, its list of columns."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from hub.cli.main import app
from hub.match.tabular import open_table
from hub.match.tabular_layout import FIELDS, lay_out, load_tabular_mapping
from hub.pipeline.tabular_bodies import RecordsFile
from tests.architecture.source import ROOT

GUIDE = (ROOT / "docs" / "matching.md").read_text(encoding="utf-8")


def block(name: str, form: str) -> str:
    found = re.search(rf"<!-- {name} -->\n```{form}\n(.*?)```", GUIDE, re.DOTALL)
    assert found is not None
    return found[1]


def test_the_first_run_finds_both_customers(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    records = tmp_path / "records.csv"
    records.write_text(block("records", "csv"))
    words = ["match", "evaluate", str(records), "--truth", "truth", "--country", "AT", "--json"]
    app(words, standalone_mode=False)
    found = json.loads(capsys.readouterr().out)
    assert (found["clusters"], found["pairwise"]["f1"]) == (2, 1)


def test_the_columns_are_those_of_the_code() -> None:
    listed = GUIDE.split("<!-- columns -->\n")[1].split("\n\n")[0]
    assert re.findall(r"`(\w+)`", listed) == list(FIELDS)


def test_the_mapping_file_is_understood(tmp_path: Path) -> None:
    mapping, records = tmp_path / "mapping.yaml", tmp_path / "records.csv"
    mapping.write_text(block("mapping", "yaml"))
    records.write_text(
        "system;no;first_name;surname;mail;second_mail;birth_place;PASSPORT_NUMBER;"
        "PASSPORT_COUNTRY;card;kind;phone;birth_date\n"
        "crm;7;Zoë;King;a@example.org;b@example.org;York;X1;France;L9;NP;555;11/12/1978\n",
        encoding="cp1252",
    )
    stated = load_tabular_mapping(mapping)
    table = open_table(records, encoding=stated.encoding, delimiter=stated.delimiter)
    (record,) = RecordsFile(table, lay_out(table, stated)).records()
    assert record.record_id == "crm:7"
    assert record.body["person"] == {"given": "Zoë", "family": "King", "birth_date": "1978-12-11"}
    assert [point["value"] for point in record.body["contact_points"]] == [
        "a@example.org",
        "b@example.org",
    ]
    assert [item["scheme"] for item in record.body["identifiers"]] == ["passport", "loyalty_no"]


def test_the_public_sets_have_mappings() -> None:
    files = sorted((ROOT / "benchmarks" / "mappings").glob("*.yaml"))
    assert len(files) == 3
    assert all(load_tabular_mapping(path) for path in files)
