"""Connector contract, version 1: what a connector declares, what it reads, what it writes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from inspect import signature
from pathlib import Path
from typing import Annotated, Any, Final, NamedTuple, Protocol

import orjson
from pydantic import AfterValidator, BaseModel, ConfigDict, JsonValue, ValidationInfo

from hub.errors import DeliveryError, TransientSourceError
from hub.sdk.auth.refresh import MemoryTokens, TokenStore

CONTRACT_VERSION: Final = 1

FOLDER: Final = "folder"
"""Name under which validators of a config find the folder of hub.toml in their context: relative
paths in settings start there."""


def _start_at_folder(path: Path, info: ValidationInfo) -> Path:
    return Path((info.context or {}).get(FOLDER, ""), path)


LocalPath = Annotated[Path, AfterValidator(_start_at_folder)]
"""A file or folder among settings; a relative one starts at the folder of hub.toml."""

Cursor = Mapping[str, JsonValue]
"""The connector's own position in a stream: a small JSON object, opaque to the hub."""


class Capability(StrEnum):
    """What a stream can do; the conformance kit tests what is declared, by name."""

    FULL = "full"
    INCREMENTAL = "incremental"
    DELETES = "deletes"
    WRITE = "write"
    BATCH_WRITE = "batch_write"
    CREATE = "create"
    CREATE_ONCE = "create_once"
    BATCH_CREATE = "batch_create"
    REMOVE = "remove"
    IDEMPOTENCY_KEY = "idempotency_key"
    OPTIMISTIC_LOCK = "optimistic_lock"
    CUSTOM_FIELDS = "custom_fields"
    PUSH = "push"
    KEY_SCAN = "key_scan"
    COUNT = "count"


@dataclass(frozen=True, slots=True, kw_only=True)
class Stream:
    """One kind of record that a system holds.

    ``key`` names the fields that identify a record: one gives its text, several a JSON array.
    ``entities`` are the canonical entities that its records carry. A stream without INCREMENTAL is
    read in full each time; one without DELETES has its deletions found by comparing key sets (at a
    full read, or by KEY_SCAN), unless it ``retains``: then a record that leaves the system is kept
    (a mail that was moved).
    """

    name: str
    entities: tuple[str, ...]
    key: tuple[str, ...]
    cursor: str | None = None
    capabilities: frozenset[Capability] = frozenset({Capability.FULL})
    retains: bool = False
    demands: tuple[str, ...] = ()
    """Fields without which the system makes no record (CREATE)."""


class Record(NamedTuple):
    """One record as the system gave it.

    ``key`` is case-sensitive. ``version`` orders versions of one record as text (an ISO time, a
    padded number), or is None where the system has none.
    """

    key: str
    data: Mapping[str, Any]
    version: str | None = None


class Tombstone(NamedTuple):
    """The system says the record is gone, and into which one it was merged where it says so."""

    key: str
    version: str | None = None
    merged_into: str | None = None


class Unreadable(NamedTuple):
    """A record that the connector could not read; ``raw`` is kept in quarantine with the reason."""

    key: str | None
    reason: str
    raw: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """What one request brought, and the cursor that is safe once it is committed.

    ``excluded`` counts records left out on purpose, by rule ("internal mail": 12). Pages of a read
    come in order; a page may repeat a record of an earlier one.
    """

    records: Sequence[Record]
    cursor: Cursor
    tombstones: Sequence[Tombstone] = ()
    unreadable: Sequence[Unreadable] = ()
    excluded: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One write to one record of a target: only the fields that change, in the system's own names.

    ``expected_version`` is the version the change was computed from (a version, an ETag).
    ``idempotency_key`` stays the same over retries of one intent. Where the stream declares CREATE,
    ``external_key`` may name the record instead, and ``key`` is empty. Without ``tell_version`` the
    receipt need not have the record's new version where that takes another request: the hub asks
    for those of many records at once, by ``look_many``.
    """

    stream: str
    key: str
    fields: Mapping[str, JsonValue]
    expected_version: str | None
    idempotency_key: str
    external_key: str = ""
    tell_version: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class New:
    """A record to be made in a target, in the system's own field names.

    ``external_key`` is the hub's own name for the record. It may stand in a URL, so it is nothing
    personal. It has to be seen in what is read of the record, or be its key, wherever the system
    can do that: a sync recognises the record by it.
    """

    stream: str
    fields: Mapping[str, JsonValue]
    external_key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """The target's word that a change is done; ``version`` is the record's version after it.

    ``held`` gives those fields that the target keeps in a form of its own (a phone number that it
    spells anew): by this form the hub knows its own value when it comes back.
    """

    key: str
    version: str | None = None
    held: Mapping[str, JsonValue] = field(default_factory=dict)


WriteResult = Receipt | DeliveryError | TransientSourceError
"""What became of one change of a batch. TransientSourceError: it was not made and may be repeated
later; OutcomeUnknownError: nobody knows; any other DeliveryError: it was not made."""


class ConnectorConfig(BaseModel):
    """Base of a connector's settings: frozen, closed; secrets are ``SecretStr``."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Connector(Protocol):
    """An open connection to one system.

    ``read`` and ``check`` raise the errors under SourceError, and CursorExpiredError where the
    system no longer honours a cursor. ``write`` raises those under DeliveryError;
    OutcomeUnknownError when the request was sent and no answer came.
    """

    def check(self) -> str:
        """Log in and read a little; returns one line that says what was reached."""

    def read(self, stream: str, cursor: Cursor | None) -> Iterator[Page]:
        """Give the pages after the cursor; from None, all there is."""

    def close(self) -> None:
        """Release what the connection holds."""


