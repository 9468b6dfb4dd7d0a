"""A month end at the command line: from a difference down to the invoice, signed, and void."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson
import pytest

from hub.demo.company import generate
from hub.demo.site import lay_out
from tests.integration.conftest import Command
from tests.integration.test_publish_cli import Desk

MONTH, DAY = "2026-04", "2026-04-15"
OFF_BY = 1234.56


class Ledger:
    """What somebody enters in the ERP: its stand-in's file."""

    def __init__(self, site: Path) -> None:
        self._file = site / "systems" / "erp.json"

    def change(self) -> dict[str, Any]:
        found: dict[str, Any] = orjson.loads(self._file.read_bytes())
        return found

    def keep(self, state: dict[str, Any]) -> None:
        self._file.write_bytes(orjson.dumps(state))

    def misstate(self) -> tuple[str, str]:
        """One customer owes more than his one open invoice says; returns number and invoice."""
        state = self.change()
        owing = [one for one in state["account.invoice"].values() if one["state"] == "posted"]
        alone = [one for one in owing if [o["party"] for o in owing].count(one["party"]) == 1]
        invoice = next(one for one in alone if one["currency"] == "EUR" and one["type"] == "out")
        party = state["party.party"][str(invoice["party"])]
        party["receivable"] = f"{float(party['receivable']) + OFF_BY:.2f}"
        self.keep(state)
        return party["code"], invoice["number"]

    def post_credit_note(self) -> None:
        """Dated into the month that is signed."""
        state = self.change()
        invoices = state["account.invoice"]
        key = max(map(int, invoices)) + 1
        one = next(row for row in invoices.values() if float(row["total_amount"]) < 0)
        now = f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%S}.000000Z"
        late = {"id": key, "number": "LATE-1", "invoice_date": DAY}
        invoices[str(key)] = {**one, **late, "create_date": now, "write_date": now}
        self.keep(state)


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    lay_out(generate(customers=120, seed=5), tmp_path / "site")
    return Ledger(tmp_path / "site")


@pytest.fixture
def desk(tmp_path: Path, command: Command, monkeypatch: pytest.MonkeyPatch) -> Desk:
    monkeypatch.setenv("HUB_ACTOR", "paula")
    return Desk(tmp_path / "site", command)


def load(desk: Desk) -> None:
    assert (desk.code("sync"), desk.code("resolve")) == (0, 0)


def test_a_difference_leads_down_to_the_invoice(ledger: Ledger, desk: Desk) -> None:
    account, number = ledger.misstate()
    load(desk)
    told = desk.json("reconcile")
    assert (told["breaks"]["R7"], told["at_stake"]["R7"]) == (1, {"EUR": str(OFF_BY)})
    assert "1,234.56 EUR" in desk.text("reconcile")
    (found,) = desk.json("break", "list", "-r", "R7")
    shown = desk.text("break", "show", found["id"])
    assert account in shown
    assert number in shown
    assert "receivable" in shown


def test_the_cut_off_is_a_day_that_is_over(ledger: Ledger, desk: Desk) -> None:
    ledger.misstate()
    load(desk)
    assert desk.json("reconcile", "--cut-off", DAY)["cut_off"] == f"{DAY}T23:59:59+00:00"
    assert "is not over yet" in desk.text("reconcile", "--cut-off", "2999-01-01")
    assert "is no ISO 8601 time" in desk.text("reconcile", "--cut-off", "yesterday")


def test_a_late_posting_voids_what_two_have_signed(
    ledger: Ledger, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    load(desk)
    assert desk.code("sign-off", "prepare", MONTH) == 0
    assert "prepared" in desk.text("sign-off", "approve", MONTH)  # by the same person
    monkeypatch.setenv("HUB_ACTOR", "anton")
    assert desk.code("sign-off", "approve", MONTH) == 0
    ledger.post_credit_note()
    load(desk)
    desk.code("reconcile")
    (found,) = desk.json("sign-off", "list")
    assert found["state"] == "void"
    pack = desk.site / "reports" / MONTH
    assert "erp" in (pack / "VOID.txt").read_text(encoding="utf-8")
