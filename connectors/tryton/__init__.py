"""Tryton 8.2 (ERP): parties with their balances, sales and invoices over its REST interface."""

from __future__ import annotations

from collections.abc import Iterator

from connectors.tryton.client import TrytonClient
from connectors.tryton.config import TrytonConfig
from connectors.tryton.rpc import RpcClient
from connectors.tryton.samples import SAMPLES
from connectors.tryton.standin import TrytonStandIn
from connectors.tryton.streams import PARTY, TABLES, Reader
from connectors.tryton.writing import PartyWriter
from hub.errors import SourceSchemaError
from hub.sdk import (
    CONTRACT_VERSION,
    Change,
    ConnectorSpec,
    Cursor,
    New,
    Page,
    Receipt,
    Record,
    StandInSpec,
    Total,
    hookimpl,
)
from hub.sdk.sweep import Sweep


class TrytonConnector:
    """Reads one Tryton database, and writes to its parties."""

    def __init__(self, config: TrytonConfig) -> None:
        self._config = config
        self._client = TrytonClient(config)
        self._rpc = RpcClient(config)
        self._parties = Reader(self._client, config, PARTY)
        self._writer = PartyWriter(self._rpc, self._parties)

    def check(self) -> str:
        """Read one party with the key, and log in with the password where there is one."""
        self._client.clock()
        if self._config.password is None:
            return "Tryton answers and accepts the key; parties can be read"
        self._rpc.log_in()
        return "Tryton answers and accepts key and password; parties can be read and written"

    def read(self, stream: str, cursor: Cursor | None) -> Iterator[Page]:
        """Give what changed after the cursor, in the order of ids."""
        reader = self._reader(stream)
        yield from reader.pages(Sweep.resume(cursor, self._client.clock()))

    def fetch(self, stream: str, key: str) -> Record | None:
        """Read one record as it is now."""
        return self._writer.look(key) if stream == PARTY.model else self._reader(stream).fetch(key)

    def write(self, change: Change) -> Receipt:
        """Change fields of a party."""
        return self._writer.write(change)

    def create(self, new: New) -> Receipt:
        """Make a party, or find it by its external key."""
        return self._writer.create(new)

    def find(self, stream: str, external_key: str) -> str | None:  # noqa: ARG002  # parties only
        """The key of the party that was made under an external key."""
        return self._writer.find(external_key)

    def keys(self, stream: str) -> Iterator[list[str]]:
        """Give the ids there are now: Tryton tells nobody what was deleted."""
        yield from self._reader(stream).keys()

    def count(self, stream: str) -> Total:
        """What Tryton counts, but for merged parties and those that are the company itself."""
        return Total(self._reader(stream).count())

    def close(self) -> None:
        """Close the connections."""
        self._client.close()
        self._rpc.close()

    def _reader(self, stream: str) -> Reader:
        table = TABLES.get(stream)
        if table is None:
            message = f"there is no such stream; it has {', '.join(sorted(TABLES))}"
            raise SourceSchemaError(message, system="tryton", stream=stream)
        return Reader(self._client, self._config, table)


@hookimpl
def hub_connector() -> ConnectorSpec:
    """The connector."""
    return ConnectorSpec(
        name="tryton",
        title="Tryton 8.2 (ERP)",
        contract=CONTRACT_VERSION,
        config=TrytonConfig,
        open=TrytonConnector,
        streams=tuple(table.stream for table in TABLES.values()),
    )


@hookimpl
def hub_standin() -> StandInSpec:
    """The stand-in server."""
    return StandInSpec(name="tryton", start=TrytonStandIn, samples=SAMPLES)