class KeyScanner(Connector, Protocol):
    """A connector with a stream that declares KEY_SCAN: it lists keys much faster than records."""

    def keys(self, stream: str) -> Iterator[Sequence[str]]:
        """Give the keys of all records there are now, in pages of any size and order.

        They are the keys under which ``read`` gives records, and of the same records: what
        ``read`` tells as a tombstone is not among them. A key may come twice, none may be
        missing: while keys are paged, records come and go, so page by key, not by number. Raise
        rather than end early: what is not named here is deleted in the hub.
        """


class Total(NamedTuple):
    """How many records a system has of a stream, and what fields of theirs add up to.

    ``sums`` are by the name that a field has in the records' data, to four decimals. They are
    control totals: values are added whatever their currency, and a record without one adds nothing.
    """

    records: int
    sums: Mapping[str, Decimal] = {}


class Counter(Connector, Protocol):
    """A connector with a stream that declares COUNT: the system itself counts what it has."""

    def count(self, stream: str) -> Total:
        """Ask the system how many records ``read`` would give now in full, tombstones left out.

        By another way than reading them: a record that the read misses shows by it.
        """


class Writer(Connector, Protocol):
    """A connector with a stream that declares WRITE.

    It may have ``look_many(stream, keys, fields)`` too, which reads many records as they are now in
    a few requests, by key, with these fields at least; a key that is missing is gone. Where the
    stream declares OPTIMISTIC_LOCK the hub looks so at many records, then writes to each of them
    under the version that was looked at.
    """

    def fetch(self, stream: str, key: str) -> Record | None:
        """Read one record as it is now, or None if it is gone."""

    def write(self, change: Change) -> Receipt:
        """Make the change, or raise; never half of it."""


class BatchWriter(Writer, Protocol):
    """A connector with a stream that declares BATCH_WRITE: many changes go in a few requests.

    The hub looks at a batch by ``look_many`` where there is one, else by ``fetch_many``.
    """

    def batch_limit(self, stream: str) -> int:
        """How many changes one ``write_many`` takes; below 2 where they go one by one.

        That may depend on the settings, so that a company chooses between speed and a closer lock.
        """

    def fetch_many(self, stream: str, keys: Sequence[str]) -> Mapping[str, Record]:
        """Read records as they are now, by key; a key that is missing is gone."""

    def write_many(
        self, stream: str, changes: Sequence[Change], *, within: float
    ) -> Sequence[WriteResult]:
        """Make the changes, at most one to a record, and say of each what became of it.

        The results have the order and number of the changes. Each change stands alone: one that is
        refused hinders no other. OutcomeUnknownError, raised, says so of all of them; any other
        error that is raised says that none was made. Send nothing once ``within`` seconds of wall
        time have passed, but say of the rest that it may be made later: the hub takes a batch that
        is still under way long after for lost, and has another worker look at the records.
        """


class Creator(Writer, Protocol):
    """A connector with a stream that declares CREATE.

    A stream declares CREATE_ONCE too where the system itself holds an external key at most once,
    however two requests meet. Without it the hub never repeats a request of which it does not know
    the outcome: it looks for the record until it is there, or a person decides.
    """

    def create(self, new: New) -> Receipt:
        """Make the record, or find it by its external key; the receipt has its key.

        A record that is found is left as it is. So a repeat makes nothing twice and undoes nothing
        that was changed meanwhile.
        """

    def find(self, stream: str, external_key: str) -> str | None:
        """The key of the record with this external key; None where the system shows none."""


class BatchCreator(Creator, Protocol):
    """A connector with a stream that declares BATCH_CREATE, and so CREATE_ONCE: many records are
    made in a few requests.
    """

    def create_limit(self, stream: str) -> int:
        """How many records one ``create_many`` takes."""

    def create_many(
        self, stream: str, records: Sequence[New], *, within: float
    ) -> Sequence[WriteResult]:
        """Make the records, or find them by their external keys, each as ``create`` does.

        The results are as those of ``write_many``, and so is ``within``. The receipts need not have
        versions: the hub looks at what was made.
        """


class Remover(Writer, Protocol):
    """A connector with a stream that declares REMOVE: records that the hub made can be deleted."""

    def remove(self, stream: str, key: str) -> None:
        """Delete the record; one that is gone already is no error. RejectedError where it may not.

        A repeat is harmless, so that an unknown outcome is asked again.
        """


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """What the hub does for an open connection: ``tokens`` keeps tokens that change with use."""

    tokens: TokenStore = field(default_factory=MemoryTokens)


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectorSpec:
    """What a plugin's ``hub_connector`` hook returns.

    ``open`` must not touch the network: the first request does. It is given the settings, and
    :class:`Services` if it has a parameter of that name. ``discover`` is for connectors
    whose streams come from their settings. ``mapping`` is the text of the mapping file where the
    connector ships its own; else ``mappings/<name>.yaml`` is used.
    """

    name: str
    title: str
    contract: int
    config: type[ConnectorConfig]
    open: Callable[..., Connector]
    streams: tuple[Stream, ...] = ()
    discover: Callable[[Any], tuple[Stream, ...]] | None = None
    mapping: str | None = None

    def connect(self, config: ConnectorConfig, services: Services) -> Connector:
        """Open a connection with these settings."""
        if "services" in signature(self.open).parameters:
            return self.open(config, services=services)
        return self.open(config)

    def streams_of(self, config: ConnectorConfig) -> tuple[Stream, ...]:
        """The streams that a connection with these settings has."""
        return self.discover(config) if self.discover else self.streams


def composite_key(values: Sequence[Any]) -> str:
    """A source key of several fields: their JSON array, without spaces."""
    return orjson.dumps(list(values)).decode()
