"""match train, model, adopt: on a small site, from the command line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from hub.cli.main import app
from hub.errors import ConfigError
from hub.store.database import open_store
from hub.store.schema import migrate
from tests.unit.match.crowd import crowd
from tests.unit.pipeline.party_world import World


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A store of some hundred customers."""
    (tmp_path / "hub.toml").write_text('[hub]\nstore = "sqlite:///hub.db"\n')
    monkeypatch.chdir(tmp_path)
    engine = open_store(f"sqlite:///{tmp_path / 'hub.db'}")
    migrate(engine)
    world = World(engine)
    bodies = {f"crm:Contact:{n}": dict(body) for n, body in enumerate(crowd(150, seed=1))}
    world.put_all(bodies)
    world.resolve()
    engine.dispose()
    return tmp_path


def run_json(capsys: pytest.CaptureFixture[str], *words: str) -> Any:
    capsys.readouterr()
    app([*words, "--json"], standalone_mode=False)
    return json.loads(capsys.readouterr().out)


@pytest.mark.usefixtures("site")
def test_a_model_is_trained_shown_adopted_and_taken_back(
    capsys: pytest.CaptureFixture[str],
) -> None:
    found = run_json(capsys, "match", "train")
    assert found["contents"] > 100
    assert run_json(capsys, "match", "model")["version"] == "shipped"
    assert not run_json(capsys, "resolve", "--plan")["counts"]["settled"]
    done = run_json(capsys, "match", "adopt", found["version"], "--reason", "first")
    assert done["resolved_anew"] >= found["contents"]
    listed = run_json(capsys, "match", "model", "--list")
    assert [item["in_force"] for item in listed] == [False, True]
    plan = run_json(capsys, "resolve", "--plan")
    assert plan["counts"]["settled"] == done["resolved_anew"]
    actions = [item["action"] for item in run_json(capsys, "audit", "list")]
    assert "match_model" in actions
    run_json(capsys, "match", "adopt", "shipped", "--reason", "not better")
    assert run_json(capsys, "match", "model")["version"] == "shipped"


@pytest.mark.usefixtures("site")
def test_training_twice_gives_one_model(capsys: pytest.CaptureFixture[str]) -> None:
    first, second = (run_json(capsys, "match", "train")["version"] for _ in range(2))
    assert first == second
    shown = run_json(capsys, "match", "model", first)
    assert set(shown["kinds"]) == {"person", "organisation"}
    held = shown["kinds"]["person"]["frequencies"]
    assert held["family"]


@pytest.mark.usefixtures("site")
def test_an_unknown_model_is_refused() -> None:
    for words in (["model", "nonsense"], ["adopt", "nonsense", "--reason", "x"]):
        with pytest.raises(ConfigError, match="there is no model"):
            app(["match", *words], standalone_mode=False)
