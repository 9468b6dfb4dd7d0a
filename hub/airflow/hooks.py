"""A hook for each connection type: what Airflow's Test button asks, and an open connector."""

from __future__ import annotations

from typing import Any, Final

from airflow.sdk import BaseHook

from hub.airflow.provider import PREFIX, get_provider_info


class HubHook(BaseHook):  # type: ignore[misc]  # Any where Airflow is not installed
    """A connection of the hub, filled in as an Airflow Connection."""

    conn_name_attr = "hub_conn_id"
    conn_type = ""
    hook_name = ""

    def __init__(self, hub_conn_id: str, **_: Any) -> None:
        super().__init__()
        self.hub_conn_id = hub_conn_id

    def test_connection(self) -> tuple[bool, str]:
        """Whether the system answers and lets us in, and what to do if not; within 15 seconds."""
        from hub.airflow.trial import try_connection

        return try_connection(self.conn_type.removeprefix(PREFIX), self.hub_conn_id)


def _hook(kind: dict[str, Any]) -> type[HubHook]:
    """Airflow asks for a class of its own for each connection type."""
    name = kind["hook-class-name"].rpartition(".")[2]
    own = {"conn_type": kind["connection-type"], "hook_name": kind["hook-name"]}
    return type(name, (HubHook,), {**own, "__module__": __name__})


HOOKS: Final = {hook.__name__: hook for hook in map(_hook, get_provider_info()["connection-types"])}
"""By class name; the names stand in this module too, where Airflow looks for them."""

globals().update(HOOKS)
