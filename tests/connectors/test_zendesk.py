"""What is particular to Zendesk: exports that lag, cursors that expire, deletions, webhooks."""

from __future__ import annotations

import hmac
from base64 import b64encode
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import pytest
from pydantic import JsonValue

from connectors.zendesk.config import ZendeskConfig
from connectors.zendesk.connector import ZendeskConnector
from connectors.zendesk.samples import SAMPLES
from connectors.zendesk.standin import ZendeskStandIn
from hub.bundled import bundled
from hub.errors import (
    AuthenticationError,
    CursorExpiredError,
    PermanentSourceError,
    PushRefusedError,
    RateLimitedError,
    RejectedError,
    SourceSchemaError,
)
from hub.mapping import compile_mapping, load_mapping
from hub.sdk import Change, Fault, PushDelivery, Sample, StandInState
from hub.sdk.overrides import policy_overrides
from hub.sdk.webhooks import PushRequest

SECRET = "only-in-this-test"
DAY_AGO = datetime.now(UTC) - timedelta(days=1)


def put(standin: ZendeskStandIn, stream: str, number: int, *, at: datetime = DAY_AGO) -> None:
    with standin.state.changing():
        SAMPLES.put(SAMPLES, standin.state, Sample(stream, number, 0, at))


@pytest.fixture
def standin() -> Iterator[ZendeskStandIn]:
    running = ZendeskStandIn(StandInState({}))
    for number in range(1, 6):
        for stream in ("organization", "user", "ticket"):
            put(running, stream, number)
    yield running
    running.stop()


def connect(standin: ZendeskStandIn, **settings: object) -> ZendeskConnector:
    config = {**standin.config, "page_size": 2, "webhook_secrets": [SECRET], **settings}
    return ZendeskConnector(ZendeskConfig.model_validate(config))


def keys(standin: ZendeskStandIn, stream: str) -> list[str]:
    pages = connect(standin).read(stream, None)
    return [record.key for page in pages for record in page.records]


def waiting(action: Callable[[float], None], standin: ZendeskStandIn) -> list[str]:
    """The tickets of a full read, ``action`` taking the place of its wait."""
    with policy_overrides(sleep=action):
        return keys(standin, "ticket")


def test_a_full_read_waits_for_what_the_export_leaves_out(standin: ZendeskStandIn) -> None:
    standin.lag_seconds = 60
    put(standin, "ticket", 3, at=datetime.now(UTC))

    def pass_time(_seconds: float) -> None:
        standin.lag_seconds = 0

    expected = {SAMPLES.key("ticket", number) for number in range(1, 6)}
    assert set(waiting(pass_time, standin)) == expected


def test_a_full_read_that_was_killed_waits_too(standin: ZendeskStandIn) -> None:
    waits: list[float] = []
    first = next(connect(standin).read("user", None))
    with policy_overrides(sleep=waits.append):
        *_, last = connect(standin, settle_seconds=65).read("user", first.cursor)
        list(connect(standin, settle_seconds=65).read("user", last.cursor))
    assert waits == [65]  # the incremental read after it does not wait


def test_a_cursor_that_is_not_honoured_has_expired(standin: ZendeskStandIn) -> None:
    *_, last = connect(standin).read("ticket", None)
    stale: dict[str, JsonValue] = {**last.cursor, "place": {"feed": "bm90IG91cnM="}}
    with pytest.raises(CursorExpiredError):
        list(connect(standin).read("ticket", stale))


def test_deleted_tickets_and_users_are_tombstones_from_the_first_read(
    standin: ZendeskStandIn,
) -> None:
    for stream in ("ticket", "user"):
        with standin.state.changing():
            gone = Sample(stream, 2, 0, datetime.now(UTC))
            SAMPLES.remove(SAMPLES, standin.state, gone)
        pages = list(connect(standin).read(stream, None))
        assert [stone.key for page in pages for stone in page.tombstones] == [
            SAMPLES.key(stream, 2)
        ]
        assert connect(standin).fetch(stream, SAMPLES.key(stream, 2)) is None


def test_a_ticket_is_fetched_as_it_is_exported(standin: ZendeskStandIn) -> None:
    exported = next(connect(standin).read("ticket", None)).records[0]
    assert connect(standin).fetch("ticket", exported.key) == exported


def test_a_mail_address_is_refused_before_it_is_sent(standin: ZendeskStandIn) -> None:
    change = Change(
        stream="user",
        key=SAMPLES.key("user", 1),
        fields={"email": "new@example.com"},
        expected_version=None,
        idempotency_key="1",
    )
    with pytest.raises(RejectedError, match="email can't be written"):
        connect(standin).write(change)
    assert not any(name.startswith("PUT") for name in standin.requests)


def test_only_an_administrator_passes_the_check(standin: ZendeskStandIn) -> None:
    assert "administrator" in connect(standin).check()
    standin.role = "agent"
    with pytest.raises(AuthenticationError, match="administrator"):
        connect(standin).check()


