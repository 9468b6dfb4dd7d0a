"""A small company over sockets: a sales system, an ERP and a shop, whole and as in hub.toml."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType
from typing import Any

import sqlalchemy as sa

from hub.pipeline import steps, writeback
from hub.pipeline.workplace import Workplace, open_workplace
from hub.plugins import discover
from hub.sdk import StandInState
from hub.store.database import reading

NOW = "2026-01-31T12:00:00.000+0000"
LATER = "2026-02-28T12:00:00.000+0000"
CONNECTORS = {"sfa": "salesforce", "erp": "tryton", "shop": "dolibarr"}
CONNECTORS |= {"branch": "salesforce", "club": "suitecrm"}
CREATE = """
[[publish.rules]]
mode = "create"
connection = "{0}"
stream = "{1}"
only = {{ won = true }}
"""
PHONE = """
[[publish.rules]]
attribute = "phone"
connection = "{0}"
stream = "{1}"
"""
NAME = PHONE.replace("phone", "display_name")
ERP, SHOP = ("erp", "party.party"), ("shop", "thirdparty")
BRANCH, CLUB = ("branch", "Account"), ("club", "Accounts")
PACE = "[publish]\nsettle_seconds = 0.8\nrequest_seconds = 0.3\n"


def account(number: int, name: str, **more: Any) -> dict[str, Any]:
    """An account of the sales system."""
    return {
        "Id": f"001{number:012d}AAA",
        "Name": name,
        "Phone": f"+49 30 9018 {number:04d}",
        "BillingStreet": f"{number} Example Road",
        "BillingCity": "Berlin",
        "BillingPostalCode": f"{10000 + number}",
        "BillingCountryCode": "DE",
        "Type": "Customer",
        "SystemModstamp": NOW,
        "IsDeleted": False,
        **more,
    }


def deal(number: int, stage: str = "Closed Won") -> dict[str, Any]:
    """The opportunity with the account of the same number."""
    return {
        "Id": f"006{number:012d}AAA",
        "Name": f"Deal {number}",
        "AccountId": f"001{number:012d}AAA",
        "StageName": stage,
        "IsWon": stage == "Closed Won",
        "IsClosed": stage.startswith("Closed"),
        "CloseDate": "2026-01-31",
        "Amount": 100.0,
        "SystemModstamp": NOW,
        "IsDeleted": False,
    }


class CompanyWorld:
    """Systems that outlive the hub, and the steps that an operator runs."""

    def __init__(
        self,
        url: str,
        folder: Path,
        rules: str,
        names: tuple[str, ...],
        running: Mapping[str, Any] = MappingProxyType({}),
    ) -> None:
        standins = discover().standins
        self.systems: dict[str, Any] = {}
        sections = [f'[hub]\nstore = "{url}"\nerasure_key = "env:HUB_ERASURE_KEY"\n']
        for name in names:
            standin = running.get(name) or standins[CONNECTORS[name]].start(StandInState({}), 0)
            self.systems[name] = standin
            (folder / f"{name}.json").write_text(json.dumps(standin.config), encoding="utf-8")
            kind, file = CONNECTORS[name], f"{name}.json"
            sections.append(
                f'[connections.{name}]\nconnector = "{kind}"\ncredentials = "file:{file}"\n'
            )
        self.file = folder / "hub.toml"
        self.file.write_text("\n".join([*sections, PACE, rules]), encoding="utf-8")
        self.work: Workplace = open_workplace(self.file)

    def reopen(self) -> None:
        """Start the hub anew, with what hub.toml says now."""
        self.work.engine.dispose()
        self.work = open_workplace(self.file)

    def close(self) -> None:
        """Stop everything."""
        self.work.engine.dispose()
        for standin in self.systems.values():
            standin.stop()

    def rows(self, name: str, stream: str) -> dict[str, Any]:
        """What a system holds."""
        found: dict[str, Any] = self.systems[name].state.stream(stream)
        return found

    def enter(self, *accounts: Mapping[str, Any], deals: tuple[dict[str, Any], ...] = ()) -> None:
        """Somebody enters accounts and opportunities in the sales system."""
        self.rows("sfa", "Account").update({row["Id"]: dict(row) for row in accounts})
        self.rows("sfa", "Opportunity").update({row["Id"]: row for row in deals})

    def sync(self, *names: str) -> None:
        for name in names or self.systems:
            list(steps.sync_connection(self.work, name))

    def resolve(self) -> None:
        steps.resolve(self.work, allow_merges=True)

    def publish(self) -> dict[str, dict[str, int]]:
        """Stage and deliver to all; returns counts by connection."""
        writeback.stage(self.work)
        targets = self.work.config.publish.targets
        return {name: dict(writeback.deliver(self.work, name)) for name in targets}

    def cycle(self) -> dict[str, dict[str, int]]:
        """One round of all steps."""
        self.sync()
        self.resolve()
        return self.publish()

    def ask(self, query: str) -> list[Any]:
        """Read from the store."""
        with reading(self.work.engine) as db:
            return [tuple(row) for row in db.execute(sa.text(query)).all()]

    def customers(self) -> int:
        """How many customers there are."""
        return int(self.ask("SELECT count(*) FROM master_party WHERE status = 'active'")[0][0])

    def calls(self, name: str) -> int:
        """How many requests a system was sent."""
        standin = self.systems[name]
        return sum(getattr(standin, "http", standin).requests.values())


@contextmanager
def company_world(
    url: str, folder: Path, rules: str, names: tuple[str, ...] = ("sfa", "erp")
) -> Iterator[CompanyWorld]:
    """A company with these systems and rules."""
    world = CompanyWorld(url, folder, rules, names)
    try:
        yield world
    finally:
        world.close()
