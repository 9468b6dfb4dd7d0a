from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from hub.errors import ConfigError
from hub.match.profile import build_profile
from hub.match.tabular import open_table
from hub.match.tabular_layout import lay_out, load_tabular_mapping
from hub.pipeline.tabular_bodies import RecordsFile

HEADER = (
    "record_id,source,kind,given_name,family_name,full_name,organisation,email,phone,street,"
    "city,region,postcode,country,birth_date,tax_id,updated_at,trading_name,title"
)


def read(folder: Path, lines: list[str], mapping: str = "") -> RecordsFile:
    records, rules = folder / "records.csv", folder / "mapping.yaml"
    records.write_text("\n".join(lines))
    rules.write_text(mapping)
    table = open_table(records)
    return RecordsFile(table, lay_out(table, load_tabular_mapping(rules)))


def body(folder: Path, row: dict[str, str], mapping: str = "") -> Any:
    row = {"record_id": "1", **row}
    cells = ['"' + row.get(name, "") + '"' for name in HEADER.split(",")]
    (record,) = read(folder, [HEADER, ",".join(cells)], mapping).records()
    return record.body


def test_a_person_becomes_a_canonical_body(tmp_path: Path) -> None:
    row = {
        "given_name": "Ada", "family_name": "King", "title": "Dr.",
        "email": "ada@example.org; a.king@example.org", "phone": "01 5000|+43 1 6000",
        "street": "Gasse 1", "city": "Wien", "region": "W", "postcode": "1010",
        "country": "Österreich", "birth_date": "10.12.1975", "updated_at": "2026-01-31T10:00:00Z",
    }  # fmt: skip
    assert body(tmp_path, row) == {
        "kind": "person",
        "person": {"prefix": "Dr.", "given": "Ada", "family": "King", "birth_date": "1975-12-10"},
        "contact_points": [
            {"kind": "email", "value": "ada@example.org"},
            {"kind": "email", "value": "a.king@example.org"},
            {"kind": "phone", "value": "01 5000"},
            {"kind": "phone", "value": "+43 1 6000"},
        ],
        "addresses": [
            {"lines": ["Gasse 1"], "locality": "Wien", "region": "W", "postcode": "1010",
             "country": "AT"}
        ],
        "updated_at": "2026-01-31T10:00:00+00:00",
    }  # fmt: skip
    assert build_profile(body(tmp_path, row)).phones == {"+4315000", "+4316000"}


def test_an_organisation_becomes_a_canonical_body(tmp_path: Path) -> None:
    row = {
        "kind": "Company", "full_name": "Lorenz Holz GmbH", "trading_name": "Holzwelt; Lorenz",
        "tax_id": "ATU 12345678", "country": "Atlantis",
    }  # fmt: skip
    assert body(tmp_path, row) == {
        "kind": "organisation",
        "display_name": "Lorenz Holz GmbH",
        "organisation": {
            "legal_name": "Lorenz Holz GmbH", "trading_names": ["Holzwelt", "Lorenz"],
        },
        "addresses": [{"country_raw": "Atlantis"}],
        "identifiers": [{"scheme": "eu_vat", "value": "ATU12345678"}],
    }  # fmt: skip


@pytest.mark.parametrize(
    ("country", "one", "other", "scheme"),
    [
        ("AT", "ATU12345678", "U 12345678", "eu_vat"),
        ("DE", "DE 123 456 789", "123456789", "eu_vat"),
        ("IT", "IT12345678901", "123 456 789 01", "eu_vat"),
        ("NL", "NL123456789B01", "123456789B01", "eu_vat"),
        ("PL", "PL1234567890", "123-456-78-90", "eu_vat"),
        ("FR", "FR12123456789", "123 456 789", "tax_id"),
        ("FR", "FR12123456789", "123 456 789 00014", "tax_id"),
        ("GB", "GB123456789", "123 4567 89", "tax_id"),
        ("CH", "CHE-123.456.789 MWST", "CHE123456789", "tax_id"),
    ],
)
def test_one_number_with_and_without_its_country_is_one(
    country: str, one: str, other: str, scheme: str, tmp_path: Path
) -> None:
    rows = ({"tax_id": text, "country": country} for text in (one, other))
    found = [build_profile(body(tmp_path, row)).identifiers for row in rows]
    assert found[0] == found[1] != frozenset()
    assert {number.scheme for number in found[0]} == {scheme}


