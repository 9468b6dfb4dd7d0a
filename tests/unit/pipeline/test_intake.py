"""Intake: a hundred forgeries are refused and leave nothing, a repetition is stored once."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from hub.errors import ConfigError, StoreError
from hub.pipeline.intake import Door, Intake, Taken, open_intake
from hub.store import pushes, streams
from hub.store.database import Engine, open_store, reading, writing
from hub.store.schema import migrate
from tests.unit.pipeline.pushing import World
from tests.unit.sdk.attacks import attacks_on
from tests.unit.sdk.signers import BODY, OLD_SECRET, SECRET, SIGNERS

on_sqlite = pytest.mark.parametrize("store_url", ["sqlite"], indirect=True)


def intake_for(store: Engine, name: str) -> Intake:
    with writing(store) as db:
        connection_id = streams.ensure_connection(db, "toy", connector="toy")
    return Intake(store, {"toy": Door(connection_id, SIGNERS[name].verifier(SECRET, OLD_SECRET))})


def stored(store: Engine) -> int:
    with reading(store) as db:
        return len(pushes.list_deliveries(db))


@pytest.mark.parametrize("name", SIGNERS)
def test_a_delivery_is_stored_once_however_often_it_comes(store: Engine, name: str) -> None:
    intake, request = intake_for(store, name), SIGNERS[name].request()
    taken = [intake.take("toy", request) for _ in range(21)]
    assert taken == [Taken.STORED, *[Taken.KNOWN] * 20]
    assert stored(store) == 1


@on_sqlite
@pytest.mark.parametrize("name", SIGNERS)
def test_forgeries_are_refused_and_leave_nothing(store: Engine, name: str) -> None:
    signer, intake = SIGNERS[name], intake_for(store, name)
    attacks = attacks_on(signer)
    taken = {key: intake.take("toy", attack(signer)) for key, attack in attacks.items()}
    assert len(taken) >= 20
    assert {key for key, result in taken.items() if result is not Taken.REFUSED} == set()
    assert stored(store) == 0


@on_sqlite
@pytest.mark.parametrize("name", SIGNERS)
def test_nobody_else_takes_a_good_delivery(store: Engine, name: str) -> None:
    assert intake_for(store, name).take("other", SIGNERS[name].request()) is Taken.UNKNOWN
    assert stored(store) == 0


@pytest.mark.parametrize("name", SIGNERS)
def test_what_can_not_be_stored_is_not_taken(tmp_path: Path, name: str) -> None:
    engine = open_store(f"sqlite:///{tmp_path / 'hub.db'}", patience=0.1)
    migrate(engine)
    intake = intake_for(engine, name)
    with engine.begin(), pytest.raises(StoreError):
        intake.take("toy", SIGNERS[name].request())
    assert intake.take("toy", SIGNERS[name].request()) is Taken.STORED
    engine.dispose()


def test_the_body_is_kept_raw_and_only_the_wanted_headers(store: Engine) -> None:
    request = SIGNERS["github"].request()
    headers = {**request.headers, "x-github-event": "push", "authorization": "secret"}
    intake_for(store, "github").take("toy", replace(request, headers=headers))
    with reading(store) as db:
        (kept,) = pushes.list_pending(db, "toy", after=None, limit=9)
    assert (kept.body, kept.headers) == (BODY, {"x-github-event": "push"})


def test_a_connection_has_a_door_once_it_has_a_secret(store: Engine, tmp_path: Path) -> None:
    world = World(store, tmp_path)
    with pytest.raises(ConfigError, match="no connection takes deliveries"):
        open_intake(world.work)
    world.connector.scheme = SIGNERS["standard"].verifier()
    config = world.work.config.model_copy(
        update={"hub": world.work.config.hub.model_copy(update={"store": _url(store)})}
    )
    site = replace(world.work.site, config=config)
    intake = open_intake(replace(world.work, site=site))
    assert intake.take("toy", SIGNERS["standard"].request()) is Taken.STORED
    assert stored(store) == 1


def _url(store: Engine) -> str:
    return store.url.render_as_string(hide_password=False)
