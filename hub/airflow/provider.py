"""The distribution as an Airflow provider (entry point ``apache_airflow_provider``).

Airflow asks every process for this, so it reads one file and imports no connector.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

CONNECTION_TYPES: Final = Path(__file__).with_name("connection_types.json")
"""Written by ``python -m hub.airflow.forms`` from the connectors' config models."""

PREFIX: Final = "hub_"
"""Before a connector's name it is the name of its connection type."""


def get_provider_info() -> dict[str, Any]:
    """What Airflow lists under Providers, and the connection types with their forms.

    https://airflow.apache.org/docs/apache-airflow-providers/howto/create-custom-providers.html
    """
    return {
        "package-name": "customer-hub",
        "name": "Customer Hub",
        "description": "One master customer index: a connection type for each connector.",
        "connection-types": json.loads(CONNECTION_TYPES.read_bytes()),
    }