@pytest.mark.parametrize(
    ("cell", "numbers"),
    [
        ("0049 176 8185601 / +49 172 3810631", {"+491768185601", "+491723810631"}),
        ("062 258-37-33/ +48 882 347 640", {"+49622583733", "+48882347640"}),
        ("0172 1234567 / 0301234567", {"+491721234567", "+49301234567"}),
        ("0151 / 2641171", {"+491512641171"}),
        ("+49 (0) 151 / 2641171", {"+491512641171"}),
    ],
)
def test_two_numbers_in_one_cell(cell: str, numbers: set[str], tmp_path: Path) -> None:
    assert build_profile(body(tmp_path, {"phone": cell})).phones == numbers


def test_a_german_tax_number_is_no_vat_number(tmp_path: Path) -> None:
    found = build_profile(body(tmp_path, {"tax_id": "96/884/59892", "country": "DE"})).identifiers
    assert {number.scheme for number in found} == {"tax_id"}


def test_identifiers_of_a_mapping_have_issuer_and_country(tmp_path: Path) -> None:
    mapping = "identifiers: {passport: {column: tax_id, issuer: source, country: country}}"
    found = body(tmp_path, {"tax_id": "A 1", "source": "crm", "country": "France"}, mapping)
    passport = {"scheme": "passport", "value": "A 1", "issuer": "crm", "country": "FR"}
    assert found["identifiers"] == [{"scheme": "tax_id", "value": "A 1", "country": "FR"}, passport]


@pytest.mark.parametrize(
    ("row", "kind"),
    [
        ({"given_name": "Ada"}, "person"),
        ({"family_name": "King", "organisation": "Example Ltd"}, "person"),
        ({"full_name": "Winkler Toni", "birth_date": "1975-12-10"}, "person"),
        ({"organisation": "Example"}, "organisation"),
        ({"full_name": "Lorenz GmbH"}, "organisation"),
        ({"full_name": "Toni Winkler"}, "open"),
        ({"full_name": "Toni Winkler (Hotel Lorenz)"}, "open"),
        ({"full_name": "Hotel Lorenz"}, "organisation"),
        ({"full_name": "Toni Winkler", "organisation": "Example"}, "open"),
        ({"email": "info@example.org"}, "open"),
        ({"kind": "p", "organisation": "Example"}, "person"),
        ({"kind": "NP"}, "person"),
    ],
)
def test_a_missing_kind_follows_from_what_is_filled(
    row: dict[str, str], kind: str, tmp_path: Path
) -> None:
    found = body(tmp_path, row, "kinds: {np: person}")
    assert found["kind"] == kind
    assert build_profile(found).kind in {kind, "open"}


def test_the_order_in_dates_is_that_of_the_column(tmp_path: Path) -> None:
    lines = ["record_id,birth_date", "1,12/11/1978", "2,3/31/1954"]
    born = [r.body["person"]["birth_date"] for r in read(tmp_path, lines).records()]
    assert born == ["1978-12-11", "1954-03-31"]
    odd = read(tmp_path, ["record_id,birth_date", "1,soon", "2,", "3,1900-00-00", "4,1900-01-32"])
    assert [len(list(odd.records())), len(list(odd.records())), odd.unread_dates] == [4, 4, 2]
    told = read(tmp_path, lines, "dates: {birth_date: day first}")
    assert [r.body["person"]["birth_date"] for r in told.records()] == ["1978-11-12", "1954-03-31"]


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        (["record_id,city"], "has column names but no record"),
        (["record_id,city", "1,Graz", "2,Graz", "1,Linz"], "line 4: the record_id is that of li"),
        (["record_id,city", ",Graz"], "line 2: record_id is empty"),
        (["record_id,kind", "1,robot"], "line 2: unknown kind; say what it means"),
    ],
)
def test_bad_records_are_refused_with_their_line(
    lines: list[str], message: str, tmp_path: Path
) -> None:
    with pytest.raises(ConfigError, match=message) as caught:
        list(read(tmp_path, lines).records())
    assert "robot" not in str(caught.value)


def test_the_truth_is_read_by_column(tmp_path: Path) -> None:
    file = read(tmp_path, ["record_id,Entity", "1,A", "2,"])
    assert list(file.truth("entity")) == [("1", "A"), ("2", "")]
    with pytest.raises(
        ConfigError, match=r"--truth names a column 'cluster'.*has record_id, Entit"
    ):
        file.truth("cluster")


def test_a_truth_without_any_entity_is_refused(tmp_path: Path) -> None:
    file = read(tmp_path, ["record_id,Entity", "1,", "2,NULL"])
    with pytest.raises(ConfigError, match="'entity' of --truth is empty in every row"):
        file.truth("entity")
    file = read(tmp_path, ["record_id,Entity", "1,", "2,NULL", "3,A"])
    assert list(file.truth("entity")) == [("1", ""), ("2", ""), ("3", "A")]
