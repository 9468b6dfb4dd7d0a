"""One mail gives one outcome, over IMAP as over JMAP."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

import connectors.imap
import connectors.jmap
from connectors.jmap.standin import put_mail
from hub.mapping import compile_mapping, load_mapping
from hub.sdk import StandIn, StandInState
from tests.connectors.test_imap import ANNA, CUSTOMER, box, mail

MAPPINGS = Path(__file__).parents[2] / "mappings"
DESK = '"Customer, Sales Desk" <sales@customer.example>'
BODY = (
    "--b\nContent-Type: text/plain\n\nsee there\n--b\nContent-Type: image/png; name=logo.png\n"
    "Content-Disposition: inline\n\nx\n--b\nContent-Type: application/pdf\n"
    "Content-Disposition: attachment; filename*=utf-8''Angebot%20%C3%BC.pdf\n\nx\n--b\n"
    "Content-Type: message/rfc822\n\nSubject: inner\n\ninner\n--b--\n"
)
REPORT = (
    "--b\nContent-Type: text/plain\n\nsorry\n--b\nContent-Type: message/delivery-status\n\n"
    "Final-Recipient: rfc822; gone@customer.example\nAction: failed\n--b--\n"
)
MAILS: Mapping[str, str] = {
    "inbound": mail(1, Cc="x@other.example", Subject="=?utf-8?q?Gr=C3=BC=C3=9Fe?=\n und mehr"),
    "outbound": mail(1, From=ANNA, To=f"bob@example.com, {DESK}"),
    "from twice": mail(1, Subject="x\nFrom: Second <second@other.example>"),
    "in a thread": mail(3, References="<1@x.example>\n <2@x.example>", In_Reply_To="<2@x.example>"),
    "of a list": mail(1, List_Id="<news.customer.example>", To=""),
    "without an id": mail(1, Message_ID=""),
    "without a date": mail(1, Date="yesterday"),
    "with attachments": mail(1, Content_Type="multipart/mixed; boundary=b", body=BODY),
    "a bounce": mail(
        1,
        From="MAILER-DAEMON@mx.other.example",
        Content_Type="multipart/report; report-type=delivery-status; boundary=b",
        body=REPORT,
    ),
    "raw text": mail(1, Subject="Grüße", From=f"Jörg {CUSTOMER.partition(' ')[2]}"),
}


@pytest.fixture(scope="module")
def standins() -> Iterator[dict[str, StandIn]]:
    plugins = {"imap": connectors.imap, "jmap": connectors.jmap}
    running = {
        name: plugin.hub_standin().start(StandInState({}), 0) for name, plugin in plugins.items()
    }
    yield running
    for standin in running.values():
        standin.stop()


def outcome(system: str, settings: Mapping[str, Any]) -> tuple[str, list[Any]]:
    """The key of the one mail there is, and its canonical records, without the system's name."""
    plugin = {"imap": connectors.imap, "jmap": connectors.jmap}[system]
    spec = plugin.hub_connector()
    config = spec.config.model_validate({**settings, "own_domains": ["example.com"]})
    connector = spec.open(config)
    (record,) = [one for page in connector.read("message", None) for one in page.records]
    connector.close()
    text = (MAPPINGS / f"{system}.yaml").read_text()
    mapping = compile_mapping(load_mapping(text, file=system))
    made = mapping.stream("message").translate(record.data)
    bodies = [(one.entity, one.part, one.body) for one in made]
    return record.key, [repr(body).replace(system, "mail") for body in bodies]


@pytest.mark.parametrize("name", list(MAILS))
def test_one_mail_one_outcome(standins: Mapping[str, StandIn], name: str) -> None:
    standins["imap"].state.records["INBOX"] = box(MAILS[name])
    with standins["jmap"].state.changing():
        row = {"message": MAILS[name], "receivedAt": "2026-01-01T00:00:00Z"}
        standins["jmap"].state.stream("message").clear()
        put_mail(standins["jmap"].state, name.replace(" ", "-"), row)
    over_imap, over_jmap = (outcome(system, standins[system].config) for system in standins)
    assert over_imap == over_jmap
    assert over_imap[1]


def test_the_mappings_are_the_same() -> None:
    imap, jmap = ((MAPPINGS / f"{name}.yaml").read_text() for name in ("imap", "jmap"))
    assert imap.replace("system: imap", "system: jmap").replace("imap.", "jmap.") == jmap
