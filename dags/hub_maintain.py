"""The DAG hub_maintain; what it does stands in hub.airflow.factory (airflow dag)."""

from hub.airflow.factory import maintain_dag

dag = maintain_dag()
