"""The declaration of a stream behind a REST API: where its list is, how it is read and written."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from pydantic import JsonValue

from hub.errors import ContractError
from hub.sdk.changes import Feed, Keyset, Since, Times
from hub.sdk.contract import Capability, Stream
from hub.sdk.paging import Paging, SinglePage
from hub.sdk.quirks import RowQuirk

Values = Mapping[str, JsonValue]


@dataclass(frozen=True, slots=True, kw_only=True)
class RestWrite:
    """How a record is changed: only the fields that change are sent, by ``method`` to ``path``.

    ``path`` has ``{key}`` in it. ``wrap`` is the name under which the body holds the fields; a body
    of another form is made by ``body`` from key and fields.
    ``lock`` is the header of the record's answer that a write must name in ``If-Match`` (``etag``);
    without it the version is compared before the write, and that is no OPTIMISTIC_LOCK: a change
    within those milliseconds is not seen. ``idempotency`` is the header that takes
    the key of a write. ``create`` is the path to which a new record is sent by POST.
    """

    path: str
    method: str = "PATCH"
    wrap: str = ""
    body: Callable[[str, Values], JsonValue] | None = None
    lock: str = ""
    idempotency: str = ""
    create: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class RestCount:
    """How a system is asked for the number of a stream's records, and for sums of their fields.

    It must count what a full read gives, tombstones left out; where it counts more or less, declare
    nothing. ``records`` is the path of the number in the answer ('' where the answer is the
    number), ``sums`` gives by the name of a field in the records' data the path of its sum, null
    where no record has a value. Paths are dotted names or JMESPath. ``body`` makes the request a
    POST, as for lists: it is given ``params``. From ``exact_below`` on the system's number is an
    estimate, or stops growing; then the stream is not counted but says so.
    """

    path: str
    records: str = ""
    params: Values = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    body: Callable[[Values], JsonValue] | None = None
    sums: Mapping[str, str] = field(default_factory=dict)
    exact_below: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RestStream:
    """One kind of record behind a REST API.

    ``rows`` is the path of the list in an answer ('' where the answer is the list), ``row`` that of
    the one record in the answer to ``fetch``, a path with ``{key}``. Paths in answers and records
    are dotted names or JMESPath. ``key`` and ``version`` are paths in a record; ``version`` is its
    time of change, written as ``times`` says. ``deleted`` is the path of a mark that makes a record
    a tombstone (``merged_into`` of the key of the record that it was merged into); declare it only
    if an incremental read shows every deletion. ``body`` makes the request a POST (a search,
    JSON-RPC): it is given what would stand in the query. ``fetch_body``, given the key, does so for
    ``fetch``. ``missing`` is a status that means an empty list.
    ``headers`` go with each request that reads.
    ``keys_only`` are the parameters by which the list gives keys alone, for key scans.
    ``absorbed`` is the path of the keys that were merged into a record (a list, or a text with
    ``;`` between them); each is a tombstone that names it.
    ``whole`` is another list of the same records, for systems that tell changes by a search and all
    there is by a list: first loads and full reads (with :class:`Since`) and key scans read it.
    ``count`` asks for the number of records by another way than reading them. A stream that
    ``retains`` keeps what has left the system, so there is nothing to compare: ContractError.
    """

    name: str
    entities: tuple[str, ...]
    path: str
    key: tuple[str, ...] = ("id",)
    rows: str = ""
    params: Values = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    body: Callable[[Values], JsonValue] | None = None
    paging: Paging = field(default_factory=SinglePage)
    changes: Since | Feed | Keyset | None = None
    version: str = ""
    times: Times = field(default_factory=Times)
    deleted: str = ""
    merged_into: str = ""
    absorbed: str = ""
    quirks: tuple[RowQuirk, ...] = ()
    missing: int | None = None
    fetch: str = ""
    fetch_body: Callable[[str], JsonValue] | None = None
    row: str = ""
    write: RestWrite | None = None
    keys_only: Values | None = None
    whole: RestStream | None = None
    custom_fields: bool = False
    retains: bool = False
    count: RestCount | None = None

    def __post_init__(self) -> None:
        if self.retains and self.count is not None:
            raise ContractError(
                f"stream {self.name}: it retains what leaves the system, so a count would compare "
                "with other things; leave out count"
            )

    def declared(self) -> Stream:
        """The stream as the contract knows it; its capabilities follow from the declaration."""
        return Stream(
            name=self.name,
            entities=self.entities,
            key=self.key,
            cursor=self._cursor(),
            capabilities=frozenset(self._capabilities()),
            retains=self.retains,
        )

    def _cursor(self) -> str | None:
        """What tells the changes: the time of change, or the system's own position."""
        if self.changes is None:
            return None
        position = self.changes.next if isinstance(self.changes, Feed) else ""
        return self.version or position

    def _capabilities(self) -> list[Capability]:
        found = {
            Capability.FULL: True,
            Capability.INCREMENTAL: self.changes is not None,
            Capability.DELETES: bool(self.deleted),
            Capability.WRITE: self.write is not None,
            Capability.OPTIMISTIC_LOCK: bool(self.write and self.write.lock),
            Capability.IDEMPOTENCY_KEY: bool(self.write and self.write.idempotency),
            Capability.KEY_SCAN: self.keys_only is not None,
            Capability.CUSTOM_FIELDS: self.custom_fields,
            Capability.COUNT: self.count is not None,
        }
        return [capability for capability, holds in found.items() if holds]


Row = dict[str, Any]
