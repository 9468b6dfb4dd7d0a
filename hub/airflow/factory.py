"""Makes the DAGs from hub.toml: a sync per connection, resolve, publish, reconcile.

Parsing a DAG file reads hub.toml and nothing else: no store, no network, no connector is imported.
Each task opens the workplace itself and returns counts only, since what it returns is stored in
Airflow's own database.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final

from airflow.sdk import DAG, Asset, AssetAny, task

from hub.airflow.retry import retry_policy
from hub.config import ConnectionSection, HubConfig, find_config, load_config

START: Final = datetime(2026, 1, 1)  # noqa: DTZ001  # Airflow reads it in its own time zone
GOLDEN: Final = Asset("hub://golden")

_SYNC_DOC: Final = """\
Reads connection **{name}** ({connector}) into the hub: every stream is extracted, landed and
translated; each page is committed with its cursor, so this DAG may be retried, cleared or killed
at any time.

**When it is red:** open the log of the failed task; its last line says what to do.
*AuthenticationError*: mend the credentials, then clear the task.
*SourceUnavailableError*, *RateLimitedError*: nothing to do, it is retried.
*held*: a full read would have deleted too many records; look at the system first.
"""
_RESOLVE_DOC: Final = """\
Finds which records are the same customer and computes golden records. Runs when a sync has
landed something. **When it is red:** if it says that too many existing customers would be merged,
look at `hub resolve --plan`, then run `hub resolve --allow-merges`.
"""
_PUBLISH_DOC: Final = """\
Writes golden values to the systems that subscribe to them, intent first. **When it is red:**
`hub status` shows deliveries in conflict or with unknown outcome; both wait for a person.
"""
_RECONCILE_DOC: Final = """\
Compares front and back office and writes the reports into the folder `reports` beside hub.toml.
**When it is red:** the store could not be read; clear the task when it is back.
"""


def landed(name: str) -> Asset:
    """The asset that a connection's sync emits."""
    return Asset(f"hub://landed/{name}")


def read_config() -> HubConfig:
    """The configuration by HUB_CONFIG, or hub.toml in the working folder."""
    return load_config(find_config())


def sync_dags() -> dict[str, DAG]:
    """A DAG per connection, by its id."""
    connections = read_config().connections.items()
    return {dag.dag_id: dag for dag in (_sync_dag(name, it) for name, it in connections)}


def _dag(dag_id: str, doc: str, *, schedule: Any, tags: list[str]) -> DAG:
    return DAG(
        dag_id,
        schedule=schedule,
        tags=tags,
        start_date=START,
        catchup=False,
        max_active_runs=1,
        doc_md=doc,
        default_args={
            "owner": "hub",
            "retries": 3,
            "retry_policy": retry_policy(),
            "retry_exponential_backoff": True,
            "max_retry_delay": timedelta(minutes=30),
        },
    )


def _sync_dag(name: str, section: ConnectionSection) -> DAG:
    doc = _SYNC_DOC.format(name=name, connector=section.connector)
    tags = ["hub", "sync", section.connector]
    with _dag(f"hub_sync__{name}", doc, schedule=section.schedule, tags=tags) as dag:

        @task
        def list_streams() -> list[str]:
            from hub.airflow import tasks

            return tasks.list_streams(name)

        @task(map_index_template="{{ task.op_kwargs['stream'] }}")
        def sync_stream(stream: str) -> dict[str, Any]:
            from hub.airflow import tasks

            return tasks.sync_stream(name, stream)

        @task(outlets=[landed(name)])
        def note_landed(counts: list[dict[str, Any]], *, outlet_events: Any) -> dict[str, int]:
            from hub.airflow import tasks

            totals = tasks.add_up(counts)
            outlet_events[landed(name)].extra = totals
            return totals

        note_landed(sync_stream.expand(stream=list_streams()))
    return dag


def resolve_dag() -> DAG:
    """Resolve on the assets that the syncs emit."""
    assets = AssetAny(*(landed(name) for name in read_config().connections))
    with _dag("hub_resolve", _RESOLVE_DOC, schedule=assets, tags=["hub", "resolve"]) as dag:

        @task(outlets=[GOLDEN])
        def resolve(*, outlet_events: Any) -> dict[str, Any]:
            from hub.airflow import tasks

            counts = tasks.resolve()
            outlet_events[GOLDEN].extra = counts
            return counts

        resolve()
    return dag


def publish_dag() -> DAG:
    """Publish on the asset of golden changes; a mapped task per connection that subscribes."""
    config = read_config()
    names = sorted({rule.connection for rule in config.publish.rules})
    with _dag("hub_publish", _PUBLISH_DOC, schedule=[GOLDEN], tags=["hub", "publish"]) as dag:

        @task
        def stage() -> dict[str, int]:
            from hub.airflow import tasks

            return tasks.stage()

        @task(map_index_template="{{ task.op_kwargs['connection'] }}")
        def deliver(connection: str) -> dict[str, int]:
            from hub.airflow import tasks

            return tasks.deliver(connection)

        stage() >> deliver.expand(connection=names)
    return dag


def reconcile_dag() -> DAG:
    """The reports, once a day."""
    tags = ["hub", "reconcile"]
    with _dag("hub_reconcile", _RECONCILE_DOC, schedule="@daily", tags=tags) as dag:

        @task
        def reconcile() -> dict[str, int]:
            from hub.airflow import tasks

            return tasks.reconcile()

        reconcile()
    return dag
