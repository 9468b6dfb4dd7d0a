"""Lays the demo company out as a folder: hub.toml, the states of its systems, and the truth."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Final

import orjson

from hub.demo.company import Company
from hub.errors import ConfigError

MARK: Final = ".hub-demo"

_HEAD: Final = """\
# The demo company. A connection with a stand-in starts it from its state file while it is used.
[hub]
company = "Nordlicht Handels GmbH (demo)"
store = "sqlite:///hub.db"
country = "DE"
own_domains = ["nordlicht.example"]
"""

CONNECTIONS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "sfa": """\
connector = "salesforce"
office = "front"
standin = "systems/sfa.json"
""",
        "helpdesk": """\
connector = "request_tracker"
office = "service"
standin = "systems/helpdesk.json"
""",
        "mail": """\
connector = "imap"
office = "service"
standin = "systems/mail.json"
options = { own_domains = ["nordlicht.example"] }
""",
        "erp": """\
connector = "tryton"
office = "back"
standin = "systems/erp.json"
""",
        "shop": """\
connector = "dolibarr"
office = "back"
standin = "systems/shop.json"
""",
        "partners": """\
connector = "file"
office = "service"
schedule = "@daily"
options = { root = "files", files = [
    { name = "customers", path = "partners.csv", format = "csv", key = ["id"] },
] }
""",
    }
)
"""The section of each connection in hub.toml, all on stand-ins."""

_TAIL: Final = """\
[[publish.rules]]                   # the help desk gets the phone number it lacks
attribute = "phone"
connection = "helpdesk"
stream = "user"
mode = "fill_empty"
"""


NEWCOMERS: Final = """
[[publish.rules]]                   # a firm that has bought is made in the ERP where it is not
mode = "create"
connection = "erp"
stream = "party.party"
only = { won = true, kind = "organisation" }
"""
"""The rule that comes after the reports, which find those firms."""


def add_rule(folder: Path, rule: str) -> None:
    """Add a rule to a site's hub.toml."""
    with (folder / "hub.toml").open("a", encoding="utf-8") as file:
        file.write(rule)


def lay_out(company: Company, folder: Path, connections: Mapping[str, str] = CONNECTIONS) -> None:
    """Write the site anew; a folder that is not a demo's is refused."""
    clear(folder)
    for part in ("systems", "files"):
        (folder / part).mkdir(parents=True)
    (folder / MARK).write_text("made by `hub demo`, which makes it anew each time\n")
    (folder / "hub.toml").write_text(_config(connections), encoding="utf-8")
    for name, state in company.seeds.items():
        if "standin" in connections[name]:
            (folder / "systems" / f"{name}.json").write_bytes(orjson.dumps(state))
    (folder / "files" / "partners.csv").write_text(company.partners_csv, encoding="utf-8")
    truth = [[*ref, customer] for ref, customer in sorted(company.truth.customer_of.items())]
    (folder / "truth.json").write_bytes(orjson.dumps(truth))


def clear(folder: Path) -> None:
    """Remove an earlier demo; anything else that lies there is left alone."""
    if not folder.exists():
        return
    if not folder.is_dir():
        raise ConfigError(f"{folder} is not a folder; name another one for the demo")
    if any(folder.iterdir()) and not (folder / MARK).is_file():
        raise ConfigError(f"{folder} holds something else; name another folder for the demo")
    shutil.rmtree(folder)


def _config(connections: Mapping[str, str]) -> str:
    sections = [f"[connections.{name}]\n{text}" for name, text in connections.items()]
    return "\n".join((_HEAD, *sections, _TAIL))
