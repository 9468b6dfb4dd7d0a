"""What is particular to HubSpot: list then search, merges, its limits, its tokens and webhooks."""

from __future__ import annotations

import hmac
from base64 import b64encode
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import orjson
import pytest

from connectors.hubspot import hub_connector
from connectors.hubspot.connector import HubspotConnector, explain_limit
from connectors.hubspot.samples import SAMPLES
from connectors.hubspot.standin import OAUTH, HubspotStandIn
from hub.errors import (
    AuthenticationError,
    ConflictError,
    PermanentSourceError,
    PushRefusedError,
    RateLimitedError,
)
from hub.sdk import (
    Change,
    Cursor,
    Page,
    PushDelivery,
    Sample,
    Services,
    StandInState,
    StreamPush,
    Tombstone,
)
from hub.sdk.rest import RestResponse
from hub.sdk.webhooks import PushRequest

SPEC = hub_connector()
LONG_AGO = datetime(2026, 2, 1, 9, 30, tzinfo=UTC)
SECRET = "only-in-this-test"


@pytest.fixture
def standin() -> Iterator[HubspotStandIn]:
    running = HubspotStandIn(StandInState({}))
    for number in range(1, 8):
        put(running, number, at=LONG_AGO)
    yield running
    running.stop()


def put(standin: HubspotStandIn, number: int, revision: int = 0, *, at: datetime) -> None:
    SAMPLES.put(SAMPLES, standin.state, Sample("contacts", number, revision, at))


def key(number: int) -> str:
    return SAMPLES.key("contacts", number)


def connect(standin: HubspotStandIn, **settings: object) -> HubspotConnector:
    quick = {"page_size": 3, "requests_per_second": 1000}
    config = SPEC.config.model_validate({**standin.config, **quick, **settings})
    connector = SPEC.connect(config, Services())
    assert isinstance(connector, HubspotConnector)
    return connector


def read(connector: HubspotConnector, cursor: Cursor | None = None) -> list[Page]:
    return list(connector.read("contacts", cursor))


def keys(pages: list[Page]) -> list[str]:
    return [record.key for page in pages for record in page.records]


def test_a_first_load_lists_and_the_next_run_searches(standin: HubspotStandIn) -> None:
    connector = connect(standin)
    first = read(connector)
    assert keys(first) == [key(number) for number in range(1, 8)]
    assert "POST /crm/v3/objects/contacts/search" not in standin.requests
    put(standin, 4, 1, at=datetime.now(UTC))
    assert keys(read(connector, first[-1].cursor)) == [key(4)]


def test_many_changes_of_one_time_are_found_above_the_last_id(standin: HubspotStandIn) -> None:
    connector, moment = connect(standin, page_size=100), datetime.now(UTC)
    cursor = read(connector)[-1].cursor
    for number in range(1, 10_200):  # more than HubSpot shows of one query
        put(standin, number, 1, at=moment)
    found = keys(read(connector, cursor))
    assert found == [key(number) for number in range(1, 10_200)]


def test_what_the_search_did_not_show_yet_comes_later(standin: HubspotStandIn) -> None:
    connector = connect(standin)
    cursor = read(connector)[-1].cursor
    now = datetime.now(UTC)
    put(standin, 2, 1, at=now - timedelta(seconds=20))
    put(standin, 5, 1, at=now)
    standin.unindexed = {key(2)}
    seen = read(connector, cursor)
    standin.unindexed = set()
    assert keys(seen) == [key(5)]
    assert keys(read(connector, seen[-1].cursor)) == [key(2)]


def test_a_merge_names_the_record_that_stays(standin: HubspotStandIn) -> None:
    connector = connect(standin)
    cursor = read(connector)[-1].cursor
    standin.merge("contacts", key(1), key(6))
    pages = read(connector, cursor)
    stones = [stone for page in pages for stone in page.tombstones]
    assert keys(pages) == [key(1)]
    assert [(stone.key, stone.merged_into) for stone in stones] == [(key(6), key(1))]


def test_a_merged_id_is_gone_though_hubspot_answers_for_it(standin: HubspotStandIn) -> None:
    connector = connect(standin)
    standin.merge("contacts", key(1), key(6))
    assert connector.fetch("contacts", key(6)) is None
    change = Change(
        stream="contacts",
        key=key(6),
        fields={"phone": "+44 161 496 0001"},
        expected_version=None,
        idempotency_key="delivery-1",
    )
    with pytest.raises(ConflictError):
        connector.write(change)


def test_archived_records_are_no_keys(standin: HubspotStandIn) -> None:
    standin.state.stream("contacts")[key(3)]["archived"] = True
    found = [one for page in connect(standin).keys("contacts") for one in page]
    assert found == [key(number) for number in (1, 2, 4, 5, 6, 7)]


def test_further_properties_are_asked_for_by_name(standin: HubspotStandIn) -> None:
    standin.state.stream("contacts")[key(1)]["properties"]["vat_id"] = "DE000000000"
    connector = connect(standin, extra_fields={"contacts": ["vat_id"]})
    record = connector.fetch("contacts", key(1))
    assert record is not None
    assert record.data["vat_id"] == "DE000000000"


