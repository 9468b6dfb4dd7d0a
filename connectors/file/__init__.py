"""Files that somebody else writes: CSV, JSON Lines, Parquet and Excel under one folder."""

from __future__ import annotations

from connectors.file.config import FileConfig, discover
from hub.sdk import (
    CONTRACT_VERSION,
    Connector,
    ConnectorSpec,
    StandIn,
    StandInSpec,
    StandInState,
    hookimpl,
)


def _open(config: FileConfig) -> Connector:
    from connectors.file.reader import FileReader

    return FileReader(config)


def _start(state: StandInState, port: int) -> StandIn:
    from connectors.file.standin import FolderStandIn

    return FolderStandIn(state, port)


@hookimpl
def hub_connector() -> ConnectorSpec:
    return ConnectorSpec(
        name="file",
        title="CSV, JSON Lines, Parquet and Excel files",
        contract=CONTRACT_VERSION,
        config=FileConfig,
        open=_open,
        discover=discover,
    )


@hookimpl
def hub_standin() -> StandInSpec:
    from connectors.file.samples import SAMPLES

    return StandInSpec(name="file", start=_start, samples=SAMPLES)
