"""All that is written to an organisation: one record, many of them, new ones."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Mapping, Sequence

from connectors.salesforce.batches import RecordBatches
from connectors.salesforce.client import SalesforceClient
from connectors.salesforce.composite import SAVED_AT_ONCE
from connectors.salesforce.config import SalesforceConfig
from connectors.salesforce.external import ExternalIds
from connectors.salesforce.layout import Layout
from connectors.salesforce.streams import is_id
from connectors.salesforce.writing import RecordWriter
from hub.sdk import Change, New, Receipt, Record, WriteResult


class SalesforceSaver:
    """The writing half of the connector; ``describe`` asks for the layout of an object."""

    def __init__(
        self, client: SalesforceClient, config: SalesforceConfig, describe: Callable[[str], Layout]
    ) -> None:
        self._in_batches = config.batch_writes
        self._writer = RecordWriter(client, describe)
        layout = self._writer.layout
        self._batches = RecordBatches(client, layout)
        self.external = ExternalIds(client, layout, config.external_ids)

    def fetch(self, stream: str, key: str) -> Record | None:
        """One record as it is now; None where it is deleted or was never there."""
        return self._writer.look(stream, key) if is_id(key) else None

    def write(self, change: Change) -> Receipt:
        """Change fields of a record."""
        (resolved,) = self.external.resolved(change.stream, [change])
        return self._writer.write(resolved)

    def batch_limit(self, stream: str) -> int:  # noqa: ARG002  # the same for all objects
        """What a collection takes, where the settings want it; else 1."""
        return SAVED_AT_ONCE if self._in_batches else 1

    def fetch_many(self, stream: str, keys: Sequence[str]) -> Mapping[str, Record]:
        """Records as they are now; one that is deleted is missing."""
        return self._batches.look(stream, keys)[0]

    def look_many(
        self, stream: str, keys: Sequence[str], fields: Collection[str]
    ) -> Mapping[str, Record]:
        """The same with these fields alone, which takes a fraction of the time."""
        found, at = self._batches.look(stream, keys, fields)
        self._writer.remember(stream, found, at)
        self._batches.remember(stream, found)
        return found

    def write_many(
        self, stream: str, changes: Sequence[Change], *, within: float
    ) -> Sequence[WriteResult]:
        """Change fields of many records, each for itself."""
        by = time.time() + within
        return self._batches.write(stream, self.external.resolved(stream, changes), by=by)

    def create(self, new: New) -> Receipt:
        """Make a record, at most once for an external id."""
        return self.external.create(new)

    def create_limit(self, stream: str) -> int:  # noqa: ARG002  # the same for all objects
        """What a collection takes: an external id is held once however many go together."""
        return SAVED_AT_ONCE

    def create_many(
        self, stream: str, records: Sequence[New], *, within: float
    ) -> Sequence[WriteResult]:
        """Make many records, each at most once for its external id."""
        return self.external.create_many(stream, records, by=time.time() + within)

    def find(self, stream: str, external_key: str) -> str | None:
        """The key of the record that has an external id."""
        return self.external.find(stream, external_key)
