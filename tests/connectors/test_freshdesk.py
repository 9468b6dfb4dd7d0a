"""What is particular to Freshdesk: thirty days, three hundred pages, lists that shift."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import cast

import pytest

from connectors import freshdesk
from connectors.freshdesk.samples import SAMPLES
from connectors.freshdesk.standin import FreshdeskStandIn
from hub.bundled import bundled
from hub.errors import RejectedError
from hub.mapping import compile_mapping, load_mapping
from hub.sdk import Change, Cursor, Page, Sample, StandInState
from hub.sdk.contract import Writer

SPEC = freshdesk.hub_connector()
LONG_AGO = datetime(2020, 1, 31, 12, tzinfo=UTC)


def put(standin: FreshdeskStandIn, stream: str, number: int, at: datetime) -> None:
    with standin.state.changing():
        SAMPLES.put(SAMPLES, standin.state, Sample(stream, number, 0, at))


@pytest.fixture
def standin() -> Iterator[FreshdeskStandIn]:
    running = FreshdeskStandIn(StandInState({}))
    for number in range(1, 10):
        for stream in ("company", "contact", "ticket"):
            put(running, stream, number, LONG_AGO + timedelta(minutes=number))
    yield running
    running.stop()


def read(standin: FreshdeskStandIn, stream: str, cursor: Cursor | None = None) -> list[Page]:
    config = SPEC.config.model_validate({**standin.config, "page_size": 3})
    with closing(SPEC.open(config)) as connector:
        return list(connector.read(stream, cursor))


def writer(standin: FreshdeskStandIn) -> Writer:
    return cast("Writer", SPEC.open(SPEC.config.model_validate(standin.config)))


def keys(pages: list[Page]) -> list[str]:
    return [record.key for page in pages for record in page.records]


def expected(stream: str, numbers: range) -> set[str]:
    return {SAMPLES.key(stream, number) for number in numbers}


def test_a_full_read_gives_tickets_older_than_thirty_days(standin: FreshdeskStandIn) -> None:
    assert set(keys(read(standin, "ticket"))) == expected("ticket", range(1, 10))


def test_the_limit_of_pages_is_not_met(standin: FreshdeskStandIn) -> None:
    standin.last_page = 2
    assert set(keys(read(standin, "ticket"))) == expected("ticket", range(1, 10))


@pytest.mark.parametrize("stream", ["company", "contact"])
def test_a_list_that_shifts_between_pages_loses_nothing(
    standin: FreshdeskStandIn, stream: str
) -> None:
    config = SPEC.config.model_validate({**standin.config, "page_size": 3})
    pages = SPEC.open(config).read(stream, None)
    first = next(iter(pages))
    with standin.state.changing():
        del standin.state.stream(stream)[SAMPLES.key(stream, 1)]
    assert set(keys([first, *pages])) == expected(stream, range(1, 10))


def test_a_change_within_the_second_of_the_last_one_is_found(standin: FreshdeskStandIn) -> None:
    *_, last = read(standin, "contact")
    put(standin, "contact", 10, LONG_AGO + timedelta(minutes=9))
    assert keys(read(standin, "contact", last.cursor)) == [SAMPLES.key("contact", 10)]


def test_a_deleted_contact_is_gone_where_it_is_fetched(standin: FreshdeskStandIn) -> None:
    connector, key = writer(standin), SAMPLES.key("contact", 2)
    assert connector.fetch("contact", key) is not None
    with standin.state.changing():
        gone = Sample("contact", 2, 0, datetime.now(UTC))
        SAMPLES.remove(SAMPLES, standin.state, gone)
    assert connector.fetch("contact", key) is None
    assert key not in keys(read(standin, "contact"))


def test_a_contact_is_fetched_as_it_is_listed(standin: FreshdeskStandIn) -> None:
    listed = read(standin, "contact")[0].records[0]
    assert writer(standin).fetch("contact", listed.key) == listed


def test_only_contacts_are_written(standin: FreshdeskStandIn) -> None:
    change = Change(
        stream="company",
        key=SAMPLES.key("company", 1),
        fields={"name": "Other"},
        expected_version=None,
        idempotency_key="1",
    )
    with pytest.raises(RejectedError):
        writer(standin).write(change)


@pytest.mark.parametrize(
    ("status", "expected"), [(2, "open"), (4, "resolved"), (6, "pending"), (23, "other")]
)
def test_the_status_of_a_ticket_is_translated(status: int, expected: str) -> None:
    text = (bundled("mappings") / "freshdesk.yaml").read_text()
    row = SAMPLES.row(Sample("ticket", 1, 0, LONG_AGO)) | {"status": status}
    mapping = compile_mapping(load_mapping(text, file="freshdesk.yaml"))
    (ticket,) = mapping.stream("ticket").translate(row)
    assert (ticket.body["status"], ticket.body["status_raw"]) == (expected, str(status))
    assert ticket.body["priority"] == "medium"
