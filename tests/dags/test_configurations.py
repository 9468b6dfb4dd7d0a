"""What an administrator sees when hub.toml is small, wrong or missing."""

from __future__ import annotations

from pathlib import Path

import pytest

from hub.bundled import bundled
from tests.dags.site import read_dags

pytest.importorskip("airflow", reason="runs in .venv-airflow")
pytestmark = pytest.mark.airflow


def test_no_connection_gives_no_sync_and_an_unscheduled_resolve(config: Path) -> None:
    config.write_text("", encoding="utf-8")
    bag = read_dags()
    assert bag.import_errors == {}
    approvals = {"hub_approve", "hub_approve_merges"}
    assert (
        set(bag.dags) == {"hub_resolve", "hub_publish", "hub_reconcile", "hub_maintain"} | approvals
    )
    assert "Null" in type(bag.dags["hub_resolve"].timetable).__name__


def test_no_rules_leave_staging_alone(config: Path) -> None:
    config.write_text('[connections.sfa]\nconnector = "salesforce"\n', encoding="utf-8")
    bag = read_dags()
    assert bag.import_errors == {}
    assert set(bag.dags["hub_publish"].task_dict) == {"stage"}


@pytest.mark.parametrize(
    ("text", "flaw"),
    [
        ("[hub\n", "is not TOML"),
        ('[connections.sfa]\nconector = "x"\n', "connections.sfa.conector: unknown key"),
        ('[connections.sfa]\nconnector = "x"\nschedule = "often"\n', "connections.sfa.schedule"),
        ('[hub]\ncompany = 5\nstore = ["hunter2"]\n', "hub.store"),
    ],
)
def test_a_broken_config_is_one_clear_line(config: Path, text: str, flaw: str) -> None:
    config.write_text(text, encoding="utf-8")
    bag = read_dags()
    whole = {"hub_reconcile.py"}
    assert set(bag.import_errors) == {path.name for path in bundled("dags").glob("*.py")} - whole
    for message in bag.import_errors.values():
        assert flaw in message
        assert "\n" not in message.strip()
        assert "hunter2" not in message


def test_a_missing_config_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("HUB_CONFIG", raising=False)
    monkeypatch.chdir(tmp_path)
    bag = read_dags()
    assert set(bag.dags) == {"hub_reconcile"}
    assert all("there is no hub.toml here" in text for text in bag.import_errors.values())


def test_a_flaw_is_raised_without_the_text_that_quotes_it(config: Path) -> None:
    from hub.airflow.factory import sync_dags
    from hub.errors import ConfigError

    config.write_text('[connections.sfa]\nconnector = ["hunter2"]\n', encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        sync_dags()
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__
