"""Records made and deleted at a target under the real scheduler: each lot waits for a person.

A part of ``make faults``; that nothing goes unasked is shown without Airflow by test_braking.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.dags.server import Server, airflow_at
from tests.dags.test_braking import NAMES, RULES, create, delete, enter, shop
from tests.unit.pipeline.company_world import CompanyWorld, company_world

pytest.importorskip("airflow", reason="runs in .venv-airflow")
FULL = os.environ.get("HUB_FAULTS") == "full"
pytestmark = [
    pytest.mark.airflow,
    pytest.mark.slow,
    pytest.mark.timeout(600),
    pytest.mark.skipif(not FULL, reason="a part of make faults"),
]

BRAKES = "[publish.brakes.shop]\nmax_creates = 0\nmax_deletes = 0\n"


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[CompanyWorld]:
    """A shop in which two customers are to be made, where none may be made or deleted unasked."""
    monkeypatch.setenv("HUB_ERASURE_KEY", "a key of more than sixteen characters")
    url = f"sqlite:///{tmp_path / 'hub.db'}"
    with company_world(url, tmp_path, RULES + BRAKES, ("sfa", "shop")) as made:
        text = made.file.read_text("utf-8")
        by_hand = text.replace('connector = "', 'schedule = "none"\nconnector = "')
        made.file.write_text(by_hand, "utf-8")
        enter(made, *NAMES)
        create(made)
        yield made


def publish(server: Server) -> None:
    """Publish, to the end of what goes unasked."""
    run_id = server.trigger("hub_publish")
    assert server.finish("hub_publish", run_id) == "success"


def test_each_lot_goes_once_a_person_has_approved_it(world: CompanyWorld) -> None:
    with airflow_at(world.file.parent) as server:
        server.await_dags({"hub_publish", "hub_approve"})
        publish(server)
        assert shop(world) == {}
        assert server.approve("hub_approve") == "success"
        assert {row["ref"] for row in shop(world).values()} == set(NAMES)
        world.sync()
        world.resolve()
        delete(world)
        publish(server)
        assert len(shop(world)) == len(NAMES)
        assert server.approve("hub_approve") == "success"
        assert shop(world) == {}
