"""Which objects are read, which of their fields, and in what order: the keyset query."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from datetime import UTC, datetime
from typing import Any, Final, NamedTuple

from hub.errors import CursorExpiredError
from hub.sdk import Capability, Cursor, Stream

_READ: Final = frozenset(
    {Capability.FULL, Capability.INCREMENTAL, Capability.DELETES, Capability.CUSTOM_FIELDS}
    | {Capability.COUNT}
)
_WRITE: Final = frozenset(
    {Capability.WRITE, Capability.OPTIMISTIC_LOCK, Capability.BATCH_WRITE}
    | {Capability.CREATE, Capability.CREATE_ONCE, Capability.BATCH_CREATE}
)
_STAMP: Final = re.compile(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?(\+0000|Z)$")
_ID: Final = re.compile(r"^[A-Za-z0-9]{15}([A-Za-z0-9]{3})?$")
_LOWEST_ID: Final = "000000000000000"
REQUIRED: Final = ("Id", "SystemModstamp", "IsDeleted")


def _stream(name: str, entities: tuple[str, ...], *, writable: bool) -> Stream:
    return Stream(
        name=name,
        entities=entities,
        key=("Id",),
        cursor="SystemModstamp",
        capabilities=_READ | _WRITE if writable else _READ,
    )


STREAMS: Final = (
    _stream("Account", ("party", "relationship"), writable=True),
    _stream("Contact", ("party", "relationship"), writable=True),
    _stream("Lead", ("party", "relationship"), writable=True),
    _stream("Opportunity", ("opportunity",), writable=False),
)
WRITABLE: Final = frozenset(s.name for s in STREAMS if Capability.WRITE in s.capabilities)


def _address(prefix: str) -> tuple[str, ...]:
    parts = ("Street", "City", "State", "PostalCode", "Country", "CountryCode")
    return tuple(prefix + part for part in parts)


_PERSON: Final = ("Name", "Salutation", "FirstName", "LastName", "Title", "Email", "Phone")
_AUDIT: Final = ("OwnerId", "CurrencyIsoCode", "CreatedDate", "LastModifiedDate")

FIELDS: Final[Mapping[str, tuple[str, ...]]] = {
    "Account": (
        *("Name", "Type", "Industry", "Website", "Phone", "NumberOfEmployees", "ParentId"),
        *("AccountNumber", "VAT_Number__c", "ERP_Account__c", "MasterRecordId"),
        *_address("Billing"),
        *_address("Shipping"),
        *_AUDIT,
    ),
    "Contact": (
        *_PERSON,
        *("MobilePhone", "Birthdate", "AccountId", "HasOptedOutOfEmail", "MasterRecordId"),
        *_address("Mailing"),
        *_AUDIT,
    ),
    "Lead": (
        *_PERSON,
        *("MobilePhone", "Company", "Website", "Status", "LeadSource", "Industry"),
        *("HasOptedOutOfEmail", "IsConverted", "ConvertedAccountId", "ConvertedContactId"),
        "MasterRecordId",
        *_address(""),
        *_AUDIT,
    ),
    "Opportunity": (
        *("Name", "AccountId", "StageName", "Amount", "CloseDate", "Probability"),
        *("IsWon", "IsClosed", "Type", "LeadSource", "CampaignId"),
        *_AUDIT,
    ),
}
"""What the mapping may use. Those that an organisation has not, or hides, are not asked for:
CurrencyIsoCode needs multiple currencies, the country codes need state and country picklists."""


class Position(NamedTuple):
    """The last record read, in the order (SystemModstamp, Id); empty at the start.

    ``full`` while every record has to be met, however young.
    """

    stamp: str = ""
    id: str = ""
    full: bool = False

    @classmethod
    def from_cursor(cls, cursor: Cursor | None) -> Position:
        """Reads a stored cursor; both values go into a query, so both are checked."""
        if not cursor:
            return cls(full=True)
        stamp, key = str(cursor.get("stamp")), str(cursor.get("id"))
        if not is_stamp(stamp) or not is_id(key):
            raise CursorExpiredError("the cursor is not one of this connector; read in full")
        return cls(stamp, key, cursor.get("full") is True)

    @classmethod
    def at(cls, stamp: str, *, full: bool) -> Position:
        """Before all records of a moment."""
        return cls(stamp, _LOWEST_ID, full)

    def cursor(self) -> Cursor:
        """As it is stored."""
        plain: dict[str, Any] = {"stamp": self.stamp, "id": self.id}
        return {**plain, "full": True} if self.full else plain


class Window(NamedTuple):
    """One query: what comes after ``after`` and not after ``until`` ('' for no bound)."""

    after: Position
    until: str
    limit: int


def is_stamp(text: str) -> bool:
    """Whether a text has the form of a SystemModstamp."""
    return bool(_STAMP.match(text))


def is_id(key: str) -> bool:
    """Whether a text can be a Salesforce record id (15 or 18 characters)."""
    return bool(_ID.match(key))


def format_stamp(moment: datetime) -> str:
    """A moment as SystemModstamp has it; such texts sort in time."""
    text = moment.astimezone(UTC).isoformat(timespec="milliseconds")
    return text.replace("+00:00", "+0000")


def write_query(stream: str, fields: Collection[str], window: Window) -> str:
    """The keyset query: equal stamps are told apart by Id, so no page border can lose one.

    SOQL demands brackets where AND and OR meet, and date-times without quotes.
    """
    after, until, limit = window
    conditions = []
    if after.stamp:
        stamp = _literal(after.stamp)
        same = f"(SystemModstamp = {stamp} AND Id > '{after.id}')"
        conditions.append(f"(SystemModstamp > {stamp} OR {same})")
    if until:
        conditions.append(f"SystemModstamp <= {_literal(until)}")
    where = f" WHERE {' AND '.join(conditions)}" if conditions else ""
    return (
        f"SELECT {', '.join(fields)} FROM {stream}{where} "
        f"ORDER BY SystemModstamp ASC, Id ASC LIMIT {limit}"
    )


def write_tail_query(stream: str, fields: Collection[str], *, since: str, after: str) -> str:
    """All that is younger than the window, in the order of ids: those do not move."""
    condition = f"SystemModstamp > {_literal(since)}"
    if after:
        condition += f" AND Id > '{after}'"
    return f"SELECT {', '.join(fields)} FROM {stream} WHERE {condition} ORDER BY Id ASC"


def _literal(stamp: str) -> str:
    return stamp.replace("+0000", "Z")
