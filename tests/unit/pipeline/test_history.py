"""What a customer was at any time, and who made it so."""

from __future__ import annotations

from datetime import UTC, datetime

import orjson
import pytest
import sqlalchemy as sa

from hub.errors import StoreError
from hub.pipeline.golden import compute_golden
from hub.pipeline.history import customer_as_of, customer_history
from hub.pipeline.steward import Steward
from hub.store.columns import new_id
from hub.store.database import Engine, reading
from hub.store.golden_history import golden_history
from hub.store.tables import party_event
from tests.unit.pipeline.party_world import World, person


@pytest.fixture
def world(store: Engine) -> World:
    """Anna in two systems, as two customers."""
    world = World(store)
    _put(world, "crm:Contact:1", email="anna@berg.example", updated="2026-01-05T08:00:00Z")
    _put(world, "erp:party:9", phone="030 1234567", updated="2026-01-07T08:00:00Z")
    return world


def _put(world: World, key: str, **more: str) -> None:
    world.put(key, person("Anna", "Berg", **more))
    _settle(world)


def _settle(world: World) -> datetime:
    world.resolve()
    compute_golden(world.engine)
    return datetime.now(UTC)


def _at(day: str) -> datetime:
    return datetime.fromisoformat(f"2026-{day}T00:00:00Z")


def test_a_version_holds_since_its_source_says_so(world: World) -> None:
    party = str(world.party("crm:Contact:1"))
    before = datetime.now(UTC)
    _put(world, "crm:Contact:1", email="neu@berg.example", updated="2026-02-01T08:00:00Z")
    new = customer_as_of(world.engine, party, valid=_at("02-02"))
    old = customer_as_of(world.engine, party, valid=_at("01-20"))
    then = customer_as_of(world.engine, party, valid=_at("02-02"), known=before)
    early = customer_as_of(world.engine, party, valid=_at("01-01"))
    assert new.golden is not None
    assert new.golden["email"] == "neu@berg.example"
    assert (old.version, then.version, early.version) == (1, 1, None)


def test_periods_of_a_customer_never_overlap(world: World) -> None:
    party = str(world.party("crm:Contact:1"))
    for updated in ("2099-01-01T00:00:00Z", "2020-01-01T00:00:00Z", "2026-02-01T08:00:00Z"):
        _put(world, "crm:Contact:1", email=f"{updated[:4]}@x.example", updated=updated)
    now = datetime.now(UTC)
    with reading(world.engine) as db:
        periods = golden_history(db, party, now)
    starts = [period.valid_from for period in periods]
    assert starts == sorted(set(starts))
    assert [period.valid_to for period in periods] == [*starts[1:], None]
    assert all(period.valid_from <= period.recorded_from for period in periods)


def test_an_id_is_followed_as_it_stood(world: World) -> None:
    oldest, younger = str(world.party("crm:Contact:1")), str(world.party("erp:party:9"))
    apart = datetime.now(UTC)
    steward = Steward(world.engine, "eva")
    steward.merge(oldest, younger, reason="phoned")
    merged = _settle(world)
    steward.unmerge(oldest, [world.records["erp:party:9"]], reason="a mistake")
    _settle(world)
    ids = [customer_as_of(world.engine, younger, known=t).party_id for t in (apart, merged, None)]
    assert ids == [younger, oldest, younger]
    state = customer_as_of(world.engine, oldest, valid=merged, known=merged)
    assert state.records == ["crm:Contact:1", "erp:party:9"]
    assert state.golden is not None
    assert (state.golden["email"], state.golden["phone"]) == ("anna@berg.example", "030 1234567")
    with pytest.raises(StoreError, match="was known at"):
        customer_as_of(world.engine, younger, known=_at("01-01"))


def test_the_present_is_what_is_known_now(world: World) -> None:
    Steward(world.engine, "eva").merge(
        str(world.party("crm:Contact:1")), str(world.party("erp:party:9")), reason="phoned"
    )
    _settle(world)
    state = customer_as_of(world.engine, str(world.party("erp:party:9")))
    assert state.records == sorted(world.records)
    assert state.golden is not None
    assert state.golden["phone"] == "030 1234567"


def test_the_story_names_actor_and_reason(world: World) -> None:
    oldest, younger = str(world.party("crm:Contact:1")), str(world.party("erp:party:9"))
    before = datetime.now(UTC)
    Steward(world.engine, "eva").merge(oldest, younger, reason="phoned")
    _settle(world)
    told = customer_history(world.engine, oldest)
    assert [m.what for m in told[:3]] == ["created", "record linked", "values changed"]
    (took,) = [m for m in told if m.what == "took another in"]
    assert (took.actor, took.reason, took.detail) == ("eva", "phoned", {"from": younger})
    (decided,) = [m for m in told if m.what == "must-link"]
    assert (decided.actor, decided.reason) == ("eva", "phoned")
    away = customer_history(world.engine, younger)[-1]
    assert away.what in {"merged away", "record left"}
    known = customer_history(world.engine, younger, known=before)
    assert [m.what for m in known] == ["created", "record linked", "values changed"]
    with pytest.raises(StoreError, match="no customer"):
        customer_history(world.engine, new_id())


def test_a_customer_that_lost_its_last_record_says_so(world: World) -> None:
    party = str(world.party("erp:party:9"))
    world.remove("erp:party:9")
    _settle(world)
    query = sa.select(party_event).order_by(party_event.c.seq.desc()).limit(1)
    with reading(world.engine) as db:
        last = db.execute(query).mappings().one()
    assert (last["party_id"], last["kind"]) == (party, "changed")
    assert "phone" in orjson.loads(last["fields"])
    assert customer_as_of(world.engine, party).status == "gone"
    assert customer_as_of(world.engine, party).golden is None
