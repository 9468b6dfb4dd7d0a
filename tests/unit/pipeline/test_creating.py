"""New records: a customer whom a system should have and has not is made there, once."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import orjson
import pytest

from hub.match.standardise import standardise_phone
from hub.pipeline import steps
from hub.pipeline.delivery_desk import retry_delivery
from hub.pipeline.steward import Steward
from hub.pipeline.turn import SyncMode
from hub.sdk import Fault
from hub.store.audit import new_act
from hub.store.database import writing
from hub.store.review import NewCase, add_cases
from tests.unit.pipeline.company_world import (
    CLUB,
    CREATE,
    ERP,
    LATER,
    NOW,
    PHONE,
    SHOP,
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
    time.sleep(0.9)
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
        time.sleep(0.9)
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
    time.sleep(0.9)
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
    ((name,),) = world.ask("SELECT id FROM record_delivery WHERE state = 'acknowledged'")
    retry_delivery(world.work.engine, str(UUID(str(name))), new_act("test", "a mistake"))
    assert world.publish() == {"erp": {"acknowledged": 1}}
    assert len(world.rows("erp", "party.party")) == 2


@pytest.fixture
def shop(store_url: str, tmp_path: Path) -> Iterator[CompanyWorld]:
    rules = CREATE.format(*SHOP) + PHONE.format(*SHOP)
    with company_world(store_url, tmp_path, rules, ("sfa", "shop")) as made:
        yield made


def test_the_target_adds_its_own_word(shop: CompanyWorld) -> None:
    """Defaults and lookups are ours, the customer code is the target's: Dolibarr over SOAP."""
    shop.enter(account(1, "Example Mills GmbH"), deals=(deal(1),))
    assert shop.cycle() == {"shop": {"acknowledged": 1}}
    (row,) = shop.rows("shop", "thirdparty").values()
    assert (row["ref"], row["client"], row["vat_used"]) == ("Example Mills GmbH", "1", "1")
    assert (row["town"], row["country_code"]) == ("Berlin", "DE")
    assert shop.cycle() == {"shop": {}}
    assert shop.customers() == 1
    ((body,),) = shop.ask("SELECT body FROM golden_record WHERE recorded_to IS NULL")
    golden = orjson.loads(body)
    assert golden["customer_no"] == row["customer_code"] == "CU00001"
    assert golden["display_name"] == "Example Mills GmbH"


def test_a_corrected_value_follows_into_what_was_made(shop: CompanyWorld) -> None:
    shop.enter(account(1, "Example Mills GmbH"), deals=(deal(1),))
    shop.cycle()
    shop.enter(account(1, "Example Mills GmbH", Phone="+49 40 123456", SystemModstamp=LATER))
    assert shop.cycle() == {"shop": {"acknowledged": 1}}
    (row,) = shop.rows("shop", "thirdparty").values()
    assert standardise_phone(row["phone"], "DE") == "+4940123456"
    assert row["client"] == "1"
    assert shop.cycle() == {"shop": {}}


def test_what_a_person_is_made_as_stays_a_person(world: CompanyWorld) -> None:
    contact: dict[str, Any] = {
        "Id": "003000000000001AAA",
        "FirstName": "Uta",
        "LastName": "Test",
        "Name": "Uta Test",
        "Phone": "+49 30 9018 0003",
        "SystemModstamp": NOW,
        "IsDeleted": False,
    }
    world.rows("sfa", "Contact")[contact["Id"]] = contact
    rules = CREATE.format(*ERP).replace("only = { won = true }", 'only = { kind = "person" }')
    text = world.file.read_text(encoding="utf-8").split("[[publish.rules]]")[0]
    world.file.write_text(text + rules, encoding="utf-8")
    world.reopen()
    assert world.cycle() == {"erp": {"acknowledged": 1}}
    assert world.cycle() == {"erp": {}}
    assert world.customers() == 1
    ((body,),) = world.ask("SELECT body FROM golden_record WHERE recorded_to IS NULL")
    assert orjson.loads(body)["kind"] == "person"


def test_an_open_review_case_holds_the_creation_back(world: CompanyWorld) -> None:
    """Whom the target may have already: a person says, then it goes on."""
    world.enter(account(1, "Example Mills GmbH"), deals=(deal(1),))
    world.rows("erp", "party.party")["7"] = {"id": 7, "name": "Uta Test", "code": "7"}
    world.sync()
    world.resolve()
    ids = [row[0] for row in world.ask("SELECT canonical_id FROM link ORDER BY canonical_id")]
    case = NewCase(ids[0], ids[-1], "possible", 1, "[]", "looks alike")
    with writing(world.work.engine) as db:
        add_cases(db, [case], datetime.now(UTC))
    assert world.publish() == {"erp": {}}
    assert [state for state, _ in states(world)] == ["incomplete"]
    ((name,),) = world.ask("SELECT id FROM review_case")
    Steward(world.work.engine, "test").reject(str(UUID(str(name))), reason="two firms")
    world.resolve()
    assert world.publish() == {"erp": {"acknowledged": 1}}


@pytest.fixture
def club(store_url: str, tmp_path: Path) -> Iterator[CompanyWorld]:
    rules = CREATE.format(*CLUB) + PHONE.format(*CLUB)
    with company_world(store_url, tmp_path, rules, ("sfa", "club")) as made:
        yield made


def test_over_soap_the_record_has_our_key_as_its_id(club: CompanyWorld) -> None:
    club.enter(account(1, "Example Mills GmbH"), deals=(deal(1),))
    club.sync()
    club.resolve()
    assert club.publish() == {"club": {"acknowledged": 1}}
    ((key,),) = club.ask("SELECT id FROM record_delivery")
    (row,) = club.rows("club", "Accounts").values()
    assert (row["id"], row["name"]) == (str(UUID(str(key))), "Example Mills GmbH")
    assert club.cycle() == {"club": {}}
    assert club.customers() == 1
