"""The DAGs hub_approve and hub_approve_merges; see hub.airflow.approval (airflow dag)."""

from hub.airflow.approval import approve_dags

globals().update(approve_dags())
