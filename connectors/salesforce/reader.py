"""The connector: reads by keyset, many records at first by a query job, and writes records."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from connectors.salesforce.bulk import BulkReader, JobPosition
from connectors.salesforce.client import SYSTEM, SalesforceClient
from connectors.salesforce.config import SalesforceConfig
from connectors.salesforce.keyset import KeysetReader
from connectors.salesforce.layout import Layout
from connectors.salesforce.saving import SalesforceSaver
from connectors.salesforce.streams import FIELDS, REQUIRED, Position, format_stamp
from hub.errors import SourceSchemaError
from hub.sdk import Cursor, Page, Total


class SalesforceReader(SalesforceSaver):
    """One organisation, read and written; the first request logs in."""

    def __init__(self, config: SalesforceConfig) -> None:
        self._config = config
        self._client = SalesforceClient(config)
        self._bulk = BulkReader(self._client, config)
        super().__init__(self._client, config, self._layout)

    def check(self) -> str:
        """Log in, and see that every object may be read."""
        self.external.check()
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