def test_tokens_of_an_installed_app_are_fetched_anew(standin: HubspotStandIn) -> None:
    connector = connect(standin, key=None, **OAUTH)
    pages = connector.read("contacts", None)
    found = [next(pages)]
    standin.expire_tokens()
    assert keys([*found, *pages]) == [key(number) for number in range(1, 8)]
    assert standin.requests["POST /oauth/2026-03/token"] == 2


def test_a_login_must_be_given(standin: HubspotStandIn) -> None:
    with pytest.raises(ValueError, match="give key, or client_id"):
        SPEC.config.model_validate({"base_url": standin.url, "client_id": "alone"})


def test_a_refused_refresh_token_is_named_and_not_shown(standin: HubspotStandIn) -> None:
    with pytest.raises(AuthenticationError, match="refresh token") as refused:
        connect(standin, key=None, **{**OAUTH, "refresh_token": SECRET}).check()
    assert SECRET not in str(refused.value)


@pytest.mark.parametrize(
    ("policy", "pause"), [("DAILY", 3600.0), ("TEN_SECONDLY_ROLLING", 10.0), ("SECONDLY", 1.0)]
)
def test_a_limit_says_how_long_to_wait_by_its_name(policy: str, pause: float) -> None:
    body = orjson.dumps({"status": "error", "errorType": "RATE_LIMIT", "policyName": policy})
    error = explain_limit(RestResponse(429, {}, body, "hubspot"))
    assert isinstance(error, RateLimitedError)
    assert error.retry_after == pause


def signed(body: bytes, content: bytes, stamp: str) -> PushRequest:
    url = "https://hub.example.com/push/hubspot"
    text = b"POST" + url.encode() + content + stamp.encode()
    mark = b64encode(hmac.digest(SECRET.encode(), text, "sha256")).decode()
    headers = {"x-hubspot-signature-v3": mark, "x-hubspot-request-timestamp": stamp}
    return PushRequest(body=body, headers=headers, received_at=datetime.now(UTC), url=url)


def test_a_webhook_is_taken_with_its_signature_alone(standin: HubspotStandIn) -> None:
    scheme = connect(standin, webhook_secrets=SECRET).webhook()
    assert scheme is not None
    stamp = str(int(datetime.now(UTC).timestamp() * 1000))
    assert scheme.verify(signed(b"[]", b"[]", stamp))
    with pytest.raises(PushRefusedError):
        scheme.verify(signed(b"[1]", b"[]", stamp))
    assert connect(standin).webhook() is None


def said(standin: HubspotStandIn, *events: dict[str, object]) -> list[StreamPush]:
    body = orjson.dumps([{"occurredAt": 1_770_000_000_000, **event} for event in events])
    delivery = PushDelivery(id="1", body=body, headers={}, received_at=LONG_AGO)
    return list(connect(standin).receive(delivery))


def test_events_are_hints_tombstones_and_merges(standin: HubspotStandIn) -> None:
    merge = {"primaryObjectId": 1, "mergedObjectIds": [2], "newObjectId": 3}
    changed, gone, merged = said(
        standin,
        {"subscriptionType": "contact.propertyChange", "objectId": 17, "propertyName": "phone"},
        {"subscriptionType": "object.deletion", "objectTypeId": "0-2", "objectId": 18},
        {"subscriptionType": "ticket.creation", "objectId": 19},
        {"subscriptionType": "deal.merge", "objectId": 3, **merge},
    )
    at = "2026-02-02T02:40:00.000000Z"
    assert changed == StreamPush(stream="contacts", hints=["17"])
    assert gone == StreamPush(stream="companies", tombstones=[Tombstone("18", at)])
    stones = [Tombstone("1", at, "3"), Tombstone("2", at, "3")]
    assert merged == StreamPush(stream="deals", tombstones=stones, hints=["3"])


def test_pages_end_where_a_run_can_go_on(standin: HubspotStandIn) -> None:
    connector = connect(standin)
    pages = read(connector)
    for before, after in pairwise(pages):
        assert keys(read(connector, before.cursor))[: len(after.records)] == keys([after])


def test_the_total_of_a_search_counts_what_a_list_gives(standin: HubspotStandIn) -> None:
    connector = connect(standin)
    standin.state.stream("contacts")[key(3)]["archived"] = True
    assert connector.count("contacts").records == len(keys(read(connector))) == 6
    assert standin.requests["POST /crm/v3/objects/contacts/search"] == 1


def test_from_ten_thousand_on_a_total_is_not_taken_for_a_count(standin: HubspotStandIn) -> None:
    rows = standin.state.stream("companies")
    for number in range(1, 10_001):
        rows[str(number)] = {"id": str(number), "archived": False, "properties": {}}
        rows[str(number)]["properties"]["hs_object_id"] = str(number)
    with pytest.raises(PermanentSourceError, match="hubspot/companies: the system tells 10000"):
        connect(standin).count("companies")
    del rows["7"]
    assert connect(standin).count("companies").records == 9_999
