"""The pools that the DAGs name: one for each external system.

Airflow starts no task whose pool is not there. So scheduler, triggerer and dag processor make the
missing ones when they start (a listener of the plugin), and ``hub airflow pools`` at any time. A
pool that is there is left as it is: its slots are the administrator's.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any, Final

from airflow.listeners import hookimpl

from hub.airflow.building import pool_of
from hub.config import HubConfig, find_config, load_config
from hub.errors import ConfigError

SLOTS: Final = 2
_LOG: Final = logging.getLogger("hub.pools")


def pools_of(config: HubConfig) -> Mapping[str, str]:
    """The pools, each with what it says of itself in the UI."""
    found: dict[str, list[str]] = {}
    for name in config.connections:
        found.setdefault(pool_of(config, name), []).append(name)
    return {pool: f"Hub: tasks that talk to {', '.join(names)}" for pool, names in found.items()}


def make_missing(config: HubConfig) -> list[str]:
    """Make the pools that are not there yet; needs Airflow's own database."""
    from airflow.models.pool import Pool
    from airflow.utils.session import create_session

    made = []
    for name, told in pools_of(config).items():
        if Pool.get_pool(name) is None:
            with create_session() as session:
                Pool.create_or_update_pool(name, SLOTS, told, False, session=session)
            made.append(name)
    return made


@hookimpl  # type: ignore[untyped-decorator]  # Any where Airflow is not installed
def on_starting(component: Any) -> None:
    """Airflow calls it in each component; those that have Airflow's database run a job."""
    if type(component).__name__ != "Job":
        return
    try:
        make_missing(load_config(find_config()))
    except ConfigError as error:
        _LOG.error("no pools were made: %s", error)
    except Exception as error:  # noqa: BLE001  # another component may be first; none may end of it
        _LOG.warning("no pools were made (%s)", type(error).__name__)


def main() -> None:
    """What `hub airflow pools` runs."""
    made = make_missing(load_config(find_config()))
    print(f"{len(made)} pools made: {', '.join(made)}" if made else "all pools are there")  # noqa: T201  # its output


if __name__ == "__main__":
    main()
