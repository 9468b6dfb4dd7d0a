"""One customer in one place."""

from __future__ import annotations

from decimal import Decimal

import pytest
import sqlalchemy as sa

from hub.errors import StoreError
from hub.pipeline.customer import customer_view, find_customer
from hub.pipeline.golden import compute_golden
from hub.pipeline.steward import Steward
from hub.store.columns import new_id
from hub.store.database import Engine, writing
from hub.store.tables import document, source_record
from tests.unit.pipeline.party_world import World, person


@pytest.fixture
def world(store: Engine) -> World:
    """A customer in sales and in the ERP, with a ticket, mails and documents."""
    world = World(store)
    world.put("crm:Contact:1", person("Anna", "Berg", email="anna@berg.example"))
    world.put("erp:party:9", person("Anna", "Berg", email="anna@berg.example"))
    for number, status in (("5", "open"), ("6", "closed")):
        ticket = {"number": number, "subject": f"Ticket {number}", "status": status}
        world.put(f"crm:ticket:{number}", ticket, entity="ticket")
        world.refer(f"crm:ticket:{number}", "crm:Contact:1")
    for day in (1, 2, 3):
        mail = {"at": f"2026-03-0{day}T10:00:00Z", "channel": "email", "direction": "inbound"}
        world.put(f"crm:mail:{day}", mail, entity="interaction")
        world.refer(f"crm:mail:{day}", "crm:Contact:1", role="participants.0.party")
    _document(world, "invoice", "R-1", open_amount="40.00")
    _document(world, "invoice", "R-2", open_amount="0")
    _document(world, "order", "A-1", open_amount=None)
    _document(world, "account", "K-9", open_amount="40.00")
    world.resolve()
    compute_golden(world.engine)
    return world


def _document(world: World, entity: str, number: str, *, open_amount: str | None) -> None:
    key = f"erp:{entity}:{number}"
    record = world.put(key, {"number": number}, entity=entity)
    world.refer(key, "erp:party:9")
    values = {"kind": entity, "number": number, "date": "2026-01-01", "status": "open"}
    amount = None if open_amount is None else Decimal(open_amount)
    with writing(world.engine) as db:
        db.execute(
            sa.insert(document).values(
                canonical_id=record, entity=entity, currency="EUR", open_amount=amount, **values
            )
        )


def test_the_view_joins_every_system(world: World) -> None:
    view = customer_view(world.engine, str(world.party("crm:Contact:1")), limit=2)
    assert view.golden["display_name"] == "Anna Berg"
    assert view.origin["email"]["source"]["connection"] in ("crm", "erp")
    assert [str(record.source) for record in view.sources] == ["crm:Contact:1", "erp:party:9"]
    assert [ticket.number for ticket in view.tickets] == ["5"]
    assert [touch.at[:10] for touch in view.touches] == ["2026-03-03", "2026-03-02"]
    assert [invoice.number for invoice in view.invoices] == ["R-1"]
    assert [order.number for order in view.orders] == ["A-1"]
    assert view.balance == {"EUR": Decimal(40)}


def test_customers_are_found_by_id_and_by_source(world: World) -> None:
    party = str(world.party("crm:Contact:1"))
    assert find_customer(world.engine, party) == party
    assert find_customer(world.engine, "erp:party:9") == party
    assert find_customer(world.engine, "erp:party:404") is None
    assert find_customer(world.engine, "nonsense") is None
    assert find_customer(world.engine, new_id()) is None


def test_a_part_is_named_behind_a_hash(world: World) -> None:
    world.put(
        "mail:message:<1#a@x.example>", person("Bert", "Koch", email="b@x.example"), part="from"
    )
    world.resolve()
    party = world.party("mail:message:<1#a@x.example>#from")
    assert find_customer(world.engine, "mail:message:<1#a@x.example>#from") == party


def test_a_merged_id_shows_its_survivor(world: World) -> None:
    world.put("shop:user:1", person("Anni", "Koch", email="anni@koch.example"))
    world.resolve()
    oldest, younger = str(world.party("crm:Contact:1")), str(world.party("shop:user:1"))
    Steward(world.engine, "eva").merge(oldest, younger, reason="married")
    assert find_customer(world.engine, younger) == oldest
    assert customer_view(world.engine, younger).party_id == oldest


def test_a_record_that_is_gone_leads_to_where_it_went(world: World) -> None:
    party = str(world.party("crm:Contact:1"))
    world.put("crm:Contact:2", person("Bert", "Koch", email="b@x.example"))
    world.resolve()
    own = str(world.party("crm:Contact:2"))
    world.remove("crm:Contact:2")
    world.resolve()
    assert find_customer(world.engine, "crm:Contact:2") == own
    with writing(world.engine) as db:
        gone = sa.update(source_record).where(source_record.c.source_key == "2")
        db.execute(gone.values(merged_into="1"))
    assert find_customer(world.engine, "crm:Contact:2") == party


def test_an_unknown_party_is_an_error(world: World) -> None:
    with pytest.raises(StoreError, match="there is no party"):
        customer_view(world.engine, new_id())


def test_two_customers_with_the_same_ticket_number_stay_apart(world: World) -> None:
    world.put("shop:Contact:1", person("Bert", "Koch", email="bert@koch.example"))
    world.resolve()
    assert customer_view(world.engine, str(world.party("shop:Contact:1"))).tickets == []
