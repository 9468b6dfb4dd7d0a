"""Reads and changes one record of a declared stream: compare first, then write under the lock."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from pydantic import JsonValue

from hub.errors import ConflictError, DuplicateRecordError, HubError, RejectedError
from hub.sdk.contract import Change, New, Receipt, Record
from hub.sdk.records import compile_path
from hub.sdk.resource.rows import RowReader
from hub.sdk.resource.stream import RestStream, RestWrite
from hub.sdk.rest import RestClient, RestResponse


class StreamWriter:
    """One declared stream whose records are fetched or written one by one."""

    def __init__(self, client: RestClient, stream: RestStream) -> None:
        self._client = client
        self._stream = stream
        self._rows = RowReader(stream)
        self._find_row = compile_path(stream.row)

    def fetch(self, key: str) -> Record | None:
        """The record as it is now; None where it is gone."""
        return self._fetch(key)[0]

    def write(self, change: Change) -> Receipt:
        """Make the change once, unless the record changed or is gone."""
        how = self._stream.write
        if how is None:
            raise RejectedError(f"{self._place}: records of this stream can't be written")
        now, tag = self._fetch(change.key)
        if now is None:
            raise ConflictError(f"{self._place}: the record is gone; nothing was written")
        if holds(now.data, change.fields):
            return Receipt(key=change.key, version=now.version)  # done by an earlier try
        if change.expected_version not in (None, now.version):
            raise ConflictError(f"{self._place}: the record was changed; nothing was written")
        headers = {**how.headers, **({"if-match": tag} if how.lock and tag else {})}
        path = how.path.format(key=quote(change.key, safe=""))
        body = how.body(change.key, change.fields) if how.body else _wrapped(how, change.fields)
        headers = _keyed(how, headers, change.idempotency_key)
        self._send(how, (how.method, path), body, headers=headers)
        return Receipt(key=change.key, version=self._version_after(change.key))

    def create(self, new: New) -> Receipt:
        """Make a new record; one that is there already (DuplicateRecordError) is the receipt."""
        how = self._stream.write
        if how is None or not how.create:
            raise RejectedError(f"{self._place}: records of this stream can't be created")
        headers = _keyed(how, dict(how.headers), new.external_key)
        try:
            body = _wrapped(how, new.fields)
            answer = self._send(how, ("POST", how.create), body, headers=headers)
        except DuplicateRecordError as error:
            return Receipt(key=error.key, version=self._version_after(error.key))
        made = self._rows.record(self._find_row(answer.json()))
        if made is None:
            raise ConflictError(f"{self._place}: the answer does not say what was created")
        return Receipt(key=made.key, version=made.version)

    @property
    def _place(self) -> str:
        return f"{self._client.system}/{self._stream.name}"

    def _fetch(self, key: str) -> tuple[Record | None, str]:
        """The record and its entity tag, '' where there is none."""
        answer = self._ask(key)
        row = None if answer.status == 404 else self._find_row(answer.json())
        if row in (None, [], False):
            return None, ""
        lock = self._stream.write.lock if self._stream.write else ""
        found = self._rows.record(row)
        if found is not None and found.key != key:
            return None, ""  # the one that it was merged into answers in its place
        return found, answer.headers.get(lock, "")

    def _ask(self, key: str) -> RestResponse:
        name, path, headers = self._stream.name, self._stream.fetch, self._stream.headers
        if self._stream.fetch_body:
            body = self._stream.fetch_body(key)
            path = path or self._stream.path
            return self._client.send(
                "POST", path, json=body, headers=headers, stream=name, reading=True
            )
        if not path:
            raise RejectedError(f"{self._place}: a single record can't be read")
        path = path.format(key=quote(key, safe=""))
        return self._client.get(path, headers=headers, stream=name, missing_ok=True)

    def _send(
        self,
        how: RestWrite,
        target: tuple[str, str],
        body: JsonValue,
        *,
        headers: Mapping[str, str],
    ) -> RestResponse:
        return self._client.send(
            *target,
            json=body,
            headers=headers,
            stream=self._stream.name,
            idempotent=bool(how.idempotency),
        )

    def _version_after(self, key: str) -> str | None:
        """The new version; that it can't be read does not undo the write."""
        try:
            now = self.fetch(key)
        except HubError:
            return None
        return None if now is None else now.version


def holds(row: Mapping[str, Any], fields: Mapping[str, JsonValue]) -> bool:
    """Whether the record has these values already; names may be dotted."""
    return all(compile_path(name)(row) == value for name, value in fields.items())


def nest(fields: Mapping[str, JsonValue]) -> dict[str, JsonValue]:
    """Fields by dotted names as the objects that they stand for."""
    whole: dict[str, Any] = {}
    for name, value in fields.items():
        *path, last = name.split(".")
        place = whole
        for part in path:
            place = place.setdefault(part, {})
        place[last] = value
    return whole


def _wrapped(how: RestWrite, fields: Mapping[str, JsonValue]) -> JsonValue:
    nested = nest(fields)
    return {how.wrap: nested} if how.wrap else nested


def _keyed(how: RestWrite, headers: dict[str, str], key: str) -> dict[str, str]:
    return {**headers, how.idempotency: key} if how.idempotency else headers
