"""Writing to parties, by JSON-RPC: its ``_timestamp`` is the condition that REST has not.

Each row that is written carries the stamp under which it was read; Tryton refuses all of the change
where one of them has another stamp by now (trytond/model/modelsql.py, __check_timestamp).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, Final, NamedTuple

from connectors.tryton.client import SYSTEM
from connectors.tryton.contacts import MARK, NEW, WRITABLE, changes, first_values
from connectors.tryton.rpc import RpcClient
from connectors.tryton.streams import PARTY, Reader
from hub.errors import ConflictError, RejectedError, SourceError
from hub.sdk import Change, New, Receipt, Record

STAMP: Final = "_timestamp"
_STAMPS: Final = (STAMP, f"contact_mechanisms.{STAMP}", f"addresses.{STAMP}")
_LONGEST: Final = 10_000


class _Look(NamedTuple):
    """A party, and the stamps of its rows by "model,id"."""

    record: Record
    stamps: Mapping[str, str]


class PartyWriter:
    """Changes name, main e-mail address, phone number and postal address of parties."""

    def __init__(self, rpc: RpcClient, reader: Reader) -> None:
        self._rpc = rpc
        self._reader = reader
        self._last: _Look | None = None

    def look(self, key: str) -> Record | None:
        """One party as it is now; a write that is computed from it need not read it again."""
        self._last = self._look(key)
        return self._last.record if self._last else None

    def write(self, change: Change) -> Receipt:
        """Make all of the change, or none of it and raise."""
        if change.stream != PARTY.model:
            raise _reject("only parties are written")
        wanted = {name: _check_value(name, value) for name, value in change.fields.items()}
        found = self._recall(change) or self._named_by(change)
        if found is None:
            raise ConflictError(f"{SYSTEM}: the party is gone; nothing was written")
        key = found.record.key
        before = found.record
        if all(before.data[name] == value for name, value in wanted.items()):
            return Receipt(key=key, version=before.version)
        if change.expected_version not in (None, before.version):
            message = f"{SYSTEM}: the party changed since it was read; nothing was written"
            raise ConflictError(message)
        country = self._country(wanted["country"]) if "country" in wanted else None
        values = changes(before.data, wanted, country)
        self._rpc.write(PARTY.model, int(key), values, stamps=found.stamps)
        return self._receipt(key, wanted)

    def create(self, new: New) -> Receipt:
        """Make a party with the rows below it in one call, unless one has this external key.

        Tryton holds no identifier once: two calls at the same time could make two.
        """
        if new.stream != PARTY.model or not new.external_key:
            raise _reject("only parties are made, each under an external key")
        wanted = {name: _check_value(name, value, NEW) for name, value in new.fields.items()}
        key = self.find(new.external_key)
        if key is None:
            country = self._country(wanted["country"]) if "country" in wanted else None
            values = first_values(wanted, country, MARK + new.external_key)
            key = str(self._rpc.create(PARTY.model, values))
        return Receipt(key=key)

    def find(self, external_key: str) -> str | None:
        """The id of the party that was made under an external key."""
        return self._reader.find(MARK + external_key)

    def _named_by(self, change: Change) -> _Look | None:
        key = change.key or self.find(change.external_key)
        return self._look(key) if key else None

    def _look(self, key: str) -> _Look | None:
        row = self._reader.row(key, also=_STAMPS)
        if row is None:
            return None
        stamps = _take_stamps(row)
        return _Look(self._reader.as_record(row), stamps)

    def _recall(self, change: Change) -> _Look | None:
        """What was looked at last, once, where the change is computed from it."""
        last, self._last = self._last, None
        if last is None or last.record.key != change.key:
            return None
        return last if last.record.version == change.expected_version else None

    def _country(self, code: str) -> int:
        found = self._reader.country_id(code.upper())
        if found is None:
            raise _reject("the country is no code that Tryton knows")
        return found

    def _receipt(self, key: str, wanted: Mapping[str, str]) -> Receipt:
        """Without a version where it can't be read: the change is done, and must not be forgotten.

        Tryton spells phone numbers and e-mail addresses anew where its libraries for them are
        installed (party/contact_mechanism.py, format_value).
        """
        try:
            after = self._reader.fetch(key)
        except SourceError:
            after = None
        if after is None:
            return Receipt(key=key)
        held = {name: after.data[name] for name in wanted if after.data[name] != wanted[name]}
        return Receipt(key=key, version=after.version, held=held)


def _take_stamps(row: dict[str, Any]) -> dict[str, str]:
    """The stamps of a row and of those below it, which go out of it."""
    stamps = {}
    if STAMP in row:
        stamps[f"{row['__name__']},{row['id']}"] = str(row.pop(STAMP))
    for value in row.values():
        for below in value if isinstance(value, list) else ():
            stamps |= _take_stamps(below)
    return stamps


def _check_value(name: str, value: Any, known: Collection[str] = WRITABLE) -> str:
    if name not in known:
        raise _reject(f"field {name} of a party can't be written")
    text = value.strip() if isinstance(value, str) else ""
    if not text or len(text) > _LONGEST:
        raise _reject(f"field {name} of a party takes a text that is not empty")
    return text


def _reject(message: str) -> RejectedError:
    return RejectedError(f"{SYSTEM}: {message}; nothing was written")
