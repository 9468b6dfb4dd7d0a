"""The DAGs hub_keys__<connection>, where hub.toml asks for key scans (airflow dag)."""

from hub.airflow.factory import keys_dags

globals().update(keys_dags())
