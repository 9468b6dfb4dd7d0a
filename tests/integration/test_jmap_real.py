"""The JMAP connector against a real Cyrus; and what Cyrus gives over JMAP beside what over IMAP."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import orjson
import pytest

import connectors.imap
import connectors.jmap
from hub.errors import AuthenticationError, CursorExpiredError, SourceSchemaError
from hub.sdk import Connector, Cursor, Page, Record
from hub.sdk.mailrecord import DRAFT, INTERNAL
from tests.connectors.mailbombs import BOMBS
from tests.integration.test_imap_real import OFFER, REPORT, mail
from tests.servers.cyrus import CyrusServer

pytestmark = pytest.mark.servers

CHILD = """
import sys, time, orjson
import connectors.jmap as plugin
spec = plugin.hub_connector()
settings, cursor = orjson.loads(sys.stdin.read())
for page in spec.open(spec.config.model_validate(settings)).read("message", cursor):
    line = orjson.dumps([[record.key for record in page.records], page.cursor])
    print(line.decode(), flush=True)
    time.sleep(0.2)
"""
STATUS_REPORT = 'multipart/report; report-type=delivery-status; boundary="b"'


def settings(server: CyrusServer, user: str = "anna", **changed: Any) -> dict[str, Any]:
    return {
        "base_url": server.base_url,
        "username": user,
        "password": server.passwords[user],
        "own_domains": ["example.com"],
    } | changed


def connect(server: CyrusServer, **changed: Any) -> Connector:
    spec = connectors.jmap.hub_connector()
    return spec.open(spec.config.model_validate(settings(server, **changed)))


@pytest.fixture
def box(cyrus_server: CyrusServer, request: pytest.FixtureRequest) -> str:
    """A mailbox of this test's own."""
    name = f"Box {request.node.name[:40]} é".replace("[", "-").replace("]", "")
    client = cyrus_server.connect("anna")
    client.create(coded(name))
    client.logout()
    return name


def coded(box: str) -> str:
    return '"' + box.replace("é", "&AOk-") + '"'


def append(server: CyrusServer, box: str, *messages: bytes) -> None:
    server.append("anna", messages, folder=coded(box))


def change(server: CyrusServer, box: str, uids: str, *flags: str) -> None:
    """Set flags, or with \\Deleted take the mails away."""
    client = server.connect("anna")
    client.select(coded(box))
    client.uid("STORE", uids, *flags)
    client.expunge()
    client.logout()


def read(server: CyrusServer, box: str, cursor: Cursor | None = None, **more: Any) -> list[Page]:
    connector = connect(server, mailboxes=[box], **more)
    pages = list(connector.read("message", cursor))
    connector.close()
    return pages


def records(pages: list[Page]) -> list[Record]:
    return [record for page in pages for record in page.records]


def keys(pages: list[Page]) -> list[str]:
    return sorted(record.key.partition("@")[0] for record in records(pages))


def test_checks(cyrus_server: CyrusServer) -> None:
    assert "2 mailboxes" in connect(cyrus_server, user="bruno").check()


@pytest.mark.parametrize("changed", [{"password": "wrong"}, {"username": "nobody"}])
def test_wrong_credentials(cyrus_server: CyrusServer, changed: dict[str, str]) -> None:
    with pytest.raises(AuthenticationError):
        connect(cyrus_server, **changed).check()


def test_missing_mailbox(cyrus_server: CyrusServer) -> None:
    with pytest.raises(SourceSchemaError, match="Nowhere"):
        connect(cyrus_server, mailboxes=["Nowhere"]).check()


def test_resumes_from_every_cursor(cyrus_server: CyrusServer, box: str) -> None:
    append(cyrus_server, box, *(mail(n) for n in range(8)))
    pages = read(cyrus_server, box, page_size=3)
    assert keys(pages) == [str(n) for n in range(8)]
    assert [len(page.records) for page in pages] == [3, 3, 2, 0]
    for place, page in enumerate(pages):
        rest = read(cyrus_server, box, page.cursor, page_size=3)
        assert records(rest) == records(pages[place + 1 :])


def test_goes_on_with_what_changed(cyrus_server: CyrusServer, box: str) -> None:
    append(cyrus_server, box, *(mail(n) for n in range(3)))
    cursor = read(cyrus_server, box)[-1].cursor
    assert records(read(cyrus_server, box, cursor)) == []
    append(cyrus_server, box, mail(3))
    change(cyrus_server, box, "2", "+FLAGS", "\\Seen")
    change(cyrus_server, box, "1", "+FLAGS", "\\Deleted")
    fresh = read(cyrus_server, box, cursor)
    assert keys(fresh) == ["1", "3"]
    assert all(page.tombstones == () for page in fresh)
    assert records(read(cyrus_server, box, fresh[-1].cursor)) == []


def test_many_changes_come_in_pages(cyrus_server: CyrusServer, box: str) -> None:
    append(cyrus_server, box, mail("first"))
    cursor = read(cyrus_server, box)[-1].cursor
    append(cyrus_server, box, *(mail(n) for n in range(10)))
    pages = read(cyrus_server, box, cursor, page_size=3)
    assert keys(pages) == sorted(str(n) for n in range(10))
    assert len(pages) >= 4


