"""The DAG hub_reconcile; what it does stands in hub.airflow.factory (airflow dag)."""

from hub.airflow.factory import reconcile_dag

dag = reconcile_dag()
