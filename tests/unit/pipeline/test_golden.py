"""Golden records: versions, periods, events, provenance down to the mapping line."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from typing import Any

import orjson
import pytest
import sqlalchemy as sa

from hub.pipeline.beside import beside
from hub.pipeline.golden import compare, compute_golden
from hub.pipeline.rule_set import RuleSet
from hub.store.database import Engine, reading, writing
from hub.store.golden import current_versions
from hub.store.golden_history import golden_as_of
from hub.store.mappings import record_mapping
from hub.store.material import load_party_material
from hub.store.tables import golden_record, party_event
from tests.unit.pipeline.party_world import World, person

MAPPING = """\
system: crm
version: 1
streams:
  Contact:
    - entity: party
      fields:
        kind: {const: person}
        display_name: Name
        person:
          given: First
          family: Last
        contact_points:
          - {kind: {const: email}, value: Mail}
          - {kind: {const: phone}, value: Phone}
"""


@pytest.fixture
def world(store: Engine) -> World:
    return World(store)


def _golden(world: World, key: str = "crm:Contact:1") -> tuple[dict[str, Any], dict[str, Any]]:
    party = str(world.party(key))
    with reading(world.engine) as db:
        version = current_versions(db, [party])[party]
    return orjson.loads(version.body), orjson.loads(version.provenance)


def _events(world: World) -> list[tuple[str, Any]]:
    query = sa.select(party_event.c.kind, party_event.c.fields).order_by(party_event.c.seq)
    with reading(world.engine) as db:
        return [(row.kind, orjson.loads(row.fields)) for row in db.execute(query)]


def test_the_first_version_is_created(world: World) -> None:
    world.put("crm:Contact:1", person("Anna", "Berg", email="anna@berg.example"))
    world.resolve()
    assert compute_golden(world.engine)["golden_created"] == 1
    body, _ = _golden(world)
    assert (body["display_name"], body["email"]) == ("Anna Berg", "anna@berg.example")
    ((kind, fields),) = _events(world)
    assert kind == "created"
    assert "email" in fields


def test_what_says_that_there_is_no_value_never_wins(world: World) -> None:
    mail = {"email": "anna.berg@berg.example", "birth": "1980-03-02"}
    world.put("crm:Contact:1", person("Anna", "Berg", updated="2026-01-01T00:00:00Z", **mail))
    nobody = person("n/a", "NULL", updated="2026-02-02T00:00:00Z", **mail)
    world.put("crm:Contact:2", {**nobody, "display_name": "unknown", "status": "unknown"})
    world.resolve()
    assert world.party("crm:Contact:1") == world.party("crm:Contact:2")
    compute_golden(world.engine)
    body, provenance = _golden(world)
    names = {name: body[name] for name in ("display_name", "given", "family", "status")}
    assert names == {
        "display_name": "Anna Berg",
        "given": "Anna",
        "family": "Berg",
        "status": "unknown",
    }
    assert provenance["family"]["rule"] == "only value"


def test_a_change_makes_a_version_and_names_what_changed(world: World) -> None:
    world.put("crm:Contact:1", person("Anna", "Berg", email="anna@berg.example"))
    world.resolve()
    compute_golden(world.engine)
    world.put("crm:Contact:1", person("Anna", "Berg", email="anna@neu.example"))
    world.resolve()
    assert compute_golden(world.engine)["golden_changed"] == 1
    assert _events(world)[-1] == ("changed", ["email", "emails"])
    query = sa.select(golden_record).order_by(golden_record.c.version)
    with reading(world.engine) as db:
        old, new = db.execute(query).mappings().all()
    assert old["recorded_to"] == new["recorded_from"] == old["valid_to"] == new["valid_from"]
    assert new["recorded_to"] is None


def test_equal_values_make_no_version(world: World) -> None:
    world.put("crm:Contact:1", person("Anna", "Berg", email="anna@berg.example"))
    world.resolve()
    compute_golden(world.engine)
    world.put("crm:Contact:1", person("Anna", "Berg", email="anna@berg.example", updated=_AT))
    world.resolve()
    assert compute_golden(world.engine)["golden_same"] == 1
    assert set(compute_golden(world.engine).values()) == {0}
    assert len(_events(world)) == 1


_AT = "2026-05-05T10:00:00Z"


def test_as_of_gives_what_was_known(world: World) -> None:
    world.put("crm:Contact:1", person("Anna", "Berg", email="anna@berg.example"))
    world.resolve()
    compute_golden(world.engine)
    before = datetime.now(UTC)
    world.put("crm:Contact:1", person("Anna", "Koch", email="anna@berg.example"))
    world.resolve()
    compute_golden(world.engine)
    now, party = datetime.now(UTC), str(world.party("crm:Contact:1"))
    with reading(world.engine) as db:
        old = golden_as_of(db, party, valid=before, known=before)
        new = golden_as_of(db, party, valid=now, known=now)
    assert old is not None
    assert new is not None
    assert (old.version, new.version) == (1, 2)


def test_a_merge_moves_the_values_and_ends_the_losers_record(world: World) -> None:
    world.put("crm:Contact:1", person("Anna", "Berg", email="anna@berg.example"))
    world.put("erp:party:9", person("Anna", "Berg", phone="030 1234567"))
    world.resolve()
    compute_golden(world.engine)
    both = person("Anna", "Berg", email="anna@berg.example", phone="030 1234567")
    world.put("helpdesk:user:3", both)
    world.resolve()
    assert compute_golden(world.engine)["golden_ended"] == 1
    body, _ = _golden(world)
    assert (body["email"], body["phone"]) == ("anna@berg.example", "030 1234567")


def test_provenance_leads_to_the_mapping_line(world: World) -> None:
    with writing(world.engine) as db:
        record_mapping(db, "m1", system="crm", text=MAPPING)
    body = person("Anna", "Berg", email="anna@berg.example", phone="030 1234567")
    world.put("crm:Contact:1", body)
    world.resolve()
    compute_golden(world.engine)
    _, origin = _golden(world)
    assert origin["given"]["mapping"]["line"] == 10
    assert origin["email"]["mapping"]["line"] == 13
    assert origin["phone"]["mapping"]["line"] == 14
    assert origin["phone"]["raw_version"] == 1
    assert origin["phone"]["source"]["connection"] == "crm"


def test_trust_by_attribute(world: World) -> None:
    world.put("crm:Contact:1", person("Anna", "Berg", email="a@x.example", phone="030 1234567"))
    late = person(
        "Anna", "Berg", email="a@x.example", phone="030 7654321", updated="2099-01-01T00:00:00Z"
    )
    world.put("shop:user:1", late)
    world.resolve()
    compute_golden(world.engine, trust={"phone": ("crm",)})
    body, origin = _golden(world)
    assert body["phone"] == "030 1234567"
    assert origin["phone"]["rule"] == "trust"


def test_changed_rules_are_adopted_once_for_every_customer(world: World) -> None:
    world.put("crm:Contact:1", person("Anna", "Berg", email="a@x.example", phone="030 1234567"))
    late = person(
        "Anna", "Berg", email="a@x.example", phone="030 7654321", updated="2026-04-01T00:00:00Z"
    )
    world.put("shop:user:1", late)
    world.put("crm:Contact:2", person("Bert", "Koch", email="b@x.example"))
    world.resolve()
    compute_golden(world.engine)
    assert _golden(world)[0]["phone"] == "030 7654321"
    counts = compute_golden(world.engine, trust={"phone": ("crm",)})
    assert (counts["golden_changed"], counts["golden_same"]) == (1, 1)
    assert _golden(world)[0]["phone"] == "030 1234567"
    assert set(compute_golden(world.engine, trust={"phone": ("crm",)}).values()) == {0}


def test_half_of_it_computed_in_another_process_is_the_same(world: World) -> None:
    """With mapping lines, rules that are set, and versions that are held."""
    with writing(world.engine) as db:
        record_mapping(db, "m1", system="crm", text=MAPPING)
    for n in range(21):
        given, family = chr(97 + n) * 6, chr(117 - n) * 7
        mail, line = f"{given}@{family}.example", f"030 12345{n:02d}"
        body = person(given, family, email=mail, phone=line)
        world.put_all({f"crm:Contact:{n}": body, f"shop:user:{n}": body})
    world.resolve()
    compute_golden(world.engine)
    rules = RuleSet({"email": ("crm", "shop")})
    parties = sorted({str(world.party(f"crm:Contact:{n}")) for n in range(21)})
    with reading(world.engine) as db, beside() as hand:
        material, held = load_party_material(db, parties), current_versions(db, parties)
        alone = compare(db, material, held, rules)
        assert compare(db, material, held, rules, hand=hand) == alone
        assert hand(os.getpid)() != os.getpid()
    assert len(alone) == len(parties) > 15
    lines = [orjson.loads(item.provenance)["email"]["mapping"]["line"] for item in alone.values()]
    assert set(lines) == {13}
