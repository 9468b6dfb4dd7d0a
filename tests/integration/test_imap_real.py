"""The IMAP connector against real servers: Dovecot and Cyrus."""

from __future__ import annotations

import time
from typing import Any

import pytest

import connectors.imap as plugin
from connectors.imap.streams import ImapConnector
from hub.errors import AuthenticationError, CursorExpiredError, SourceSchemaError
from hub.sdk import Page, Record
from hub.sdk.mailrecord import DRAFT, INTERNAL
from tests.connectors.mailbombs import BOMBS
from tests.servers.cyrus import CyrusServer
from tests.servers.dovecot import DovecotServer

pytestmark = pytest.mark.servers

MailServer = DovecotServer | CyrusServer

KARLA = "=?utf-8?q?Karla_M=C3=BCller?= <karla@customer.example>"
ANNA = "Anna <anna@example.com>"
REPORT = (
    "--b\r\nContent-Type: text/plain\r\n\r\nsorry\r\n--b\r\n"
    "Content-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.example.com\r\n\r\n"
    "Final-Recipient: rfc822; gone@customer.example\r\nAction: failed\r\n\r\n--b--\r\n"
)
OFFER = (
    "--b\r\nContent-Type: text/plain\r\n\r\nsee there\r\n--b\r\nContent-Type: application/pdf\r\n"
    "Content-Disposition: attachment; filename*=utf-8''Angebot%20%C3%BC.pdf\r\n"
    "Content-Transfer-Encoding: base64\r\n\r\nQUJD\r\n--b\r\n"
    "Content-Type: message/rfc822\r\n\r\nSubject: inner\r\n\r\ninner text\r\n--b--\r\n"
)


def mail(number: int | str, *, body: str = "Hello\r\n", **changed: str) -> bytes:
    headers = {
        "Message-ID": f"<{number}@customer.example>",
        "Date": "Mon, 2 Feb 2026 10:00:00 +0100",
        "From": KARLA,
        "To": ANNA,
        "Subject": f"Order {number}",
    } | {name.replace("_", "-"): value for name, value in changed.items()}
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    return f"{lines}\r\n{body}".encode()


def connect(server: MailServer, user: str = "anna", **changed: Any) -> ImapConnector:
    settings = {"host": server.host, "port": server.port, "security": "plain", "username": user}
    settings |= {"password": server.passwords[user], "own_domains": ["example.com"], **changed}
    connector = plugin.hub_connector().open(plugin.hub_connector().config.model_validate(settings))
    assert isinstance(connector, ImapConnector)
    return connector


@pytest.fixture(params=["dovecot_server", "cyrus_server"])
def mail_server(request: pytest.FixtureRequest) -> MailServer:
    server: MailServer = request.getfixturevalue(request.param)
    return server


@pytest.fixture
def box(mail_server: MailServer, request: pytest.FixtureRequest) -> str:
    """A mailbox of this test's own."""
    name = f"Box {request.node.name[:40]} é".replace("[", "-").replace("]", "")
    client = mail_server.connect("anna")
    client.create('"' + name.replace("é", "&AOk-") + '"')
    client.logout()
    return name


def append(server: MailServer, box: str, *messages: bytes) -> None:
    server.append("anna", messages, folder='"' + box.replace("é", "&AOk-") + '"')


def records(pages: list[Page]) -> list[Record]:
    return [record for page in pages for record in page.records]


def test_checks(mail_server: MailServer) -> None:
    assert "2 mailboxes" in connect(mail_server, "bruno").check()


def test_wrong_password(mail_server: MailServer) -> None:
    with pytest.raises(AuthenticationError):
        connect(mail_server, password="wrong").check()


def test_missing_mailbox(mail_server: MailServer) -> None:
    with pytest.raises(SourceSchemaError):
        connect(mail_server, mailboxes=["Nowhere"]).check()


def test_resumes_from_every_cursor(mail_server: MailServer, box: str) -> None:
    append(mail_server, box, *(mail(n) for n in range(7)))
    connector = connect(mail_server, mailboxes=[box], batch=3)
    pages = list(connector.read("message", None))
    assert [len(page.records) for page in pages] == [3, 3, 1]
    for place, page in enumerate(pages):
        assert records(list(connector.read("message", page.cursor))) == records(pages[place + 1 :])
    append(mail_server, box, mail(8))
    fresh = records(list(connector.read("message", pages[-1].cursor)))
    assert [record.key for record in fresh] == ["8@customer.example"]
    connector.close()


