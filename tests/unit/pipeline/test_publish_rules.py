"""What a rule asks of customers, and what counts as the same value."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
import sqlalchemy as sa

from hub.ownership import Audience
from hub.pipeline import publish
from hub.pipeline.publish_plan import plan_publish
from hub.store import tables
from hub.store.database import Engine, writing
from hub.store.events import requeue_events, requeue_touched
from tests.unit.pipeline.publish_world import PHONE, PublishWorld, publish_world


@pytest.fixture
def world(store: Engine) -> Iterator[PublishWorld]:
    with publish_world(store, {11: None, 12: "030 9018-20002"}) as made:
        yield made


def planned(world: PublishWorld, only: Audience) -> list[str]:
    rule = replace(world.system.subscription(), only=only)
    plan = plan_publish(world.engine, replace(world.publishing(), subscriptions=[rule]))
    return [write.value for write in plan.writes]


def win(world: PublishWorld, key: str) -> None:
    """Give a customer an opportunity that was won."""
    canonical, ref = tables.canonical_record, tables.canonical_ref
    source = tables.source_record
    with writing(world.engine) as db:
        record = db.execute(sa.select(source).where(source.c.source_key == key)).one()
        own = db.execute(sa.select(canonical).where(canonical.c.record_id == record.id)).one()
        deal = own._asdict() | {"id": own.id + 1000, "part": "deal", "entity": "opportunity"}
        db.execute(sa.insert(canonical).values(deal))
        place = {"stream_id": record.stream_id, "source_key": key, "part": ""}
        db.execute(sa.insert(ref).values(canonical_id=deal["id"], role="party", **place))
        said = {"kind": "opportunity", "number": "1", "status": "won"}
        document = {"canonical_id": deal["id"], "entity": "opportunity", **said}
        db.execute(sa.insert(tables.document).values(document))


def test_a_rule_is_for_whom_it_says(world: PublishWorld) -> None:
    world.set_golden("11", phone=PHONE, kind="person", roles=["lead", "customer"])
    world.set_golden("12", phone=PHONE, kind="organisation")
    assert planned(world, Audience()) == [PHONE, PHONE]
    assert planned(world, Audience(kind="person")) == [PHONE]
    assert planned(world, Audience(roles=("customer",))) == [PHONE]
    assert planned(world, Audience(kind="organisation", roles=("customer",))) == []


def test_only_customers_with_a_won_opportunity(world: PublishWorld) -> None:
    for key in ("11", "12"):
        world.set_golden(key, phone=PHONE)
    assert planned(world, Audience(won=True)) == []
    win(world, "12")
    assert planned(world, Audience(won=True)) == [PHONE]


def test_a_new_rule_reaches_customers_that_have_not_changed(world: PublishWorld) -> None:
    world.set_golden("11", phone=PHONE)
    publish.stage_deliveries(world.engine, [], "DE")
    assert planned(world, Audience()) == []
    with writing(world.engine) as db:
        assert requeue_events(db) == 1
        assert requeue_events(db) == 0
    assert planned(world, Audience()) == [PHONE]


def test_customers_whose_records_changed_are_looked_at_again(world: PublishWorld) -> None:
    for key in ("11", "12"):
        world.set_golden(key, phone=PHONE)
    publish.stage_deliveries(world.engine, [], "DE")
    party = tables.master_party
    touched = sa.update(party).where(party.c.id == world.parties["12"])
    with writing(world.engine) as db:
        assert requeue_touched(db) == 0
        db.execute(touched.values(golden_pending=True))
        assert requeue_touched(db) == 1
    assert planned(world, Audience()) == [PHONE]


@pytest.mark.parametrize(
    ("attribute", "one", "other", "same"),
    [
        ("phone", "030 9018", "+49309018", True),
        ("email", "A@Example.com", "a@example.com", True),
        ("eu_vat", "DE 136 695 976", "DE136695976", True),
        ("legal_name", "Example  Mills", "Example Mills", True),
        ("legal_name", "Example Mills", "EXAMPLE MILLS", False),
        ("phone", "none", "030 9018", False),
    ],
)
def test_two_spellings_of_one_value(attribute: str, one: str, other: str, same: bool) -> None:
    assert publish.means_same(attribute, one, other, "DE") is same
