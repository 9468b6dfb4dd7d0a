"""The connector: reads by keyset, many records at first by a query job, and writes records."""

from __future__ import annotations

import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime, timedelta

from connectors.salesforce.batches import RecordBatches
from connectors.salesforce.bulk import BulkReader, JobPosition
from connectors.salesforce.client import SYSTEM, SalesforceClient
from connectors.salesforce.composite import SAVED_AT_ONCE
from connectors.salesforce.config import SalesforceConfig
from connectors.salesforce.external import ExternalIds
from connectors.salesforce.keyset import KeysetReader
from connectors.salesforce.layout import Layout
from connectors.salesforce.streams import FIELDS, REQUIRED, Position, format_stamp, is_id
from connectors.salesforce.writing import RecordWriter
from hub.errors import SourceSchemaError
from hub.sdk import Change, Cursor, New, Page, Receipt, Record, Total, WriteResult


class SalesforceReader:
    """One organisation, read and written; the first request logs in."""

    def __init__(self, config: SalesforceConfig) -> None:
        self._config = config
        self._client = SalesforceClient(config)
        self._bulk = BulkReader(self._client, config)
        self._writer = RecordWriter(self._client, self._layout)
        layout = self._writer.layout
        self._batches = RecordBatches(self._client, layout)
        self._external = ExternalIds(self._client, layout, config.external_ids)

    def check(self) -> str:
        """Log in, and see that every object may be read."""
        self._external.check()
        counts = [f"{stream} {len(self._layout(stream).names)} fields" for stream in FIELDS]
        return f"Salesforce API {self._config.api_version} reached: {', '.join(counts)}"

    def count(self, stream: str) -> Total:
        """What SOQL counts, deleted records left out.

        It sums amounts in the company's own currency, whatever the records' own is: nothing to
        compare with.
        """
        return Total(self._client.live(stream))

    def read(self, stream: str, cursor: Cursor | None) -> Iterator[Page]:
        """Pages in the order (SystemModstamp, Id), deleted records as tombstones.

        A first load of many records comes by a query job, in no order; the keyset read goes on from
        the newest of them that is from before the job.
        """
        layout = self._layout(stream)
        job = resumed = JobPosition.from_cursor(cursor, self._config.api_version)
        if not cursor and self._is_bulky(layout):
            job = self._bulk.begin(layout, self._bound(layout.at))
        if job is None:
            position = Position.from_cursor(cursor)
        else:
            for page in self._bulk.pages(layout, job, resumed=resumed is not None):
                yield page
                cursor = page.cursor
            position, layout = Position.from_cursor(cursor), self._layout(stream)
        until = self._bound(layout.at) if self._config.settle_seconds else ""
        reader = KeysetReader(self._client, layout, until=until, limit=self._config.query_limit)
        yield from reader.pages(position)

    def fetch(self, stream: str, key: str) -> Record | None:
        """One record as it is now; None where it is deleted or was never there."""
        return self._writer.look(stream, key) if is_id(key) else None

    def write(self, change: Change) -> Receipt:
        """Change fields of a record."""
        (resolved,) = self._external.resolved(change.stream, [change])
        return self._writer.write(resolved)

    def batch_limit(self, stream: str) -> int:  # noqa: ARG002  # the same for all objects
        """What a collection takes, where the settings want it; else 1."""
        return SAVED_AT_ONCE if self._config.batch_writes else 1

    def fetch_many(self, stream: str, keys: Sequence[str]) -> Mapping[str, Record]:
        """Records as they are now; one that is deleted is missing."""
        return self._batches.look(stream, keys)

    def look_many(
        self, stream: str, keys: Sequence[str], fields: Collection[str]
    ) -> Mapping[str, Record]:
        """The same with these fields alone, which takes a fraction of the time."""
        return self._batches.look(stream, keys, fields)

    def write_many(
        self, stream: str, changes: Sequence[Change], *, within: float
    ) -> Sequence[WriteResult]:
        """Change fields of many records, each for itself."""
        by = time.time() + within
        return self._batches.write(stream, self._external.resolved(stream, changes), by=by)

    def create(self, new: New) -> Receipt:
        """Make a record, at most once for an external id."""
        return self._external.create(new)

    def find(self, stream: str, external_key: str) -> str | None:
        """The key of the record that has an external id."""
        return self._external.find(stream, external_key)

    def close(self) -> None:
        self._bulk.close()
        self._client.close()

    def _is_bulky(self, layout: Layout) -> bool:
        least = self._config.bulk_from
        return bool(least) and layout.fits_csv and self._client.count(layout.stream, least) >= least

    def _layout(self, stream: str) -> Layout:
        """The fields to ask for: the wanted ones that this organisation has and shows."""
        types, at, unique = self._client.describe(stream)
        extra = self._config.extra_fields.get(stream, ())
        missing = [name for name in (*REQUIRED, *extra) if name not in types]
        if missing:
            message = f"not visible: {', '.join(missing)}; grant field access or correct the name"
            raise SourceSchemaError(message, system=SYSTEM, stream=stream)
        wanted = dict.fromkeys((*REQUIRED, *FIELDS[stream], *extra))
        asked = {name: types[name] for name in wanted if name in types}
        known = frozenset(name.lower() for name in types)
        return Layout(stream, asked, at, known, unique)

    def _bound(self, server_time: datetime) -> str:
        return format_stamp(server_time - timedelta(seconds=self._config.settle_seconds))
