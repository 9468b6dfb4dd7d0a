"""The DAG hub_resolve; what it does stands in hub.airflow.factory (airflow dag)."""

from hub.airflow.factory import resolve_dag

dag = resolve_dag()
