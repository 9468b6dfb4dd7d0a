"""The IMAP connector against its stand-in, over a real socket."""

from __future__ import annotations

import imaplib
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import connectors.imap as plugin
from connectors.imap.standin import ImapStandIn
from connectors.imap.streams import ImapConnector
from hub.errors import (
    AuthenticationError,
    CursorExpiredError,
    SourceSchemaError,
    SourceUnavailableError,
)
from hub.mapping import compile_mapping, load_mapping
from hub.model import ENTITIES, CanonicalRecord
from hub.model.party import Party
from hub.model.service import Interaction
from hub.sdk import Cursor, Fault, Page, Record, StandInState
from hub.sdk.mailrecord import DRAFT, INTERNAL
from tests.connectors.mailbombs import BOMBS

FILE = Path(__file__).parents[2] / "mappings" / "imap.yaml"
MAPPING = compile_mapping(load_mapping(FILE.read_text(), file=FILE.name))
CUSTOMER = "Karla Beispiel <karla@customer.example>"
ANNA = "Anna Test <anna@example.com>"


def mail(number: int | str, **changed: str) -> str:
    """A mail from the customer to Anna; a keyword replaces a header, ``body`` the text."""
    body = changed.pop("body", "Hello,\n\nnothing of this is read.\n")
    headers = {
        "Return-Path": "<karla@customer.example>",
        "Message-ID": f"<{number}@customer.example>",
        "Date": "Mon, 2 Feb 2026 10:00:00 +0100",
        "From": CUSTOMER,
        "To": ANNA,
        "Subject": f"Order {number}",
    } | {name.replace("_", "-"): value for name, value in changed.items()}
    return "".join(f"{name}: {value}\n" for name, value in headers.items() if value) + "\n" + body


def box(*messages: str) -> dict[str, dict[str, Any]]:
    return {
        str(uid): {"uid": uid, "message": message, "flags": []}
        for uid, message in enumerate(messages, start=1)
    }


@pytest.fixture
def standin() -> Iterator[ImapStandIn]:
    server = plugin.hub_standin().start(StandInState({}), 0)
    assert isinstance(server, ImapStandIn)
    yield server
    server.stop()


def connect(standin: ImapStandIn, **changed: Any) -> ImapConnector:
    spec = plugin.hub_connector()
    settings = {**standin.config, "own_domains": ["example.com"], "timeout": 5, **changed}
    config = spec.config.model_validate(settings)
    connector = spec.open(config)
    assert isinstance(connector, ImapConnector)
    return connector


def read(standin: ImapStandIn, **changed: Any) -> list[Page]:
    connector = connect(standin, **changed)
    pages = list(connector.read("message", None))
    connector.close()
    return pages


def records(pages: list[Page]) -> list[Record]:
    return [record for page in pages for record in page.records]


def only(standin: ImapStandIn, message: str, mailbox: str = "INBOX") -> dict[str, Any]:
    standin.state.records[mailbox] = box(message)
    found = records(read(standin))
    assert len(found) == 1
    return dict(found[0].data)


def test_check_opens_each_mailbox(standin: ImapStandIn) -> None:
    assert connect(standin).check() == "127.0.0.1: 2 mailboxes can be read"


def test_reads_headers_and_nothing_of_the_body(standin: ImapStandIn) -> None:
    data = only(standin, mail(1, Subject="=?utf-8?q?Gr=C3=BC=C3=9Fe?="))
    assert data["message_id"] == data["thread_id"] == "1@customer.example"
    assert data["date"] == "2026-02-02T09:00:00+00:00"
    assert data["subject"] == "Grüße"
    assert data["direction"] == "inbound"
    assert data["from"] == [
        {"name": "Karla Beispiel", "address": "karla@customer.example", "part": "from"}
    ]
    assert "nothing of this" not in str(data)


