"""Records by an external id: a field of the object that holds the hub's own key, once.

The field has to be an External ID and Unique, so that Salesforce itself holds no key twice, however
two requests meet. A record is looked for before it is made, and one that is there is left as it is:
an upsert alone would put its first values back over what people changed since.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Final

from connectors.salesforce.batches import failure
from connectors.salesforce.client import SYSTEM, SalesforceClient
from connectors.salesforce.composite import Saved
from connectors.salesforce.layout import Layout
from connectors.salesforce.writing import refuse_bad_names, refuse_read_only
from hub.errors import (
    ConflictError,
    DeliveryError,
    RejectedError,
    SourceError,
    SourceSchemaError,
    SourceUnavailableError,
    TransientSourceError,
)
from hub.sdk import Change, New, Receipt, WriteResult

_AT_ONCE: Final = 50
"""Keys in one query, which has to fit into a URL."""
_NEEDED: Final = "it has to be a visible text field, External ID and Unique"
_TAKEN: Final = frozenset({"DUPLICATE_VALUE", "DUPLICATE_EXTERNAL_ID"})


class ExternalIds:
    """Finds and makes records by the external ids that the settings name, by object."""

    def __init__(
        self,
        client: SalesforceClient,
        layout: Callable[[str], Layout],
        fields: Mapping[str, str],
    ) -> None:
        self._client = client
        self._layout = layout
        self._fields = fields

    def check(self) -> None:
        """See that each of the fields is what it has to be."""
        for stream, name in self._fields.items():
            if name not in self._layout(stream).unique:
                message = f"external_ids: {name}: {_NEEDED}"
                raise SourceSchemaError(message, system=SYSTEM, stream=stream)

    def resolved(self, stream: str, changes: Sequence[Change]) -> list[Change]:
        """The changes with the keys of their records; '' where an external id has none."""
        wanted = [change.external_key for change in changes if change.external_key]
        if not wanted:
            return list(changes)
        found = self._keys(stream, self._field(stream), wanted)
        return [
            replace(change, key=found.get(change.external_key) or "")
            if change.external_key
            else change
            for change in changes
        ]

    def create(self, new: New) -> Receipt:
        """Make a record, unless there is one of this external id."""
        refuse_read_only(new.stream)
        field = self._field(new.stream)
        refuse_bad_names(new.stream, new.fields)
        if field in new.fields or not new.external_key:
            raise RejectedError(f"{SYSTEM}/{new.stream}: the external id is no field to be given")
        found = self.find(new.stream, new.external_key)
        made = Receipt(key=found) if found else self._make([new], field)[0]
        if not isinstance(made, Receipt):
            raise made
        return replace(made, version=self._version(new.stream, made.key))

    def create_many(self, stream: str, records: Sequence[New], *, by: float) -> list[WriteResult]:
        """Make the records that are not there, if they can be sent by a time."""
        refuse_read_only(stream)
        field, layout = self._field(stream), self._layout(stream)
        there = self._keys(stream, field, [new.external_key for new in records])
        results = [_known(new, there, (field, layout.known)) for new in records]
        wanted = [new for new, known in zip(records, results, strict=True) if known is None]
        if wanted and time.time() > by:
            message = "the batch took too long and was not sent; it comes later"
            raise SourceUnavailableError(message, system=SYSTEM, stream=stream)
        made = iter(self._make(wanted, field) if wanted else [])
        return [known or next(made) for known in results]

    def find(self, stream: str, external_key: str) -> str | None:
        """The key of the record; None where there never was one."""
        found = self._keys(stream, self._field(stream), [external_key])
        if external_key in found and found[external_key] is None:
            raise ConflictError(f"{SYSTEM}/{stream}: the record was made, and deleted since")
        return found.get(external_key)

    def _field(self, stream: str) -> str:
        name = self._fields.get(stream)
        if name is None:
            raise RejectedError(
                f"{SYSTEM}/{stream}: no field for external ids; name one in external_ids"
            )
        if name not in self._layout(stream).unique:
            raise RejectedError(f"{SYSTEM}/{stream}: {name}: {_NEEDED}")
        return name

    def _make(self, records: Sequence[New], field: str) -> list[WriteResult]:
        """A request that is refused as a whole has made nothing: find out which record it was."""
        stream = records[0].stream
        rows = [{**new.fields, field: new.external_key} for new in records]
        try:
            saved = self._client.composite.upsert(stream, field, rows)
        except RejectedError as error:
            half = len(records) // 2
            parts = (records[:half], records[half:]) if half else ()
            return [one for part in parts for one in self._make_part(part, field)] or [error]
        return [self._made(new, one) for new, one in zip(records, saved, strict=True)]

    def _make_part(self, part: Sequence[New], field: str) -> list[WriteResult]:
        """The other part may have been made, so an error here is told of these records alone."""
        try:
            return self._make(part, field)
        except (DeliveryError, TransientSourceError) as error:
            return [error] * len(part)

    def _made(self, new: New, saved: Saved) -> WriteResult:
        if saved.code not in _TAKEN:
            return failure(new.stream, saved.code) if saved.code else Receipt(key=saved.id)
        try:
            key = self.find(new.stream, new.external_key)  # made by another since we looked
        except ConflictError as error:
            return error
        message = f"{SYSTEM}/{new.stream}: {saved.code}; nothing was made"
        return Receipt(key=key) if key else ConflictError(message)

    def _keys(self, stream: str, field: str, values: Sequence[str]) -> dict[str, str | None]:
        """Ids by external id; None where all that has it was deleted.

        Salesforce compares without regard to case unless the field says otherwise, so an answer in
        another spelling is the record as well.
        """
        found: dict[str, str | None] = {}
        for start in range(0, len(values), _AT_ONCE):
            tests = [f"{field} = '{_quoted(one)}'" for one in values[start : start + _AT_ONCE]]
            soql = f"SELECT Id, IsDeleted, {field} FROM {stream} WHERE {' OR '.join(tests)}"
            for row in (row for rows in self._client.query(soql, stream) for row in rows):
                name = str(row[field])
                key = None if row["IsDeleted"] else str(row["Id"])
                found[name] = found.get(name) or key
        folded = {name.casefold(): key for name, key in found.items()}
        spelt = {value: folded[value.casefold()] for value in values if value.casefold() in folded}
        return spelt | found

    def _version(self, stream: str, key: str) -> str | None:
        """None where it can't be read: the record is there, and that must not be forgotten."""
        try:
            row, _ = self._client.row(stream, key, ("SystemModstamp",))
        except SourceError:
            return None
        return str(row["SystemModstamp"]) if row else None


def _known(
    new: New, there: Mapping[str, str | None], names: tuple[str, frozenset[str]]
) -> WriteResult | None:
    """What becomes of a record without making it: it is there, was deleted, or can't be made.

    ``names`` are the field of the external id, and all that the object has, in lower case.
    """
    place, own = f"{SYSTEM}/{new.stream}", names[0]
    if own in new.fields or any(name.lower() not in names[1] for name in new.fields):
        return RejectedError(f"{place}: there is no such field to be given; correct the rule")
    if new.external_key not in there:
        return None
    key = there[new.external_key]
    gone = ConflictError(f"{place}: the record was made, and deleted since")
    return Receipt(key=key) if key else gone


def _quoted(text: str) -> str:
    """As it stands between single quotes in SOQL ("Quoted String Escape Sequences")."""
    return text.replace("\\", "\\\\").replace("'", "\\'")
