"""A small service of each version for the tests of the toolkit."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from hub.sdk import Cursor, Page, StandInState
from hub.sdk.limits import RestPolicy
from hub.sdk.odata import (
    Edm,
    Field,
    ODataConnector,
    ODataStream,
    Pace,
    Service,
    Version,
    explain_with,
)
from hub.sdk.odata.standin import ODataStandIn
from hub.sdk.odata.standin_rows import Dialect, EntitySet
from hub.sdk.rest import RestClient

STAMP = "2026-01-31T12:00:00.000Z"
GUID = "00000000-0000-0000-0000-{:012}"
TYPES = {"Changed": Edm.DATETIMEOFFSET}
PEOPLE = ODataStream(
    name="people",
    entities=("party",),
    entity_set="People",
    key=("Id",),
    cursor="Changed",
    write=("Phone",),
)
V4, V2 = Service("/v4"), Service("/v2", Version.V2, csrf=True)
EXPIRED = (400, "0x80044352")


def number_changes(state: StandInState, row: dict[str, Any]) -> None:
    row["Number"] = 1 + max(one["Number"] for one in state.stream("people").values())


def person(number: int, **fields: Any) -> dict[str, Any]:
    row = {"Id": f"P{number:02}", "Phone": "1", "Changed": STAMP, "Number": number}
    return {**row, "Mails": [{"Address": f"a{number}@example.com"}], **fields}


@contextmanager
def service(
    rows: Sequence[dict[str, Any]], one: Service = V4, **dialect: Any
) -> Iterator[ODataStandIn]:
    found = EntitySet(
        stream="people",
        resource="People",
        key=(Field("Id"),),
        root=one.root,
        nested=("Mails",),
        types=TYPES,
        touch=number_changes,
    )
    how = Dialect(version=one.version, csrf=one.csrf, expired=EXPIRED, **dialect)
    state = StandInState({"people": {row["Id"]: row for row in rows}})
    running = ODataStandIn(state, [found], how)
    try:
        yield running
    finally:
        running.stop()


def connector(
    standin: ODataStandIn, stream: ODataStream = PEOPLE, one: Service = V4, **pace: Any
) -> ODataConnector:
    policy = RestPolicy(explain=explain_with({EXPIRED[1]}), attempts=1)
    rest = RestClient(standin.url, system="sample", policy=policy)
    how = Pace(**{"page_size": 3, "settle": 0, **pace})
    placed = replace(stream, service=one)
    return ODataConnector(rest, standin.url, streams=[placed], pace=how)


def keys(pages: Sequence[Page]) -> list[str]:
    return [record.key for page in pages for record in page.records]


def gone(pages: Sequence[Page]) -> list[str]:
    return [stone.key for page in pages for stone in page.tombstones]


def read(source: ODataConnector, cursor: Cursor | None = None) -> list[Page]:
    return list(source.read("people", cursor))
