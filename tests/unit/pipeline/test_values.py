"""Why a golden value is what it is, down to the payload."""

from __future__ import annotations

import orjson
import pytest
import sqlalchemy as sa

from hub.errors import StoreError
from hub.pipeline.golden import compute_golden
from hub.pipeline.rule_set import RuleSet
from hub.pipeline.steward import Steward
from hub.pipeline.values import explain_value
from hub.store.database import Engine, writing
from hub.store.mappings import record_mapping
from hub.store.tables import canonical_record, raw_version
from tests.unit.pipeline.party_world import World, person
from tests.unit.pipeline.test_golden import MAPPING


@pytest.fixture
def world(store: Engine) -> World:
    """Anna in two records of one system, with the payloads that they were mapped from."""
    world = World(store)
    with writing(store) as db:
        record_mapping(db, "m1", system="crm", text=MAPPING)
    for key, phone, updated in (("1", "030 1234567", "2026-01-05"), ("2", "030 99", "2026-02-01")):
        name = f"crm:Contact:{key}"
        more = {"email": "anna@berg.example", "phone": phone, "updated": f"{updated}T08:00:00Z"}
        world.put(name, person("Anna", "Berg", **more))
        _keep_payload(world, name, {"First": "Anna", "Mail": "a", "Phone": f"({phone})"})
    world.resolve()
    compute_golden(store)
    return world


def _keep_payload(world: World, name: str, payload: dict[str, str]) -> None:
    record = sa.select(canonical_record.c.record_id).where(
        canonical_record.c.id == world.records[name]
    )
    with writing(world.engine) as db:
        where = raw_version.c.record_id == record.scalar_subquery()
        db.execute(
            sa.update(raw_version).where(where).values(payload=orjson.dumps(payload).decode())
        )


def test_a_value_is_told_with_all_its_rivals(world: World) -> None:
    party = str(world.party("crm:Contact:1"))
    story = explain_value(world.engine, party, "phone", RuleSet())
    assert (story.value, story.held) == ("030 99", "030 99")
    won, lost = story.claims
    assert (won.source, won.wins, won.why) == ("crm:Contact:2", True, "recency")
    assert (lost.source, lost.wins, lost.why) == ("crm:Contact:1", False, "recency")
    assert (lost.mapping_line, lost.raw_version) == (14, 1)
    assert [tuple(item) for item in lost.payload] == [("Phone", "(030 1234567)")]


def test_a_name_tells_the_path_of_its_part(world: World) -> None:
    party = str(world.party("crm:Contact:1"))
    story = explain_value(world.engine, party, "given", RuleSet())
    assert [tuple(item) for claim in story.claims for item in claim.payload] == [
        ("First", "Anna"),
        ("First", "Anna"),
    ]
    assert story.claims[1].why == "the name survives whole; recency"


def test_other_rules_explain_another_winner(world: World) -> None:
    world.put("erp:party:9", person("Anna", "Berg", email="anna@berg.example", phone="030 7654321"))
    world.resolve()
    party, rules = str(world.party("crm:Contact:1")), RuleSet({"phone": ("erp",)})
    story = explain_value(world.engine, party, "phone", rules)
    assert (story.value, story.held, story.trust) == ("030 7654321", "030 99", ("erp",))
    assert [claim.trust for claim in story.claims] == [0, 1, 1]
    assert [claim.why for claim in story.claims] == ["trust"] * 3
    assert list(story.claims[0].payload) == []


def test_a_merged_id_explains_its_survivor(world: World) -> None:
    world.put("erp:party:9", person("Anna", "Koch", phone="030 7654321"))
    world.resolve()
    ids = [str(world.party(key)) for key in ("crm:Contact:1", "erp:party:9")]
    Steward(world.engine, "eva").merge(ids[0], ids[1], reason="married")
    compute_golden(world.engine)
    assert explain_value(world.engine, ids[1], "phone", RuleSet()).party_id == ids[0]


def test_a_field_that_nobody_fills_is_refused_with_those_that_are(world: World) -> None:
    party = str(world.party("crm:Contact:1"))
    with pytest.raises(StoreError, match=r"fills 'fax'; filled: .*phone"):
        explain_value(world.engine, party, "fax", RuleSet())
