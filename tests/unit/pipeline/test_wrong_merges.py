"""Merges and their undoing, through the whole pipeline: the systems are read, not the store."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import pytest

from hub.match.standardise import standardise_phone
from hub.pipeline import writeback
from hub.pipeline.golden import compute_golden
from hub.pipeline.steward import Steward
from tests.unit.pipeline.company_world import (
    CREATE,
    ERP,
    NAME,
    PHONE,
    CompanyWorld,
    account,
    company_world,
    deal,
)

ONE, TWO = "+493090180001", "+493090180002"


@pytest.fixture
def world(store_url: str, tmp_path: Path) -> Iterator[CompanyWorld]:
    rules = CREATE.format(*ERP) + PHONE.format(*ERP) + NAME.format(*ERP)
    with company_world(store_url, tmp_path, rules) as made:
        accounts = account(1, "Example Mills GmbH"), account(2, "Other Works AG")
        made.enter(*accounts, deals=(deal(1), deal(2)))
        made.sync()
        made.resolve()
        yield made


def steward(world: CompanyWorld) -> Steward:
    return Steward(world.work.engine, "test")


def customers(world: CompanyWorld) -> list[str]:
    """The active customers, the oldest first."""
    query = "SELECT id FROM master_party WHERE status = 'active' ORDER BY seq"
    return [str(UUID(str(row[0]))) for row in world.ask(query)]


def merge(world: CompanyWorld) -> str:
    one, other = customers(world)
    steward(world).merge(one, other, reason="test")
    compute_golden(world.work.engine)
    (left,) = customers(world)
    return left


def unmerge(world: CompanyWorld, party: str) -> None:
    """Take the second account, and what was made for it alone, out of the customer."""
    records = world.ask(
        "SELECT c.id FROM canonical_record c JOIN source_record s ON s.id = c.record_id"
        " WHERE c.part = '' AND c.entity = 'party' AND s.source_key IN"
        " ('001000000000002AAA', '2')"
    )
    steward(world).unmerge(party, [row[0] for row in records], reason="test")
    compute_golden(world.work.engine)


def held(world: CompanyWorld) -> dict[str, str | None]:
    """By name, the phone number of each party in the ERP."""
    names = {row["id"]: row["name"] for row in world.rows("erp", "party.party").values()}
    mechanisms = world.rows("erp", "party.contact_mechanism").values()
    return {names[row["party"]]: standardise_phone(row["value"], "DE") for row in mechanisms}


def test_both_records_of_a_merged_customer_hold_its_value(world: CompanyWorld) -> None:
    world.publish()
    world.sync()
    world.resolve()
    own = {"Example Mills GmbH": ONE, "Other Works AG": TWO}
    assert held(world) == own
    party = merge(world)
    assert world.publish()["erp"]["acknowledged"] >= 1
    merged = held(world)
    assert (len(merged), len(world.rows("erp", "party.party"))) == (1, 2)
    assert set(merged.values()) < set(own.values())
    unmerge(world, party)
    world.publish()
    assert held(world) == own
    assert world.cycle() == {"erp": {}}


def test_the_record_of_a_wrong_merge_stays_with_one_and_the_other_gets_his(
    world: CompanyWorld,
) -> None:
    party = merge(world)
    assert world.publish() == {"erp": {"acknowledged": 1}}
    assert len(world.rows("erp", "party.party")) == 1
    world.sync()
    world.resolve()
    unmerge(world, party)
    world.publish()
    assert held(world) == {"Example Mills GmbH": ONE, "Other Works AG": TWO}
    assert world.cycle() == {"erp": {}}
    assert (len(customers(world)), len(world.rows("erp", "party.party"))) == (2, 2)


def test_a_creation_that_waits_ends_with_the_customer_it_was_for(world: CompanyWorld) -> None:
    writeback.stage(world.work)
    merge(world)
    assert world.publish() == {"erp": {"acknowledged": 1}}
    assert len(world.rows("erp", "party.party")) == 1
    states = world.ask("SELECT state FROM record_delivery")
    assert sorted(states) == [("acknowledged",), ("superseded",)]
