"""The DAG files parse, quickly and alone, into DAGs that an administrator can work with."""

from __future__ import annotations

import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

import hub.airflow
from hub.bundled import bundled
from tests.dags.site import read_dags

pytest.importorskip("airflow", reason="runs in .venv-airflow")
pytestmark = pytest.mark.airflow

BUILDING = [
    Path(hub.airflow.__path__[0], f"{name}.py") for name in ("building", "factory", "approval")
]
IDS = {
    "hub_sync__sfa",
    "hub_sync__erp",
    "hub_keys__erp",
    "hub_resolve",
    "hub_publish",
    "hub_approve",
    "hub_approve_merges",
    "hub_reconcile",
    "hub_maintain",
}


@pytest.fixture
def bag(config: Path) -> Any:
    """The DAGs of the configuration with two connections."""
    return read_dags()


def test_dags_are_there(bag: Any) -> None:
    assert bag.import_errors == {}
    assert set(bag.dags) == IDS


def test_dags_are_for_people(bag: Any) -> None:
    for dag in bag.dags.values():
        assert dag.catchup is False
        assert dag.max_active_runs == 1
        assert "hub" in dag.tags
        assert len(dag.tags) > 1
        assert "When it is red" in dag.doc_md


def test_tasks_have_owner_and_retries(bag: Any) -> None:
    from hub.airflow.retry import ErrorTreePolicy

    tasks = [task for dag in bag.dags.values() for task in dag.tasks]
    assert len(tasks) == 31
    for task in tasks:
        assert task.owner == "hub"
        assert task.retries == 3
        assert isinstance(task.retry_policy, ErrorTreePolicy)
        assert task.retry_exponential_backoff > 1
        assert task.max_retry_delay == timedelta(minutes=30)


def test_a_forgotten_answer_is_soon_asked_for_again(bag: Any) -> None:
    for dag_id in ("hub_approve", "hub_approve_merges"):
        ask = bag.dags[dag_id].task_dict["ask"]
        assert ask.retry_delay <= timedelta(seconds=10)
    assert bag.dags["hub_approve"].task_dict["approve"].retry_delay == timedelta(minutes=1)


def test_schedules_follow_config_and_assets(bag: Any) -> None:
    dags = bag.dags
    assert dags["hub_sync__sfa"].timetable.expression == "0 * * * *"
    assert dags["hub_keys__erp"].timetable.expression == "0 0 * * *"
    assert "Null" in type(dags["hub_sync__erp"].timetable).__name__
    landed = {asset.uri for asset in _assets_of(dags["hub_resolve"])}
    assert landed == {"hub://landed/sfa", "hub://landed/erp"}
    assert {asset.uri for asset in _assets_of(dags["hub_publish"])} == {"hub://golden/"}
    assert {asset.uri for asset in _assets_of(dags["hub_approve"])} == {"hub://held/"}
    assert dags["hub_publish"].task_dict["ask"].outlets[0].uri == "hub://held/"
    assert dags["hub_sync__sfa"].task_dict["announce"].outlets[0].uri == "hub://landed/sfa"


def _assets_of(dag: Any) -> Any:
    return dag.timetable.asset_condition.objects


def test_one_failed_stream_keeps_the_run_red(bag: Any) -> None:
    announce = bag.dags["hub_sync__sfa"].task_dict["announce"]
    assert announce.is_teardown
    assert announce.on_failure_fail_dagrun is False


def test_systems_have_pools(bag: Any) -> None:
    assert bag.dags["hub_sync__sfa"].task_dict["sync_stream"].pool == "hub_sfa"
    assert bag.dags["hub_keys__erp"].task_dict["scan_keys"].pool == "hub_erp"
    for dag_id in ("hub_publish", "hub_approve"):
        assert bag.dags[dag_id].task_dict["deliver__erp"].pool == "hub_erp"


def test_runs_have_deadlines_and_failures_are_told(bag: Any) -> None:
    from hub.airflow.alerts import failed

    for dag in bag.dags.values():
        (deadline,) = dag.deadline
        assert deadline.callback.path == "hub.airflow.alerts.late"
        for task in dag.tasks:
            told = task.on_failure_callback or []  # alone, or a list of them in a mapped task
            wanted = [] if task.is_teardown else [failed]  # the streams that it follows tell it
            assert (told if isinstance(told, list | tuple) else [told]) == wanted


@pytest.mark.parametrize("path", [*bundled("dags").glob("*.py"), *BUILDING], ids=lambda p: p.name)
def test_airflow_finds_nothing_that_makes_versions(path: Path) -> None:
    """Airflow's own check at `dag_version_inflation_check_level = error`, as conftest sets it."""
    from airflow.utils.dag_version_inflation_checker import check_dag_file_stability

    found = check_dag_file_stability(str(path))
    assert found.check_level.value == "error"
    assert found.get_error_format_dict(str(path), ".") is None


def test_version_is_stable(bag: Any) -> None:
    from airflow.serialization.serialized_objects import DagSerialization

    again = read_dags()
    for dag_id, dag in bag.dags.items():
        assert DagSerialization.to_dict(dag) == DagSerialization.to_dict(again.dags[dag_id])


ISOLATED = """
import sys
def refuse(event, args):
    if event in {"socket.connect", "socket.bind", "sqlite3.connect"}:
        raise AssertionError(event)
from airflow.dag_processing.dagbag import DagBag
from tests.dags.site import read_dags
sys.modules.pop("hub.demo", None)
sys.addaudithook(refuse)
bag = read_dags()
assert not bag.import_errors, bag.import_errors
assert len(bag.dags) == 9
heavy = ("connectors", "zeep", "hub.plugins", "hub.store", "hub.pipeline", "hub.mapping")
print(sorted(name for name in sys.modules if name.startswith(heavy)))
"""


def test_parsing_needs_no_store_network_or_connector(config: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", ISOLATED], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert done.stdout.splitlines()[-1] == "[]"
