"""Writing to Tryton's parties through the stand-in: all or nothing, never over another's change."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from pydantic import JsonValue

from connectors.tryton import TrytonConnector, hub_connector
from connectors.tryton.config import TrytonConfig
from connectors.tryton.rpc import RpcClient
from connectors.tryton.standin import TrytonStandIn
from hub.errors import (
    AuthenticationError,
    ConflictError,
    OutcomeUnknownError,
    RateLimitedError,
    RejectedError,
    SourceUnavailableError,
)
from hub.mapping import compile_mapping, load_mapping
from hub.model import ENTITIES
from hub.sdk import Change, Fault, Record, StandInState
from hub.sdk.overrides import policy_overrides

MAPPING = Path(__file__).parents[2] / "mappings" / "tryton.yaml"
MADE = "2026-03-01T10:00:00.000000Z"
RPC = "/hub/rpc/"


def mechanism(number: int, kind: str, value: str, **more: Any) -> dict[str, Any]:
    row = {"id": number, "party": 3, "type": kind, "value": value, "create_date": MADE}
    return {**row, **more}


def seed() -> dict[str, dict[str, dict[str, Any]]]:
    """The company, a party with two of everything, one with nothing, and one that was replaced."""
    parties = [{"id": n, "name": f"Example {n}", "create_date": MADE} for n in (1, 3, 4)]
    parties.append({"id": 5, "name": "Double", "replaced_by": 3, "create_date": MADE})
    mechanisms = [
        mechanism(1, "email", "late@example.example", sequence=2),
        mechanism(2, "email", "first@example.example", sequence=1),
        mechanism(3, "mobile", "+49 170 1234567"),
        mechanism(4, "phone", "+49 30 999", active=False),
        mechanism(5, "phone", "+49 30 1234"),
    ]
    address = {"party": 3, "street": "Weg 1", "city": "Bonn", "country": "DE", "create_date": MADE}
    return {
        "party.party": {str(row["id"]): row for row in parties},
        "party.contact_mechanism": {str(row["id"]): row for row in mechanisms},
        "party.address": {str(n): {"id": n, **address} for n in (7, 8)},
        "company.company": {"1": {"id": 1, "party": 1, "currency": "EUR"}},
    }


@pytest.fixture
def standin() -> Iterator[TrytonStandIn]:
    server = TrytonStandIn(StandInState(seed()))
    yield server
    server.stop()


@pytest.fixture
def tryton(standin: TrytonStandIn) -> TrytonConnector:
    return connect(standin)


def connect(standin: TrytonStandIn, **changed: Any) -> TrytonConnector:
    config = TrytonConfig.model_validate({**standin.config, **changed})
    connector = hub_connector().open(config)
    assert isinstance(connector, TrytonConnector)
    return connector


def fetch(tryton: TrytonConnector, key: str = "3") -> Record:
    found = tryton.fetch("party.party", key)
    assert found is not None
    return found


def change(record: Record, **fields: JsonValue) -> Change:
    return Change(
        stream="party.party",
        key=record.key,
        fields=fields,
        expected_version=record.version,
        idempotency_key="k1",
    )


def calls(standin: TrytonStandIn) -> int:
    return standin.requests.get(f"POST {RPC}", 0)


def test_the_main_values_are_fields_of_the_party(tryton: TrytonConnector) -> None:
    data = fetch(tryton).data
    assert (data["email"], data["phone"]) == ("first@example.example", "+49 30 1234")
    assert [row["main"] for row in data["contact_mechanisms"] if "main" in row] == [
        "phone",
        "email",
    ]
    assert (data["street"], data["city"], data["country"]) == ("Weg 1", "Bonn", "DE")
    empty = fetch(tryton, "4").data
    assert (empty["email"], empty["phone"], empty["street"]) == (None, None, None)


def test_fetch_gives_what_the_stream_gives(tryton: TrytonConnector) -> None:
    pages = list(tryton.read("party.party", None))
    for record in (record for page in pages for record in page.records):
        assert fetch(tryton, record.key) == record
    for key in ("1", "5", "99", "x", "²"):
        assert tryton.fetch("party.party", key) is None


def test_values_of_nested_rows_are_written_where_they_are(
    standin: TrytonStandIn, tryton: TrytonConnector
) -> None:
    receipt = tryton.write(change(fetch(tryton), email="new@example.example", phone="+49 30 5"))
    now = fetch(tryton)
    assert (now.data["email"], now.data["phone"]) == ("new@example.example", "+49 30 5")
    assert receipt.version == now.version
    rows = standin.state.stream("party.contact_mechanism")
    assert len(rows) == 5
    assert [rows[key]["value"] for key in "134"] == [
        "late@example.example", "+49 170 1234567", "+49 30 999",
    ]  # fmt: skip


def test_what_is_not_there_yet_is_created_with_it(
    standin: TrytonStandIn, tryton: TrytonConnector
) -> None:
    wanted: dict[str, JsonValue] = {"name": "Renamed", "phone": "+43 1 1", "city": "Wien"}
    wanted |= {"street": "Gasse 1\nHof", "postal_code": "1010", "country": "AT"}
    tryton.write(change(fetch(tryton, "4"), **wanted))
    now = fetch(tryton, "4").data
    assert {name: now[name] for name in wanted} == wanted
    assert standin.state.stream("party.address")["9"]["country"] == "AT"


def test_a_mobile_number_is_the_phone_where_no_other_is(
    standin: TrytonStandIn, tryton: TrytonConnector
) -> None:
    del standin.state.stream("party.contact_mechanism")["5"]
    tryton.write(change(fetch(tryton), phone="+49 171 2"))
    assert standin.state.stream("party.contact_mechanism")["3"]["value"] == "+49 171 2"
    assert len(standin.state.stream("party.contact_mechanism")) == 4


def test_our_own_value_can_be_undone_before_translation(tryton: TrytonConnector) -> None:
    """The mapping takes the main values from the fields alone, so that an echo is taken back."""
    data = {**fetch(tryton).data, "phone": None, "email": None}
    stream = compile_mapping(load_mapping(MAPPING.read_text(), file="")).stream("party.party")
    party = next(made for made in stream.translate(data) if made.part == "")
    points = ENTITIES["party"].model_validate(party.body).model_dump()["contact_points"]
    assert [point["value"] for point in points] == ["+49 170 1234567", "late@example.example"]


def test_a_number_that_tryton_spells_anew_is_told(
    standin: TrytonStandIn, tryton: TrytonConnector
) -> None:
    standin.formats_numbers = True
    receipt = tryton.write(change(fetch(tryton), phone="+4930123456", email="new@example.example"))
    assert receipt.held == {"phone": "+49 30 123456"}
    assert fetch(tryton).data["phone"] == "+49 30 123456"


def touch(standin: TrytonStandIn, model: str, key: str) -> None:
    standin.state.stream(model)[key]["write_date"] = "2026-03-02T10:00:00.000000Z"


@pytest.mark.parametrize(("model", "key"), [("party.party", "3"), ("party.contact_mechanism", "5")])
def test_another_change_after_the_look_is_refused_by_tryton(
    standin: TrytonStandIn, tryton: TrytonConnector, model: str, key: str
) -> None:
    before = fetch(tryton)
    touch(standin, model, key)
    with pytest.raises(ConflictError, match="changed meanwhile"):
        tryton.write(change(before, phone="+49 30 5"))
    assert calls(standin) == 1
    assert fetch(tryton).data["phone"] == "+49 30 1234"


@pytest.mark.parametrize(
    ("model", "key"),
    [("party.party", "3"), ("party.contact_mechanism", "1"), ("party.address", "8")],
)
def test_a_version_that_is_old_is_a_conflict_and_nothing_is_sent(
    standin: TrytonStandIn, tryton: TrytonConnector, model: str, key: str
) -> None:
    before = fetch(tryton)
    touch(standin, model, key)
    fetch(tryton)
    with pytest.raises(ConflictError, match="changed since"):
        tryton.write(change(before, phone="+49 30 5"))
    assert calls(standin) == 0


def test_a_lost_answer_is_unknown_and_the_retry_finds_it_done(
    standin: TrytonStandIn, tryton: TrytonConnector
) -> None:
    record = fetch(tryton, "4")
    standin.fail(Fault(kind="drop", path=RPC))
    with pytest.raises(OutcomeUnknownError):
        tryton.write(change(record, phone="+43 1 1"))
    receipt = tryton.write(change(record, phone="+43 1 1"))
    assert receipt.version == fetch(tryton, "4").version
    assert calls(standin) == 1
    assert len(standin.state.stream("party.contact_mechanism")) == 6


def test_a_look_and_a_write_cost_three_requests(
    standin: TrytonStandIn, tryton: TrytonConnector
) -> None:
    fetch(tryton, "4")
    before = sum(standin.requests.values())
    tryton.write(change(fetch(tryton), phone="+49 30 5", email="new@example.example"))
    assert sum(standin.requests.values()) - before == 3


@pytest.mark.parametrize(
    "fields",
    [
        {"receivable": "0"},
        {"phone": None},
        {"name": "  "},
        {"city": "Bonn", "country": "XX"},
    ],
    ids=["no field of ours", "empty", "blank", "no country"],
)
def test_what_cannot_be_written_is_refused_as_a_whole(
    standin: TrytonStandIn,
    tryton: TrytonConnector,
    fields: dict[str, JsonValue],
) -> None:
    before = fetch(tryton)
    with pytest.raises(RejectedError):
        tryton.write(change(before, **fields))
    assert fetch(tryton) == before
    assert standin.state.stream("party.party")["3"]["name"] == "Example 3"


def test_only_parties_that_are_there_are_written(tryton: TrytonConnector) -> None:
    good = change(fetch(tryton), phone="1")
    with pytest.raises(RejectedError, match="only parties"):
        tryton.write(replace(good, stream="sale.sale"))
    for key in ("99", "5", "1", "../3"):
        with pytest.raises(ConflictError, match="gone"):
            tryton.write(replace(good, key=key))


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        ({"kind": "status", "status": 401}, AuthenticationError),
        ({"kind": "status", "status": 429}, RateLimitedError),
        ({"kind": "status", "status": 500}, OutcomeUnknownError),
        ({"kind": "not_json"}, OutcomeUnknownError),
        ({"kind": "truncate"}, OutcomeUnknownError),
        ({"kind": "reset"}, OutcomeUnknownError),
    ],
    ids=str,
)
def test_what_goes_wrong_with_a_call(
    standin: TrytonStandIn, fault: dict[str, Any], error: type[Exception]
) -> None:
    with policy_overrides(sleep=lambda _: None, attempts=2):
        tryton = connect(standin)
        record = fetch(tryton)
        for _ in range(2):
            standin.fail(Fault(path=RPC, **fault))
        with pytest.raises(error):
            tryton.write(change(record, phone="+49 30 5"))


def test_a_value_that_trytons_rules_refuse_changes_nothing(
    standin: TrytonStandIn, tryton: TrytonConnector
) -> None:
    before, rpc = fetch(tryton), RpcClient(TrytonConfig.model_validate(standin.config))
    half: dict[str, JsonValue] = {"contact_mechanisms": [["write", [5], {"value": ""}]]}
    with pytest.raises(RejectedError, match="rules"):
        rpc.write("party.party", 3, {"name": "Half", **half}, stamps={})
    with pytest.raises(SourceUnavailableError, match="rolled"):
        rpc.write("party.party", 3, {"name": "Half", "colour": "red"}, stamps={})
    assert fetch(tryton) == before


def test_without_a_password_nothing_is_written(standin: TrytonStandIn) -> None:
    tryton = connect(standin, password=None)
    with pytest.raises(AuthenticationError, match="username and password"):
        tryton.write(change(fetch(tryton), phone="+49 30 5"))
    wrong = connect(standin, password="wrong")
    with pytest.raises(AuthenticationError):
        wrong.check()
    with pytest.raises(AuthenticationError):
        wrong.write(change(fetch(wrong), phone="+49 30 5"))