def test_resumes_from_every_cursor(standin: ImapStandIn) -> None:
    standin.state.records["INBOX"] = box(*(mail(n) for n in range(7)))
    standin.state.records["Sent"] = box(*(mail(f"s{n}", From=ANNA, To=CUSTOMER) for n in range(3)))
    pages = read(standin, batch=3)
    assert [len(page.records) for page in pages] == [3, 3, 1, 3]
    for place, page in enumerate(pages):
        rest = list(connect(standin, batch=3).read("message", page.cursor))
        assert records(rest) == records(pages[place + 1 :])


def test_reads_only_what_is_new(standin: ImapStandIn) -> None:
    standin.state.records["INBOX"] = box(mail(1))
    pages = read(standin)
    assert list(connect(standin).read("message", pages[-1].cursor)) == []
    standin.state.records["INBOX"] = box(mail(1), mail(2))
    fresh = list(connect(standin).read("message", pages[-1].cursor))
    assert [record.key for record in records(fresh)] == ["2@customer.example"]


def test_a_new_uidvalidity_expires_the_cursor(standin: ImapStandIn) -> None:
    standin.state.records["INBOX"] = box(mail(1))
    cursor = read(standin)[-1].cursor
    standin.state.stream("uidvalidity")["INBOX"] = {"value": 2}
    with pytest.raises(CursorExpiredError):
        list(connect(standin).read("message", cursor))
    assert len(records(read(standin))) == 1


@pytest.mark.parametrize("capabilities", ["IMAP4rev1 AUTH=PLAIN CONDSTORE", "IMAP4rev1"])
def test_an_unchanged_mailbox_is_not_opened(standin: ImapStandIn, capabilities: str) -> None:
    standin.capabilities = capabilities
    standin.state.records["INBOX"] = box(mail(1))
    cursor = read(standin)[-1].cursor
    standin.commands.clear()
    assert list(connect(standin).read("message", cursor)) == []
    assert standin.commands["STATUS"] == 2
    assert not {"EXAMINE", "UID SEARCH", "UID FETCH"} & set(standin.commands)


@pytest.mark.parametrize("capabilities", ["IMAP4rev1 CONDSTORE", "IMAP4rev1"])
def test_a_draft_is_read_when_it_is_sent(standin: ImapStandIn, capabilities: str) -> None:
    standin.capabilities = capabilities
    rows = standin.state.records["INBOX"] = box(mail(1), mail(2), mail(3))
    rows["1"]["flags"] = rows["2"]["flags"] = ["\\Draft"]
    pages = read(standin)
    assert [record.key[0] for record in records(pages)] == ["3"]
    assert pages[0].excluded == {DRAFT: 2}
    rows["2"]["flags"] = ["\\Seen"]
    sent = list(connect(standin).read("message", pages[-1].cursor))
    assert [record.key[0] for record in records(sent)] == ["2"]
    del rows["1"]
    (settled,) = connect(standin).read("message", sent[-1].cursor)
    assert settled.records == ()
    assert list(connect(standin).read("message", settled.cursor)) == []


def test_drafts_that_did_not_change_are_not_asked_for(standin: ImapStandIn) -> None:
    rows = standin.state.records["INBOX"] = box(mail(1))
    rows["1"]["flags"] = ["\\Draft"]
    cursor = read(standin)[-1].cursor
    fetches = standin.commands["UID FETCH"]
    assert list(connect(standin).read("message", cursor)) == []
    assert standin.commands["UID FETCH"] == fetches


def test_a_run_that_was_cut_short_leaves_no_mail_out(standin: ImapStandIn) -> None:
    standin.state.records["INBOX"] = box(*(mail(n) for n in range(4)))
    first = next(connect(standin, batch=3).read("message", None))
    rest = list(connect(standin, batch=3).read("message", first.cursor))
    assert [record.key[0] for record in records(rest)] == ["3"]


def test_a_cursor_from_before_modseq_still_counts(standin: ImapStandIn) -> None:
    standin.state.records["INBOX"] = box(mail(1), mail(2))
    old: Cursor = {"mailboxes": {"INBOX": {"uidvalidity": 1, "uid": 1}}}
    fresh = records(list(connect(standin).read("message", old)))
    assert [record.key[0] for record in fresh] == ["2"]


