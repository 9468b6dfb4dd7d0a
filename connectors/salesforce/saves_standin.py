"""How the stand-in saves records: one by one, or as an sObject Collection.

Answers follow the REST API Developer Guide ("Update Records Using sObject Collections", "Upsert
Records Using sObject Collections", "Get Records With a Request Body Using sObject Collections"),
codes "StatusCode" of the SOAP API Developer Guide. A request that can't be understood, by a field
that there is not, is refused as a whole with 400; a record that can't be saved says so by itself.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

import orjson

from connectors.salesforce.streams import REQUIRED, is_id
from hub.sdk import StandInState
from hub.sdk.standin import Request, Response, Row

EXTERNAL_ID: Final = "Hub_Id__c"
"""The custom text field, External ID and Unique, that objects which are written to have."""
_PATH: Final = re.compile(r"^/composite/sobjects(?:/(\w+)(?:/(\w+))?)?/?$")
_SAVED_AT_ONCE, _READ_AT_ONCE, _CHUNKS = 200, 2000, 10
_LONGEST: Final = {"Name": 255, "Phone": 40, "MobilePhone": 40, EXTERNAL_ID: 36}
_MUST: Final[Mapping[str, tuple[str, ...]]] = {
    "Account": ("Name",),
    "Contact": ("LastName",),
    "Lead": ("LastName", "Company"),
}
_WHOLE_NUMBERS: Final = frozenset({"NumberOfEmployees"})
_PREFIXES: Final = {"Account": "001", "Contact": "003", "Lead": "00Q"}

Save = Callable[[dict[str, Any]], tuple[str, bool]]


class NotSaved(ValueError):  # noqa: N818  # an answer of the stand-in, and no error of the hub
    """Why one record is not saved: Salesforce's code and what it says."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(code, message)
        self.code = code
        self.message = message


class Organisation(Protocol):
    """What saving needs of the organisation that it is done in."""

    state: StandInState

    def known_fields(self, table: str) -> frozenset[str]: ...

    def record(self, table: str, row: Row, fields: tuple[str, ...]) -> dict[str, Any]: ...

    def stamp(self) -> str: ...


