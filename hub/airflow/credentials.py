"""Settings of a connection out of an Airflow Connection; the core of the hub knows no Airflow."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from airflow.sdk import BaseHook, Connection
from pydantic import JsonValue

_FIELDS: Final[Mapping[str, tuple[str, ...]]] = {
    "login": ("username", "client_id", "login"),
    "password": ("password", "client_secret", "key"),
    "host": ("host",),
    "port": ("port",),
}


def airflow_credentials(connection_id: str) -> Mapping[str, JsonValue]:
    """The connection's extra, and its host, login and password under the names connectors use.

    Names that a connector does not know are left out when its settings are checked.
    """
    found = BaseHook.get_connection(connection_id)
    settings: dict[str, JsonValue] = {}
    for field, names in _FIELDS.items():
        value = getattr(found, field)
        if value is not None:
            settings |= dict.fromkeys(names, value)
    if found.host:
        settings["base_url"] = _base_url(found)
    return {**settings, **_extra(found)}


def _base_url(found: Connection) -> str:
    host = str(found.host).rstrip("/")
    if "://" in host:
        return host
    scheme = found.schema if found.schema in {"http", "https"} else "https"
    return f"{scheme}://{host}:{found.port}" if found.port else f"{scheme}://{host}"


def _extra(found: Connection) -> dict[str, Any]:
    return dict(found.extra_dejson)
