"""The DAGs hub_sync__<connection>, one per connection of hub.toml (airflow dag)."""

from hub.airflow.factory import sync_dags

globals().update(sync_dags())