def test_a_mail_that_is_expunged_is_kept(standin: ImapStandIn) -> None:
    standin.state.records["INBOX"] = box(mail(1), mail(2))
    cursor = read(standin)[-1].cursor
    del standin.state.records["INBOX"]["1"]
    assert [page.tombstones for page in connect(standin).read("message", cursor)] == []
    assert plugin.hub_connector().streams[0].retains


@pytest.mark.parametrize("place", [{"uid": 1}, {"uidvalidity": 1, "uid": 1, "drafts": "1:9999999"}])
def test_a_cursor_that_is_none_of_ours_expires(standin: ImapStandIn, place: Any) -> None:
    with pytest.raises(CursorExpiredError):
        list(connect(standin).read("message", {"mailboxes": {"INBOX": place}}))


def test_one_mail_in_two_mailboxes_is_one_record(standin: ImapStandIn) -> None:
    copy = mail("c", From=ANNA, To=CUSTOMER)
    standin.state.records["INBOX"] = box(mail(1), copy)
    standin.state.records["Sent"] = box(copy.replace("Return-Path", "X-Moved"))
    found = records(read(standin))
    assert len({record.key for record in found}) == 2
    assert found[1] == found[2]


def test_internal_mail_is_left_out_and_counted(standin: ImapStandIn) -> None:
    inside = mail(2, From="bob@eu.example.com", To=ANNA, Cc="eve@example.com")
    standin.state.records["INBOX"] = box(mail(1), inside)
    pages = read(standin)
    assert len(records(pages)) == 1
    assert sum(page.excluded.get(INTERNAL, 0) for page in pages) == 1


def test_outbound_mail_marks_the_first_outside_receiver(standin: ImapStandIn) -> None:
    data = only(
        standin, mail(1, From=ANNA, To=f"bob@example.com, {CUSTOMER}, x@other.example"), "Sent"
    )
    assert data["direction"] == "outbound"
    assert [person.get("part") for person in data["to"]] == [None, "to", None]


def test_nobody_is_made_of_a_copy_or_of_automatic_mail(standin: ImapStandIn) -> None:
    copied = only(standin, mail(1, From=ANNA, To="bob@example.com", Cc=CUSTOMER))
    assert "part" not in str(copied["to"] + copied["cc"])
    automatic = only(standin, mail(1, Auto_Submitted="auto-replied"))
    assert automatic["auto_kind"] == "auto_reply"
    assert "part" not in str(automatic["from"])


def test_threads_by_the_first_reference(standin: ImapStandIn) -> None:
    reply = only(standin, mail(3, References="<1@customer.example> <2@x>", In_Reply_To="<2@x>"))
    assert reply["thread_id"] == "1@customer.example"
    circle = only(standin, mail(3, References="<3@customer.example>"))
    assert (circle["thread_id"], circle["references"]) == ("3@customer.example", [])


def test_attachments_have_name_and_size(standin: ImapStandIn) -> None:
    body = (
        "--b\nContent-Type: text/plain\n\nsee there\n--b\nContent-Type: application/pdf\n"
        "Content-Disposition: attachment; filename*=utf-8''Angebot%20%C3%BC.pdf\n"
        "Content-Transfer-Encoding: base64\n\nQUJD\n--b--\n"
    )
    data = only(standin, mail(1, Content_Type="multipart/mixed; boundary=b", body=body))
    assert data["attachments"] == [
        {"name": "Angebot ü.pdf", "size": 4, "content_type": "application/pdf"}
    ]


