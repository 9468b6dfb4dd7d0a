"""Files that somebody else writes: CSV and JSON Lines under one folder, read in full."""

from __future__ import annotations

from connectors.file.config import FileConfig, discover
from connectors.file.standin import SAMPLES, FolderStandIn
from hub.sdk import CONTRACT_VERSION, Connector, ConnectorSpec, StandInSpec, hookimpl


def _open(config: FileConfig) -> Connector:
    from connectors.file.reader import FileReader

    return FileReader(config)


@hookimpl
def hub_connector() -> ConnectorSpec:
    return ConnectorSpec(
        name="file",
        title="CSV and JSON Lines files",
        contract=CONTRACT_VERSION,
        config=FileConfig,
        open=_open,
        discover=discover,
    )


@hookimpl
def hub_standin() -> StandInSpec:
    return StandInSpec(name="file", start=FolderStandIn, samples=SAMPLES)
