"""What all DAGs have in common: defaults, pools, assets, deadlines and switches."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from airflow.sdk import DAG, Asset, DeadlineAlert, DeadlineReference, Param, SyncCallback, task

from hub.airflow.alerts import failed
from hub.airflow.retry import ErrorTreePolicy
from hub.config import HubConfig, find_config, load_config
from hub.errors import ConfigError

START: Final = datetime(2026, 1, 1, tzinfo=UTC)
LATE: Final = "hub.airflow.alerts.late"
"""By its path, as Airflow stores it: whoever runs it imports it then."""
USUAL: Final = DeadlineReference.AVERAGE_RUNTIME(max_runs=10, min_runs=1)
"""How long a run takes, by the last ten. Not DAGRUN_QUEUED_AT: in Airflow 3.3.2 a run with such a
deadline can't be cleared (https://github.com/apache/airflow/issues/70368)."""

GOLDEN: Final = Asset("hub://golden/")
HELD: Final = Asset("hub://held/")
"""Deliveries that the brakes of publishing hold back until a person approves them."""
MERGES: Final = Asset("hub://held/merges")
"""Merges of existing customers that wait for a person."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What one DAG is; a run that takes so much longer than usual is reported as late."""

    doc: str
    schedule: Any
    tags: list[str]
    longer: timedelta
    params: Mapping[str, Param] = field(default_factory=dict)


def landed(name: str) -> Asset:
    """The asset that a connection's sync emits."""
    return Asset(f"hub://landed/{name}")


def make_dag(dag_id: str, plan: Plan) -> DAG:
    """A DAG with what all of them have; no moment of parsing goes into it, so its version stays."""
    return DAG(
        dag_id,
        schedule=plan.schedule,
        tags=["hub", *plan.tags],
        params=dict(plan.params),
        start_date=START,
        catchup=False,
        max_active_runs=1,
        doc_md=plan.doc,
        deadline=DeadlineAlert(
            reference=USUAL,
            interval=plan.longer,
            callback=SyncCallback(LATE, kwargs={"dag_id": dag_id}),
        ),
        default_args={
            "owner": "hub",
            "retries": 3,
            "retry_policy": ErrorTreePolicy(),
            "retry_delay": timedelta(minutes=1),
            "retry_exponential_backoff": 2.0,
            "max_retry_delay": timedelta(minutes=30),
            "on_failure_callback": failed,
        },
    )


def make_task(**options: Any) -> Callable[[Callable[..., Any]], Any]:
    """Airflow's decorator with a type, which it lacks where Airflow is not installed.

    Counts are kept as one value: by default Airflow would store each of them once more.
    """
    decorator: Callable[[Callable[..., Any]], Any] = task(multiple_outputs=False, **options)
    return decorator


def switch(title: str, description: str) -> Param:
    """A switch in the form under Trigger; off by itself."""
    return Param(False, type="boolean", title=title, description=description)


def switches(params: Mapping[str, Any], *names: str) -> dict[str, bool]:
    """How some switches stand in a run."""
    return {name: bool(params[name]) for name in names}


def pool_of(config: HubConfig, name: str) -> str:
    """The pool of the tasks that talk to a connection's system."""
    return config.connections[name].pool or f"hub_{name}"


def read_config() -> HubConfig:
    """By HUB_CONFIG, or hub.toml in the working folder; what is wrong goes without its cause.

    Airflow shows an import error with its causes, and a validator's text quotes values.
    """
    try:
        return load_config(find_config())
    except ConfigError as error:
        raise error from None
