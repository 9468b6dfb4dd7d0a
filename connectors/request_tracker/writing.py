"""Writing to users: compared before, guarded by If-Match, and proved by reading again.

A user that was looked at for a change is not read once more to make it: the ETag of that look tells
whether anything happened since.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from connectors.request_tracker.client import SYSTEM, RequestTrackerClient
from connectors.request_tracker.streams import USER, Users
from hub.errors import ConflictError, OutcomeUnknownError, RejectedError, SourceError
from hub.sdk import Change, Receipt, Record

# RT cuts longer values off in silence (lib/RT/User.pm, _CoreAccessible).
LENGTHS: Final[Mapping[str, int]] = {
    "EmailAddress": 120,
    "RealName": 120,
    "NickName": 16,
    "Organization": 200,
    "Address1": 200,
    "Address2": 200,
    "City": 100,
    "State": 100,
    "Zip": 16,
    "Country": 50,
    "WorkPhone": 30,
    "MobilePhone": 30,
    "HomePhone": 30,
}


class UserWriter:
    """Changes fields of users."""

    def __init__(self, client: RequestTrackerClient, users: Users) -> None:
        self._client = client
        self._users = users
        self._looked: tuple[Record, str] | None = None

    def look(self, key: str) -> Record | None:
        """One user as it is now; the next write to it starts from here."""
        self._looked = self._users.fetch(key)
        return self._looked[0] if self._looked else None

    def write(self, change: Change) -> Receipt:
        """Make all of the change, or none of it and raise."""
        if change.stream != USER.name:
            raise _reject("only users are written")
        wanted = {name: _check_value(name, value) for name, value in change.fields.items()}
        before, etag = self._recall(change) or self._fetch(change.key)
        if _differing(before, wanted) == []:
            return Receipt(key=change.key, version=before.version)
        if change.expected_version not in (None, before.version):
            message = f"{SYSTEM}: the user changed since it was read; nothing was written"
            raise ConflictError(message)
        self._put(change.key, wanted, etag)
        return self._prove(change.key, wanted, before)

    def _recall(self, change: Change) -> tuple[Record, str] | None:
        """What was looked at last, once: the change is computed from it and an ETag guards it."""
        looked, self._looked = self._looked, None
        if looked and looked[1] and looked[0].key == change.key:
            return looked if looked[0].version == change.expected_version else None
        return None

    def _prove(self, key: str, wanted: Mapping[str, str], before: Record) -> Receipt:
        """RT's answer does not say which fields it refused, so look."""
        try:
            after, etag = self._fetch(key)
        except (SourceError, ConflictError) as error:
            message = f"{SYSTEM}: the change was sent, but the user can't be read again"
            raise OutcomeUnknownError(message) from error
        refused = _differing(after, wanted)
        if not refused:
            return Receipt(key=key, version=after.version)
        done = {name: before.data[name] for name in wanted if name not in refused}
        if done:
            self._put(key, done, etag)
        fields = ", ".join(sorted(refused))
        raise _reject(f"Request Tracker refuses the value of {fields} (in use, or malformed)")

    def _fetch(self, key: str) -> tuple[Record, str]:
        found = self._users.fetch(key)
        if found is None:
            raise ConflictError(f"{SYSTEM}: the user is gone; nothing was written")
        return found

    def _put(self, key: str, fields: Mapping[str, str], etag: str) -> None:
        self._client.put(f"user/{key}", fields, etag=etag, stream=USER.name)


def _check_value(name: str, value: Any) -> str:
    """The text to send: RT takes null for "leave it", and an empty text for "nothing there"."""
    if name not in LENGTHS:
        raise _reject(f"field {name} of a user can't be written")
    text = "" if value is None else str(value).strip()
    if len(text) > LENGTHS[name]:
        raise _reject(
            f"the value of {name} is longer than the {LENGTHS[name]} characters it may be"
        )
    return text


def _differing(record: Record, wanted: Mapping[str, str]) -> list[str]:
    return [name for name, value in wanted.items() if record.data[name] != value]


def _reject(message: str) -> RejectedError:
    return RejectedError(f"{SYSTEM}: {message}; nothing was written")
