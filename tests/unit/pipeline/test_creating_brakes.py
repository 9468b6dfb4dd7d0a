"""What lets a creation go: an opportunity that is won, and limits that ask a person."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from hub.errors import StoreError
from hub.pipeline import writeback
from tests.unit.pipeline.company_world import (
    CREATE,
    ERP,
    PHONE,
    CompanyWorld,
    account,
    company_world,
    deal,
)

LIMIT = "[publish.brakes.erp]\nmax_creates = 1\n"


@pytest.fixture
def world(store_url: str, tmp_path: Path) -> Iterator[CompanyWorld]:
    rules = CREATE.format(*ERP) + PHONE.format(*ERP) + LIMIT
    with company_world(store_url, tmp_path, rules) as made:
        yield made


def two_winners(world: CompanyWorld) -> None:
    names = ("Example Mills GmbH", "Other Works AG")
    accounts = [account(number, name) for number, name in enumerate(names, 1)]
    world.enter(*accounts, deals=(deal(1), deal(2)))
    world.sync()
    world.resolve()


def test_a_deal_that_is_won_later_brings_the_customer(world: CompanyWorld) -> None:
    world.enter(account(1, "Example Mills GmbH"), deals=(deal(1, "Prospecting"),))
    assert world.cycle() == {"erp": {}}
    later = "2026-02-28T12:00:00.000+0000"
    world.enter(deals=(deal(1) | {"SystemModstamp": later},))
    assert world.cycle() == {"erp": {"acknowledged": 1}}


def test_more_creations_than_allowed_ask_a_person(world: CompanyWorld) -> None:
    two_winners(world)
    assert world.publish() == {"erp": {"held": 2}}
    assert world.rows("erp", "party.party") == {}
    plan = writeback.plan_publish(world.work)
    assert "max_creates = 1" in plan.stops["erp"]
    shown = plan.as_dict()
    assert shown["counts"] == {"erp": 2}
    assert [item["fields"]["name"] for item in shown["records"]] == [
        "Example Mills GmbH",
        "Other Works AG",
    ]
    writeback.approve_publish(world.work, plan.digest, actor="test")
    assert world.publish() == {"erp": {"acknowledged": 2}}


def test_the_digest_covers_what_would_be_made(world: CompanyWorld) -> None:
    two_winners(world)
    seen = writeback.plan_publish(world.work).digest
    later = "2026-02-28T12:00:00.000+0000"
    world.enter(account(1, "Example Mills AG", SystemModstamp=later))
    world.sync()
    world.resolve()
    assert writeback.plan_publish(world.work).digest != seen
    with pytest.raises(StoreError, match="no longer what the plan"):
        writeback.approve_publish(world.work, seen, actor="test")
    assert world.publish() == {"erp": {"held": 2}}
