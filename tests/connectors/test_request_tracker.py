"""The Request Tracker connector against its stand-in: reading, writing, refusals, mapping."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

import connectors.request_tracker as plugin
from connectors.request_tracker import RequestTrackerConnector
from connectors.request_tracker.client import RequestTrackerClient
from connectors.request_tracker.config import RequestTrackerConfig
from connectors.request_tracker.standin import PASSWORD, RequestTrackerStandIn
from hub.errors import (
    AuthenticationError,
    ConflictError,
    CursorExpiredError,
    OutcomeUnknownError,
    PermanentSourceError,
    RateLimitedError,
    RejectedError,
    SourceSchemaError,
    SourceUnavailableError,
)
from hub.mapping import compile_mapping, load_mapping
from hub.model import ENTITIES
from hub.model.party import Party, Relationship
from hub.model.service import Ticket
from hub.sdk import Change, Cursor, Fault, Page, StandInState
from hub.sdk.standin import Request, Response

MAPPING = Path(__file__).parents[2] / "mappings" / "request_tracker.yaml"
CREATED = "2026-03-01T10:00:00Z"
LATER = "2026-03-01T12:00:00Z"
STAFF = {"1": "RT_System", "6": "Nobody", "14": "root"}


def user(number: int, **changed: Any) -> dict[str, Any]:
    address = f"user{number}@example.com"
    row = {"id": number, "Name": address, "EmailAddress": address, "RealName": f"Anna Nr{number}"}
    return {**row, "WorkPhone": "+49 228 1", "Created": CREATED, "LastUpdated": CREATED, **changed}


def ticket(number: int, **changed: Any) -> dict[str, Any]:
    row = {"id": number, "Subject": f"Question {number}", "Status": "open", "Queue": "General"}
    row |= {"Requestor": ["user21@example.com"], "Created": CREATED, "LastUpdated": CREATED}
    return {**row, **changed}


@pytest.fixture
def standin() -> Iterator[RequestTrackerStandIn]:
    users = {key: user(int(key), Name=name, Privileged=1) for key, name in STAFF.items()}
    users |= {str(n): user(n) for n in range(21, 44)}
    tickets = {str(n): ticket(n) for n in range(1, 26)}
    server = plugin.hub_standin().start(StandInState({"user": users, "ticket": tickets}), 0)
    assert isinstance(server, RequestTrackerStandIn)
    yield server
    server.stop()


def connect(standin: RequestTrackerStandIn, **changed: Any) -> RequestTrackerConnector:
    spec = plugin.hub_connector()
    config = spec.config.model_validate({**standin.config, "page_size": 10, **changed})
    connector = spec.open(config)
    assert isinstance(connector, RequestTrackerConnector)
    return connector


def read(
    standin: RequestTrackerStandIn, stream: str, cursor: Cursor | None = None, **changed: Any
) -> list[Page]:
    return list(connect(standin, **changed).read(stream, cursor))


def keys(pages: list[Page]) -> list[str]:
    return [record.key for page in pages for record in page.records]


def edit(standin: RequestTrackerStandIn, stream: str, key: str, **fields: Any) -> None:
    with standin.state.changing():
        standin.state.stream(stream)[key] |= {"LastUpdated": LATER, **fields}


def change(key: str = "21", version: str | None = None, **fields: Any) -> Change:
    values = fields or {"WorkPhone": "+49 228 2"}
    return Change(
        stream="user", key=key, fields=values, expected_version=version, idempotency_key="one"
    )


def test_check_names_the_version(standin: RequestTrackerStandIn) -> None:
    assert "5.0.3" in connect(standin).check()


def test_all_users_are_read_once_in_the_order_of_ids(standin: RequestTrackerStandIn) -> None:
    pages = read(standin, "user")
    assert keys(pages) == ["1", "6", "14", *(str(n) for n in range(21, 44))]
    assert len(pages) == 3


def test_users_resume_from_every_page(standin: RequestTrackerStandIn) -> None:
    pages = read(standin, "user")
    for place, page in enumerate(pages):
        rest = read(standin, "user", page.cursor)
        assert keys(pages[: place + 1]) + keys(rest) == keys(pages)


@pytest.mark.parametrize("hidden", [False, True])
def test_staff_and_disabled_users_are_told_apart_though_lists_do_not(
    standin: RequestTrackerStandIn, *, hidden: bool
) -> None:
    standin.hides_system_groups = hidden
    standin.state.stream("user")["23"]["Disabled"] = 1
    found = {r.key: r.data for page in read(standin, "user") for r in page.records}
    assert [key for key, data in found.items() if data["Privileged"]] == ["1", "6", "14"]
    assert [key for key, data in found.items() if data["Disabled"]] == ["23"]


def test_users_that_vanish_while_reading_stop_the_run(standin: RequestTrackerStandIn) -> None:
    reading = connect(standin).read("user", None)
    next(reading)
    del standin.state.stream("user")["21"]
    with pytest.raises(SourceUnavailableError, match="became shorter"):
        list(reading)


def test_all_tickets_are_read_once_and_then_none(standin: RequestTrackerStandIn) -> None:
    pages = read(standin, "ticket")
    assert keys(pages) == [str(n) for n in range(1, 26)]
    assert keys(read(standin, "ticket", pages[-1].cursor)) == []


def test_changed_and_new_tickets_come_in_the_next_run(standin: RequestTrackerStandIn) -> None:
    cursor = read(standin, "ticket")[-1].cursor
    edit(standin, "ticket", "7", Status="resolved")
    standin.state.stream("ticket")["26"] = ticket(26, LastUpdated=LATER)
    pages = read(standin, "ticket", cursor)
    assert keys(pages) == ["7", "26"]
    assert keys(read(standin, "ticket", pages[-1].cursor)) == []


def test_a_second_edit_within_the_same_second_is_seen(standin: RequestTrackerStandIn) -> None:
    edit(standin, "ticket", "7", Status="resolved")
    cursor = read(standin, "ticket")[-1].cursor
    edit(standin, "ticket", "7", Status="open")
    edit(standin, "ticket", "2", Subject="Edited in that second, with a lower id")
    assert keys(read(standin, "ticket", cursor)) == ["2", "7"]


@pytest.mark.parametrize("full", [True, False])
def test_equal_times_over_page_borders_and_resuming_lose_nothing(
    standin: RequestTrackerStandIn, *, full: bool
) -> None:
    start = None if full else read(standin, "ticket")[-1].cursor
    for number in range(1, 26):
        edit(standin, "ticket", str(number), Subject=f"Bulk {number}")
    pages = read(standin, "ticket", start, page_size=7)
    assert keys(pages) == [str(n) for n in range(1, 26)]
    for place, page in enumerate(pages):
        rest = read(standin, "ticket", page.cursor, page_size=7)
        assert keys(pages[: place + 1]) + keys(rest) == keys(pages)


def test_a_ticket_changed_now_is_found_by_relative_time(standin: RequestTrackerStandIn) -> None:
    recent = (datetime.now(UTC) - timedelta(seconds=2)).strftime("%Y-%m-%dT%H:%M:%SZ")
    edit(standin, "ticket", "3", LastUpdated=recent)
    cursor = read(standin, "ticket")[-1].cursor
    edit(standin, "ticket", "4", LastUpdated=recent)
    assert keys(read(standin, "ticket", cursor, overlap_seconds=60)) == ["4"]


def test_a_requestor_is_named_by_the_number_of_the_user(standin: RequestTrackerStandIn) -> None:
    (record, *_) = read(standin, "ticket")[0].records
    assert [person["id"] for person in record.data["Requestor"]] == [21]


def test_a_deleted_ticket_is_not_found(standin: RequestTrackerStandIn) -> None:
    edit(standin, "ticket", "5", Status="deleted")
    assert connect(standin).fetch("ticket", "5") is None
    assert "5" not in keys(read(standin, "ticket"))


def end(standin: RequestTrackerStandIn, number: int, ticket: int, **fields: Any) -> None:
    row = {"id": number, "ObjectId": str(ticket), "Created": LATER, "Type": "Status"}
    row |= {"Field": "Status", "NewValue": "deleted"}
    standin.state.stream("transaction")[str(number)] = {**row, **fields}


def test_deleted_and_merged_tickets_are_tombstones(standin: RequestTrackerStandIn) -> None:
    cursor = read(standin, "ticket")[-1].cursor
    merge = {"Type": "AddLink", "Field": "MergedInto", "NewValue": "fsck.com-rt://x/ticket/4"}
    for number, one in ((1, 5), (2, 9)):
        end(standin, number, one)
        edit(standin, "ticket", str(one), Status="deleted")
    edit(standin, "ticket", "6", EffectiveId=4)
    end(standin, 3, 6, **merge)
    end(standin, 4, 4, **merge)
    edit(standin, "ticket", "9", Status="open")
    pages = read(standin, "ticket", cursor)
    gone = [(stone.key, stone.merged_into) for page in pages for stone in page.tombstones]
    assert (keys(pages), gone) == (["9"], [("5", None), ("6", "4")])
    again = read(standin, "ticket", pages[-1].cursor)
    assert (keys(again), [stone for page in again for stone in page.tombstones]) == ([], [])


def test_a_foreign_cursor_opens_a_new_epoch(standin: RequestTrackerStandIn) -> None:
    with pytest.raises(CursorExpiredError):
        read(standin, "ticket", {"since": 3})
    with pytest.raises(CursorExpiredError):
        read(standin, "user", {"done": "many"})


def test_an_unknown_stream_is_refused(standin: RequestTrackerStandIn) -> None:
    with pytest.raises(SourceSchemaError, match="it has user and ticket"):
        read(standin, "queue")


def test_a_wrong_password_is_an_authentication_error(standin: RequestTrackerStandIn) -> None:
    with pytest.raises(AuthenticationError) as caught:
        connect(standin, password="not-the-word").check()
    assert "not-the-word" not in str(caught.value)
    assert PASSWORD not in str(caught.value)


@pytest.mark.parametrize(
    "fault",
    [
        Fault(kind="status", status=429, headers={"retry-after": "0"}),
        Fault(kind="status", status=500),
        Fault(kind="truncate"),
        Fault(kind="reset"),
    ],
    ids=lambda fault: f"{fault.kind}{fault.status}",
)
@pytest.mark.parametrize("stream", ["user", "ticket"])
def test_a_passing_fault_is_survived(
    standin: RequestTrackerStandIn, stream: str, fault: Fault
) -> None:
    expected = keys(read(standin, stream))
    reading = connect(standin).read(stream, None)
    first = next(reading)
    standin.fail(fault)
    assert keys([first, *reading]) == expected


def test_a_long_wait_is_left_to_the_scheduler(standin: RequestTrackerStandIn) -> None:
    standin.fail(Fault(kind="status", status=429, headers={"retry-after": "3600"}))
    with pytest.raises(RateLimitedError):
        read(standin, "ticket")


def test_a_write_changes_the_field_and_says_the_new_version(
    standin: RequestTrackerStandIn,
) -> None:
    connector = connect(standin)
    before = connector.fetch("user", "21")
    assert before is not None
    receipt = connector.write(change(version=before.version))
    after = connector.fetch("user", "21")
    assert after is not None
    assert after.data["WorkPhone"] == "+49 228 2"
    assert receipt.version == after.version != before.version


def test_read_and_fetch_give_the_same_record(standin: RequestTrackerStandIn) -> None:
    listed = next(r for page in read(standin, "user") for r in page.records if r.key == "21")
    assert connect(standin).fetch("user", "21") == listed


def test_a_stale_version_is_a_conflict_and_nothing_is_written(
    standin: RequestTrackerStandIn,
) -> None:
    connector = connect(standin)
    before = connector.fetch("user", "21")
    assert before is not None
    edit(standin, "user", "21", WorkPhone="+49 228 9")
    with pytest.raises(ConflictError):
        connector.write(change(version=before.version))
    assert standin.state.stream("user")["21"]["WorkPhone"] == "+49 228 9"


def test_a_change_after_the_comparison_meets_the_etag(standin: RequestTrackerStandIn) -> None:
    client = RequestTrackerClient(RequestTrackerConfig.model_validate(standin.config))
    found = client.get_one("user/21", stream="user")
    assert found is not None
    edit(standin, "user", "21", WorkPhone="+49 228 9")
    with pytest.raises(ConflictError):
        client.put("user/21", {"WorkPhone": "+49 228 2"}, etag=found[1], stream="user")
    assert standin.state.stream("user")["21"]["WorkPhone"] == "+49 228 9"


def test_a_change_after_the_look_meets_the_etag_even_within_a_second(
    standin: RequestTrackerStandIn,
) -> None:
    connector = connect(standin)
    looked = connector.fetch("user", "21")
    assert looked is not None
    standin.state.stream("user")["21"]["City"] = "Bonn"
    with pytest.raises(ConflictError, match="412"):
        connector.write(change(version=looked.version, WorkPhone="+49 228 2"))
    assert standin.state.stream("user")["21"]["WorkPhone"] == "+49 228 1"


def test_a_look_and_a_write_cost_three_requests(standin: RequestTrackerStandIn) -> None:
    connector = connect(standin)
    looked = connector.fetch("user", "21")
    assert looked is not None
    connector.write(change(version=looked.version, WorkPhone="+49 228 2"))
    assert sum(standin.requests.values()) == 3
    with pytest.raises(ConflictError, match="changed since"):
        connector.write(change(version=looked.version, WorkPhone="+49 228 3"))


def test_what_is_there_already_is_not_written_again(standin: RequestTrackerStandIn) -> None:
    connector = connect(standin)
    connector.write(change())
    connector.write(change(version="2026-01-01T00:00:00.000000Z"))
    assert standin.requests["PUT /REST/2.0/user/21"] == 1


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"EmailAddress": "user22@example.com"}, "refuses the value of EmailAddress"),
        ({"EmailAddress": "user22@example.com", "WorkPhone": "1"}, "refuses the value of Email"),
        ({"WorkPhone": "9" * 31}, "longer than the 30 characters"),
        ({"Password": "x"}, "can't be written"),
    ],
)
def test_a_refused_write_leaves_the_user_as_it_was(
    standin: RequestTrackerStandIn, fields: dict[str, str], reason: str
) -> None:
    before = dict(standin.state.stream("user")["21"])
    with pytest.raises(RejectedError, match=reason) as caught:
        connect(standin).write(change(**fields))
    after = {**standin.state.stream("user")["21"], "LastUpdated": before["LastUpdated"]}
    assert after == before
    assert "user22" not in str(caught.value)


def test_clearing_a_field_sends_an_empty_text(standin: RequestTrackerStandIn) -> None:
    connect(standin).write(change(WorkPhone=None))
    assert standin.state.stream("user")["21"]["WorkPhone"] == ""


def test_a_user_that_is_gone_is_a_conflict(standin: RequestTrackerStandIn) -> None:
    with pytest.raises(ConflictError, match="gone"):
        connect(standin).write(change(key="999"))


def test_an_answer_that_never_came_is_an_unknown_outcome(standin: RequestTrackerStandIn) -> None:
    connector = connect(standin)
    assert connector.fetch("user", "21") is not None
    put = connector.write
    standin.fail(Fault(kind="delay", path="/user/21"))
    standin.fail(Fault(kind="drop", path="/user/21"))
    with pytest.raises(OutcomeUnknownError):
        put(change())
    assert standin.requests["PUT /REST/2.0/user/21"] == 1


def translate(standin: RequestTrackerStandIn, stream: str, key: str) -> dict[str, Any]:
    mapping = compile_mapping(load_mapping(MAPPING.read_text(), file=MAPPING.name)).stream(stream)
    record = next(r for page in read(standin, stream) for r in page.records if r.key == key)
    assert mapping.excluded_by(record.data) is None
    made = mapping.translate(record.data)
    assert not [gap for one in made for gap in one.gaps]
    return {one.part: ENTITIES[one.entity].model_validate(one.body) for one in made}


def test_a_user_becomes_a_person(standin: RequestTrackerStandIn) -> None:
    fields = {"Address1": "Musterweg 1", "City": "Bonn", "Zip": "53111", "Country": "Germany"}
    edit(standin, "user", "21", MobilePhone="+49 170 1", Disabled=1, **fields)
    made = translate(standin, "user", "21")
    person = made[""]
    assert isinstance(person, Party)
    assert list(made) == [""]
    assert (person.kind, person.status, person.display_name) == ("person", "inactive", "Anna Nr21")
    assert person.person is not None
    assert person.person.given == "Anna"
    assert [one.value for one in person.contact_points] == [
        "user21@example.com",
        "+49 228 1",
        "+49 170 1",
    ]
    assert (person.addresses[0].country, person.addresses[0].postcode) == ("DE", "53111")


def test_a_company_in_a_user_becomes_an_organisation(standin: RequestTrackerStandIn) -> None:
    edit(standin, "user", "21", Organization="Beispiel GmbH")
    made = translate(standin, "user", "21")
    company, link = made["company"], made["contact_of"]
    assert isinstance(company, Party)
    assert isinstance(link, Relationship)
    assert (company.kind, company.display_name) == ("organisation", "Beispiel GmbH")
    assert (link.from_party.key, link.to_party.part) == ("21", "company")


def test_staff_and_system_users_are_excluded_by_name_of_rule(
    standin: RequestTrackerStandIn,
) -> None:
    mapping = compile_mapping(load_mapping(MAPPING.read_text(), file=MAPPING.name)).stream("user")
    edit(standin, "user", "22", Privileged=1)
    records = [record for page in read(standin, "user") for record in page.records]
    rules = {record.key: mapping.excluded_by(record.data) for record in records}
    assert [rules[key] for key in ("1", "14", "22", "23")] == [
        "system users",
        "system users",
        "privileged staff",
        None,
    ]


def test_a_ticket_keeps_its_status_and_points_at_its_requestor(
    standin: RequestTrackerStandIn,
) -> None:
    edit(standin, "ticket", "8", Status="stalled", Owner="root", Started=LATER)
    found = translate(standin, "ticket", "8")[""]
    assert isinstance(found, Ticket)
    assert (found.number, found.status, found.status_raw) == ("8", "pending", "stalled")
    assert found.party is not None
    assert (found.party.type, found.party.key) == ("user", "21")
    assert (found.queue, found.assignee) == ("General", "root")
    assert found.first_response == datetime(2026, 3, 1, 12, tzinfo=UTC)
    assert (found.resolved, found.sla_due) == (None, None)


def test_counts_are_those_of_a_full_read(standin: RequestTrackerStandIn) -> None:
    edit(standin, "user", "21", Disabled=1)
    edit(standin, "ticket", "2", Status="deleted")
    edit(standin, "ticket", "3", EffectiveId=4)
    connector = connect(standin)
    assert connector.count("user").records == len(keys(read(standin, "user"))) == 26
    assert connector.count("ticket").records == len(keys(read(standin, "ticket"))) == 23


class Guarded(RequestTrackerStandIn):
    """RT checks rights row by row, so it tells no total."""

    def answer(self, request: Request) -> Response:
        answer = super().answer(request)
        told = {**answer.body, "total": None} if isinstance(answer.body, dict) else answer.body
        return Response(answer.status, told, answer.headers)


def test_where_rt_does_not_count_nothing_is_counted() -> None:
    running = Guarded(StandInState({"ticket": {"1": ticket(1)}}))
    try:
        with pytest.raises(PermanentSourceError, match="may not see all records"):
            connect(running).count("ticket")
    finally:
        running.stop()


def test_an_unknown_stream_is_not_counted(standin: RequestTrackerStandIn) -> None:
    with pytest.raises(SourceSchemaError, match="no such stream"):
        connect(standin).count("queue")
