"""The hub's plugin for Airflow (entry point ``airflow.plugins``)."""

from __future__ import annotations

from airflow.plugins_manager import AirflowPlugin

from hub.airflow import pools


class HubPlugin(AirflowPlugin):  # type: ignore[misc]  # Any where Airflow is not installed
    """Makes the pools that the DAGs name, when a scheduler starts."""

    name = "hub"
    listeners = (pools,)
