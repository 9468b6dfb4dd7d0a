"""Erased people at the systems that we wrote to: only what is still ours goes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from hub.pipeline.erase import Request, erase
from tests.unit.pipeline.company_world import (
    CREATE,
    ERP,
    PHONE,
    SHOP,
    CompanyWorld,
    account,
    company_world,
    deal,
)

KEY = "a key of more than sixteen characters"
RULES = (
    CREATE.format(*SHOP)
    + PHONE.format(*SHOP)
    + CREATE.format(*ERP)
    + '[publish.erasures]\nshop = "delete"\n'
)


@pytest.fixture
def world(
    store_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[CompanyWorld]:
    monkeypatch.setenv("HUB_ERASURE_KEY", KEY)
    with company_world(store_url, tmp_path, RULES, ("sfa", "erp", "shop")) as made:
        made.enter(account(1, "Uta Zyxmann"), deals=(deal(1),))
        made.cycle()
        made.sync()
        made.resolve()
        yield made


def forget(world: CompanyWorld, **targets: str) -> None:
    """Erase the one customer."""
    ((party,),) = world.ask("SELECT party_id FROM link WHERE recorded_to IS NULL LIMIT 1")
    policies = targets or world.work.config.publish.erasures
    request: Any = Request(
        party=str(UUID(str(party))), actor="t", reason="request 17", organisation=True, hold=False,
        targets=policies,
    )  # fmt: skip
    erase(world.work.engine, request, world.work.config.erasure_key)


def states(world: CompanyWorld) -> dict[str, tuple[str, str | None]]:
    """By connection and kind, the state of each delivery of a whole record, and its key."""
    rows = world.ask(
        "SELECT c.name, d.kind, d.state, d.source_key FROM record_delivery d"
        " JOIN stream s ON s.id = d.stream_id JOIN connection c ON c.id = s.connection_id"
    )
    return {f"{name} {kind}": (state, key) for name, kind, state, key in rows}


def test_a_record_that_we_made_is_deleted_where_that_is_wanted(world: CompanyWorld) -> None:
    assert world.rows("shop", "thirdparty").keys() == {"1"}
    forget(world)
    assert states(world)["shop delete"] == ("planned", "1")
    counts = world.publish()
    assert counts["shop"] == {"acknowledged": 1}
    assert world.rows("shop", "thirdparty") == {}
    assert states(world)["shop delete"] == ("acknowledged", None)
    assert world.publish()["shop"] == {}


def test_what_a_system_refuses_to_empty_is_told(world: CompanyWorld) -> None:
    """Tryton takes no empty name: that waits for a person, with the key by which to find it."""
    forget(world)
    assert world.publish()["erp"] == {"rejected": 1}
    assert states(world)["erp blank"] == ("rejected", "1")


def test_what_somebody_wrote_over_ours_stays(world: CompanyWorld) -> None:
    row = world.rows("shop", "thirdparty")["1"]
    row |= {"phone": "+49 40 123456", "date_modification": "2026-12-31T12:00:00Z"}
    forget(world, shop="blank", erp="keep")
    assert world.publish()["shop"] == {"acknowledged": 1}
    assert world.rows("shop", "thirdparty")["1"]["phone"] == "+49 40 123456"
    assert "erp blank" not in states(world)


def test_nothing_of_the_person_is_left_in_the_deliveries(world: CompanyWorld) -> None:
    forget(world)
    told = str(world.ask("SELECT * FROM record_delivery")) + str(
        world.ask("SELECT * FROM delivery")
    )
    for trace in ("Zyxmann", "+49 30 9018", "+49309018", "Example Road"):
        assert trace not in told
    world.cycle()
    assert world.customers() == 0
    assert "Zyxmann" not in str(world.ask("SELECT * FROM raw_version"))


def test_more_erasures_than_allowed_ask_a_person(world: CompanyWorld) -> None:
    file = world.file
    file.write_text(file.read_text() + "[publish.brakes.shop]\nmax_deletes = 0\n", "utf-8")
    world.reopen()
    forget(world)
    assert world.publish()["shop"] == {"held": 1}
    assert world.rows("shop", "thirdparty").keys() == {"1"}
