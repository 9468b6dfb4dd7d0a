"""Makes the DAGs from hub.toml: a sync per connection, resolve, publish, approve, reconcile.

Parsing a DAG file reads hub.toml and nothing else: no store, no network, no connector is imported.
Each task opens the workplace itself and returns counts only, since what it returns is stored in
Airflow's own database.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from airflow.sdk import DAG, Asset, AssetAny, Param, task
from airflow.sdk.exceptions import AirflowSkipException

from hub.airflow.documentation import APPROVE, KEYS, PUBLISH, RECONCILE, RESOLVE, SYNC
from hub.airflow.retry import ErrorTreePolicy
from hub.config import ConnectionSection, HubConfig, find_config, load_config
from hub.errors import ConfigError

START: Final = datetime(2026, 1, 1, tzinfo=UTC)
STREAMS_AT_ONCE: Final = 2
"""How many streams of one connection are read side by side: a guest does not crowd the house."""

GOLDEN: Final = Asset("hub://golden/")
HELD: Final = Asset("hub://held/")
"""Deliveries that the brakes of publishing hold back until a person approves them."""


def landed(name: str) -> Asset:
    """The asset that a connection's sync emits."""
    return Asset(f"hub://landed/{name}")


def sync_dags() -> dict[str, DAG]:
    """A DAG per connection, by its id."""
    connections = _read_config().connections.items()
    return {dag.dag_id: dag for dag in (_sync_dag(name, it) for name, it in connections)}


def keys_dags() -> dict[str, DAG]:
    """A DAG per connection that has a ``key_scan`` schedule, by its id."""
    connections = _read_config().connections.items()
    dags = [_keys_dag(name, it) for name, it in connections if it.key_scan]
    return {dag.dag_id: dag for dag in dags}


def resolve_dag() -> DAG:
    """Resolve on the assets that the syncs emit."""
    assets = [landed(name) for name in _read_config().connections]
    schedule = AssetAny(*assets) if assets else None
    params = {"allow_merges": _switch("Allow merges", "Go beyond resolve.max_merges this once.")}
    with _dag("hub_resolve", RESOLVE, schedule=schedule, tags=["resolve"], params=params) as dag:

        @_task(outlets=[GOLDEN])
        def resolve(*, params: Mapping[str, Any], outlet_events: Any) -> dict[str, int]:
            from hub.airflow import tasks

            counts = tasks.resolve(allow_merges=bool(params["allow_merges"]))
            outlet_events[GOLDEN].extra = counts
            return counts

        resolve()
    return dag


def publish_dag() -> DAG:
    """Publish on the asset of golden changes; a mapped task per connection that subscribes."""
    names = _read_config().publish.targets
    with _dag("hub_publish", PUBLISH, schedule=[GOLDEN], tags=["publish"]) as dag:

        @_task()
        def stage() -> dict[str, int]:
            from hub.airflow import publishing

            return publishing.stage()

        @_task(map_index_template="{{ task.op_kwargs['connection'] }}")
        def deliver(connection: str) -> dict[str, int]:
            from hub.airflow import publishing

            return publishing.deliver(connection)

        @_task(outlets=[HELD])
        def ask(counts: Sequence[Mapping[str, int]], *, outlet_events: Any) -> dict[str, int]:
            from hub.airflow import tasks

            totals = tasks.add_up(counts[:])
            if not totals.get("held"):
                raise AirflowSkipException("nothing needs approval")
            outlet_events[HELD].extra = totals
            return totals

        staged = stage()
        if names:
            sent = deliver.expand(connection=names)
            staged >> sent
            ask(sent)
    return dag


def approve_dag() -> DAG:
    """Ask a person when the brakes of publishing hold deliveries back, then send what was shown."""
    from airflow.providers.standard.operators.hitl import ApprovalOperator

    names = _read_config().publish.targets
    with _dag("hub_approve", APPROVE, schedule=[HELD], tags=["publish"]) as dag:

        @_task()
        def plan() -> dict[str, Any]:
            from hub.airflow import publishing

            return publishing.plan_publish()

        @_task()
        def approve(planned: Mapping[str, Any], answer: Mapping[str, Any]) -> dict[str, int]:
            from hub.airflow import publishing

            return publishing.approve_publish(planned["digest"], answer)

        @_task(map_index_template="{{ task.op_kwargs['connection'] }}")
        def deliver(connection: str) -> dict[str, int]:
            from hub.airflow import publishing

            return publishing.deliver(connection)

        planned = plan()
        ask = ApprovalOperator(
            task_id="ask",
            subject="Publish {{ ti.xcom_pull(task_ids='plan')['writes'] }} changes?",
            body="{{ ti.xcom_pull(task_ids='plan')['text'] }}",
        )
        planned >> ask
        approved = approve(planned, ask.output)
        if names:
            approved >> deliver.expand(connection=names)
    return dag


