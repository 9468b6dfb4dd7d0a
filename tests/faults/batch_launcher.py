"""Delivers in batches of ten to Salesforce, or one by one to Cards, each run in a child that may be
killed.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any, NoReturn

from connectors import salesforce
from connectors.salesforce.config import SalesforceConfig
from connectors.salesforce.reader import SalesforceReader
from hub.errors import StoreError
from hub.pipeline.connections import OpenConnection
from hub.pipeline.delivering import deliver
from hub.pipeline.pace import Pace
from hub.sdk import Capability
from hub.store.database import open_store
from tests.faults.launcher import end_with, main
from tests.unit.testing.cards import CARD, SPEC, CardsConfig, CardsConnector

SIZE = 10
FILE = "batch.json"
PLAIN = replace(CARD, capabilities=frozenset({Capability.FULL, Capability.WRITE}))
"""Cards as a system that knows neither versions nor keys, one by one."""
KEYED = replace(PLAIN, capabilities=PLAIN.capabilities | {Capability.IDEMPOTENCY_KEY})


class Tens(SalesforceReader):
    """Salesforce, in smaller batches, so that there are many of them."""

    def batch_limit(self, stream: str) -> int:
        return min(SIZE, super().batch_limit(stream))


def become_publisher(folder: str, _arguments: list[str], log: str) -> NoReturn:
    """Deliver what is due, as the folder's file says."""
    end_with(_deliver, folder, log)


def open_cards(settings: Mapping[str, Any], *, keyed: bool) -> OpenConnection:
    """Cards, with idempotency keys or without."""
    connector = CardsConnector(CardsConfig.model_validate(settings))
    return OpenConnection("cards", SPEC, connector, (KEYED if keyed else PLAIN,))


def _open(told: Mapping[str, Any]) -> OpenConnection:
    if "keyed" in told:
        return open_cards(told["settings"], keyed=told["keyed"])
    spec = replace(salesforce.hub_connector(), open=Tens)
    connector = Tens(SalesforceConfig.model_validate(told["settings"]))
    return OpenConnection("sfa", spec, connector, spec.streams)


def _deliver() -> None:
    told = json.loads(Path(FILE).read_text(encoding="utf-8"))
    settle, request, batch = (
        timedelta(seconds=told[name]) for name in ("settle", "request", "batch")
    )
    pace = Pace(settle=settle, request=request, batch=batch, max_writes=100_000)
    try:
        sys.stdout.write(f"{deliver(open_store(told['store']), _open(told), pace)}\n")
    except StoreError as error:
        sys.stdout.write(f"{error}\n")
        raise SystemExit(1) from error


if __name__ == "__main__":
    main(become_publisher)
