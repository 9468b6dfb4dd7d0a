"""The JMAP connector against its stand-in, over a real socket."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest
from pydantic import ValidationError

import connectors.jmap as plugin
from connectors.jmap.standin import TOKEN, JmapStandIn, destroy_mail, put_mail
from connectors.jmap.streams import JmapConnector
from hub.errors import AuthenticationError, CursorExpiredError, SourceSchemaError
from hub.sdk import Cursor, Fault, Page, Record, StandInState
from hub.sdk.mailrecord import DRAFT, INTERNAL
from tests.connectors.mailbombs import BOMBS
from tests.connectors.test_imap import ANNA, CUSTOMER, mail

MINUTE = "2026-01-01T00:{:02}:00Z"


@pytest.fixture
def standin() -> Iterator[JmapStandIn]:
    server = plugin.hub_standin().start(StandInState({}), 0)
    assert isinstance(server, JmapStandIn)
    yield server
    server.stop()


def put(standin: JmapStandIn, name: str, message: str = "", **fields: Any) -> None:
    with standin.state.changing():
        put_mail(standin.state, name, {"message": message or mail(name), **fields})


def fill(standin: JmapStandIn, count: int, **fields: Any) -> None:
    for number in range(count):
        put(standin, f"m{number}", **{"receivedAt": MINUTE.format(number), **fields})


def destroy(standin: JmapStandIn, name: str) -> None:
    with standin.state.changing():
        destroy_mail(standin.state, name)


def connect(standin: JmapStandIn, **changed: Any) -> JmapConnector:
    spec = plugin.hub_connector()
    settings = {**standin.config, "own_domains": ["example.com"], **changed}
    connector = spec.open(spec.config.model_validate(settings))
    assert isinstance(connector, JmapConnector)
    return connector


def read(standin: JmapStandIn, cursor: Cursor | None = None, **changed: Any) -> list[Page]:
    connector = connect(standin, **changed)
    pages = list(connector.read("message", cursor))
    connector.close()
    return pages


def full(standin: JmapStandIn, **changed: Any) -> list[Page]:
    """A full read but for its last page, which says that the list is over."""
    pages = read(standin, None, **changed)
    assert not pages[-1].records
    assert "listing" not in pages[-1].cursor
    return pages[:-1]


def records(pages: list[Page]) -> list[Record]:
    return [record for page in pages for record in page.records]


def keys(pages: list[Page]) -> list[str]:
    return [record.key.partition("@")[0] for record in records(pages)]


def only(standin: JmapStandIn, message: str, **fields: Any) -> dict[str, Any]:
    put(standin, "only", message, **fields)
    (found,) = records(read(standin))
    return dict(found.data)


def excluded(pages: list[Page]) -> dict[str, int]:
    total: dict[str, int] = {}
    for page in pages:
        for rule, count in page.excluded.items():
            total[rule] = total.get(rule, 0) + count
    return total


def test_check_finds_each_mailbox(standin: JmapStandIn) -> None:
    assert connect(standin).check() == "127.0.0.1: 2 mailboxes can be read"
    assert connect(standin, mailboxes=[]).check() == "127.0.0.1: all mailboxes can be read"


@pytest.mark.parametrize("base", ["", "/", "/jmap/session"])
def test_finds_the_session(standin: JmapStandIn, base: str) -> None:
    fill(standin, 1)
    assert keys(read(standin, base_url=f"{standin.url}{base}")) == ["m0"]


def test_takes_a_token_in_place_of_a_password(standin: JmapStandIn) -> None:
    fill(standin, 1)
    assert keys(read(standin, username="", password=None, key=TOKEN)) == ["m0"]


@pytest.mark.parametrize("proof", [{"password": "wrong-canary"}, {"key": "wrong-canary"}])
def test_wrong_credentials(standin: JmapStandIn, proof: dict[str, str]) -> None:
    with pytest.raises(AuthenticationError) as caught:
        connect(standin, **proof).check()
    assert "canary" not in str(caught.value)


@pytest.mark.parametrize("proof", [{}, {"username": "a"}, {"password": "swordfish"}])
def test_needs_one_way_to_prove_itself(proof: dict[str, str]) -> None:
    with pytest.raises(ValidationError, match="username and password, or key"):
        plugin.hub_connector().config.model_validate({"base_url": "https://x.example", **proof})


def test_reads_headers_and_nothing_of_the_body(standin: JmapStandIn) -> None:
    data = only(standin, mail(1, Subject="=?utf-8?q?Gr=C3=BC=C3=9Fe?=\n und mehr"))
    assert data["message_id"] == data["thread_id"] == "1@customer.example"
    assert data["date"] == "2026-02-02T09:00:00+00:00"
    assert data["subject"] == "Grüße und mehr"
    assert data["from"] == [
        {"name": "Karla Beispiel", "address": "karla@customer.example", "part": "from"}
    ]
    assert "nothing of this" not in str(data)


def test_resumes_from_every_cursor(standin: JmapStandIn) -> None:
    fill(standin, 7)
    pages = read(standin, page_size=3)
    assert [len(page.records) for page in pages] == [3, 3, 1, 0]
    for place, page in enumerate(pages):
        assert records(read(standin, page.cursor, page_size=3)) == records(pages[place + 1 :])


def test_mails_of_one_second_are_all_read(standin: JmapStandIn) -> None:
    fill(standin, 10, receivedAt=MINUTE.format(0))
    assert sorted(keys(read(standin, page_size=3))) == sorted(f"m{n}" for n in range(10))


def test_a_mail_that_comes_while_reading_is_read(standin: JmapStandIn) -> None:
    fill(standin, 6)
    pages = connect(standin, page_size=3).read("message", None)
    first = next(pages)
    put(standin, "old", receivedAt="2020-01-01T00:00:00Z")
    assert sorted(keys([first, *pages])) == [*(f"m{n}" for n in range(6)), "old"]


@pytest.mark.parametrize("gone", [["m0"], ["m2"], ["m0", "m1", "m2"], ["m2", "m3"]])
@pytest.mark.parametrize("is_killed", [False, True])
def test_mails_that_go_while_reading_take_none_along(
    standin: JmapStandIn, gone: list[str], *, is_killed: bool
) -> None:
    fill(standin, 8, receivedAt=MINUTE.format(0))
    pages = connect(standin, page_size=3).read("message", None)
    first = next(pages)
    for name in gone:
        destroy(standin, name)
    rest = read(standin, first.cursor, page_size=3) if is_killed else list(pages)
    left = {f"m{n}" for n in range(8)} - set(gone)
    assert left <= set(keys([first, *rest]))


def test_goes_on_with_what_changed(standin: JmapStandIn) -> None:
    fill(standin, 3)
    cursor = read(standin)[-1].cursor
    assert read(standin, cursor) == []
    put(standin, "new")
    put(standin, "m1", keywords=["$seen"])
    destroy(standin, "m2")
    fresh = read(standin, cursor)
    assert sorted(keys(fresh)) == ["m1", "new"]
    assert [page.tombstones for page in fresh] == [()]
    assert plugin.hub_connector().streams[0].retains


def test_follows_many_changes_in_pages(standin: JmapStandIn) -> None:
    cursor = {"account": "u1", "state": "s0"}
    fill(standin, 8)
    pages = read(standin, cursor, page_size=3)
    assert [len(page.records) for page in pages] == [3, 3, 2]
    for place, page in enumerate(pages):
        assert records(read(standin, page.cursor, page_size=3)) == records(pages[place + 1 :])


def test_a_page_is_no_larger_than_the_server_allows(standin: JmapStandIn) -> None:
    fill(standin, 150, receivedAt=MINUTE.format(0))
    assert [len(page.records) for page in full(standin, page_size=1000)] == [100, 50]


def test_a_state_that_is_forgotten_expires_the_cursor(standin: JmapStandIn) -> None:
    fill(standin, 3)
    cursor = read(standin)[-1].cursor
    standin.state.stream("floor")["state"] = {"value": 7}
    with pytest.raises(CursorExpiredError):
        read(standin, cursor)


@pytest.mark.parametrize(
    "cursor",
    [
        {"account": "another", "state": "s0"},
        {"account": "u1"},
        {"account": "u1", "state": "s0", "listing": 3},
        {"mailboxes": {}},
    ],
)
def test_a_cursor_that_is_none_of_ours_expires(standin: JmapStandIn, cursor: Any) -> None:
    with pytest.raises(CursorExpiredError):
        read(standin, cursor)


def test_a_draft_is_read_when_it_is_sent(standin: JmapStandIn) -> None:
    put(standin, "m1", keywords=["$draft"])
    pages = read(standin)
    assert (keys(pages), excluded(pages)) == ([], {DRAFT: 1})
    put(standin, "m1", keywords=[], mailboxes=["Sent"])
    assert keys(read(standin, pages[-1].cursor)) == ["m1"]


def test_internal_mail_is_left_out_and_counted(standin: JmapStandIn) -> None:
    put(standin, "m1", mail(1, From="bob@eu.example.com", To=ANNA, Cc="eve@example.com"))
    pages = read(standin)
    assert (keys(pages), excluded(pages)) == ([], {INTERNAL: 1})


def boxes(standin: JmapStandIn) -> None:
    standin.state.records["mailbox"] = {
        "b1": {"id": "b1", "name": "Posteingang", "role": "inbox", "parentId": None},
        "b2": {"id": "b2", "name": "Kunden & Käufer", "role": None, "parentId": "b1"},
        "b3": {"id": "b3", "name": "Junk", "role": "junk", "parentId": None},
    }


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        (["inbox"], ["m1"]),
        (["posteingang/kunden & käufer", "Inbox"], ["m1", "m2"]),
        ([], ["m1", "m2", "m3"]),
    ],
)
def test_reads_the_mailboxes_named(
    standin: JmapStandIn, wanted: list[str], expected: list[str]
) -> None:
    boxes(standin)
    state = {"account": "u1", "state": "s0"}
    for number, name in enumerate(("Posteingang", "Kunden & Käufer", "Junk"), start=1):
        put(standin, f"m{number}", mailboxes=[name])
    assert sorted(keys(read(standin, mailboxes=wanted))) == expected
    assert sorted(keys(read(standin, state, mailboxes=wanted))) == expected


def test_a_mail_moved_into_a_mailbox_is_read(standin: JmapStandIn) -> None:
    boxes(standin)
    put(standin, "m1", mailboxes=["Junk"])
    cursor = {"account": "u1", "state": "s1"}
    put(standin, "m1", mailboxes=["Posteingang"])
    assert keys(read(standin, cursor, mailboxes=["inbox"])) == ["m1"]


def test_a_missing_mailbox_is_named(standin: JmapStandIn) -> None:
    with pytest.raises(SourceSchemaError, match="Gesendete Entwürfe"):
        connect(standin, mailboxes=["Gesendete Entwürfe"]).check()


def test_a_bounce_names_the_address(standin: JmapStandIn) -> None:
    body = (
        "--b\nContent-Type: text/plain\n\nsorry\n--b\nContent-Type: message/delivery-status\n\n"
        "Final-Recipient: rfc822; gone@customer.example\nAction: failed\n--b--\n"
    )
    kind = 'multipart/report; report-type=delivery-status; boundary="b"'
    data = only(standin, mail(1, From="MAILER-DAEMON@x.example", Content_Type=kind, body=body))
    assert (data["auto_kind"], data["bounced"]) == ("bounce", ["gone@customer.example"])


def test_attachments_have_name_and_size(standin: JmapStandIn) -> None:
    body = (
        "--b\nContent-Type: text/plain\n\nsee there\n--b\nContent-Type: image/png; name=logo.png\n"
        "Content-Disposition: inline\n\nx\n--b\nContent-Type: application/pdf\n"
        "Content-Disposition: attachment; filename*=utf-8''Angebot%20%C3%BC.pdf\n"
        "Content-Transfer-Encoding: base64\n\nQUJD\n--b--\n"
    )
    data = only(standin, mail(1, Content_Type="multipart/mixed; boundary=b", body=body))
    assert data["attachments"] == [
        {"name": "logo.png", "size": 1, "content_type": "image/png"},
        {"name": "Angebot ü.pdf", "size": 3, "content_type": "application/pdf"},
    ]


def test_a_mail_without_headers_is_unreadable(standin: JmapStandIn) -> None:
    put(standin, "m1", "\njust a body")
    put(standin, "m2")
    (page,) = full(standin)
    assert (len(page.unreadable), keys([page])) == (1, ["m2"])


@pytest.mark.parametrize("broken", [["m0"], ["m2"], ["m2", "m3"], ["m6"], ["m3", "m4", "m5", "m6"]])
def test_a_mail_that_the_server_fails_on_stops_no_other(
    standin: JmapStandIn, broken: list[str]
) -> None:
    fill(standin, 7)
    for name in broken:
        put(standin, name, broken=True, receivedAt=MINUTE.format(int(name[1])))
    every = {f"m{n}" for n in range(7)}
    for start in (None, {"account": "u1", "state": "s0"}):
        pages = read(standin, start, page_size=3)
        failed = {one.raw.removeprefix("Email ") for page in pages for one in page.unreadable}
        assert (set(keys(pages)), failed) == (every - set(broken), set(broken))
        assert excluded(pages) == {}


@pytest.mark.parametrize("name", list(BOMBS))
def test_mail_bombs_cost_less_than_two_seconds(standin: JmapStandIn, name: str) -> None:
    put(standin, "bomb", BOMBS[name].decode())
    put(standin, "m2", receivedAt=MINUTE.format(5))
    started = time.process_time()
    (page,) = full(standin)
    assert time.process_time() - started < 2
    assert len(page.records) + len(page.unreadable) == 2
    assert keys([page])[-1] == "m2"


def test_a_server_that_is_unavailable_for_a_moment_is_asked_again(standin: JmapStandIn) -> None:
    fill(standin, 1)
    standin.fail(Fault(kind="status", status=503, times=1, path="/jmap/api"))
    assert keys(read(standin)) == ["m0"]


def test_outbound_mail_marks_the_first_outside_receiver(standin: JmapStandIn) -> None:
    data = only(standin, mail(1, From=ANNA, To=f"bob@example.com, {CUSTOMER}"), mailboxes=["Sent"])
    assert data["direction"] == "outbound"
    assert [person.get("part") for person in data["to"]] == [None, "to"]
