"""Singer taps: a user's own program, run beside the hub, whose messages become records."""

from __future__ import annotations

from connectors.singer.config import SingerConfig, discover
from hub.sdk import (
    CONTRACT_VERSION,
    Connector,
    ConnectorSpec,
    StandIn,
    StandInSpec,
    StandInState,
    hookimpl,
)


def _open(config: SingerConfig) -> Connector:
    from connectors.singer.reader import SingerReader

    return SingerReader(config)


def _start(state: StandInState, port: int) -> StandIn:
    from connectors.singer.standin import SingerStandIn

    return SingerStandIn(state, port)


@hookimpl
def hub_connector() -> ConnectorSpec:
    return ConnectorSpec(
        name="singer",
        title="Singer taps",
        contract=CONTRACT_VERSION,
        config=SingerConfig,
        open=_open,
        discover=discover,
    )


@hookimpl
def hub_standin() -> StandInSpec:
    from connectors.singer.standin import SAMPLES

    return StandInSpec(name="singer", start=_start, samples=SAMPLES)
