"""What the Test button does: asks a system whether these settings let us in.

It runs inside Airflow's API server, so it is short: one try, a few seconds a request, and an end
after fifteen whatever the system does.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from pydantic import JsonValue

from hub.airflow.credentials import airflow_credentials
from hub.airflow.tasks import discreet
from hub.config import HubConfig, find_config, load_config
from hub.errors import ConfigError, HubError
from hub.pipeline.connections import Site
from hub.pipeline.trial import try_settings
from hub.plugins import discover
from hub.sdk.overrides import policy_overrides

SECONDS: Final = 15.0


def try_connection(connector: str, conn_id: str) -> tuple[bool, str]:
    """Whether a connector is let in with an Airflow Connection, and a line for the administrator.

    Options in hub.toml count where one connection alone is of this connector.
    """
    try:
        with discreet():
            found = airflow_credentials(conn_id)
            site = Site(_config(), discover(), {})
            return True, _within(SECONDS, lambda: _ask(site, connector, found))
    except HubError as error:
        return False, f"{type(error).__name__}: {error}"


def _ask(site: Site, connector: str, found: Mapping[str, JsonValue]) -> str:
    short = policy_overrides(attempts=1, connect_timeout=4.0, read_timeout=8.0, total_timeout=10.0)
    with discreet(), short:
        return try_settings(site, connector, found)


def _config() -> HubConfig:
    """What the API server knows of hub.toml; the form alone where it knows none."""
    try:
        return load_config(find_config())
    except ConfigError:
        return HubConfig(root=Path.cwd())


def _within(seconds: float, ask: Callable[[], str]) -> str:
    """Ask in a thread of its own, which is left behind if it does not come back."""
    answers: list[str | HubError] = []

    def run() -> None:
        try:
            answers.append(ask())
        except HubError as error:
            answers.append(error)

    asking = threading.Thread(target=run, name="hub-test-connection", daemon=True)
    asking.start()
    asking.join(seconds)
    if not answers:
        raise ConfigError(
            f"no answer within {seconds:g} seconds; look at the address and the port, and whether "
            "a firewall lets this machine through"
        )
    if isinstance(answers[0], HubError):
        raise answers[0]
    return answers[0]