def test_a_bounce_names_the_address(standin: ImapStandIn) -> None:
    body = (
        "--b\nContent-Type: text/plain\n\nsorry\n--b\nContent-Type: message/delivery-status\n\n"
        "Reporting-MTA: dns; mx.example.com\n\nFinal-Recipient: rfc822; gone@customer.example\n"
        "Action: failed\nStatus: 5.1.1\n--b--\n"
    )
    kind = 'multipart/report; report-type=delivery-status; boundary="b"'
    data = only(
        standin, mail(1, From="MAILER-DAEMON@mx.other.example", Content_Type=kind, body=body)
    )
    assert data["auto_kind"] == "bounce"
    assert data["bounced"] == ["gone@customer.example"]


def test_a_mail_without_id_gets_the_same_one_in_each_mailbox(standin: ImapStandIn) -> None:
    bare = mail(1, Message_ID="")
    standin.state.records["INBOX"] = box(bare)
    standin.state.records["Sent"] = box("Received: from elsewhere\n" + bare)
    found = records(read(standin))
    assert found[0] == found[1]
    assert found[0].key.endswith("@no-message-id.invalid")


def test_a_mail_without_headers_is_unreadable(standin: ImapStandIn) -> None:
    standin.state.records["INBOX"] = box("\njust a body", mail(2))
    pages = read(standin)
    assert len(pages[0].unreadable) == 1
    assert len(records(pages)) == 1


@pytest.mark.parametrize(
    "structure", ["((", ")", '("text"', "(" * 2_000 + ")" * 2_000, "x" * 1_200_000, "{9", "NIL"]
)
def test_one_odd_structure_does_not_stop_the_others(standin: ImapStandIn, structure: str) -> None:
    standin.state.records["INBOX"] = box(mail(1), mail(2), mail(3))
    standin.state.records["INBOX"]["2"]["structure"] = structure
    pages = read(standin)
    assert [record.key[0] for record in records(pages)] == ["1", "2", "3"]
    assert records(pages)[1].data["attachments"] == []


@pytest.mark.parametrize("password", ["wrong-canary", "wröng-canary", 'wrong"canary\\'])
def test_wrong_password(standin: ImapStandIn, password: str) -> None:
    connector = connect(standin, password=password)
    with pytest.raises(AuthenticationError) as caught:
        connector.check()
    assert "canary" not in str(caught.value)


def test_a_missing_mailbox_is_named(standin: ImapStandIn) -> None:
    with pytest.raises(SourceSchemaError, match="Gesendete Entwürfe"):
        connect(standin, mailboxes=["Gesendete Entwürfe"]).check()


def test_reads_a_mailbox_with_an_umlaut(standin: ImapStandIn) -> None:
    standin.state.records["Gelöscht & weg"] = box(mail(1))
    assert len(records(read(standin, mailboxes=["Gelöscht & weg"]))) == 1


@pytest.mark.parametrize("command", ["LOGIN", "EXAMINE", "UID SEARCH", "UID FETCH"])
@pytest.mark.parametrize("kind", ["reset", "truncate", "drop"])
def test_a_broken_connection_is_unavailable(standin: ImapStandIn, command: str, kind: str) -> None:
    standin.state.records["INBOX"] = box(mail(1))
    standin.fail(Fault(kind=kind, path=command))
    with pytest.raises(SourceUnavailableError):
        read(standin)
    assert len(records(read(standin))) == 1


def test_the_same_connector_goes_on_after_a_broken_connection(standin: ImapStandIn) -> None:
    standin.state.records["INBOX"] = box(mail(1))
    connector = connect(standin)
    standin.fail(Fault(kind="reset", path="FETCH"))
    with pytest.raises(SourceUnavailableError):
        list(connector.read("message", None))
    assert len(records(list(connector.read("message", None)))) == 1


def test_a_slow_server_is_unavailable(standin: ImapStandIn) -> None:
    standin.fail(Fault(kind="delay", seconds=1.0, path="SEARCH"))
    with pytest.raises(SourceUnavailableError):
        read(standin, timeout=0.2)


@pytest.mark.parametrize("kind", ["status", "not_json"])
def test_a_refusal_in_the_middle_is_an_error(standin: ImapStandIn, kind: str) -> None:
    standin.fail(Fault(kind=kind, path="SEARCH"))
    with pytest.raises((SourceUnavailableError, SourceSchemaError)):
        read(standin)


