"""A bulk run proposes what single changes do, whatever the model and the order of arrival."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest
import sqlalchemy as sa

from hub.config import ConnectionSection, HubConfig
from hub.pipeline.accounts import adopt_ledgers
from hub.pipeline.matcher import Matcher
from hub.pipeline.neighbours import BulkMatcher, wants_bulk
from hub.pipeline.resolve import plan
from hub.pipeline.steward import Steward
from hub.pipeline.training import adopt, train
from hub.store.database import open_store, reading
from hub.store.match_contents import every_content
from hub.store.schema import migrate
from hub.store.tables import derived_relationship
from tests.unit.pipeline.party_world import Body, World, company, person

GIVEN = ("Anna", "Hans", "Mia", "Jonas", "Lena", "Barbara", "Katharina", "Thomas")
FAMILY = ("Berg", "Koch", "Vogel", "Lang", "Winkler", "Schneider", "Lorenz")
SYSTEMS = ("crm", "erp", "shop", "helpdesk")


def crowd(dice: Random, count: int) -> dict[str, Body]:
    """Customers who share names, houses, lines and desks, each in some spellings and with gaps."""
    bodies: dict[str, Body] = {}
    for n in range(count):
        given, family = dice.choice(GIVEN), dice.choice(FAMILY)
        full = {
            "email": f"{given}.{family}{n % 50}@mail.example",
            "phone": f"030 12345{n // 3:03d}",
            "birth": f"19{60 + n % 30}-0{1 + n % 9}-1{n % 9}",
            "postcode": f"1{n % 40:02d}17",
        }
        for system in SYSTEMS:
            kept = {name: full[name] for name in full if dice.random() < 0.5}
            shown = given if dice.random() < 0.8 else f"{given[0]}."
            bodies[f"{system}:party:{n}"] = person(shown, family, city="Ulm", **kept)
        desk = f"info@h{n % 30}.example"
        bodies[f"crm:Account:{n}"] = company(f"{family} Holz {n % 30} GmbH", email=desk, city="Ulm")
    return bodies


@pytest.fixture
def worlds(tmp_path: Path) -> Iterator[tuple[World, World]]:
    """Two empty stores."""
    engines = [open_store(f"sqlite:///{tmp_path / name}.db") for name in ("bulk", "online")]
    for engine in engines:
        migrate(engine)
    yield World(engines[0]), World(engines[1])
    for engine in engines:
        engine.dispose()


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_bulk_and_small_batches_come_to_one_partition(
    worlds: tuple[World, World], seed: int
) -> None:
    dice = Random(seed)  # repeatable, nothing secret
    bodies = crowd(dice, 120)
    whole, parts = worlds
    whole.put_all(bodies)
    whole.resolve(bulk=True)
    keys = sorted(bodies)
    dice.shuffle(keys)
    for start in range(0, len(keys), 60):
        parts.put_all({key: bodies[key] for key in keys[start : start + 60]})
        parts.resolve(bulk=False)
    assert whole.partition() == parts.partition()
    assert 10 < len(whole.partition()) < len(bodies)
    assert sorted(case["grade"] for case in whole.cases()) == sorted(
        case["grade"] for case in parts.cases()
    )


def test_with_a_trained_model_too(worlds: tuple[World, World]) -> None:
    """Trained from one store, adopted in both: the same records make the same model."""
    bodies = crowd(Random(5), 300)
    for world, bulk in zip(worlds, (True, False), strict=True):
        world.put_all(bodies)
        world.resolve(bulk=bulk)
        version = train(world.engine, country="DE").version
        assert adopt(world.engine, version, actor="eva", reason="trained") == len(bodies)
        world.resolve(bulk=bulk)
    assert worlds[0].partition() == worlds[1].partition()


def test_a_bulk_plan_is_the_plan(worlds: tuple[World, World]) -> None:
    """To the digest: the same changes in the same order."""
    world = worlds[0]
    world.put_all(crowd(Random(7), 60))
    assert plan(world.engine, bulk=True).digest == plan(world.engine, bulk=False).digest


def test_in_bulk_the_same_pairs_share_a_key(worlds: tuple[World, World]) -> None:
    """Keys that are only counted, like the domain of colleagues, make no pair on either way."""
    world = worlds[0]
    world.put_all(crowd(Random(3), 20))
    world.put_all(
        {f"crm:Contact:{n}": person(given, FAMILY[n % 7], email=f"{given}@firm.example")
         for n, given in enumerate(GIVEN)}
    )  # fmt: skip
    world.resolve()
    with reading(world.engine) as db:
        digests = [digest for digest, _ in every_content(db)]
        online, bulk = Matcher(db), BulkMatcher(db, {})
        online.candidates(digests)
        bulk.set_beside(digests)
        assert bulk.seen_pairs(digests) == online.seen_pairs(digests) != []


def crowded() -> dict[str, Body]:
    """Lines, mailboxes and domains of too many, beside those of few."""
    people = {
        f"crm:Contact:{n}": person(
            GIVEN[n % 8],
            FAMILY[n % 7],
            phone=f"030 99999{n % 2}" if n % 3 else f"030 12345{n:02d}",
            email=f"{GIVEN[n % 8]}{n % 9}@{('firm', 'gross', f'h{n}')[n % 3]}.example",
            postcode="10117",
        )
        for n in range(90)
    }
    companies = {
        f"erp:Account:{n}": company(
            f"{FAMILY[n // 2 % 7]} Holz {n // 4} GmbH",
            **({"web": f"www.{host}"} if n // 2 % 2 else {"email": f"info@{host}"}),
            phone="030 999991",
            city="Ulm",
        )
        for n in range(200)
        for host in [("gross.example", f"k{n // 4}.example")[n % 2]]
    }
    return {**people, **companies}


def test_what_one_content_asks_for_is_enough_to_weigh_it(worlds: tuple[World, World]) -> None:
    """Whose crowds are known only as far as they matter weighs what it does with all of them."""
    world = worlds[0]
    world.put_all({**crowd(Random(4), 20), **crowded()})
    world.resolve()
    weighed = unlike = 0
    with reading(world.engine) as db:
        digests = [digest for digest, _ in every_content(db)]
        whole = Matcher(db)
        whole.load(digests)
        for digest in digests:
            matcher = Matcher(db)
            for pair in matcher.candidates([digest]):
                assert matcher.verdict(*pair) == whole.verdict(*pair)
                weighed += 1
                unlike += any(matcher._rows[side] != whole._rows[side] for side in pair)
    assert weighed > 1000
    assert unlike > 100  # else nothing was left out


def test_decisions_hold_in_bulk(worlds: tuple[World, World]) -> None:
    world = worlds[0]
    same = person("Anna", "Berg", email="anna@berg.example", phone="030 1234567")
    world.put_all({"crm:party:1": same, "erp:party:2": {**same, "lang": "de"}})
    world.put_all({"shop:party:3": person("Bert", "Koch", email="bert@koch.example")})
    world.resolve(bulk=True)
    first = world.party("crm:party:1")
    assert first == world.party("erp:party:2")
    steward = Steward(world.engine, "eva")
    steward.unmerge(str(first), [world.records["erp:party:2"]], reason="two people")
    world.put_all({key: person("Anna", "Berg", email="anna@berg.example", phone="030 1234567")
                   for key in ("crm:party:1", "erp:party:2", "helpdesk:party:4")})  # fmt: skip
    world.resolve(bulk=True)
    assert world.party("crm:party:1") != world.party("erp:party:2")


def test_few_records_are_not_weighed_in_bulk(worlds: tuple[World, World]) -> None:
    world = worlds[0]
    world.put_all(crowd(Random(1), 3))
    with reading(world.engine) as db:
        assert not wants_bulk(db, waiting=3)


def test_relationships_are_the_same_in_bulk(worlds: tuple[World, World]) -> None:
    bodies = crowd(Random(11), 150)
    tables = []
    for world, bulk in zip(worlds, (True, False), strict=True):
        world.put_all(bodies)
        world.resolve(bulk=bulk)
        with reading(world.engine) as db:
            tables.append(sorted(map(tuple, db.execute(sa.select(derived_relationship)))))
    assert tables[0] == tables[1]
    assert tables[0]


def test_accounts_of_one_ledger_stay_apart_in_bulk(worlds: tuple[World, World]) -> None:
    world = worlds[0]
    same = person("Anna", "Berg", email="anna@berg.example", phone="030 1234567")
    world.put_all({"erp:party:1": same, "erp:party:2": same, "crm:party:1": same})
    erp = ConnectionSection(connector="erp", one_account=("party",))
    assert adopt_ledgers(world.engine, HubConfig(root=Path(), connections={"erp": erp})) == 2
    world.resolve(bulk=True)
    assert len(world.partition()) == 3
