"""Makes the DAGs from hub.toml: a sync per connection, resolve, publish, reconcile, maintain.

Parsing a DAG file reads hub.toml and nothing else: no store, no network, no connector is imported.
Each task opens the workplace itself and returns counts only, since what it returns is stored in
Airflow's own database.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from typing import Any, Final

from airflow.sdk import DAG, AssetAny, Param
from airflow.sdk.exceptions import AirflowSkipException

from hub.airflow.building import (
    GOLDEN,
    HELD,
    MERGES,
    Plan,
    landed,
    make_dag,
    make_task,
    pool_of,
    read_config,
    switch,
    switches,
)
from hub.airflow.counting import add_up, says_nothing
from hub.airflow.documentation import KEYS, MAINTAIN, PUBLISH, RECONCILE, RESOLVE, SYNC
from hub.config import ConnectionSection, HubConfig
from hub.errors import PermanentSourceError

STREAMS_AT_ONCE: Final = 2
"""How many streams of one connection are read side by side: a guest does not crowd the house."""


def sync_dags() -> dict[str, DAG]:
    """A DAG per connection, by its id."""
    config = read_config()
    dags = [_sync_dag(config, name, it) for name, it in config.connections.items()]
    return {dag.dag_id: dag for dag in dags}


def keys_dags() -> dict[str, DAG]:
    """A DAG per connection that has a ``key_scan`` schedule, by its id."""
    config = read_config()
    dags = [_keys_dag(config, name, it) for name, it in config.connections.items() if it.key_scan]
    return {dag.dag_id: dag for dag in dags}


def resolve_dag() -> DAG:
    """Resolve on the assets that the syncs emit; ask a person where too many would merge."""
    assets = [landed(name) for name in read_config().connections]
    plan = Plan(
        doc=RESOLVE,
        schedule=AssetAny(*assets) if assets else None,
        tags=["resolve"],
        longer=timedelta(hours=4),
        params={"allow_merges": switch("Allow merges", "Go beyond resolve.max_merges this once.")},
    )
    with make_dag("hub_resolve", plan) as dag:

        @make_task()
        def resolve(*, params: Mapping[str, Any]) -> dict[str, int]:
            from hub.airflow import tasks

            return tasks.resolve(allow_merges=bool(params["allow_merges"]))

        @make_task(outlets=[GOLDEN])
        def announce(counts: Mapping[str, int], *, outlet_events: Any) -> dict[str, int]:
            if counts.get("held"):
                raise AirflowSkipException("nothing was changed: a person is asked first")
            outlet_events[GOLDEN].extra = dict(counts)
            return dict(counts)

        counts = resolve()
        announce(counts)
        _ask_about(MERGES, "no merge needs approval")(counts)
    return dag


def publish_dag() -> DAG:
    """Publish on the asset of golden changes; a task, in its pool, per connection that writes."""
    config = read_config()
    plan = Plan(doc=PUBLISH, schedule=[GOLDEN], tags=["publish"], longer=timedelta(hours=2))
    with make_dag("hub_publish", plan) as dag:

        @make_task()
        def stage() -> dict[str, int]:
            from hub.airflow import publishing

            return publishing.stage()

        sent = deliveries(config)
        staged = stage()
        if sent:
            staged >> sent
            _ask_about(HELD, "nothing needs approval")(sent)
    return dag


def deliveries(config: HubConfig) -> list[Any]:
    """A task for each connection that is written to, inside the DAG at hand."""

    @make_task()
    def deliver(connection: str) -> dict[str, int]:
        from hub.airflow import publishing

        return publishing.deliver(connection)

    return [
        deliver.override(task_id=f"deliver__{name}", pool=pool_of(config, name))(name)
        for name in config.publish.targets
    ]


def reconcile_dag() -> DAG:
    """The reports, once a day."""
    late = timedelta(hours=4)
    plan = Plan(doc=RECONCILE, schedule="@daily", tags=["reconcile"], longer=late)
    with make_dag("hub_reconcile", plan) as dag:

        @make_task()
        def reconcile() -> dict[str, int]:
            from hub.airflow import tasks

            return tasks.reconcile()

        @make_task()
        def mail() -> dict[str, int]:
            from hub.airflow import tasks

            counts = tasks.mail_reports()
            if not counts["receivers"]:
                raise AirflowSkipException("hub.toml names nobody in [mail]")
            return counts

        reconcile() >> mail()
    return dag


def maintain_dag() -> DAG:
    """Once a day: back up, forget what is kept no longer, tidy; train only where it is asked."""
    plan = Plan(
        doc=MAINTAIN,
        schedule=read_config().maintain.schedule,
        tags=["maintain"],
        longer=timedelta(hours=6),
        params={
            "vacuum": switch("Vacuum", "Rewrite the whole store, to give space back."),
            "train": switch("Train", "Train the matching model anew on all records."),
            "adopt": switch("Adopt", "Compare with the trained model from now on."),
        },
    )
    with make_dag("hub_maintain", plan) as dag:
        _maintenance()
    return dag


def _maintenance() -> None:
    @make_task()
    def back_up(*, dag_run: Any) -> dict[str, int]:
        from hub.airflow import upkeep

        return upkeep.back_up(dag_run.run_after)

    @make_task()
    def forget(*, dag_run: Any) -> dict[str, int]:
        from hub.airflow import upkeep

        return upkeep.forget(dag_run.run_after)

    @make_task()
    def tidy(*, params: Mapping[str, Any]) -> dict[str, int]:
        from hub.airflow import upkeep

        return upkeep.tidy(**switches(params, "vacuum"))

    @make_task()
    def train(*, params: Mapping[str, Any], run_id: str) -> dict[str, int]:
        from hub.airflow import upkeep

        if not params["train"]:
            raise AirflowSkipException("it is trained on purpose only: trigger it with Train on")
        return upkeep.train(run_id, **switches(params, "adopt"))

    back_up() >> forget() >> tidy()
    train()


def _sync_dag(config: HubConfig, name: str, section: ConnectionSection) -> DAG:
    plan = Plan(
        doc=SYNC.format(name=name, connector=section.connector),
        schedule=section.schedule,
        tags=["sync", section.connector],
        longer=timedelta(hours=6),
        params={
            "full": switch("Full read", "Read from the start and compare key sets."),
            "allow_deletes": _allow_deletes(),
        },
    )
    with make_dag(f"hub_sync__{name}", plan) as dag:

        @make_task()
        def list_streams() -> list[str]:
            from hub.airflow import tasks

            return tasks.list_streams(name)

        @_each_stream(pool_of(config, name))
        def sync_stream(stream: str, *, params: Mapping[str, Any]) -> dict[str, int]:
            from hub.airflow import tasks

            return tasks.sync_stream(name, stream, **switches(params, "full", "allow_deletes"))

        _announce(name, sync_stream.expand(stream=list_streams()))
    return dag


def _keys_dag(config: HubConfig, name: str, section: ConnectionSection) -> DAG:
    plan = Plan(
        doc=KEYS.format(name=name, connector=section.connector),
        schedule=section.key_scan,
        tags=["keys", section.connector],
        longer=timedelta(hours=6),
        params={"allow_deletes": _allow_deletes()},
    )
    with make_dag(f"hub_keys__{name}", plan) as dag:

        @make_task()
        def list_streams() -> list[str]:
            from hub.airflow import tasks

            return tasks.list_key_scans(name)

        @_each_stream(pool_of(config, name))
        def scan_keys(stream: str, *, params: Mapping[str, Any]) -> dict[str, int]:
            from hub.airflow import tasks

            return tasks.sync_stream(name, stream, keys=True, **switches(params, "allow_deletes"))

        _announce(name, scan_keys.expand(stream=list_streams()))
    return dag


def _each_stream(pool: str) -> Callable[[Callable[..., Any]], Any]:
    return make_task(
        map_index_template="{{ task.op_kwargs['stream'] }}",
        max_active_tis_per_dagrun=STREAMS_AT_ONCE,
        pool=pool,
    )


def _announce(name: str, done: Any) -> None:
    """Emit the asset once the streams are done, if something is to be resolved.

    A teardown runs whatever became of the streams and has no say in the run's state: one broken
    stream leaves the run red, and the others go on to be resolved. Where none could be read it is
    red too, without an alert of its own: whoever has all clear that failed gets it done as well.
    """

    @make_task(outlets=[landed(name)], on_failure_callback=None)
    def announce(counts: Sequence[Mapping[str, int]], *, outlet_events: Any) -> dict[str, int]:
        totals = add_up(counts[:])
        if not totals:
            told = "no stream could be read; mend what they say, then clear what failed"
            raise PermanentSourceError(told, system=name)
        if says_nothing(totals):
            raise AirflowSkipException("nothing is new, and nothing waits")
        outlet_events[landed(name)].extra = totals
        return totals

    announce(done).as_teardown()


def _ask_about(asset: Any, otherwise: str) -> Callable[[Any], Any]:
    """A task that emits an asset where counts say that something is held back for a person."""

    @make_task(outlets=[asset])
    def ask(counts: Any, *, outlet_events: Any) -> dict[str, int]:
        totals = add_up([counts] if isinstance(counts, Mapping) else counts[:])
        if not totals.get("held"):
            raise AirflowSkipException(otherwise)
        outlet_events[asset].extra = totals
        return totals

    return ask  # type: ignore[no-any-return]  # Any where Airflow is not installed


def _allow_deletes() -> Param:
    return switch("Allow deletes", "Go beyond max_delete_share this once.")
