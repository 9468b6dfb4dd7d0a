"""The hooks through which a connector enters the hub (pluggy, entry point group hub.connectors)."""

from __future__ import annotations

from typing import Final

import pluggy

from hub.sdk.contract import ConnectorSpec
from hub.sdk.standin import StandInSpec

ENTRY_POINT_GROUP: Final = "hub.connectors"

hookspec = pluggy.HookspecMarker("hub")
hookimpl = pluggy.HookimplMarker("hub")


class HubHooks:
    """Every hook there is; a plugin implements those it has something for."""

    @hookspec
    def hub_connector(self) -> ConnectorSpec:  # type: ignore[empty-body]  # a hook has no body
        """Return the connector that this plugin provides."""

    @hookspec
    def hub_standin(self) -> StandInSpec:  # type: ignore[empty-body]  # a hook has no body
        """Return the stand-in server of the system that this plugin connects."""
