"""The tasks may run twice, return counts alone, and show nothing of what they work on."""

from __future__ import annotations

import traceback
from pathlib import Path

import orjson
import pytest

from hub.config import load_config
from hub.errors import ConfigError, HubError, SourceUnavailableError
from hub.store.database import open_store
from hub.store.digest import digest
from tests.dags.site import CONNECTIONS, lay_out

pytest.importorskip("airflow", reason="runs in .venv-airflow")
pytestmark = pytest.mark.airflow


@pytest.fixture
def company(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A small company on stand-ins; returns its hub.toml."""
    path = lay_out(tmp_path / "company")
    monkeypatch.setenv("HUB_CONFIG", str(path))
    return path


def run_all() -> list[dict[str, int]]:
    """Every task of every DAG once, as the mapped tasks would."""
    from hub.airflow import publishing, tasks
    from hub.airflow.counting import add_up

    synced = [
        tasks.sync_stream(name, stream)
        for name in CONNECTIONS
        for stream in tasks.list_streams(name)
    ]
    scanned = [tasks.sync_stream("erp", name, keys=True) for name in tasks.list_key_scans("erp")]
    resolved = tasks.resolve()
    delivered = [publishing.stage(), *map(publishing.deliver, CONNECTIONS)]
    return [*synced, *scanned, add_up(synced), resolved, *delivered, tasks.reconcile()]


def digest_of(path: Path) -> str:
    engine = open_store(load_config(path).store_url)
    found = digest(engine)
    engine.dispose()
    return found


def leak(kind: type[HubError] | None = None) -> None:
    """Fail as a driver does, whose text quotes a value, with an error of ours above it or not."""
    try:
        int("anna@example.com")
    except ValueError as error:
        if kind is None:
            raise
        raise kind("broke off") from error


@pytest.mark.slow
def test_running_every_task_twice_changes_nothing(company: Path) -> None:
    run_all()
    once = digest_of(company)
    run_all()
    assert digest_of(company) == once


@pytest.mark.slow
def test_tasks_return_small_counts(company: Path) -> None:
    for counts in run_all():
        assert all(isinstance(value, int) for value in counts.values())
        assert len(orjson.dumps(counts)) < 1000
    assert (company.parent / "reports").is_dir()


HELD = """
[[publish.rules]]
attribute = "phone"
connection = "erp"
stream = "party.party"
[publish.brakes.erp]
min_changed = 0
max_changed_share = 0
"""


@pytest.mark.slow
def test_what_is_held_is_sent_once_a_person_approved_it(company: Path) -> None:
    from hub.airflow import publishing

    company.write_text(company.read_text(encoding="utf-8") + HELD, encoding="utf-8")
    run_all()
    count = publishing.deliver("erp")["held"]
    planned = publishing.plan_publish()
    assert planned["count"] == count > 0
    assert publishing.approve_publish(planned["digest"], {}) == {"erp": count}
    assert publishing.deliver("erp") == {"acknowledged": count}
    assert len(orjson.dumps(planned)) < 1000


def test_counts_by_rule_are_summed_up() -> None:
    from hub.airflow.counting import add_up, level

    counts = level({"read": 5, "excluded": {"internal": 2, "spam": 1}, "note": "text"})
    assert counts == {"read": 5, "excluded": 3}
    assert add_up([counts, {"read": 1}]) == {"read": 6, "excluded": 3}


def test_own_errors_lose_the_causes_that_quote_values() -> None:
    from hub.airflow.tasks import discreet

    with pytest.raises(SourceUnavailableError) as caught, discreet():
        leak(SourceUnavailableError)
    shown = "".join(traceback.format_exception(caught.value))
    assert "broke off" in shown
    assert "anna" not in shown


def test_other_errors_become_class_and_place() -> None:
    from hub.airflow.tasks import discreet

    place = r"unexpected ValueError at test_tasks\.py:\d+;"
    with pytest.raises(HubError, match=place) as caught, discreet():
        leak()
    assert "anna" not in "".join(traceback.format_exception(caught.value))


def test_debugging_shows_an_error_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    from hub.airflow.tasks import discreet

    monkeypatch.setenv("HUB_DEBUG", "1")
    with pytest.raises(ValueError, match="anna"), discreet():
        leak()


def test_an_unknown_connection_is_a_config_error(company: Path) -> None:
    from hub.airflow import tasks

    with pytest.raises(ConfigError, match="there is no connection 'cellar'"):
        tasks.list_streams("cellar")
