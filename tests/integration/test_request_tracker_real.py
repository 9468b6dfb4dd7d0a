"""The Request Tracker connector against a real RT 5: the stand-in has to answer as this does."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from connectors.request_tracker import RequestTrackerConnector, hub_connector
from hub.errors import AuthenticationError, ConflictError, RejectedError
from hub.mapping import compile_mapping, load_mapping
from hub.model import ENTITIES
from hub.sdk import Change, Cursor, Record
from tests.servers.request_tracker import RequestTrackerServer

pytestmark = pytest.mark.servers
MAPPING = Path(__file__).parents[2] / "mappings" / "request_tracker.yaml"


def connect(server: RequestTrackerServer, **changed: Any) -> RequestTrackerConnector:
    spec = hub_connector()
    settings = {"base_url": server.url, "username": server.user, "password": server.password}
    config = spec.config.model_validate({**settings, "page_size": 3, **changed})
    connector = spec.open(config)
    assert isinstance(connector, RequestTrackerConnector)
    return connector


def read(
    server: RequestTrackerServer, stream: str, cursor: Cursor | None = None
) -> tuple[dict[str, Record], Cursor]:
    pages = list(connect(server).read(stream, cursor))
    records = [record for page in pages for record in page.records]
    assert len({record.key for record in records}) == len(records)
    return {record.key: record for record in records}, pages[-1].cursor


def seed_users(server: RequestTrackerServer, count: int, name: str) -> list[str]:
    rows = [
        {"Name": f"{name}{number}@example.com", "EmailAddress": f"{name}{number}@example.com",
         "RealName": f"Anna {name.title()}", "WorkPhone": "+49 228 1", "Country": "Germany",
         "City": "Bonn", "Organization": "Beispiel GmbH"}
        for number in range(count)
    ]  # fmt: skip
    return [str(number) for number in server.seed(users=rows).users]


def write(
    connector: RequestTrackerConnector, key: str, version: str | None = None, **fields: Any
) -> str:
    change = Change(
        stream="user", key=key, fields=fields, expected_version=version, idempotency_key="one"
    )
    receipt = connector.write(change)
    assert receipt.version is not None
    return receipt.version


def test_check_and_a_wrong_password(rt_server: RequestTrackerServer) -> None:
    assert "Request Tracker 5" in connect(rt_server).check()
    with pytest.raises(AuthenticationError):
        connect(rt_server, password="wrong").check()


def test_users_are_read_once_with_their_flags(rt_server: RequestTrackerServer) -> None:
    numbers = seed_users(rt_server, 7, "reader")
    connector = connect(rt_server)
    connector._client.put(f"user/{numbers[0]}", {"Disabled": "1"}, etag="", stream="user")
    found, _ = read(rt_server, "user")
    assert set(numbers) <= set(found)
    assert [found[key].data["Disabled"] for key in numbers[:2]] == [1, 0]
    staff = {r.data["Name"] for r in found.values() if r.data["Privileged"]}
    assert staff == {"root"}
    assert connector.fetch("user", numbers[0]) == found[numbers[0]]


def test_tickets_are_read_once_and_changes_after(rt_server: RequestTrackerServer) -> None:
    seed_users(rt_server, 1, "asker")
    rows = [{"Subject": f"Question {n}", "Requestor": "asker0@example.com"} for n in range(7)]
    numbers = [str(number) for number in rt_server.seed(tickets=rows).tickets]
    found, cursor = read(rt_server, "ticket")
    assert set(numbers) <= set(found)
    assert read(rt_server, "ticket", cursor)[0] == {}
    client = connect(rt_server)._client
    client.put(f"ticket/{numbers[2]}", {"Status": "resolved"}, etag="", stream="ticket")
    changed, cursor = read(rt_server, "ticket", cursor)
    assert [(key, one.data["Status"]) for key, one in changed.items()] == [(numbers[2], "resolved")]
    assert read(rt_server, "ticket", cursor)[0] == {}


def test_deleted_and_merged_tickets_are_tombstones(rt_server: RequestTrackerServer) -> None:
    seed_users(rt_server, 1, "gone")
    rows = [{"Subject": f"Gone {n}", "Requestor": "gone0@example.com"} for n in range(4)]
    deleted, merged, kept, again = map(str, rt_server.seed(tickets=rows).tickets)
    _, cursor = read(rt_server, "ticket")
    client = connect(rt_server)._client
    client.put(f"ticket/{deleted}", {"Status": "deleted"}, etag="", stream="ticket")
    client.put(f"ticket/{merged}", {"MergeInto": kept}, etag="", stream="ticket")
    client.put(f"ticket/{again}", {"Status": "deleted"}, etag="", stream="ticket")
    client.put(f"ticket/{again}", {"Status": "open"}, etag="", stream="ticket")
    pages = list(connect(rt_server).read("ticket", cursor))
    gone = {stone.key: stone.merged_into for page in pages for stone in page.tombstones}
    assert gone == {deleted: None, merged: kept}
    assert again in {record.key for page in pages for record in page.records}


def test_counts_are_those_of_a_full_read(rt_server: RequestTrackerServer) -> None:
    users = seed_users(rt_server, 4, "counted")
    rows = [{"Subject": f"Count {n}", "Requestor": "counted0@example.com"} for n in range(5)]
    deleted, merged, kept, closed, _ = map(str, rt_server.seed(tickets=rows).tickets)
    connector = connect(rt_server)
    client = connector._client
    client.put(f"user/{users[0]}", {"Disabled": "1"}, etag="", stream="user")
    client.put(f"ticket/{deleted}", {"Status": "deleted"}, etag="", stream="ticket")
    client.put(f"ticket/{merged}", {"MergeInto": kept}, etag="", stream="ticket")
    client.put(f"ticket/{closed}", {"Status": "resolved"}, etag="", stream="ticket")
    for stream in ("user", "ticket"):
        found, _ = read(rt_server, stream)
        assert connector.count(stream).records == len(found)
    assert {deleted, merged}.isdisjoint(found)
    assert {kept, closed} <= set(found)


@pytest.mark.parametrize("zone", ["America/New_York", "Asia/Tokyo"])
def test_the_account_s_time_zone_does_not_matter(
    rt_server: RequestTrackerServer, zone: str
) -> None:
    client = connect(rt_server)._client
    client.put("user/root", {"Timezone": zone}, etag="", stream="user")
    _, cursor = read(rt_server, "ticket")
    seed_users(rt_server, 1, zone[:4].lower())
    ticket = {"Subject": "Now", "Requestor": f"{zone[:4].lower()}0@example.com"}
    (number,) = rt_server.seed(tickets=[ticket]).tickets
    found, _ = read(rt_server, "ticket", cursor)
    client.put("user/root", {"Timezone": ""}, etag="", stream="user")
    assert list(found) == [str(number)]


def test_a_ticket_points_at_the_key_of_its_requestor(rt_server: RequestTrackerServer) -> None:
    (key,) = seed_users(rt_server, 1, "owner")
    row = {"Subject": "Mapped", "Requestor": "owner0@example.com"}
    (number,) = rt_server.seed(tickets=[row]).tickets
    mapping = compile_mapping(load_mapping(MAPPING.read_text(), file=MAPPING.name))
    record = read(rt_server, "ticket")[0][str(number)]
    (made,) = mapping.stream("ticket").translate(record.data)
    ticket = ENTITIES["ticket"].model_validate(made.body)
    assert ticket.model_dump(include={"party", "status", "queue", "assignee", "sla_due"}) == {
        "party": {"type": "user", "key": key, "part": ""},
        "status": "new",
        "queue": "General",
        "assignee": None,
        "sla_due": None,
    }


def test_a_user_is_translated(rt_server: RequestTrackerServer) -> None:
    (key,) = seed_users(rt_server, 1, "mapped")
    mapping = compile_mapping(load_mapping(MAPPING.read_text(), file=MAPPING.name)).stream("user")
    found, _ = read(rt_server, "user")
    made = {one.part: one for one in mapping.translate(found[key].data)}
    parts = {part: ENTITIES[one.entity].model_validate(one.body) for part, one in made.items()}
    assert set(parts) == {"", "company", "contact_of"}
    excluded = {r.data["Name"]: mapping.excluded_by(r.data) for r in found.values()}
    assert excluded["root"] == excluded["RT_System"] == "system users"
    assert excluded["mapped0@example.com"] is None


def test_a_write_is_guarded_and_proved(rt_server: RequestTrackerServer) -> None:
    (key,) = seed_users(rt_server, 1, "writer")
    connector = connect(rt_server)
    old = "2020-01-01T00:00:00.000000Z"
    before = connector.fetch("user", key)
    assert before is not None
    version = write(connector, key, before.version, WorkPhone="+49 228 2")
    assert write(connector, key, old, WorkPhone="+49 228 2") == version
    with pytest.raises(ConflictError):
        write(connector, key, old, WorkPhone="+49 228 3")
    write(connector, key, version, WorkPhone=None)
    after = connector.fetch("user", key)
    assert after is not None
    assert after.data["WorkPhone"] == ""


def test_a_stale_etag_changes_nothing(rt_server: RequestTrackerServer) -> None:
    (key,) = seed_users(rt_server, 1, "stale")
    connector = connect(rt_server)
    found = connector._client.get_one(f"user/{key}", stream="user")
    assert found is not None
    write(connector, key, City="Köln")
    with pytest.raises(ConflictError):
        connector._client.put(f"user/{key}", {"City": "Ulm"}, etag=found[1], stream="user")


def test_a_refused_write_leaves_nothing_behind(rt_server: RequestTrackerServer) -> None:
    key, _ = seed_users(rt_server, 2, "refused")
    connector = connect(rt_server)
    with pytest.raises(RejectedError, match="EmailAddress"):
        write(connector, key, EmailAddress="refused1@example.com", WorkPhone="+49 228 4")
    after = connector.fetch("user", key)
    assert after is not None
    assert (after.data["EmailAddress"], after.data["WorkPhone"]) == (
        "refused0@example.com",
        "+49 228 1",
    )
