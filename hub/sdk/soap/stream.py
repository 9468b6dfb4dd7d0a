"""A stream behind a SOAP service, declared: which operation lists it, and how it is paged.

The words are those of :class:`~hub.sdk.resource.RestStream`; pagings and changes are the same
objects, whose parameters are parts of the request here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from hub.sdk.changes import Feed, Keyset, Since, Times
from hub.sdk.contract import Capability, Stream
from hub.sdk.paging import Paging, SinglePage
from hub.sdk.quirks import RowQuirk
from hub.sdk.resource.stream import RestStream, RestWrite
from hub.sdk.soap.rows import RowShape

Parts = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class SoapWrite:
    """How a record is changed: ``body`` makes the operation's parts from key and fields.

    ``fields`` are those that may be written, where the service passes over others in silence. The
    version is compared before the write; that is no OPTIMISTIC_LOCK, which SOAP does not know.
    ``create`` is the operation for a new record, ``create_body`` its parts, ``created`` the path of
    the new key in the answer.
    """

    operation: str
    body: Callable[[str, Parts], Parts]
    fields: frozenset[str] = frozenset()
    create: str = ""
    create_body: Callable[[Parts], Parts] | None = None
    created: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SoapCount:
    """The operation that counts what a full read would give; ``found`` is the number's path."""

    operation: str
    parts: Parts
    found: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SoapStream:
    """One kind of record behind a SOAP service.

    ``operation`` gives the list, whose records ``rows`` finds; ``parts`` are the parts of each
    request, to which paging and changes add theirs. ``body`` rearranges them all where the request
    is a structure. Paths of a paging (``return.next_offset``) lead into the answer without its
    records. ``fetch_body`` makes the parts that ask for one record by its key, of ``fetch`` where
    that is another operation; ``row`` is then its path in the answer, '' where it comes as a list.
    The other words are those of :class:`~hub.sdk.resource.RestStream`.
    """

    name: str
    entities: tuple[str, ...]
    operation: str
    rows: RowShape
    key: tuple[str, ...] = ("id",)
    parts: Parts = field(default_factory=dict)
    body: Callable[[Parts], Parts] | None = None
    paging: Paging = field(default_factory=SinglePage)
    changes: Since | Keyset | Feed | None = None
    version: str = ""
    times: Times = field(default_factory=Times)
    deleted: str = ""
    merged_into: str = ""
    quirks: tuple[RowQuirk, ...] = ()
    fetch: str = ""
    fetch_body: Callable[[str], Parts] | None = None
    row: str = ""
    write: SoapWrite | None = None
    count: SoapCount | None = None
    keys_only: Parts | None = None
    custom_fields: bool = False
    retains: bool = False

    def declared(self) -> Stream:
        """The stream as the contract knows it."""
        stream = self.listed().declared()
        if self.count is None:
            return stream
        return replace(stream, capabilities=stream.capabilities | {Capability.COUNT})

    def listed(self) -> RestStream:
        """The same declaration for the reader that all lists share."""
        return RestStream(
            name=self.name,
            entities=self.entities,
            path=self.operation,
            key=self.key,
            params=self.parts,
            paging=self.paging,
            changes=self.changes,
            version=self.version,
            times=self.times,
            deleted=self.deleted,
            merged_into=self.merged_into,
            quirks=self.quirks,
            write=RestWrite(path=self.write.operation) if self.write else None,
            keys_only=self.keys_only,
            custom_fields=self.custom_fields,
            retains=self.retains,
        )