def test_the_budget_of_exports_does_not_hold_up_writes(standin: ZendeskStandIn) -> None:
    waits: list[float] = []
    with policy_overrides(sleep=waits.append):
        connector = connect(standin, export_calls=10, settle_seconds=0)
        for _ in range(12):
            next(connector.read("user", None))
    assert [wait for wait in waits if wait > 5]
    waits.clear()
    connector.fetch("user", SAMPLES.key("user", 1))
    assert not waits


def test_a_long_retry_after_is_left_to_the_scheduler(standin: ZendeskStandIn) -> None:
    headers = {"retry-after": "93"}
    standin.fail(Fault(kind="status", status=429, headers=headers, path="incremental"))
    with pytest.raises(RateLimitedError) as limited:
        keys(standin, "ticket")
    assert limited.value.retry_after == 93


def event(subject: str) -> bytes:
    return orjson.dumps({"type": "zen:event-type:x", "subject": subject, "detail": {}})


def signed(body: bytes, claimed: bytes) -> PushRequest:
    now = datetime.now(UTC).replace(microsecond=0)
    stamp = now.isoformat().replace("+00:00", "Z")
    mark = hmac.digest(SECRET.encode(), stamp.encode() + claimed, "sha256")
    headers = {
        "x-zendesk-webhook-signature": b64encode(mark).decode(),
        "x-zendesk-webhook-signature-timestamp": stamp,
    }
    return PushRequest(body=body, headers=headers, received_at=now)


def test_a_webhook_is_believed_by_its_signature_alone(standin: ZendeskStandIn) -> None:
    scheme = connect(standin).webhook()
    assert scheme is not None
    body = event("zen:user:17")
    assert scheme.verify(signed(body, body))
    with pytest.raises(PushRefusedError):
        scheme.verify(signed(body, event("zen:user:18")))
    assert connect(standin, webhook_secrets=[]).webhook() is None


@pytest.mark.parametrize(
    ("subject", "expected"),
    [
        ("zen:user:17", [("user", ["17"])]),
        ("zen:organization:5", [("organization", ["5"])]),
        ("zen:ticket:9", [("ticket", ["9"])]),
        ("zen:article:9", []),
    ],
)
def test_an_event_makes_the_hub_look(
    standin: ZendeskStandIn, subject: str, expected: list[tuple[str, list[str]]]
) -> None:
    delivery = PushDelivery(id="1", body=event(subject), headers={}, received_at=datetime.now(UTC))
    said = [(push.stream, list(push.hints)) for push in connect(standin).receive(delivery)]
    assert said == expected


def translated(stream: str, **fields: object) -> list[dict[str, Any]]:
    mapping = load_mapping((bundled("mappings") / "zendesk.yaml").read_text(), file="zendesk.yaml")
    row = SAMPLES.row(Sample(stream, 1, 0, DAY_AGO)) | fields
    made = compile_mapping(mapping).stream(stream).translate(row)
    return [{"entity": part.entity, **part.body} for part in made]


def test_a_user_is_a_person_of_an_organization() -> None:
    party, relationship = translated("user", suspended=True)
    assert party["status"] == "inactive"
    assert party["person"] == {"given": "Ada", "family": "Example1"}
    assert relationship["to_party"] == {
        "type": "organization",
        "key": SAMPLES.key("organization", 901),
    }
    assert translated("user", organization_id=None)[0]["status"] == "active"


@pytest.mark.parametrize(
    ("status", "expected"), [("hold", "pending"), ("solved", "resolved"), ("odd", "other")]
)
def test_the_status_of_a_ticket_is_translated(status: str, expected: str) -> None:
    (ticket,) = translated("ticket", status=status)
    assert (ticket["status"], ticket["status_raw"]) == (expected, status)
    assert ticket["party"] == {"type": "user", "key": SAMPLES.key("user", 801)}


def test_organizations_are_counted_as_they_are_listed(standin: ZendeskStandIn) -> None:
    SAMPLES.remove(SAMPLES, standin.state, Sample("organization", 2, 1, DAY_AGO))
    assert connect(standin).count("organization").records == 4
    assert len(keys(standin, "organization")) == 4
    assert standin.requests["GET /api/v2/organizations/count"] == 1


@pytest.mark.parametrize("figure", [100_000, 250_000])
def test_a_figure_of_yesterday_is_no_count(standin: ZendeskStandIn, figure: int) -> None:
    standin.stale_count = figure
    with pytest.raises(PermanentSourceError, match=r"zendesk/organization: .* estimate or a cap"):
        connect(standin).count("organization")


@pytest.mark.parametrize("stream", ["user", "ticket"])
def test_what_exports_give_is_not_counted(standin: ZendeskStandIn, stream: str) -> None:
    with pytest.raises(SourceSchemaError, match="nothing declares how"):
        connect(standin).count(stream)
