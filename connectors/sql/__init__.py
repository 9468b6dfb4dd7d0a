"""SQL databases: tables, views and SELECTs as streams; tables can be written to."""

from __future__ import annotations

from connectors.sql.config import SqlConfig, discover
from hub.sdk import (
    CONTRACT_VERSION,
    Connector,
    ConnectorSpec,
    StandIn,
    StandInSpec,
    StandInState,
    hookimpl,
)


def _open(config: SqlConfig) -> Connector:
    from connectors.sql.reader import SqlConnector

    return SqlConnector(config)


def _start(state: StandInState, port: int) -> StandIn:
    from connectors.sql.standin import SqlStandIn

    return SqlStandIn(state, port)


@hookimpl
def hub_connector() -> ConnectorSpec:
    return ConnectorSpec(
        name="sql",
        title="SQL databases",
        contract=CONTRACT_VERSION,
        config=SqlConfig,
        open=_open,
        discover=discover,
    )


@hookimpl
def hub_standin() -> StandInSpec:
    from connectors.sql.samples import SAMPLES

    return StandInSpec(name="sql", start=_start, samples=SAMPLES)
