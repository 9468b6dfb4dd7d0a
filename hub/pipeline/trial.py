"""A trial of settings that are not stored yet: is a system reached, and are we let in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from pydantic import JsonValue

from hub.config import HubConfig
from hub.pipeline.connections import Site, fitted, validated
from hub.sdk.contract import Services


def try_settings(site: Site, connector: str, found: Mapping[str, JsonValue]) -> str:
    """What the system says of itself; HubError says what is wrong.

    ``found`` are settings out of an Airflow Connection. If one connection alone in hub.toml is of
    this connector and has such credentials, its options and its tokens are used too.
    """
    spec = site.registry.connector(connector)
    owner = _only_owner(site.config, connector)
    if owner is not None:
        with replace(site, resolvers={"airflow": lambda _: found}).connected(owner) as opened:
            return opened.connector.check()
    config = validated("this connection", spec, fitted(found, spec), site.config.root)
    made = spec.connect(config, Services())
    try:
        return made.check()
    finally:
        made.close()


def _only_owner(config: HubConfig, connector: str) -> str | None:
    names = [
        name
        for name, section in config.connections.items()
        if section.connector == connector
        and (section.credentials or "").startswith("airflow:")
        and section.standin is None
    ]
    return names[0] if len(names) == 1 else None
