"""The streams of Request Tracker: users (read in full each time) and tickets (incremental)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

import orjson

from connectors.request_tracker.client import SYSTEM, Clock, RequestTrackerClient, Row
from hub.errors import CursorExpiredError, SourceUnavailableError
from hub.sdk import Capability, Cursor, Page, Record, Stream, Tombstone, Unreadable
from hub.sdk.rest import Params
from hub.sdk.sweep import Sweep, format_time

USER: Final = Stream(
    name="user",
    entities=("party", "relationship"),
    key=("id",),
    capabilities=frozenset(
        {Capability.FULL, Capability.WRITE, Capability.OPTIMISTIC_LOCK, Capability.COUNT}
    ),
)
TICKET: Final = Stream(
    name="ticket",
    entities=("ticket",),
    key=("id",),
    cursor="LastUpdated",
    capabilities=frozenset(
        {Capability.FULL, Capability.INCREMENTAL, Capability.DELETES, Capability.COUNT}
    ),
)

USER_FIELDS: Final = (
    *("id", "Name", "EmailAddress", "RealName", "NickName", "Organization", "Lang"),
    *("Address1", "Address2", "City", "State", "Zip", "Country"),
    *("WorkPhone", "MobilePhone", "HomePhone", "Created", "LastUpdated"),
)
USER_FLAGS: Final = ("Privileged", "Disabled")
TICKET_PARAMS: Final[Mapping[str, str]] = {
    "fields": "id,Subject,Status,Type,Queue,Priority,Owner,Requestor,Created,Started,Due,Resolved,"
    "LastUpdated",
    "fields[Queue]": "Name",
    "fields[Owner]": "Name",
    # Without id here, the id of a user in a list is the name, which can change.
    "fields[Requestor]": "id,Name",
}

_PROBE: Final[Params] = {"fields": "id", "per_page": 1}
"""Asks for one record, for the number of all that the search finds."""

ENDED: Final = (
    "ObjectType = 'RT::Ticket' AND"
    " ( ( Type = 'Status' AND NewValue = 'deleted' ) OR Field = 'MergedInto' )"
)


class Users:
    """All users in the order of their ids; RT's user list can't be asked for changes.

    Lists leave ``Privileged`` and ``Disabled`` empty, so they are found otherwise: by the members
    of the group Privileged, and by asking once more without the disabled users. RT with the fix of
    CVE-2026-108353 shows no such group to anybody: each user is asked for then.
    """

    def __init__(self, client: RequestTrackerClient) -> None:
        self._client = client

    def pages(self, cursor: Cursor | None) -> Iterator[Page]:
        """The pages after the cursor, which counts the users read so far."""
        done, total = _place(cursor)
        staff, enabled = self._staff(), self._enabled()
        size, is_last = self._client.page_size, False
        while not is_last:
            params: Params = {"fields": ",".join(USER_FIELDS), "page": done // size + 1}
            rows, now = self._list(params, with_disabled=True)
            if now < total:
                message = "the list of users became shorter while it was read; read it again"
                raise SourceUnavailableError(message, system=SYSTEM, stream=USER.name)
            done, total = (done // size + 1) * size, now
            is_last = done >= total
            records, unreadable = _built(
                rows, lambda row: user_record({**row, **self._flags(row, staff, enabled)})
            )
            place: Cursor = {"done": done, "total": total}
            yield Page(records=records, unreadable=unreadable, cursor=place)

    def count(self) -> int:
        """How many users RT finds, disabled ones among them."""
        return self._list(_PROBE, with_disabled=True)[1]

    def fetch(self, key: str) -> tuple[Record, str] | None:
        """One user as lists give it, and the ETag."""
        found = self._client.get_one(f"user/{key}", stream=USER.name)
        return None if found is None else (user_record(found[0]), found[1])

    def _list(self, params: Params, *, with_disabled: bool) -> tuple[list[Row], int]:
        everybody = {"find_disabled_rows": 1} if with_disabled else {}
        order = {"orderby": "id", "order": "ASC"}
        return self._client.list_page("users", {**order, **everybody, **params}, stream=USER.name)

    def _flags(
        self, row: Row, staff: frozenset[str] | None, enabled: frozenset[int] | None
    ) -> dict[str, int]:
        disabled = enabled is not None and int(row["id"]) not in enabled
        is_staff = row["Name"] in staff if staff is not None else self._is_staff(row)
        return {"Privileged": int(is_staff), "Disabled": int(disabled)}

    def _is_staff(self, row: Row) -> bool:
        found = self._client.get_one(f"user/{row['id']}", stream=USER.name)
        return found is not None and bool(int(found[0].get("Privileged") or 0))

    def _staff(self) -> frozenset[str] | None:
        """The names in the group Privileged; None where RT does not show it."""
        query = [
            {"field": "Domain", "operator": "=", "value": "SystemInternal"},
            {"field": "Name", "operator": "=", "value": "Privileged"},
        ]
        groups = self._client.find("groups", query, "id,Name")
        if not groups:
            return None
        members: list[Row] = []
        for group in groups:
            found = self._client.get_one(f"group/{group['id']}", stream=USER.name)
            members += found[0].get("Members", []) if found else []
        return frozenset(str(member["id"]) for member in members)

    def _enabled(self) -> frozenset[int] | None:
        """The ids of enabled users; None where all are, which the counts say."""
        everybody = self.count()
        _, enabled = self._list(_PROBE, with_disabled=False)
        if enabled == everybody:
            return None
        ids: set[int] = set()
        for page in range(1, -(-enabled // self._client.page_size) + 1):
            rows, _ = self._list({"fields": "id", "page": page}, with_disabled=False)
            ids |= {int(row["id"]) for row in rows}
        return frozenset(ids)


class Tickets:
    """Tickets in the order of their ids.

    Deleted and merged ones are in no search, so the transactions that made them so are asked for.
    """

    def __init__(self, client: RequestTrackerClient, overlap: float) -> None:
        self._client = client
        self._overlap = overlap

    def pages(self, cursor: Cursor | None) -> Iterator[Page]:
        """What changed after the cursor."""
        clock = self._client.version()[1]
        sweep = Sweep.resume(cursor, clock.started)
        is_last = False
        while not is_last:
            rows, total = self._search(self._changed(sweep, clock))
            is_last = not rows or len(rows) >= total
            records, unreadable = _built(rows, ticket_record)
            for record in records:
                sweep.note(datetime.fromisoformat(record.version or ""))
            sweep.after = max((int(row["id"]) for row in rows), default=sweep.after)
            yield Page(
                records=sweep.unseen(records),
                unreadable=unreadable,
                tombstones=self._gone(sweep, clock) if is_last else (),
                cursor=sweep.end() if is_last else sweep.position(),
            )

    def count(self) -> int:
        """How many tickets a search finds: neither deleted nor merged ones."""
        return self._search("id > 0", _PROBE)[1]

    def fetch(self, key: str) -> Record | None:
        """One ticket as lists give it."""
        rows, _ = self._search(f"id = {int(key)}")
        return ticket_record(rows[0]) if rows else None

    def _changed(self, sweep: Sweep, clock: Clock) -> str:
        floor = sweep.floor(self._overlap)
        changed = f" AND LastUpdated > '{clock.ago(floor)}'" if floor else ""
        return f"id > {sweep.after}{changed}"

    def _gone(self, sweep: Sweep, clock: Clock) -> Sequence[Tombstone]:
        """What was deleted or merged since the watermark and is in no search even now."""
        floor = sweep.floor(self._overlap)
        if floor is None:
            return []
        ended: dict[str, Tombstone] = {}
        for row in self._client.transactions(f"{ENDED} AND Created > '{clock.ago(floor)}'"):
            stone = _tombstone(row)
            if stone.key != stone.merged_into:  # the ticket that lives on has the same transaction
                ended[stone.key] = stone
                sweep.note(datetime.fromisoformat(row["Created"]))
        untold = sweep.untold(ended.values())
        return sweep.tell([stone for stone in untold if self.fetch(stone.key) is None])

    def _search(self, query: str, wanted: Params = TICKET_PARAMS) -> tuple[list[Row], int]:
        params: Params = {**wanted, "query": query, "orderby": "id", "order": "ASC"}
        return self._client.list_page("tickets", params, stream=TICKET.name)


def user_record(row: Row) -> Record:
    """A user in one form, wherever it was read: single records leave empty fields out."""
    data = {field: row.get(field) or "" for field in USER_FIELDS}
    flags = {flag: int(row.get(flag) or 0) for flag in USER_FLAGS}
    return Record(str(row["id"]), {**data, **flags}, _version(row))


def ticket_record(row: Row) -> Record:
    """A ticket as the list gives it, without the links."""
    data = {field: value for field, value in row.items() if field not in ("_url", "type")}
    return Record(str(row["id"]), data, _version(row))


def _built(
    rows: Sequence[Row], build: Callable[[Row], Record]
) -> tuple[list[Record], list[Unreadable]]:
    """The records; a row that lacks what places it is unreadable, and the others go on."""
    records: list[Record] = []
    unreadable: list[Unreadable] = []
    for row in rows:
        try:
            records.append(build(row))
        except (KeyError, TypeError, ValueError) as error:
            reason = f"a field is missing or has another type ({type(error).__name__})"
            unreadable.append(Unreadable(str(row["id"]), reason, orjson.dumps(row).decode()))
    return records, unreadable


def _tombstone(row: Row) -> Tombstone:
    """NewValue is the status, or the URI of the ticket that the other was merged into."""
    merged = row["NewValue"].rpartition("/")[2] if row["Field"] == "MergedInto" else None
    version = format_time(datetime.fromisoformat(row["Created"]))
    return Tombstone(str(row["ObjectId"]), version, merged)


def _version(row: Row) -> str:
    return format_time(datetime.fromisoformat(row["LastUpdated"]))


def _place(cursor: Cursor | None) -> tuple[int, int]:
    try:
        values: Mapping[str, Any] = cursor or {}
        return int(values.get("done", 0)), int(values.get("total", 0))
    except (AttributeError, TypeError, ValueError) as error:
        message = "the cursor is not one of this connector; open a new epoch"
        raise CursorExpiredError(message) from error
