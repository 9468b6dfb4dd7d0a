"""New records: a customer whom a system should have and has not is made there, once."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import pytest

from hub.pipeline import steps
from hub.pipeline.delivery_desk import retry_delivery
from hub.pipeline.turn import SyncMode
from hub.sdk import Fault
from hub.store.audit import new_act
from tests.unit.pipeline.company_world import (
    CREATE,
    ERP,
    LATER,
    PHONE,
    CompanyWorld,
    account,
    company_world,
    deal,
)


@pytest.fixture
def world(store_url: str, tmp_path: Path) -> Iterator[CompanyWorld]:
    rules = CREATE.format(*ERP) + PHONE.format(*ERP)
    with company_world(store_url, tmp_path, rules) as made:
        yield made


def test_a_customer_with_a_won_opportunity_is_made_in_the_erp(world: CompanyWorld) -> None:
    won, open_ = account(1, "Example Mills GmbH"), account(2, "Other Works AG")
    world.enter(won, open_, deals=(deal(1), deal(2, "Prospecting")))
    assert world.cycle() == {"erp": {"acknowledged": 1}}
    (party,) = world.rows("erp", "party.party").values()
    assert party["name"] == "Example Mills GmbH"
    (address,) = world.rows("erp", "party.address").values()
    assert (address["city"], address["country"]) == ("Berlin", "DE")
    (mechanism,) = world.rows("erp", "party.contact_mechanism").values()
    assert mechanism["value"] == "+49 30 9018 0001"


def test_what_was_made_comes_back_as_the_same_customer(world: CompanyWorld) -> None:
    world.enter(account(1, "Example Mills GmbH"), deals=(deal(1),))
    world.cycle()
    before = world.customers()
    assert world.cycle() == {"erp": {}}
    assert world.customers() == before == 1
    links = world.ask("SELECT kind, reason FROM link WHERE recorded_to IS NULL ORDER BY id")
    assert [kind for kind, _ in links][-1] == "manual"
    ((count,),) = world.ask("SELECT count(*) FROM record_delivery")
    assert (count, len(world.rows("erp", "party.party"))) == (1, 1)
    calls = world.calls("erp")
    assert world.publish() == {"erp": {}}
    assert world.calls("erp") == calls


def states(world: CompanyWorld) -> list[tuple[str, str | None]]:
    """State and reason of every whole record's delivery."""
    return world.ask("SELECT state, message FROM record_delivery ORDER BY seq")


def test_a_customer_without_a_demanded_value_waits_with_the_reason(world: CompanyWorld) -> None:
    nameless = account(1, "")
    world.enter(nameless, deals=(deal(1),))
    assert world.cycle() == {"erp": {}}
    assert world.rows("erp", "party.party") == {}
    ((state, message),) = states(world)
    assert (state, message) == (
        "incomplete",
        "the target demands name, and the customer has no value",
    )
    world.enter(nameless | {"Name": "Example Mills GmbH", "SystemModstamp": LATER})
    assert world.cycle() == {"erp": {"acknowledged": 1}}
    assert [state for state, _ in states(world)] == ["superseded", "acknowledged"]


def test_a_refused_customer_is_tried_again_only_with_other_values(world: CompanyWorld) -> None:
    world.enter(account(1, "Example Mills GmbH", BillingCountryCode="BR"), deals=(deal(1),))
    assert world.cycle() == {"erp": {"rejected": 1}}
    assert "country" in str(states(world)[0][1])
    assert world.cycle() == {"erp": {}}
    mended = account(1, "Example Mills GmbH", SystemModstamp=LATER)
    world.enter(mended)
    assert world.cycle() == {"erp": {"acknowledged": 1}}
    assert world.rows("erp", "party.party").keys() == {"1"}


def test_a_lost_answer_is_looked_up_and_nothing_is_made_twice(world: CompanyWorld) -> None:
    world.enter(account(1, "Example Mills GmbH"), deals=(deal(1),))
    world.sync()
    world.resolve()
    world.systems["erp"].fail(Fault(kind="drop", method="POST"))
    assert world.publish() == {"erp": {"unknown": 1}}
    assert world.publish() == {"erp": {}}
    time.sleep(0.4)
    assert world.publish() == {"erp": {"acknowledged": 1}}
    assert len(world.rows("erp", "party.party")) == 1
    assert world.cycle() == {"erp": {}}
    assert world.customers() == 1


def test_a_request_that_never_arrived_waits_for_a_person(world: CompanyWorld) -> None:
    """The target may be slower than the settle time: nothing is sent again blindly."""
    world.enter(account(1, "Example Mills GmbH"), deals=(deal(1),))
    world.sync()
    world.resolve()
    world.systems["erp"].fail(Fault(kind="drop", method="POST"))
    world.publish()
    world.rows("erp", "party.party").clear()
    world.rows("erp", "party.identifier").clear()
    for _ in range(2):
        time.sleep(0.4)
        assert world.publish() == {"erp": {"unknown": 1}}
    ((name,),) = world.ask("SELECT id FROM record_delivery")
    retry_delivery(world.work.engine, str(UUID(str(name))), new_act("test", "looked"))
    assert world.publish() == {"erp": {"acknowledged": 1}}
    assert len(world.rows("erp", "party.party")) == 1


def test_a_sync_that_is_quicker_than_the_look_up_is_the_receipt(world: CompanyWorld) -> None:
    world.enter(account(1, "Example Mills GmbH"), deals=(deal(1),))
    world.sync()
    world.resolve()
    world.systems["erp"].fail(Fault(kind="drop", method="POST"))
    assert world.publish() == {"erp": {"unknown": 1}}
    world.sync()
    world.resolve()
    assert [state for state, _ in states(world)] == ["acknowledged"]
    time.sleep(0.4)
    assert world.publish() == {"erp": {}}
    assert (world.customers(), len(world.rows("erp", "party.party"))) == (1, 1)
    assert world.ask("SELECT count(*) FROM review_case") == [(0,)]


def test_who_may_be_there_already_is_not_made(world: CompanyWorld) -> None:
    """Records of the target that wait for resolution hold creations back."""
    world.enter(account(1, "Example Mills GmbH"), deals=(deal(1),))
    world.sync()
    world.resolve()
    world.rows("erp", "party.party")["7"] = {"id": 7, "name": "Example Mills GmbH", "code": "7"}
    world.sync("erp")
    assert world.publish() == {"erp": {}}
    assert states(world) == []


def test_a_record_that_somebody_deleted_at_the_target_stays_deleted(world: CompanyWorld) -> None:
    world.enter(account(1, "Example Mills GmbH"), deals=(deal(1),))
    world.rows("erp", "party.party")["7"] = {"id": 7, "name": "Uta Test", "code": "7"}
    world.cycle()
    del world.rows("erp", "party.party")["8"]
    list(steps.sync_connection(world.work, "erp", mode=SyncMode(keys=True, allow_deletes=True)))
    world.resolve()
    world.enter(account(1, "Example Mills AG", SystemModstamp=LATER))
    assert world.cycle() == {"erp": {}}
    assert world.rows("erp", "party.party").keys() == {"7"}
