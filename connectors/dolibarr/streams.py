"""What Dolibarr holds, read in full and resumable; and the write of a third party."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from itertools import islice
from typing import Any, Final

from connectors.dolibarr.client import SYSTEM, DolibarrClient
from connectors.dolibarr.config import DolibarrConfig
from hub.errors import ConflictError, RejectedError, SourceError, SourceSchemaError
from hub.sdk import Capability, Change, Cursor, New, Page, Receipt, Record, Stream

STREAMS: Final = (
    Stream(
        name="thirdparty",
        entities=("party", "account"),
        key=("id",),
        capabilities=frozenset(
            {Capability.FULL, Capability.WRITE, Capability.OPTIMISTIC_LOCK}
            | {Capability.CREATE, Capability.REMOVE}
        ),
        demands=("ref", "client"),
    ),
    Stream(name="contact", entities=("party", "relationship"), key=("id",)),
    Stream(name="order", entities=("order",), key=("id",)),
    Stream(name="invoice", entities=("invoice",), key=("id",)),
)

WRITABLE: Final = frozenset(
    [
        "ref",
        "ref_ext",
        "status",
        "client",
        "supplier",
        "customer_code",
        "supplier_code",
        "note_private",
        "note_public",
        "address",
        "zip",
        "town",
        "region_code",
        "country_id",
        "country_code",
        "phone",
        "fax",
        "email",
        "url",
        "profid1",
        "profid2",
        "profid3",
        "profid4",
        "profid5",
        "profid6",
        "capital",
        "barcode",
        "vat_used",
        "vat_number",
    ]
)
"""Fields that updateThirdParty takes (thirdparty.wsdl)."""
EXTERNAL: Final = "ref_ext"
"""Where the hub's own name for a third party stands; Dolibarr does not hold it to be unique."""
_SENT_BACK: Final = WRITABLE | {
    "customer_code_accountancy",
    "supplier_code_accountancy",
}


class DolibarrConnector:
    """An open Dolibarr connection.

    The services have neither paging nor a changed-since filter, and the list lacks most fields: the
    ids are read first, then the details third party by third party. The cursor is the last id done.
    """

    def __init__(self, config: DolibarrConfig) -> None:
        self._config = config
        self._client = DolibarrClient(config)

    def check(self) -> str:
        """Log in by asking for the first third party; that there is none is an answer too."""
        self._client.thirdparty("1")
        return "Dolibarr accepts the key and the login"

    def read(self, stream: str, cursor: Cursor | None) -> Iterator[Page]:
        """Third parties or what belongs to them, page by page, from the cursor's id on."""
        names = [known.name for known in STREAMS]
        if stream not in names:
            message = f"there is no such stream; it has {', '.join(names)}"
            raise SourceSchemaError(message, system=SYSTEM, stream=stream)
        done = _done(cursor)
        ids = iter([number for number in self._client.thirdparty_ids() if number > done])
        while chunk := list(islice(ids, self._config.page_size)):
            listed = stream == "thirdparty"
            yield self._thirdparty_page(chunk) if listed else self._belongings_page(stream, chunk)

    def fetch(self, stream: str, key: str) -> Record | None:
        """The third party as it is now."""
        _refuse_other_streams(stream)
        fields = self._client.thirdparty(key)
        return None if fields is None else _record(key, fields)

    def write(self, change: Change) -> Receipt:
        """Read, compare, send the whole record back: fields left out would be emptied.

        The services have no lock; a change made by somebody else between our reading and writing,
        some milliseconds, is not seen.
        """
        _refuse_other_streams(change.stream)
        _refuse_unknown(change.fields, WRITABLE)
        now = self._named_by(change)
        if now is None:
            raise ConflictError("dolibarr: the third party is gone; nothing was written")
        key = now.key
        if all(now.data.get(name) == str(value) for name, value in change.fields.items()):
            return Receipt(key=key, version=now.version)  # done by an earlier try
        if change.expected_version is not None and now.version != change.expected_version:
            raise ConflictError("dolibarr: the third party changed since it was read")
        kept = {name: value for name, value in now.data.items() if name in _SENT_BACK}
        self._client.update({**kept, **change.fields, "id": key})
        return Receipt(key=key, version=self._version_after(key))

    def remove(self, stream: str, key: str) -> None:
        """Delete a third party that the hub made."""
        _refuse_other_streams(stream)
        self._client.delete(key)

    def _named_by(self, change: Change) -> Record | None:
        key = change.key or self.find(change.stream, change.external_key)
        return self.fetch(change.stream, key) if key else None

    def create(self, new: New) -> Receipt:
        """Make a third party, unless one has this external key.

        Dolibarr lets several have it: two requests at the same time could make two.
        """
        _refuse_other_streams(new.stream)
        _refuse_unknown(new.fields, WRITABLE - {EXTERNAL})
        if not new.external_key:
            raise RejectedError("dolibarr: a third party is made under an external key")
        key = self.find(new.stream, new.external_key)
        if key is None:
            key = self._client.create({**new.fields, EXTERNAL: new.external_key})
        return Receipt(key=key, version=self._version_after(key))

    def find(self, stream: str, external_key: str) -> str | None:
        """The id of the third party that has an external key."""
        _refuse_other_streams(stream)
        fields = self._client.find(external_key)
        found = fields is not None and fields.get(EXTERNAL) == external_key
        return _key(fields, stream) if fields is not None and found else None

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def _thirdparty_page(self, numbers: list[int]) -> Page:
        found = [(str(number), self._client.thirdparty(str(number))) for number in numbers]
        records = [_record(key, fields) for key, fields in found if fields is not None]
        gone = len(found) - len(records)
        return Page(
            records=records,
            cursor={"after": numbers[-1]},
            excluded={"deleted while reading": gone} if gone else {},
        )

    def _belongings_page(self, stream: str, numbers: list[int]) -> Page:
        records = [
            _record(_key(fields, stream), self._named(stream, number, fields))
            for number in numbers
            for fields in self._client.belongings(stream, number)
        ]
        return Page(records=records, cursor={"after": numbers[-1]})

    def _named(self, stream: str, thirdparty: int, fields: dict[str, Any]) -> dict[str, Any]:
        """Not every answer names the third party, and none the currency; both are added."""
        whole = {"thirdparty_id": str(thirdparty), **fields}
        return whole if stream == "contact" else {"currency": self._config.currency, **whole}

    def _version_after(self, key: str) -> str | None:
        """The new version; that it can't be read does not undo the write."""
        try:
            now = self.fetch("thirdparty", key)
        except SourceError:
            return None
        return None if now is None else now.version


def _record(key: str, fields: dict[str, Any]) -> Record:
    return Record(key=key, data=fields, version=fields.get("date_modification") or None)


def _key(fields: dict[str, Any], stream: str) -> str:
    key = fields.get("id")
    if not isinstance(key, str) or not key:
        raise SourceSchemaError("a record has no id", system=SYSTEM, stream=stream)
    return key


def _done(cursor: Cursor | None) -> int:
    after = (cursor or {}).get("after", 0)
    return after if isinstance(after, int) else 0


def _refuse_unknown(names: Collection[str], known: Collection[str]) -> None:
    unknown = set(names) - set(known)
    if unknown:
        named = ", ".join(sorted(unknown))
        raise RejectedError(f"dolibarr: a third party has no writable {named}")


def _refuse_other_streams(stream: str) -> None:
    if stream != "thirdparty":
        raise RejectedError(f"dolibarr: {stream} can't be written")
