"""The DAG hub_publish; what it does stands in hub.airflow.factory (airflow dag)."""

from hub.airflow.factory import publish_dag

dag = publish_dag()
