"""Puts the demo company's help desk into a real Request Tracker, and reads it back over REST2."""

from __future__ import annotations

import base64
import json
import urllib.request
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from hub.demo.register import Row
from tests.servers.request_tracker import RequestTrackerServer

_USER_FIELDS: Final = (
    *("Name", "EmailAddress", "RealName", "Organization", "Address1", "City", "Zip", "Country"),
    *("WorkPhone", "MobilePhone", "Privileged", "Disabled"),
)
_LATER: Final = frozenset({"rejected", "stalled"})
"""A ticket may become so, but not be made so."""

Tables = Mapping[str, Mapping[str, Row]]


@dataclass(slots=True)
class MovedHelpDesk:
    """Request Tracker's ids by the generator's keys, and what it can't hold."""

    keys: dict[str, str] = field(default_factory=dict)
    left_out: Counter[str] = field(default_factory=Counter)


def move_help_desk(server: RequestTrackerServer, tables: Tables) -> MovedHelpDesk:
    """Create queues, users and tickets; tickets lose their owner, who has no rights there."""
    moved = MovedHelpDesk()
    users = dict(_first_of_each_address(tables["user"], moved.left_out))
    tickets = list(tables["ticket"].values())
    for queue in sorted({row["Queue"] for row in tickets}):
        _ask(server, "queue", {"Name": queue})
    seeded = server.seed(
        users=[
            {name: row[name] for name in _USER_FIELDS if row.get(name)} for row in users.values()
        ],
        tickets=[_ticket(row) for row in tickets],
    )
    for row, number in zip(tickets, seeded.tickets, strict=True):
        if row["Status"] in _LATER:
            _ask(server, f"ticket/{number}", {"Status": row["Status"]}, method="PUT")
    moved.keys = dict(zip(users, map(str, seeded.users), strict=True))
    return moved


def read_user(server: RequestTrackerServer, number: str) -> Mapping[str, Any]:
    """A user as Request Tracker itself gives it."""
    user: Mapping[str, Any] = _ask(server, f"user/{number}")
    return user


def _first_of_each_address(
    users: Mapping[str, Row], left_out: Counter[str]
) -> Iterator[tuple[str, Row]]:
    """Request Tracker refuses a second user of an address, in whatever case it is written."""
    seen: set[str] = set()
    for key, row in users.items():
        address = str(row["EmailAddress"]).lower()
        if address in seen:
            left_out["users of an address that is in use"] += 1
        else:
            yield key, row
        seen.add(address)


def _ticket(row: Row) -> dict[str, str]:
    ticket = {name: str(row[name]) for name in ("Subject", "Status", "Queue", "Priority")}
    if row["Status"] in _LATER:
        ticket["Status"] = "new"
    created = str(row["Created"]).replace("T", " ").removesuffix("Z")
    return {**ticket, "Requestor": str(row["Requestor"][0]), "Created": created}


def _ask(
    server: RequestTrackerServer,
    path: str,
    body: Mapping[str, str] | None = None,
    *,
    method: str | None = None,
) -> Any:
    secret = base64.b64encode(f"{server.user}:{server.password}".encode()).decode()
    request = urllib.request.Request(
        f"{server.rest_url}/{path}",
        method=method,
        data=json.dumps(body).encode() if body else None,
        headers={"Authorization": f"Basic {secret}", "Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=60) as answer:
        return json.load(answer)
