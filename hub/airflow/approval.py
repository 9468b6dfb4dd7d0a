"""The DAGs that ask a person: before many merges, and before many writes, creations or deletions.

They are DAGs of their own: a run that waits for an answer holds back no other run. Where the world
has changed between question and answer, nothing is done and the question is asked anew.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any, Final

from airflow.sdk import DAG
from airflow.sdk.exceptions import AirflowSkipException

from hub.airflow.building import HELD, MERGES, Plan, make_dag, make_task, read_config
from hub.airflow.documentation import APPROVE, APPROVE_MERGES
from hub.airflow.factory import deliveries

A_DAY: Final = timedelta(days=1)
SOON: Final = timedelta(seconds=5)
"""When a question is asked anew: an answer that comes before Airflow 3.3.2's scheduler has heard of
the end of the asking process is taken for a failure, and who gave it should not wait long."""


def approve_dags() -> dict[str, DAG]:
    """``hub_approve`` for what is written, ``hub_approve_merges`` for what is merged."""
    dags = [_writes_dag(), _merges_dag()]
    return {dag.dag_id: dag for dag in dags}


def _writes_dag() -> DAG:
    config = read_config()
    plan = Plan(doc=APPROVE, schedule=[HELD], tags=["publish", "approval"], longer=A_DAY)
    with make_dag("hub_approve", plan) as dag:

        @make_task()
        def plan_writes() -> dict[str, Any]:
            from hub.airflow import publishing

            return _or_skip(publishing.plan_publish(), "writes")

        @make_task()
        def approve(planned: Mapping[str, Any], answer: Mapping[str, Any]) -> dict[str, int]:
            from hub.airflow import publishing

            return publishing.approve_publish(planned["digest"], answer)

        approved = _question(plan_writes(), "Changes to publish: {}", approve)
        _again(HELD)(approved)
        approved >> deliveries(config)
    return dag


def _merges_dag() -> DAG:
    doc, tags = APPROVE_MERGES, ["resolve", "approval"]
    with make_dag(
        "hub_approve_merges", Plan(doc=doc, schedule=[MERGES], tags=tags, longer=A_DAY)
    ) as dag:

        @make_task()
        def plan_merges() -> dict[str, Any]:
            from hub.airflow import merging

            return _or_skip(merging.plan_merges(), "merges")

        @make_task()
        def approve(planned: Mapping[str, Any], answer: Mapping[str, Any]) -> dict[str, int]:
            from hub.airflow import merging

            return merging.approve_merges(planned["digest"], answer)

        approved = _question(plan_merges(), "Customers to merge into others: {}", approve)
        _again(MERGES)(approved)
        _announce_golden(approved)
    return dag


def _question(planned: Any, subject: str, approve: Callable[[Any, Any], Any]) -> Any:
    """Ask what was planned; the answer goes to ``approve``, and on *Reject* nothing does."""
    from airflow.providers.standard.operators.hitl import ApprovalOperator

    name = planned.operator.task_id
    shown = f"{{{{ ti.xcom_pull(task_ids='{name}')['count'] }}}}"
    ask = ApprovalOperator(
        task_id="ask",
        subject=subject.format(shown),
        body=f"{{{{ ti.xcom_pull(task_ids='{name}')['text'] }}}}",
        retry_delay=SOON,
    )
    planned >> ask
    return approve(planned, ask.output)


def _again(asset: Any) -> Any:
    """Emits the asset that this DAG runs on, where the answer came too late for what was shown."""

    @make_task(outlets=[asset])
    def ask_again(counts: Mapping[str, int], *, outlet_events: Any) -> dict[str, int]:
        if not counts.get("held"):
            raise AirflowSkipException("what was shown has been done")
        outlet_events[asset].extra = dict(counts)
        return dict(counts)

    return ask_again


def _announce_golden(approved: Any) -> None:
    from hub.airflow.building import GOLDEN

    @make_task(outlets=[GOLDEN])
    def announce(counts: Mapping[str, int], *, outlet_events: Any) -> dict[str, int]:
        if counts.get("held"):
            raise AirflowSkipException("nothing was changed: a person is asked again")
        outlet_events[GOLDEN].extra = dict(counts)
        return dict(counts)

    announce(approved)


def _or_skip(planned: dict[str, Any], what: str) -> dict[str, Any]:
    """An answer that was given before may have left nothing to ask."""
    if not planned["count"]:
        raise AirflowSkipException(f"no {what} wait for approval")
    return planned
