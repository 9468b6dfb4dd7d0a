"""Making records in SuiteCRM under ids of the hub's choice, and finding them by these.

set_entry with ``id`` and ``new_with_id`` inserts a record under that id (SugarBean::save); without
``new_with_id`` it would update none and say nothing. So the hub's external key is the record's own
id: whatever becomes of an answer, the record is there under it or is not.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from connectors.suitecrm.config import SuiteCrmConfig
from connectors.suitecrm.session import SYSTEM, open_session
from connectors.suitecrm.streams import DEMANDS, SHAPE, ask_for_one, build_streams
from hub.errors import ConflictError, OutcomeUnknownError, RejectedError
from hub.sdk import Capability, Change, New, Receipt, Stream
from hub.sdk.soap import SoapConnector, SoapSession

_LONGEST: Final = 36


class SuiteCrmConnector(SoapConnector):
    """The declared streams over a session; it makes accounts, contacts and leads too."""

    def __init__(self, config: SuiteCrmConfig) -> None:
        self._session: SoapSession = open_session(config)
        streams = build_streams(config)
        super().__init__(self._session, streams, page_size=config.page_size)

    def create(self, new: New) -> Receipt:
        """Make a record under the external key as its id, unless it is there.

        Whoever makes it at the same moment is refused by the database.
        """
        if new.stream not in DEMANDS:
            raise RejectedError(f"{SYSTEM}/{new.stream}: records of this module are not made")
        key = self.find(new.stream, new.external_key)
        if key is not None:
            record = self.fetch(new.stream, key)
            return Receipt(key=key, version=record.version if record else None)
        named = {"id": new.external_key, "new_with_id": "1"}
        receipt = self.make(new, named=named)
        if receipt.key != new.external_key:
            raise OutcomeUnknownError(f"{SYSTEM}/{new.stream}: made under another id; look there")
        return receipt

    def find(self, stream: str, external_key: str) -> str | None:
        """The id under which the record was made; None where there never was one."""
        if not _is_id(external_key):
            raise RejectedError(f"{SYSTEM}/{stream}: the external key can't be an id")
        body = ask_for_one(stream, ("deleted",), deleted=1)(external_key)
        page = self._session.page("get_entry_list", body, shape=SHAPE, stream=stream)
        rows: list[Mapping[str, Any]] = [row for row in page.rows if isinstance(row, dict)]
        if any(row.get("deleted") == "1" for row in rows):
            raise ConflictError(f"{SYSTEM}/{stream}: the record was made, and deleted since")
        return external_key if rows else None

    def write(self, change: Change) -> Receipt:
        """Change fields of a record, which may be named by its external key."""
        if change.key or not change.external_key:
            return super().write(change)
        key = self.find(change.stream, change.external_key)
        if key is None:
            raise ConflictError(f"{SYSTEM}/{change.stream}: no record has this external key")
        return super().write(replace(change, key=key))


def with_creation(stream: Stream) -> Stream:
    """The stream as declared, where records of its module are made."""
    if stream.name not in DEMANDS:
        return stream
    capabilities = stream.capabilities | {Capability.CREATE}
    return replace(stream, capabilities=capabilities, demands=DEMANDS[stream.name])


def _is_id(key: str) -> bool:
    """Whether SuiteCRM's column takes it, and a condition of ours may hold it."""
    plain = key.replace("-", "").replace("_", "")
    return plain.isascii() and plain.isalnum() and len(key) <= _LONGEST
