"""The Dynamics 365 connector against its stand-in, over real sockets."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from connectors.dynamics365.config import Dynamics365Config
from connectors.dynamics365.reader import open_connector
from connectors.dynamics365.samples import EURO, SAMPLES, guid, next_number
from connectors.dynamics365.standin import DataverseStandIn
from hub.errors import ConflictError, CursorExpiredError, RateLimitedError
from hub.mapping import compile_mapping, load_mapping
from hub.model import ENTITIES
from hub.sdk import Change, Cursor, Fault, Page, Sample, StandInState
from hub.sdk.odata import ODataConnector

AT = datetime(2026, 1, 31, 12, tzinfo=UTC)
DELTA = "/api/data/v9.2/accounts"


@pytest.fixture
def standin() -> Iterator[DataverseStandIn]:
    state = StandInState({})
    for stream in ("accounts", "contacts", "leads", "opportunities"):
        for number in range(1, 8):
            SAMPLES.put(SAMPLES, state, Sample(stream, number, 0, AT))
    running = DataverseStandIn(state)
    yield running
    running.stop()


def connect(standin: DataverseStandIn, **settings: Any) -> ODataConnector:
    config = {**standin.config, "page_size": 3, **settings}
    return open_connector(Dynamics365Config.model_validate(config))


def read(source: ODataConnector, stream: str, cursor: Cursor | None = None) -> list[Page]:
    return list(source.read(stream, cursor))


def change(key: str, version: str | None, **fields: Any) -> Change:
    return Change(
        stream="accounts", key=key, fields=fields, expected_version=version, idempotency_key="k"
    )


def test_pages_follow_next_links_and_end_with_a_delta_link(standin: DataverseStandIn) -> None:
    pages = read(connect(standin), "accounts")
    assert [len(page.records) for page in pages] == [3, 3, 1]
    links = [str(page.cursor["link"]) for page in pages]
    assert all(link.startswith("accounts?") for link in links)
    assert "$skiptoken=" in links[0]
    assert "$deltatoken=" in links[-1]
    assert standin.requests[f"GET {DELTA}"] == 3


def test_a_merged_account_is_gone_into_the_other(standin: DataverseStandIn) -> None:
    source = connect(standin)
    *_, last = read(source, "accounts")
    row = standin.state.stream("accounts")[guid(3)]
    row |= {"merged": True, "_masterid_value": guid(4), "statecode": 1}
    row["versionnumber"] = next_number(standin.state)
    (page,) = read(source, "accounts", last.cursor)
    assert [(stone.key, stone.merged_into) for stone in page.tombstones] == [(guid(3), guid(4))]
    assert source.fetch("accounts", guid(3)) is None


def test_a_token_older_than_the_kept_changes_has_expired(standin: DataverseStandIn) -> None:
    source = connect(standin)
    *_, last = read(source, "accounts")
    standin.oldest_token = next_number(standin.state)
    with pytest.raises(CursorExpiredError):
        read(source, "accounts", last.cursor)
    assert len(read(source, "accounts")) == 3


def test_an_update_creates_nothing(standin: DataverseStandIn) -> None:
    """Without If-Match, Dataverse would make the account anew (upsert)."""
    source = connect(standin)
    rows = standin.state.stream("accounts")
    kept = source.fetch("accounts", guid(5))
    assert kept is not None
    client = source.client(source._streams["accounts"])
    del rows[guid(5)]
    with pytest.raises(ConflictError):
        client.update(f"accounts({guid(5)})", {"telephone1": "1"}, etag=None, stream="accounts")
    with pytest.raises(ConflictError):
        source.write(change(guid(5), kept.version, telephone1="1"))
    assert guid(5) not in rows


def test_the_version_is_that_of_the_row_and_grows(standin: DataverseStandIn) -> None:
    source = connect(standin)
    before = source.fetch("accounts", guid(1))
    assert before is not None
    receipt = source.write(change(guid(1), before.version, telephone1="+43 1 1"))
    assert receipt.version is not None
    assert before.version is not None
    assert receipt.version > before.version
    with pytest.raises(ConflictError):
        source.write(change(guid(1), before.version, telephone1="+43 1 2"))


def test_a_currency_gets_its_code_by_one_request(standin: DataverseStandIn) -> None:
    pages = read(connect(standin), "opportunities")
    codes = {record.data["isocurrencycode"] for page in pages for record in page.records}
    assert codes == {"EUR"}
    assert pages[0].records[0].data["_transactioncurrencyid_value"] == EURO
    assert standin.requests["GET /api/data/v9.2/transactioncurrencies"] == 1


def test_service_protection_says_how_long_to_wait(standin: DataverseStandIn) -> None:
    standin.fail(Fault(kind="status", status=429, headers={"retry-after": "299"}, path="/api"))
    with pytest.raises(RateLimitedError) as limited:
        connect(standin).check()
    assert limited.value.retry_after == 299


def test_an_ended_token_is_renewed(standin: DataverseStandIn) -> None:
    source = connect(standin)
    source.check()
    standin.expire_tokens()
    assert len(read(source, "contacts")) == 3
    assert standin.requests["POST /standin-tenant/oauth2/v2.0/token"] == 2


def test_further_columns_are_asked_for(standin: DataverseStandIn) -> None:
    standin.state.stream("leads")[guid(1)]["new_vip"] = True
    source = connect(standin, extra_fields={"leads": ("new_vip",)})
    records = [record for page in read(source, "leads") for record in page.records]
    assert records[0].data["new_vip"] is True
    assert "new_vip" not in read(connect(standin), "leads")[0].records[0].data


def test_the_mapping_knows_stages_roles_and_relations(standin: DataverseStandIn) -> None:
    path = Path(__file__).parents[2] / "mappings" / "dynamics365.yaml"
    mapping = compile_mapping(load_mapping(path.read_text(encoding="utf-8"), file=path.name))
    deal = {"opportunityid": guid(1), "name": "x", "statecode": 1, "actualvalue": 10.5}
    (made,) = mapping.stream("opportunities").translate(deal | {"_accountid_value": guid(2)})
    found = ENTITIES[made.entity].model_validate(made.body)
    assert (made.body["stage"], made.body["party"]["key"]) == ("won", guid(2))
    assert made.gaps == []
    assert found
    contact = read(connect(standin), "contacts")[0].records[0].data
    made_of = {one.part: one.body for one in mapping.stream("contacts").translate(contact)}
    assert made_of["contact_of"]["to_party"]["type"] == "accounts"