def test_reads_names_attachments_and_bounces(mail_server: MailServer, box: str) -> None:
    report = 'multipart/report; report-type=delivery-status; boundary="b"'
    append(
        mail_server,
        box,
        mail(1, Content_Type="multipart/mixed; boundary=b", body=OFFER),
        mail(2, From="MAILER-DAEMON@mx.other.example", Content_Type=report, body=REPORT),
        mail(3, From="bob@example.com"),
    )
    (page,) = connect(mail_server, mailboxes=[box]).read("message", None)
    offer, bounce = (record.data for record in page.records)
    assert offer["from"][0]["name"] == "Karla Müller"
    assert [(one["name"], one["size"]) for one in offer["attachments"]] == [("Angebot ü.pdf", 4)]
    assert bounce["bounced"] == ["gone@customer.example"]
    assert page.excluded == {INTERNAL: 1}


def test_reading_sets_no_flag(mail_server: MailServer, box: str) -> None:
    append(mail_server, box, mail(1))
    list(connect(mail_server, mailboxes=[box]).read("message", None))
    client = mail_server.connect("anna")
    client.select('"' + box.replace("é", "&AOk-") + '"', readonly=True)
    assert client.search(None, "UNSEEN") == ("OK", [b"1"])
    client.logout()


def test_a_mailbox_made_anew_expires_the_cursor(mail_server: MailServer, box: str) -> None:
    append(mail_server, box, mail(1))
    connector = connect(mail_server, mailboxes=[box])
    (page,) = connector.read("message", None)
    stored: Any = page.cursor
    older: dict[str, Any] = {"mailboxes": {box: {**stored["mailboxes"][box], "uidvalidity": 1}}}
    with pytest.raises(CursorExpiredError):
        list(connector.read("message", older))


def flag(server: MailServer, box: str, change: str, flags: str) -> None:
    client = server.connect("anna")
    client.select('"' + box.replace("é", "&AOk-") + '"')
    client.store("1", change, flags)
    client.expunge()
    client.logout()


def place(page: Page, box: str) -> dict[str, Any]:
    stored: Any = page.cursor
    return dict(stored["mailboxes"][box])


def test_modseq_tells_whether_a_mailbox_changed(mail_server: MailServer, box: str) -> None:
    append(mail_server, box, mail(1), mail(2))
    flag(mail_server, box, "+FLAGS", "\\Draft")
    connector = connect(mail_server, mailboxes=[box])
    (page,) = connector.read("message", None)
    assert page.excluded == {DRAFT: 1}
    assert place(page, box)["modseq"] > 0
    assert (place(page, box)["uidnext"], place(page, box)["drafts"]) == (3, "1")
    assert list(connector.read("message", page.cursor)) == []
    flag(mail_server, box, "+FLAGS", "\\Seen")
    (moved,) = connector.read("message", page.cursor)
    assert (moved.records, moved.excluded) == ((), {})
    assert place(moved, box)["modseq"] > place(page, box)["modseq"]
    flag(mail_server, box, "-FLAGS", "\\Draft")
    (sent,) = connector.read("message", moved.cursor)
    assert [record.key for record in sent.records] == ["1@customer.example"]
    assert list(connector.read("message", sent.cursor)) == []


def test_flags_alone_are_no_change(mail_server: MailServer, box: str) -> None:
    append(mail_server, box, mail(1), mail(2))
    connector = connect(mail_server, mailboxes=[box])
    (page,) = connector.read("message", None)
    flag(mail_server, box, "+FLAGS", "\\Answered")
    assert list(connector.read("message", page.cursor)) == []


def test_an_expunged_mail_is_no_deletion(mail_server: MailServer, box: str) -> None:
    append(mail_server, box, mail(1), mail(2))
    connector = connect(mail_server, mailboxes=[box])
    (page,) = connector.read("message", None)
    flag(mail_server, box, "+FLAGS", "\\Deleted")
    append(mail_server, box, mail(3))
    (after,) = connector.read("message", page.cursor)
    assert [record.key for record in after.records] == ["3@customer.example"]
    assert after.tombstones == ()


def test_a_draft_that_is_deleted_is_forgotten(mail_server: MailServer, box: str) -> None:
    append(mail_server, box, mail(1))
    flag(mail_server, box, "+FLAGS", "\\Draft")
    connector = connect(mail_server, mailboxes=[box])
    (page,) = connector.read("message", None)
    flag(mail_server, box, "+FLAGS", "\\Deleted")
    (after,) = connector.read("message", page.cursor)
    assert place(after, box)["drafts"] == ""


def test_mail_bombs(mail_server: MailServer, box: str) -> None:
    append(mail_server, box, *BOMBS.values(), mail("after"))
    started = time.process_time()
    pages = list(connect(mail_server, mailboxes=[box], batch=5).read("message", None))
    assert time.process_time() - started < 2 * len(BOMBS)
    assert len(records(pages)) == len(BOMBS) + 1
    assert records(pages)[-1].key == "after@customer.example"
