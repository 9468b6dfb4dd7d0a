"""Families and double accounts, from a file to the customer as the command line shows it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.integration.conftest import Command

Call = Callable[..., Any]

CUSTOMERS = """\
no,given,family,mail,phone
1,Anna,Berg,anna@berg.example,030 1234567
2,Anna,Berg,anna@berg.example,030 1234567
3,Hans,Berg,hans@berg.example,030 1234567
"""
MAPPING = """\
system: file
version: 1
streams:
  customers:
    - entity: party
      fields:
        kind: {const: person}
        display_name: {join: [given, family], with: " "}
        person: {given: given, family: family}
        contact_points:
          - {kind: {const: email}, value: mail}
          - {kind: {const: phone}, value: phone}
"""


def write_config(folder: Path, store_url: str, one_account: list[str]) -> None:
    (folder / "hub.toml").write_text(
        f"""\
[hub]
store = "{store_url}"
erasure_key = "env:ERASURE_KEY"

[connections.erp]
connector = "file"
mapping = "erp.yaml"
one_account = {json.dumps(one_account)}

[connections.erp.options]
root = "."

[[connections.erp.options.files]]
name = "customers"
path = "customers.csv"
format = "csv"
key = ["no"]
""",
        encoding="utf-8",
    )


@pytest.fixture
def site(tmp_path: Path, store_url: str) -> Path:
    """One ledger as a file; each test runs on both databases."""
    (tmp_path / "customers.csv").write_text(CUSTOMERS, encoding="utf-8")
    (tmp_path / "erp.yaml").write_text(MAPPING, encoding="utf-8")
    write_config(tmp_path, store_url, ["customers"])
    return tmp_path


@pytest.fixture
def hub(site: Path, command: Command, monkeypatch: pytest.MonkeyPatch) -> Call:
    monkeypatch.setenv("HUB_ACTOR", "eva")
    monkeypatch.setenv("ERASURE_KEY", "a key for the tests of relationships")

    def call(*words: str) -> Any:
        form = [] if words[0] == "export" else ["--json"]  # an export is JSON anyway
        said = command("-c", site, *words, *form)
        return said.err if said.code else json.loads(said.out)

    return call


def customer(hub: Call, number: int) -> Any:
    return hub("show", f"erp:customers:{number}")


def test_two_accounts_are_two_customers_until_a_person_merges_them(hub: Call) -> None:
    hub("sync")
    hub("resolve")
    one, other = customer(hub, 1)["party_id"], customer(hub, 2)["party_id"]
    assert one != other
    case = next(row for row in hub("review", "list") if row["left"] == "erp:customers:1")
    assert "one active account per ledger" in case["reason"]
    hub("merge", one, other, "--reason", "opened twice")
    hub("sync", "--full")
    assert hub("resolve")[0]["split"] == 0
    assert customer(hub, 1)["party_id"] == customer(hub, 2)["party_id"]


def test_a_changed_setting_shows_in_the_plan(hub: Call, site: Path, store_url: str) -> None:
    write_config(site, store_url, [])
    hub("sync")
    hub("resolve")
    assert customer(hub, 1)["party_id"] == customer(hub, 2)["party_id"]
    write_config(site, store_url, ["customers"])
    plan = hub("resolve", "--plan")
    assert plan["counts"]["split"] == 1
    hub("resolve", "--apply", plan["digest"])
    assert customer(hub, 1)["party_id"] != customer(hub, 2)["party_id"]


def test_a_stream_that_is_none_is_refused(hub: Call, site: Path, store_url: str) -> None:
    write_config(site, store_url, ["customer"])
    assert "connections.erp.one_account: there is no stream 'customer'" in hub("sync")


def test_a_household_is_shown_exported_and_erased(hub: Call, site: Path, store_url: str) -> None:
    write_config(site, store_url, [])
    hub("sync")
    hub("resolve")
    anna, hans = customer(hub, 1), customer(hub, 3)
    (found,) = hans["relationships"]
    assert (found["type"], found["party_id"]) == ("household_member", anna["party_id"])
    assert (found["name"], found["shared"]) == ("Anna Berg", ["family_name", "email", "phone"])
    exported = hub("export", hans["party_id"])
    assert [row["type"] for row in exported["relationships"]] == ["household_member"]
    assert anna["party_id"] not in json.dumps(exported)
    hub("erase", anna["party_id"], "--reason", "ticket 7")
    assert customer(hub, 3)["relationships"] == []
