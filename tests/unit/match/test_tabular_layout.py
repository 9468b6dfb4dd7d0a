from __future__ import annotations

from pathlib import Path

import pytest

from hub.errors import ConfigError, MappingError
from hub.match.tabular import open_table
from hub.match.tabular_layout import Layout, lay_out, load_tabular_mapping, read_fields


def layout_of(folder: Path, header: str, mapping: str = "") -> Layout:
    table = folder / "records.csv"
    table.write_text(f"{header}\n")
    return lay_out(open_table(table), load_tabular_mapping(mapping_file(folder, mapping)))


def mapping_file(folder: Path, text: str) -> Path:
    path = folder / "mapping.yaml"
    path.write_text(text)
    return path


def test_columns_are_understood_by_name_whatever_the_case(tmp_path: Path) -> None:
    layout = layout_of(tmp_path, "Record_ID,GIVEN_NAME,shoe size")
    assert read_fields(layout, [" 1 ", "Ada", "38"]) == {"record_id": "1", "given_name": "Ada"}


def test_a_mapping_file_names_columns_constants_and_joins(tmp_path: Path) -> None:
    mapping = """
columns:
  record_id: "{system}:{no}"
  full_name: "{first} {middle} {last}"
  email: [mail, "2nd mail"]
  city: null
constants: {source: crm, country: AT}
"""
    layout = layout_of(tmp_path, "system,no,first,middle,last,mail,2nd mail,city,country", mapping)
    cells = ["sap", "7", "Ada", "", "King", "a@example.org", "b@example.org", "Graz", ""]
    assert read_fields(layout, cells) == {
        "record_id": "sap:7",
        "source": "crm",
        "full_name": "Ada King",
        "email": "a@example.org;b@example.org",
        "country": "AT",
    }
    assert "country" in read_fields(layout, [*cells[:-1], "DE"])
    assert read_fields(layout, [""] * 9) == {"source": "crm", "country": "AT"}


def test_what_says_that_there_is_no_value_is_an_empty_cell(tmp_path: Path) -> None:
    mapping = """
columns: {full_name: "{first} {last}", email: [mail, second]}
constants: {city: Graz}
"""
    layout = layout_of(tmp_path, "record_id,source,first,last,mail,second,city,country", mapping)
    cells = ["NULL", "n/a", "NULL", "King", "a@example.org", "-", "k. A.", "NA"]
    assert read_fields(layout, cells) == {
        "record_id": "NULL",
        "source": "n/a",
        "full_name": "King",
        "email": "a@example.org",
        "city": "Graz",
        "country": "NA",
    }


@pytest.mark.parametrize(
    ("mapping", "message"),
    [
        ("columns: {record_id: nr}", "record_id names a column 'nr', which .*records.csv has not"),
        ("columns: {city: '{town} {zip'}", "bad join"),
        ("columns: {city: '{town}'}", "names a column 'town'"),
        ("identifiers: {passport: PASS}", "identifier passport names a column 'PASS'"),
        ("identifiers: {passport: {column: id, country: land}}", "names a column 'land'"),
    ],
)
def test_a_column_that_is_not_there_is_refused(mapping: str, message: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=message):
        layout_of(tmp_path, "record_id,id", mapping)


def test_a_file_without_record_ids_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"no column record_id; rename .* or name it in a mapp"):
        layout_of(tmp_path, "id,name")


@pytest.mark.parametrize(
    ("mapping", "message"),
    [
        ("columns:\n  record_id: id\n  surname: s", "mapping.yaml:3: columns: there is no 'surnam"),
        ("constants:\n  colour: red", "mapping.yaml:2: constants: there is no 'colour'"),
        ("kinds:\n  P: human", "mapping.yaml:2: kinds.P: Input should be 'person', 'organis"),
        ("column: {}", "mapping.yaml:1: column: Extra inputs are not permitted"),
        ("dates:\n  birth_date: us", "mapping.yaml:2: dates: write day first, month first or"),
        ("columns: [", "mapping.yaml:1: no valid YAML"),
        ("- columns", "mapping.yaml: Input should be a valid dictionary"),
    ],
)
def test_a_bad_mapping_file_is_refused_with_its_line(
    mapping: str, message: str, tmp_path: Path
) -> None:
    with pytest.raises(MappingError) as caught:
        load_tabular_mapping(mapping_file(tmp_path, mapping))
    assert message in str(caught.value)


def test_a_missing_mapping_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(MappingError, match="can't be read"):
        load_tabular_mapping(tmp_path / "none.yaml")