@dataclass(slots=True)
class Saves:
    """Saving in one organisation.

    ``locked`` are the ids of records that somebody else works on, ``duplicate_rules`` the field by
    object that no new record may have in common with another.
    """

    organisation: Organisation
    locked: set[str] = field(default_factory=set)
    duplicate_rules: dict[str, str] = field(default_factory=dict)
    _made: int = 0

    def answer(self, path: str, request: Request) -> Response | None:
        """The answer to a request about collections; None to any other."""
        match = _PATH.match(path)
        if match is None:
            return None
        table, name = match[1], match[2]
        if request.method == "POST" and table and not name:
            return self._rows(table, _body(request))
        if request.method != "PATCH" or bool(table) != bool(name):
            return Response(405, [{"errorCode": "METHOD_NOT_ALLOWED", "message": "not allowed"}])
        records, strict = self._records(_body(request))
        if not name:
            return self._save(records, self._update, strict=strict)
        self._must_be_of(table, name, records)
        return self._save(records, lambda row: self._upsert(table, name, row), strict=strict)

    def change(self, table: str, key: str, fields: Mapping[str, Any]) -> None:
        """Change a record's fields; called with the state locked."""
        _refuse_fixed(fields)
        if key in self.locked:
            raise NotSaved("UNABLE_TO_LOCK_ROW", "unable to obtain exclusive access to this record")
        row = self._rows_of(table)[key]
        self._refuse_values(table, {**row, **fields})
        stamp = self.organisation.stamp()
        row.update(fields, SystemModstamp=stamp, LastModifiedDate=stamp)

    def _rows_of(self, table: str) -> dict[str, Row]:
        return self.organisation.state.stream(table)

    def _rows(self, table: str, body: Mapping[str, Any]) -> Response:
        """Null for an id that is none of the object's; a deleted record is not there."""
        keys, fields = body.get("ids"), body.get("fields")
        if not keys or not fields or len(keys) > _READ_AT_ONCE:
            raise ValueError("MALFORMED_QUERY", "ids and fields are required, up to 2000 ids")
        if unknown := set(fields) - self.organisation.known_fields(table):
            raise ValueError("INVALID_FIELD", f"No such column '{min(unknown)}'")
        with self.organisation.state.lock:
            live, record = dict(self._live(table)), self.organisation.record
            found = [
                record(table, live[key], tuple(fields)) if key in live else None for key in keys
            ]
        return Response(200, orjson.dumps(found))

    def _records(self, body: Mapping[str, Any]) -> tuple[list[dict[str, Any]], bool]:
        """The records of a request that can be understood, and allOrNone."""
        records = body.get("records")
        if not isinstance(records, list) or not all(isinstance(one, dict) for one in records):
            raise ValueError("JSON_PARSER_ERROR", "records is not a list of objects")
        if len(records) > _SAVED_AT_ONCE:
            message = "record limit reached. cannot submit more than 200 records into this call"
            raise ValueError("EXCEEDED_ID_LIMIT", message)
        tables = [(one.get("attributes") or {}).get("type", "") for one in records]
        chunks = sum(this != before for this, before in zip(tables, ["", *tables], strict=False))
        if chunks > _CHUNKS:
            message = "Cannot have more than 10 chunks in a single operation"
            raise ValueError("INVALID_OPERATION", message)
        known = {table: self.organisation.known_fields(table) for table in set(tables)}
        for table, one in zip(tables, records, strict=True):
            _refuse_unknown(table, one, known[table])
        return records, body.get("allOrNone") is True

    def _must_be_of(self, table: str, name: str, records: list[dict[str, Any]]) -> None:
        if name != EXTERNAL_ID or table not in _PREFIXES:
            raise ValueError("NOT_FOUND", f"Provided external ID field does not exist: {name}")
        if any(one["attributes"]["type"] != table for one in records):
            raise ValueError("INVALID_TYPE", f"all records have to be of {table}")

    def _save(self, records: list[dict[str, Any]], save: Save, *, strict: bool) -> Response:
        with self.organisation.state.changing():
            before = {one["attributes"]["type"]: None for one in records}
            kept = {
                name: {key: dict(row) for key, row in self._rows_of(name).items()}
                for name in (before if strict else ())
            }
            results = [_result(save, one) for one in records]
            if strict and not all(one["success"] for one in results):
                for name, rows in kept.items():
                    self._rows_of(name).clear()
                    self._rows_of(name).update(rows)
                results = [_rolled_back(one) for one in results]
        return Response(200, orjson.dumps(results))

    def _update(self, record: dict[str, Any]) -> tuple[str, bool]:
        table, key = record["attributes"]["type"], record.get("id")
        if not isinstance(key, str) or not is_id(key):
            raise NotSaved("MALFORMED_ID", "Id is required, and of 15 or 18 characters")
        row = self._rows_of(table).get(key)
        if row is None:
            raise NotSaved("INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id")
        if row.get("IsDeleted"):
            raise NotSaved("ENTITY_IS_DELETED", "entity is deleted")
        self.change(table, key, _fields(record))
        return key, False

    def _upsert(self, table: str, name: str, record: dict[str, Any]) -> tuple[str, bool]:
        fields, value = _fields(record), record.get(name)
        if "id" in record or "Id" in record:
            raise NotSaved(
                "INVALID_FIELD", f"cannot specify Id in an External ID ({name}) reference"
            )
        if not isinstance(value, str) or not value:
            raise NotSaved("MISSING_ARGUMENT", f"{name} not specified")
        same = [key for key, row in self._live(table) if _folded(row.get(name)) == value.casefold()]
        if len(same) > 1:
            raise NotSaved("DUPLICATE_EXTERNAL_ID", "more than one record found for external id")
        if same:
            self.change(table, same[0], fields)
            return same[0], False
        return self._insert(table, fields), True

    def _live(self, table: str) -> list[tuple[str, Row]]:
        return [(key, row) for key, row in self._rows_of(table).items() if not row.get("IsDeleted")]

    def _insert(self, table: str, fields: Mapping[str, Any]) -> str:
        _refuse_fixed(fields)
        self._refuse_values(table, fields)
        rule = self.duplicate_rules.get(table)
        if rule and any(row.get(rule) == fields.get(rule) for _, row in self._live(table)):
            raise NotSaved("DUPLICATES_DETECTED", "Use one of these records?")
        self._made += 1
        key = f"{_PREFIXES[table]}{900_000_000_000 + self._made}AAA"
        stamp = self.organisation.stamp()
        names = [fields.get(name) for name in ("FirstName", "LastName")]
        person = {} if table == "Account" else {"Name": " ".join(filter(None, names))}
        made = dict.fromkeys(("CreatedDate", "LastModifiedDate", "SystemModstamp"), stamp)
        self._rows_of(table)[key] = {"Id": key, "IsDeleted": False, **made, **person, **fields}
        return key

    def _refuse_values(self, table: str, row: Mapping[str, Any]) -> None:
        asked = [name for name in _MUST.get(table, ()) if name in row or "Id" not in row]
        if missing := [name for name in asked if not row.get(name)]:
            message = f"Required fields are missing: [{missing[0]}]"
            raise NotSaved("REQUIRED_FIELD_MISSING", message)
        for name, longest in _LONGEST.items():
            if len(str(row.get(name) or "")) > longest:
                raise NotSaved("STRING_TOO_LONG", f"{name}: data value too large")


def _refuse_unknown(table: str, row: Mapping[str, Any], known: frozenset[str]) -> None:
    if not known:
        raise ValueError("INVALID_TYPE", f"sObject type '{table}' is not supported")
    unknown = [name for name in row if name not in known | {"id", "attributes"}]
    if unknown:
        raise ValueError("INVALID_FIELD", f"No such column '{unknown[0]}' on sobject {table}")
    if texts := [name for name in _WHOLE_NUMBERS.intersection(row) if isinstance(row[name], str)]:
        raise ValueError("JSON_PARSER_ERROR", f"Cannot deserialize instance of int: {texts[0]}")


def _refuse_fixed(fields: Mapping[str, Any]) -> None:
    if fixed := [name for name in fields if name in REQUIRED]:
        raise NotSaved("INVALID_FIELD_FOR_INSERT_UPDATE", f"Unable to write {fixed[0]}")


def _body(request: Request) -> dict[str, Any]:
    body = orjson.loads(request.body)
    if isinstance(body, dict):
        return body
    raise ValueError("JSON_PARSER_ERROR", "the body is not an object")


def _fields(record: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in record.items() if name not in ("id", "attributes")}


def _folded(value: object) -> str:
    return str(value).casefold() if value is not None else ""


def _result(save: Save, record: dict[str, Any]) -> dict[str, Any]:
    try:
        key, created = save(record)
    except NotSaved as error:
        told = {"statusCode": error.code, "message": error.message, "fields": []}
        return {"success": False, "errors": [told]}
    result = {"id": key, "success": True, "errors": []}
    return {**result, "created": created} if "id" not in record else result


def _rolled_back(result: dict[str, Any]) -> dict[str, Any]:
    if not result["success"]:
        return result
    code = "ALL_OR_NONE_OPERATION_ROLLED_BACK"
    message = "Record rolled back because not all records were valid"
    told = {"statusCode": code, "message": message, "fields": []}
    return {"success": False, "errors": [told]}
