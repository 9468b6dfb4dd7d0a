"""Customers are found by the beginnings of words, as they are now."""

from __future__ import annotations

from random import Random

import pytest

from hub.pipeline.golden import compute_golden
from hub.pipeline.search_customers import index_customers, latest_customers, search, typed_words
from hub.store.database import Engine
from tests.unit.pipeline.party_world import World, company, person


@pytest.fixture
def world(store: Engine) -> World:
    """A person, and a company in Dresden."""
    world = World(store)
    anna = person("Anna", "Müller", email="anna@berg.example", phone="+49 30 7654321")
    world.put("crm:Contact:1", anna)
    dresden = {"city": "Dresden", "postcode": "01067", "customer_no": "K-10635"}
    world.put("erp:party:9", company("Straßenbau Nord GmbH", **dresden))
    _follow(world)
    return world


def _follow(world: World) -> None:
    world.resolve()
    compute_golden(world.engine)
    index_customers(world.engine)


@pytest.mark.parametrize(
    "text",
    [
        "müller",
        "MUELLER",
        "mull",
        "ann mül",
        "anna@berg",
        "030 7654321",
        "+49 30 76543",
        "0049 30 7654321",
        "berg.ex",
    ],
)
def test_a_person_is_found(world: World, text: str) -> None:
    assert [item.party_id for item in search(world.engine, text)] == [world.party("crm:Contact:1")]


@pytest.mark.parametrize(
    "text", ["strassenbau", "nord straß", "01067", "K-10635", "k10635", "dresd"]
)
def test_a_company_is_found(world: World, text: str) -> None:
    assert [item.party_id for item in search(world.engine, text)] == [world.party("erp:party:9")]


@pytest.mark.parametrize("text", ["", "  ", "%", "_", "anna dresden", "üller", "'; --"])
def test_nobody_is_found(world: World, text: str) -> None:
    assert search(world.engine, text) == []


def test_what_is_no_number_is_found_by_its_beginning(world: World) -> None:
    digits = "".join(Random(3).choices("123456789", k=9_000))  # nothing that could be compressed
    world.put("crm:Contact:2", person("Bert", "Koch", phone=f"+{digits}"))
    _follow(world)
    found = search(world.engine, f"+{digits[:12]}")
    assert [item.party_id for item in found] == [world.party("crm:Contact:2")]


def test_an_id_or_a_record_names_its_customer(world: World) -> None:
    party = world.party("crm:Contact:1") or ""
    for text in (party, "crm:Contact:1"):
        assert [item.party_id for item in search(world.engine, text)] == [party]


def test_a_changed_name_is_found_and_the_former_is_not(world: World) -> None:
    world.put("crm:Contact:1", person("Anna", "Koch", email="anna@berg.example"))
    _follow(world)
    assert search(world.engine, "müller") == []
    assert [item.golden["display_name"] for item in search(world.engine, "koch")] == ["Anna Koch"]


def test_indexing_again_changes_nothing(world: World) -> None:
    assert index_customers(world.engine) == 0
    assert len(search(world.engine, "anna")) == 1


def test_without_an_index_names_are_still_found(store: Engine) -> None:
    world = World(store)
    world.put("crm:Contact:1", person("Anna", "Berg", email="anna@berg.example"))
    world.resolve()
    compute_golden(world.engine)
    assert len(search(world.engine, "berg")) == 1
    assert len(latest_customers(world.engine)) == 1


def test_a_word_that_begins_another_is_left_out() -> None:
    assert typed_words("an anna ber") == ["anna", "ber"]
    assert typed_words("a b c d e f g h") == ["a", "b", "c", "d", "e", "f"]
