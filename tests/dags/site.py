"""A small site on stand-in systems, and the DAGs as Airflow's dag processor reads them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import orjson

from hub.bundled import bundled
from hub.demo.company import generate

CONNECTIONS = {"sfa": ("salesforce", "front"), "erp": ("tryton", "back")}


PARTNERS = """\
[connections.partners]
connector = "file"
schedule = "none"
[connections.partners.options]
root = "files"
files = [
    { name = "customers", path = "partners.csv", key = ["id"], format = "csv" },
    { name = "elsewhere", path = "elsewhere.csv", key = ["id"], format = "csv" },
]
"""


def lay_out(folder: Path, customers: int = 60) -> Path:
    """A sales system and an ERP of one small company; returns its hub.toml."""
    seeds = generate(7, customers).seeds
    (folder / "systems").mkdir(parents=True)
    lines = ["[hub]", 'store = "sqlite:///hub.db"', 'own_domains = ["nordlicht.example"]']
    lines.append("lease_seconds = 1.0")  # a killed reader's stream is soon free
    for name, (connector, office) in CONNECTIONS.items():
        (folder / "systems" / f"{name}.json").write_bytes(orjson.dumps(seeds[name]))
        lines += [
            f"[connections.{name}]",
            f'connector = "{connector}"',
            f'office = "{office}"',
            f'standin = "systems/{name}.json"',
            'schedule = "none"',
        ]
    path = folder / "hub.toml"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def add_partners(path: Path) -> None:
    """A third connection, one of whose two files leads out of its folder and is refused."""
    folder = path.parent / "files"
    folder.mkdir()
    (folder / "partners.csv").write_text(generate(7, 60).partners_csv, encoding="utf-8")
    (folder / "elsewhere.csv").symlink_to(path)
    path.write_text(path.read_text(encoding="utf-8") + PARTNERS, encoding="utf-8")


PHONES = """\
[[publish.rules]]
attribute = "phone"
connection = "erp"
stream = "party.party"
"""
"""Phone numbers go to the ERP, so few that no brake asks."""


def add_nameless(path: Path) -> None:
    """An account that the sales system says no name of: it waits in quarantine."""
    file = path.parent / "systems" / "sfa.json"
    state = orjson.loads(file.read_bytes())
    row = next(iter(state["Account"].values()))
    state["Account"]["001Nl00000000NONAME"] = {**row, "Id": "001Nl00000000NONAME", "Name": ""}
    file.write_bytes(orjson.dumps(state))


WRITES = """\
[[publish.rules]]
attribute = "phone"
connection = "erp"
stream = "party.party"
[publish]
settle_seconds = 0.5
request_seconds = 1.0
[publish.brakes.erp]
min_changed = 0
max_changed_share = 0
"""
"""Phone numbers go to the ERP, each lot of them once a person has approved it."""

TWINS = """\
[connections.twins]
connector = "file"
schedule = "none"
pool = "shelf"
[connections.twins.options]
root = "twins"
files = [{ name = "customers", path = "twins.csv", key = ["id"], format = "csv" }]
[resolve]
max_merges = 1
"""
_COLUMNS = "id,name,kind,email,phone,street,city,postcode,country"
_FIRMS = ("Ahornblick", "Buchenfeld", "Distelkamp")


def add_twins(path: Path) -> None:
    """A connection of three firms and three others; see `write_twins`."""
    (path.parent / "twins").mkdir()
    path.write_text(path.read_text(encoding="utf-8") + TWINS, encoding="utf-8")
    write_twins(path, alike=False)


def write_twins(path: Path, *, alike: bool) -> None:
    """Three pairs of firms that have nothing in common, or are each the same firm.

    First apart and then alike, they are customers that would merge: more than may unasked.
    """
    lines = [_COLUMNS]
    for number, firm in enumerate(_FIRMS, 1):
        lines.append(f"A-{number},{_firm(firm, number)}")
        lines.append(
            f"B-{number},{_firm(firm, number) if alike else _firm(firm[::-1], 40 + number)}"
        )
    fresh = path.parent / "twins" / "fresh.csv"
    fresh.write_text("\n".join(lines) + "\n", encoding="utf-8")
    fresh.replace(path.parent / "twins" / "twins.csv")


def change_phones(path: Path) -> None:
    """Other phone numbers in the sales system, for every third account."""
    file = path.parent / "systems" / "sfa.json"
    state = orjson.loads(file.read_bytes())
    for number, row in enumerate(state["Account"].values()):
        if number % 3 == 0:
            row["Phone"] = f"+49 30 8002{number:04}"
    file.write_bytes(orjson.dumps(state))


def _firm(name: str, number: int) -> str:
    domain = f"{name.lower()}.example"
    street = f"{name}weg {number}"
    place = f"{street},Berlin,10{number:03},DE"
    return f"{name} GmbH,organisation,info@{domain},+49 30 7001{number:03},{place}"


def read_dags() -> Any:
    """A DagBag of the bundled DAG files."""
    from airflow.dag_processing.dagbag import DagBag

    folder = bundled("dags")
    return DagBag(folder, bundle_path=folder, bundle_name="hub")
