"""Derived relationships: kept beside the parties, following their records, joining nothing."""

from __future__ import annotations

from itertools import permutations
from pathlib import Path
from random import Random

import pytest
import sqlalchemy as sa

from hub.pipeline.customer import customer_view
from hub.pipeline.steward import Steward
from hub.store.database import Engine, open_store, reading
from hub.store.schema import migrate
from hub.store.tables import derived_relationship
from tests.unit.pipeline.party_world import Body, World, company, person

LINE = "030 1234567"
HANS, ERIKA = person("Hans", "Berg", phone=LINE), person("Erika", "Berg", phone=LINE)


@pytest.fixture
def world(store: Engine) -> World:
    """Two people of one household."""
    world = World(store)
    world.put("crm:Contact:hans", HANS)
    world.put("crm:Contact:erika", ERIKA)
    world.resolve()
    return world


def relatives(world: World, key: str) -> list[tuple[str, str | None]]:
    """Type and party of everybody whom the customer of a record is related to."""
    party = world.party(key)
    assert party is not None
    return [(one.type, one.party_id) for one in customer_view(world.engine, party).relatives]


def rows(world: World) -> list[tuple[str, ...]]:
    """The table, whole, in order."""
    table = derived_relationship
    with reading(world.engine) as db:
        found = db.execute(sa.select(table).order_by(table.c.left_profile, table.c.right_profile))
        return [tuple(row) for row in found]


def test_a_household_is_related_and_stays_apart(world: World) -> None:
    hans, erika = world.party("crm:Contact:hans"), world.party("crm:Contact:erika")
    assert hans != erika
    assert relatives(world, "crm:Contact:hans") == [("household_member", erika)]
    assert relatives(world, "crm:Contact:erika") == [("household_member", hans)]
    shown = customer_view(world.engine, str(hans)).relatives[0]
    assert shown.shared == ("family_name", "phone")
    assert shown.bits > 8


def test_branches_are_related(store: Engine) -> None:
    world = World(store)
    for city, postcode in (("Berlin", "10115"), ("Hamburg", "20095")):
        mail = f"{city.lower()}@acme.example"
        body = company("Acme GmbH", email=mail, city=city, postcode=postcode)
        world.put(f"erp:party:{city}", body)
    world.resolve()
    assert relatives(world, "erp:party:Berlin") == [("branch_of", world.party("erp:party:Hamburg"))]


def test_a_second_run_changes_nothing_and_a_new_version_keeps_it(world: World) -> None:
    before = rows(world)
    world.put("crm:Contact:hans", {**HANS, "lang": "de"})
    world.resolve()
    assert rows(world) == before


def test_it_goes_with_its_evidence(world: World) -> None:
    world.put("crm:Contact:hans", person("Hans", "Berg", phone="040 7654321"))
    world.resolve()
    assert relatives(world, "crm:Contact:erika") == rows(world) == []
    world.put("crm:Contact:hans", HANS)
    world.resolve()
    assert len(relatives(world, "crm:Contact:erika")) == 1


def test_it_goes_with_a_deleted_record(world: World) -> None:
    world.remove("crm:Contact:hans")
    world.resolve()
    assert relatives(world, "crm:Contact:erika") == rows(world) == []


def test_it_follows_a_record_to_another_customer_and_back(world: World) -> None:
    world.put("erp:party:1", person("Johann", "Meier", email="johann@meier.example"))
    world.resolve()
    old, new = str(world.party("crm:Contact:hans")), str(world.party("erp:party:1"))
    steward = Steward(world.engine, "alice")
    steward.merge(new, old, reason="adopted")
    assert relatives(world, "crm:Contact:erika") == [("household_member", old)]
    assert relatives(world, "erp:party:1") == relatives(world, "crm:Contact:hans")
    steward.unmerge(old, [world.records["crm:Contact:hans"]], reason="not so")
    hans = world.party("crm:Contact:hans")
    assert relatives(world, "crm:Contact:erika") == [("household_member", hans)]
    assert relatives(world, "erp:party:1") == []


def test_within_one_customer_it_says_nothing(world: World) -> None:
    hans, erika = world.party("crm:Contact:hans"), world.party("crm:Contact:erika")
    Steward(world.engine, "alice").merge(str(hans), str(erika), reason="a couple")
    assert relatives(world, "crm:Contact:hans") == []


def _people(count: int, shared: dict[str, str]) -> dict[str, Body]:
    letters = Random(1)  # repeatable, nothing secret
    given = ["".join(letters.choices("abcdefghijklmnopqrstuvwxyz", k=9)) for _ in range(count)]
    return {f"crm:Contact:{name}": person(name, "Berg", **shared) for name in given}


@pytest.mark.parametrize(
    ("count", "shared"),
    [
        (40, {"phone": LINE}),
        (40, {"email": "all@berg.example"}),
        (120, {"street": "Turmstr. 1", "city": "Berlin", "postcode": "10115"}),
    ],
)
def test_what_many_share_makes_no_households(
    store: Engine, count: int, shared: dict[str, str]
) -> None:
    """Not even where its first holders were taken for one before it became frequent."""
    world = World(store)
    people = list(_people(count, shared).items())
    world.put_all(dict(people[:4]))
    world.resolve()
    assert len(rows(world)) == 6
    world.put_all(dict(people[4:]))
    world.resolve()
    assert rows(world) == []


def test_order_of_arrival_and_bulk_or_one_by_one_are_the_same(tmp_path: Path) -> None:
    family = {f"crm:Contact:{name}": person(name, "Berg", phone=LINE) for name in ("Hans", "Mia")}
    both = person("Hans", "Berg", phone=LINE, email="hans@berg.example")
    bodies: dict[str, Body] = {**family, "mail:message:1": both, "erp:party:1": ERIKA}
    found = set()
    for number, order in enumerate(permutations(bodies)):
        engine = open_store(f"sqlite:///{tmp_path / str(number)}.db")
        migrate(engine)
        world = World(engine)
        for key in order:
            world.put(key, bodies[key])
            if number % 2:
                world.resolve()
        world.resolve()
        found.add(tuple(rows(world)))
        engine.dispose()
    assert len(found) == 1
    assert len(found.pop()) == 5
