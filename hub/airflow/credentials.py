"""Settings of a connection out of an Airflow Connection; the core of the hub knows no Airflow."""

from __future__ import annotations

from collections.abc import Mapping
from json import JSONDecodeError, loads

from airflow.sdk import BaseHook, Connection
from airflow.sdk.exceptions import AirflowException
from pydantic import JsonValue

from hub.errors import ConfigError


def airflow_credentials(connection_id: str) -> Mapping[str, JsonValue]:
    """The form's fields as login, password, host, port and base_url; the extra goes before them.

    ``hub.pipeline.connections`` fits the form's names to those that the connector uses.
    """
    found = _find(connection_id)
    settings: dict[str, JsonValue] = {
        name: value
        for name in ("login", "password", "host", "port")
        if (value := getattr(found, name)) not in (None, "", 0)  # the UI writes 0 for no port
    }
    if found.host:
        settings["base_url"] = _base_url(found)
    return {**settings, **_extra(found, connection_id)}


def _find(connection_id: str) -> Connection:
    try:
        return BaseHook.get_connection(connection_id)
    except AirflowException:
        raise ConfigError(
            f"Airflow connection {connection_id!r} can't be read; create it under "
            "Admin → Connections, or in the secrets backend"
        ) from None


def _base_url(found: Connection) -> str:
    host = str(found.host).rstrip("/")
    if "://" in host:
        return host
    scheme = found.schema if found.schema in {"http", "https"} else "https"
    return f"{scheme}://{host}:{found.port}" if found.port else f"{scheme}://{host}"


def _extra(found: Connection, connection_id: str) -> dict[str, JsonValue]:
    """Without what was left empty in the form, which keeps a name for each of its fields.

    Checked first: Airflow itself takes a broken extra for an empty one.
    """
    try:
        whole = isinstance(loads(found.extra or "{}"), dict)
    except JSONDecodeError:
        whole = False
    if not whole:
        raise ConfigError(
            f"Airflow connection {connection_id!r}: its extra is not a JSON object of settings"
        )
    return {name: it for name, it in found.extra_dejson.items() if it not in (None, "", [], {})}
