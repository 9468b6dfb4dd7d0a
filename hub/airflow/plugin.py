"""The hub's plugin for Airflow (entry point ``airflow.plugins``)."""

from __future__ import annotations

from typing import Any, ClassVar, Final

from airflow.plugins_manager import AirflowPlugin

from hub.airflow import pools
from hub.airflow.blank_port import BlankPort
from hub.airflow.pages import PREFIX, MadeAtStart, Pages

_PAGES: Final = Pages()


class HubPlugin(AirflowPlugin):  # type: ignore[misc]  # Any where Airflow is not installed
    """The pages in Airflow's navigation, the pools that the DAGs name, and a Test that works."""

    name = "hub"
    listeners: ClassVar[list[Any]] = [pools]
    fastapi_apps: ClassVar[list[dict[str, Any]]] = [
        {"app": _PAGES, "url_prefix": PREFIX, "name": "Customer Hub"}
    ]
    fastapi_root_middlewares: ClassVar[list[dict[str, Any]]] = [
        {"middleware": BlankPort, "name": "Customer Hub: tests of connections without a port"},
        {
            "middleware": MadeAtStart,
            "kwargs": {"pages": _PAGES},
            "name": "Customer Hub: pages are made as the API server starts",
        },
    ]
    external_views: ClassVar[list[dict[str, Any]]] = [
        {
            "name": "Hub",
            "href": f"{PREFIX}/",
            "destination": "nav",
            "url_route": "hub",
            "nav_top_level": True,
        }
    ]