@pytest.mark.parametrize("name", list(BOMBS))
def test_mail_bombs_cost_less_than_two_seconds(standin: ImapStandIn, name: str) -> None:
    standin.state.records["INBOX"] = box(BOMBS[name].decode(), mail("after"))
    started = time.process_time()
    (page,) = read(standin, mailboxes=["INBOX"])
    assert time.process_time() - started < 2
    assert len(page.records) + len(page.unreadable) == 2
    assert page.records[-1].key == "after@customer.example"


def canonical(data: dict[str, Any]) -> dict[str, CanonicalRecord]:
    """What the mapping makes of a record, by part; none may be invalid."""
    made = MAPPING.stream("message").translate(data)
    assert [one.gaps for one in made] == [[]] * len(made)
    return {one.part: ENTITIES[one.entity].model_validate(one.body) for one in made}


def test_maps_inbound_mail_to_an_interaction_and_a_person(standin: ImapStandIn) -> None:
    made = canonical(only(standin, mail(1, Cc="x@other.example")))
    touch, party = made[""], made["from"]
    assert isinstance(touch, Interaction)
    assert isinstance(party, Party)
    assert [(one.role, one.party and one.party.part) for one in touch.participants] == [
        ("from", "from"),
        ("to", None),
        ("cc", None),
    ]
    assert party.kind == "person"
    assert party.person is not None
    assert (party.person.given, party.person.family) == ("Karla", "Beispiel")
    assert (party.contact_points[0].value, party.contact_points[0].shared) == (
        "karla@customer.example",
        False,
    )


def test_maps_outbound_mail_to_a_desk(standin: ImapStandIn) -> None:
    desk = '"Customer, Sales Desk" <sales@customer.example>'
    made = canonical(only(standin, mail(1, From=ANNA, To=desk), "Sent"))
    assert set(made) == {"", "to"}
    party = made["to"]
    assert isinstance(party, Party)
    assert (party.kind, party.person) == ("organisation", None)
    assert party.contact_points[0].shared


def test_maps_automatic_mail_to_an_interaction_alone(standin: ImapStandIn) -> None:
    made = canonical(only(standin, mail(1, List_Id="<news.customer.example>", To="")))
    assert set(made) == {""}
    assert isinstance(made[""], Interaction)
    assert made[""].auto_kind == "list"


@pytest.mark.parametrize("name", ["karla@customer.example", "", "Karla"])
def test_no_name_is_split_that_is_none(standin: ImapStandIn, name: str) -> None:
    made = canonical(only(standin, mail(1, From=f'"{name}" <karla@customer.example>')))
    party = made["from"]
    assert isinstance(party, Party)
    assert party.person is None
    assert party.display_name == ("Karla" if name == "Karla" else None)


def test_logs_in_with_text_that_is_not_ascii(standin: ImapStandIn) -> None:
    client = imaplib.IMAP4("127.0.0.1", int(str(standin.config["port"])), timeout=5)
    proof = f"\0{standin.config['username']}\0{standin.config['password']}".encode()
    assert client.authenticate("PLAIN", lambda _: proof)[0] == "OK"
    client.logout()


def test_the_standin_speaks_to_another_client(standin: ImapStandIn) -> None:
    standin.state.records["INBOX"] = box(mail(1))
    client = imaplib.IMAP4("127.0.0.1", int(str(standin.config["port"])), timeout=5)
    assert client.login(str(standin.config["username"]), str(standin.config["password"]))[0] == "OK"
    assert client.select("INBOX", readonly=True) == ("OK", [b"1"])
    status, answer = client.uid("FETCH", "1:*", "(UID RFC822.SIZE BODY.PEEK[HEADER])")
    assert status == "OK"
    assert isinstance(answer[0], tuple)
    assert answer[0][1].startswith(b"Return-Path: ")
    client.logout()