def test_a_mailbox_that_changes_while_it_is_read(cyrus_server: CyrusServer, box: str) -> None:
    append(cyrus_server, box, *(mail(n) for n in range(12)))
    pages = connect(cyrus_server, mailboxes=[box], page_size=4).read("message", None)
    first = next(pages)
    gone = {record.key.partition("@")[0] for record in first.records}
    uids = ",".join(str(int(number) + 1) for number in sorted(gone))
    change(cyrus_server, box, uids, "+FLAGS", "\\Deleted")
    append(cyrus_server, box, mail("late"))
    expected = {*(str(n) for n in range(12)), "late"}
    assert set(keys([first, *pages])) == expected


def test_a_killed_run_is_resumed(cyrus_server: CyrusServer, box: str, tmp_path: Path) -> None:
    append(cyrus_server, box, *(mail(n) for n in range(9)))
    order = orjson.dumps([settings(cyrus_server, mailboxes=[box], page_size=2), None])
    script = tmp_path / "child.py"
    script.write_text(CHILD)
    found: list[str] = []
    with subprocess.Popen(
        [sys.executable, str(script)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as child:
        assert child.stdin is not None
        assert child.stdout is not None
        child.stdin.write(order)
        child.stdin.close()
        got, cursor = orjson.loads(child.stdout.readline())
        child.send_signal(signal.SIGKILL)
    found += [key.partition("@")[0] for key in got]
    rest = read(cyrus_server, box, cursor, page_size=2)
    assert sorted({*found, *keys(rest)}) == [str(n) for n in range(9)]
    assert len(found) == 2


def test_a_draft_is_read_when_it_is_sent(cyrus_server: CyrusServer, box: str) -> None:
    append(cyrus_server, box, mail(1), mail(2, From="bob@example.com"))
    change(cyrus_server, box, "1", "+FLAGS", "\\Draft")
    page, settled = read(cyrus_server, box)
    assert (page.records, page.excluded) == ([], {DRAFT: 1, INTERNAL: 1})
    change(cyrus_server, box, "1", "-FLAGS", "\\Draft")
    assert keys(read(cyrus_server, box, settled.cursor)) == ["1"]


def test_a_forgotten_state_expires_the_cursor(cyrus_server: CyrusServer, box: str) -> None:
    append(cyrus_server, box, mail(1), mail(2))
    cursor = read(cyrus_server, box)[-1].cursor
    change(cyrus_server, box, "1", "+FLAGS", "\\Deleted")
    cyrus_server.forget_expunged()
    with pytest.raises(CursorExpiredError):
        read(cyrus_server, box, cursor)
    assert keys(read(cyrus_server, box)) == ["2"]


def test_a_state_of_another_server_expires_the_cursor(cyrus_server: CyrusServer, box: str) -> None:
    append(cyrus_server, box, mail(1))
    with pytest.raises(CursorExpiredError):
        read(cyrus_server, box, {"account": "anna", "state": "none-of-yours"})


def through_imap(server: CyrusServer, box: str) -> list[Record]:
    spec = connectors.imap.hub_connector()
    given = settings(server, host=server.host, port=server.port, security="plain")
    config = {name: value for name, value in given.items() if name != "base_url"}
    connector = spec.open(spec.config.model_validate({**config, "mailboxes": [box]}))
    found = records(list(connector.read("message", None)))
    connector.close()
    return found


def without_sizes(record: Record) -> dict[str, Any]:
    """IMAP tells the size of the transfer encoding, JMAP that of the content."""
    attachments = [{**one, "size": 0} for one in record.data["attachments"]]
    return {**record.data, "attachments": attachments}


def test_one_mail_is_one_record_over_both_protocols(cyrus_server: CyrusServer, box: str) -> None:
    append(
        cyrus_server,
        box,
        mail(1, Content_Type="multipart/mixed; boundary=b", body=OFFER),
        mail(2, From="MAILER-DAEMON@mx.other.example", Content_Type=STATUS_REPORT, body=REPORT),
        mail(3, References="<1@x.example>\r\n <2@x.example>", List_Id="<news.x.example>"),
        mail(4, Message_ID="", Cc='"Doe, J" <j@other.example>, k@other.example', Date="never"),
    )
    over_jmap = records(read(cyrus_server, box))
    over_imap = through_imap(cyrus_server, box)
    assert len(over_jmap) == 4
    assert {one.key: without_sizes(one) for one in over_jmap} == {
        one.key: without_sizes(one) for one in over_imap
    }
    bounced = [record.data["bounced"] for record in over_jmap if "bounced" in record.data]
    assert bounced == [["gone@customer.example"]]


def test_mail_bombs(cyrus_server: CyrusServer, box: str) -> None:
    bombs = [b"\r\n".join(bomb.splitlines()) + b"\r\n" for bomb in BOMBS.values()]
    append(cyrus_server, box, *bombs, mail("after"))
    started = time.process_time()
    pages = read(cyrus_server, box, page_size=5)
    assert time.process_time() - started < 2 * len(BOMBS)
    found = len(records(pages)) + sum(len(page.unreadable) for page in pages)
    assert found == len(BOMBS) + 1
    assert "after" in keys(pages)
