"""The brakes of publishing: many changes, creations or deletions wait until a person has seen them.

What a person approves is exactly what was shown, once; the tasks of ``hub_approve`` are called here
as Airflow calls them.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from hub.pipeline.erase import Request, erase
from tests.unit.pipeline.company_world import (
    CREATE,
    LATER,
    PHONE,
    SHOP,
    CompanyWorld,
    account,
    company_world,
    deal,
)

pytest.importorskip("airflow", reason="runs in .venv-airflow")
pytestmark = [pytest.mark.airflow, pytest.mark.slow]

PERSON = {"responded_by_user": {"id": "admin", "name": "admin"}}
RULES = CREATE.format(*SHOP) + PHONE.format(*SHOP) + '[publish.erasures]\nshop = "delete"\n'
LIMITS = {
    "change": "min_changed = 0\nmax_changed_share = 0\n",
    "create": "max_creates = 0\n",
    "delete": "max_deletes = 0\n",
}
NAMES = ("Example Mills GmbH", "Other Works AG")


@pytest.fixture(params=LIMITS)
def world(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[CompanyWorld]:
    """A shop that two customers are to be made in, changed in or deleted from: one too many."""
    monkeypatch.setenv("HUB_ERASURE_KEY", "a key of more than sixteen characters")
    url = f"sqlite:///{tmp_path / 'hub.db'}"
    with company_world(url, tmp_path, RULES, ("sfa", "shop")) as made:
        monkeypatch.setenv("HUB_CONFIG", str(made.file))
        enter(made, *NAMES)
        if request.param != "create":
            made.cycle()
            made.sync()
            made.resolve()
        limits = f"[publish.brakes.shop]\n{LIMITS[request.param]}"
        made.file.write_text(made.file.read_text() + limits, "utf-8")
        made.reopen()
        CAUSES[request.param](made)
        yield made


def enter(world: CompanyWorld, *names: str, **more: Any) -> None:
    accounts = [account(number, name, **more) for number, name in enumerate(names, 1)]
    world.enter(*accounts, deals=tuple(deal(number) for number in range(1, len(names) + 1)))


def change(world: CompanyWorld) -> None:
    enter(world, *NAMES, Phone="+49 30 9018 7777", SystemModstamp=LATER)
    create(world)


def create(world: CompanyWorld) -> None:
    world.sync()
    world.resolve()


def delete(world: CompanyWorld) -> None:
    rows = world.ask("SELECT DISTINCT party_id FROM link WHERE recorded_to IS NULL")
    for (party,) in rows:
        request: Any = Request(
            party=str(UUID(str(party))), actor="t", reason="request 17", organisation=True,
            hold=False, targets=world.work.config.publish.erasures,
        )  # fmt: skip
        erase(world.work.engine, request, world.work.config.erasure_key)


CAUSES = {"change": change, "create": create, "delete": delete}


def shop(world: CompanyWorld) -> dict[str, Any]:
    return {key: dict(row) for key, row in world.rows("shop", "thirdparty").items()}


def test_nothing_goes_before_a_person_has_approved(world: CompanyWorld) -> None:
    from hub.airflow import publishing

    before = shop(world)
    publishing.stage()
    assert publishing.deliver("shop") == {"held": 2}
    assert publishing.deliver("shop") == {"held": 2}
    assert shop(world) == before


def test_exactly_what_was_shown_goes_once_it_is_approved(world: CompanyWorld) -> None:
    from hub.airflow import publishing

    before = shop(world)
    publishing.stage()
    planned = publishing.plan_publish()
    assert planned["count"] == 2
    assert "publish.brakes.shop." in planned["text"]
    assert not any(name in planned["text"] for name in NAMES)
    assert publishing.approve_publish(planned["digest"], PERSON) == {"shop": 2}
    assert publishing.deliver("shop") == {"acknowledged": 2}
    assert shop(world) != before
    assert publishing.plan_publish()["count"] == 0


def test_a_second_try_approves_nothing_more(world: CompanyWorld) -> None:
    from hub.airflow import publishing

    publishing.stage()
    planned = publishing.plan_publish()
    publishing.approve_publish(planned["digest"], PERSON)
    publishing.approve_publish(planned["digest"], PERSON)
    publishing.deliver("shop")
    assert publishing.approve_publish(planned["digest"], PERSON) == {"held": 0}
    assert publishing.deliver("shop") == {}


def test_what_comes_after_the_question_is_asked_anew(world: CompanyWorld) -> None:
    from hub.airflow import publishing

    before = shop(world)
    publishing.stage()
    digest = publishing.plan_publish()["digest"]
    later = account(3, "Third Yard SE", SystemModstamp=LATER)
    world.enter(later, deals=(deal(3),))
    create(world)
    answer = publishing.approve_publish(digest, PERSON)
    assert answer["held"] >= 2
    assert publishing.deliver("shop")["held"] >= 2
    assert [shop(world)[key] for key in before] == list(before.values())
