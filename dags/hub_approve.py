"""The DAG hub_approve; what it does stands in hub.airflow.factory (airflow dag)."""

from hub.airflow.factory import approve_dag

dag = approve_dag()