def reconcile_dag() -> DAG:
    """The reports, once a day."""
    with _dag("hub_reconcile", RECONCILE, schedule="@daily", tags=["reconcile"]) as dag:

        @_task()
        def reconcile() -> dict[str, int]:
            from hub.airflow import tasks

            return tasks.reconcile()

        reconcile()
    return dag


def _sync_dag(name: str, section: ConnectionSection) -> DAG:
    doc = SYNC.format(name=name, connector=section.connector)
    tags = ["sync", section.connector]
    params = {
        "full": _switch("Full read", "Read from the start and compare key sets."),
        "allow_deletes": _allow_deletes(),
    }
    with _dag(f"hub_sync__{name}", doc, schedule=section.schedule, tags=tags, params=params) as dag:

        @_task()
        def list_streams() -> list[str]:
            from hub.airflow import tasks

            return tasks.list_streams(name)

        @_each_stream()
        def sync_stream(stream: str, *, params: Mapping[str, Any]) -> dict[str, int]:
            from hub.airflow import tasks

            return tasks.sync_stream(name, stream, **_switches(params, "full", "allow_deletes"))

        _announce(name, sync_stream.expand(stream=list_streams()))
    return dag


def _keys_dag(name: str, section: ConnectionSection) -> DAG:
    doc = KEYS.format(name=name, connector=section.connector)
    tags, params = ["keys", section.connector], {"allow_deletes": _allow_deletes()}
    with _dag(f"hub_keys__{name}", doc, schedule=section.key_scan, tags=tags, params=params) as dag:

        @_task()
        def list_streams() -> list[str]:
            from hub.airflow import tasks

            return tasks.list_key_scans(name)

        @_each_stream()
        def scan_keys(stream: str, *, params: Mapping[str, Any]) -> dict[str, int]:
            from hub.airflow import tasks

            return tasks.sync_stream(name, stream, keys=True, **_switches(params, "allow_deletes"))

        _announce(name, scan_keys.expand(stream=list_streams()))
    return dag


def _each_stream() -> Callable[[Callable[..., Any]], Any]:
    return _task(
        map_index_template="{{ task.op_kwargs['stream'] }}",
        max_active_tis_per_dagrun=STREAMS_AT_ONCE,
    )


def _announce(name: str, done: Any) -> None:
    """Emit the asset once the streams are done.

    A teardown runs whatever became of the streams and has no say in the run's state: one broken
    stream leaves the run red, and the others go on to be resolved.
    """

    @_task(outlets=[landed(name)])
    def announce(counts: Sequence[Mapping[str, int]], *, outlet_events: Any) -> dict[str, int]:
        from hub.airflow import tasks

        totals = tasks.add_up(counts[:])
        if not totals:
            raise AirflowSkipException("no stream could be read")
        outlet_events[landed(name)].extra = totals
        return totals

    announce(done).as_teardown()


def _dag(
    dag_id: str,
    doc: str,
    *,
    schedule: Any,
    tags: list[str],
    params: Mapping[str, Param] | None = None,
) -> DAG:
    return DAG(
        dag_id,
        schedule=schedule,
        tags=["hub", *tags],
        params=dict(params or {}),
        start_date=START,
        catchup=False,
        max_active_runs=1,
        doc_md=doc,
        default_args={
            "owner": "hub",
            "retries": 3,
            "retry_policy": ErrorTreePolicy(),
            "retry_delay": timedelta(minutes=1),
            "retry_exponential_backoff": 2.0,
            "max_retry_delay": timedelta(minutes=30),
        },
    )


def _allow_deletes() -> Param:
    return _switch("Allow deletes", "Go beyond max_delete_share this once.")


def _switches(params: Mapping[str, Any], *names: str) -> dict[str, bool]:
    return {name: bool(params[name]) for name in names}


def _switch(title: str, description: str) -> Param:
    return Param(False, type="boolean", title=title, description=description)


def _task(**options: Any) -> Callable[[Callable[..., Any]], Any]:
    """Airflow's decorator with a type, which it lacks where Airflow is not installed.

    Counts are kept as one value: by default Airflow would store each of them once more.
    """
    decorator: Callable[[Callable[..., Any]], Any] = task(multiple_outputs=False, **options)
    return decorator


def _read_config() -> HubConfig:
    """By HUB_CONFIG, or hub.toml in the working folder; what is wrong goes without its cause.

    Airflow shows an import error with its causes, and a validator's text quotes values.
    """
    try:
        return load_config(find_config())
    except ConfigError as error:
        raise error from None
