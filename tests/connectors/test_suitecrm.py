"""The SuiteCRM connector against its stand-in and against exchanges recorded from a real server."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import requests

import connectors.suitecrm as plugin
from connectors.suitecrm.creating import SuiteCrmConnector
from connectors.suitecrm.samples import SAMPLES, key_of
from connectors.suitecrm.session import explain_answer
from connectors.suitecrm.standin import PATH, SuiteCrmStandIn
from connectors.suitecrm.standin_sql import read_condition
from hub.errors import (
    AuthenticationError,
    ConflictError,
    CursorExpiredError,
    OutcomeUnknownError,
    RejectedError,
    SourceSchemaError,
)
from hub.mapping import compile_mapping, load_mapping
from hub.model import ENTITIES, CanonicalRecord
from hub.model.party import Party, Relationship
from hub.model.service import Opportunity, Ticket
from hub.sdk import Change, Fault, New, Page, StandInState
from hub.sdk.standin import Sample

FILE = Path(__file__).parents[2] / "mappings" / "suitecrm.yaml"
MAPPING = compile_mapping(load_mapping(FILE.read_text(), file=FILE.name))
MODULES = ("Accounts", "Contacts", "Leads", "Opportunities", "Cases")
NOON = datetime(2026, 2, 1, 12, tzinfo=UTC)
ONE = key_of("Accounts", 1)


def rows(module: str, count: int, together: int = 4) -> dict[str, Any]:
    """Records of which some share their second."""
    stamps = {n: NOON + timedelta(seconds=n // together) for n in range(1, count + 1)}
    return {key_of(module, n): SAMPLES.row(Sample(module, n, 0, at)) for n, at in stamps.items()}


@pytest.fixture
def standin() -> Iterator[SuiteCrmStandIn]:
    server = plugin.hub_standin().start(StandInState({m: rows(m, 11) for m in MODULES}), 0)
    assert isinstance(server, SuiteCrmStandIn)
    yield server
    server.stop()


def connect(standin: SuiteCrmStandIn, **changed: Any) -> SuiteCrmConnector:
    spec = plugin.hub_connector()
    config = spec.config.model_validate({**standin.config, "page_size": 3, **changed})
    connector = spec.open(config)
    assert isinstance(connector, SuiteCrmConnector)
    return connector


def keys(pages: list[Page]) -> list[str]:
    return [record.key for page in pages for record in page.records]


def change(fields: dict[str, Any], version: str | None = None, key: str = ONE) -> Change:
    return Change(
        stream="Accounts", key=key, fields=fields, expected_version=version, idempotency_key="k"
    )


@pytest.mark.parametrize("module", MODULES)
def test_equal_times_over_a_page_border_lose_nothing(standin: SuiteCrmStandIn, module: str) -> None:
    connector = connect(standin)
    pages = list(connector.read(module, None))
    assert [len(page.records) for page in pages] == [3, 3, 3, 2]
    assert keys(pages) == [key_of(module, n) for n in range(1, 12)]
    for place, page in enumerate(pages):
        assert keys(list(connector.read(module, page.cursor))) == keys(pages[place + 1 :])


def test_what_changes_while_reading_comes_again(standin: SuiteCrmStandIn) -> None:
    reading = connect(standin).read("Accounts", None)
    first = next(reading)
    standin.state.records["Accounts"][ONE] |= {"date_modified": "2026-02-02 00:00:00"}
    assert keys([first, *reading]).count(ONE) == 2


def test_a_deleted_record_is_a_tombstone(standin: SuiteCrmStandIn) -> None:
    connector = connect(standin)
    *_, last = connector.read("Accounts", None)
    sample = Sample("Accounts", 1, 1, NOON + timedelta(hours=1))
    SAMPLES.remove(SAMPLES, standin.state, sample)
    (page,) = connector.read("Accounts", last.cursor)
    assert (page.records, [stone.key for stone in page.tombstones]) == ([], [ONE])
    assert connector.fetch("Accounts", ONE) is None
    assert ONE not in [key for some in connector.keys("Accounts") for key in some]


def test_young_records_wait_for_the_next_run(standin: SuiteCrmStandIn) -> None:
    young = datetime.now(UTC) - timedelta(seconds=20)
    SAMPLES.put(SAMPLES, standin.state, Sample("Leads", 99, 0, young))
    found = keys(list(connect(standin, settle_seconds=600).read("Leads", None)))
    assert (len(found), key_of("Leads", 99) in found) == (11, False)


def test_entities_are_undone(standin: SuiteCrmStandIn) -> None:
    name = """Müller & Söhne "<GmbH>" O'Neil"""
    standin.state.records["Accounts"][ONE]["name"] = name
    record = connect(standin).fetch("Accounts", ONE)
    assert record is not None
    assert record.data["name"] == name


@pytest.mark.parametrize("in_body", [False, True], ids=["fault", "answer"])
def test_a_session_that_is_over_is_renewed_once(standin: SuiteCrmStandIn, in_body: bool) -> None:
    connector = connect(standin)
    reading = connector.read("Accounts", None)
    first = next(reading)
    standin.gone_in_body = in_body
    standin.expire_tokens()
    assert len(keys([first, *reading])) == 11
    asked = standin.http.requests[f"POST {PATH}"]
    assert asked == 2 + 5 + 1  # two logins, five pages with the empty one, one refused


def test_of_many_threads_one_logs_in(standin: SuiteCrmStandIn) -> None:
    connector = connect(standin, page_size=100)
    assert connector.check()
    standin.expire_tokens()
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda module: keys(list(connector.read(module, None))), MODULES))
    assert [len(one) for one in found] == [11] * 5
    assert len(standin._sessions) == 1


@pytest.mark.parametrize("wrong", ["username", "password"])
def test_wrong_credentials(standin: SuiteCrmStandIn, wrong: str) -> None:
    with pytest.raises(AuthenticationError) as caught:
        connect(standin, **{wrong: "wrong-canary"}).check()
    assert "canary" not in str(caught.value)
    assert standin.http.requests[f"POST {PATH}"] == 1


@pytest.mark.parametrize(
    "answer",
    [
        {"return": {"number": "11", "name": "Invalid Session ID"}},
        {"return": {"error": {"number": "40", "name": "Access Denied"}}},
        {"return": "Invalid Session ID"},
    ],
)
def test_errors_in_good_answers(answer: dict[str, Any]) -> None:
    assert isinstance(explain_answer(answer), AuthenticationError)


@pytest.mark.parametrize("answer", [{}, {"return": {"id": "1"}}, {"return": {"number": "0"}}])
def test_good_answers_are_no_errors(answer: dict[str, Any]) -> None:
    assert explain_answer(answer) is None


def test_an_unknown_number_is_an_error_too() -> None:
    said = explain_answer({"return": {"error": {"number": "77", "name": "canary"}}})
    assert isinstance(said, SourceSchemaError)
    assert "canary" not in str(said)


@pytest.mark.parametrize("cursor", [{"time": 1}, {"since": "?"}, {"after": {}}])
def test_a_foreign_cursor_has_expired(standin: SuiteCrmStandIn, cursor: dict[str, Any]) -> None:
    with pytest.raises(CursorExpiredError):
        list(connect(standin).read("Leads", cursor))


def test_a_cursor_can_not_carry_sql(standin: SuiteCrmStandIn) -> None:
    cursor = {"time": "2026-01-01 00:00:00", "key": "x') or ('1' = '1"}
    with pytest.raises(SourceSchemaError):
        list(connect(standin).read("Leads", cursor))
    assert connect(standin).fetch("Leads", "x' or leads.id > '") is None


def test_writes_what_changes_and_nothing_else(standin: SuiteCrmStandIn) -> None:
    connector = connect(standin)
    before = connector.fetch("Accounts", ONE)
    assert before is not None
    receipt = connector.write(change({"phone_office": "+49 40 1"}, before.version))
    after = connector.fetch("Accounts", ONE)
    assert after is not None
    assert receipt.version == after.version != before.version
    different = {name for name, value in before.data.items() if after.data[name] != value}
    assert different == {"phone_office", "date_modified"}


def test_the_same_write_again_is_done_already(standin: SuiteCrmStandIn) -> None:
    connector = connect(standin)
    wanted = change({"phone_office": "+49 40 1"})
    first = connector.write(wanted)
    asked = standin.http.requests[f"POST {PATH}"]
    assert connector.write(wanted) == first
    assert standin.http.requests[f"POST {PATH}"] == asked + 1


def test_a_changed_version_is_a_conflict(standin: SuiteCrmStandIn) -> None:
    with pytest.raises(ConflictError):
        connect(standin).write(change({"phone_office": "1"}, "2020-01-01T00:00:00.000000Z"))
    with pytest.raises(ConflictError):
        connect(standin).write(change({"phone_office": "1"}, key="none"))
    assert standin.state.records["Accounts"][ONE]["phone_office"] != "1"


def test_cases_are_not_written(standin: SuiteCrmStandIn) -> None:
    wrong = Change(
        stream="Cases",
        key=key_of("Cases", 1),
        fields={"name": "x"},
        expected_version=None,
        idempotency_key="k",
    )
    with pytest.raises(RejectedError):
        connect(standin).write(wrong)


def test_a_lost_answer_to_a_write_is_unknown(standin: SuiteCrmStandIn) -> None:
    connector = connect(standin)
    assert connector.fetch("Accounts", ONE)
    standin.fail(Fault(kind="delay", seconds=0, path=PATH))  # the reading before the write
    standin.fail(Fault(kind="drop", path=PATH))
    with pytest.raises(OutcomeUnknownError):
        connector.write(change({"phone_office": "+49 40 9"}))
    assert standin.state.records["Accounts"][ONE]["phone_office"] == "+49 40 9"


NEW = New(
    stream="Accounts",
    fields={"name": "Müller & Söhne"},
    external_key="0190a1b2-0000-7000-8000-000000000001",
)


def test_a_record_is_made_under_the_hubs_key_as_its_id(standin: SuiteCrmStandIn) -> None:
    connector = connect(standin)
    made = connector.create(NEW)
    record = connector.fetch("Accounts", NEW.external_key)
    assert record is not None
    assert (made.key, made.version) == (NEW.external_key, record.version)
    assert record.data["name"] == "Müller & Söhne"
    assert "new_with_id" not in standin.state.records["Accounts"][made.key]
    assert connector.create(NEW) == made


def test_a_record_that_was_made_and_deleted_is_not_made_again(standin: SuiteCrmStandIn) -> None:
    connector = connect(standin)
    standin.state.records["Accounts"][connector.create(NEW).key]["deleted"] = "1"
    with pytest.raises(ConflictError, match="deleted"):
        connector.create(NEW)


def test_of_two_that_make_one_record_the_database_refuses_the_later(
    standin: SuiteCrmStandIn,
) -> None:
    one, other = connect(standin), connect(standin)
    one.create(NEW)
    with pytest.raises(OutcomeUnknownError):
        other.make(NEW, named={"id": NEW.external_key, "new_with_id": "1"})
    assert other.create(NEW).key == NEW.external_key


@pytest.mark.parametrize("key", ["", "it's", "x" * 37])
def test_a_key_that_can_be_no_id_is_refused(standin: SuiteCrmStandIn, key: str) -> None:
    with pytest.raises(RejectedError, match="external key"):
        connect(standin).create(replace(NEW, external_key=key))


def test_an_unknown_id_without_new_with_id_makes_nothing(standin: SuiteCrmStandIn) -> None:
    count = len(standin.state.records["Accounts"])
    connect(standin).make(NEW, named={"id": NEW.external_key})
    assert len(standin.state.records["Accounts"]) == count


def canonical(standin: SuiteCrmStandIn, module: str, **changed: str) -> dict[str, CanonicalRecord]:
    key = key_of(module, 1)
    standin.state.records[module][key] |= changed
    record = connect(standin).fetch(module, key)
    assert record is not None
    made = MAPPING.stream(module).translate(record.data)
    assert [one.gaps for one in made] == [[]] * len(made)
    return {one.part: ENTITIES[one.entity].model_validate(one.body) for one in made}


def test_maps_an_account(standin: SuiteCrmStandIn) -> None:
    made = canonical(standin, "Accounts", billing_address_country="Germany", website="http://")
    party = made[""]
    assert isinstance(party, Party)
    assert (party.display_name, party.addresses[0].country) == ("Example & Sons 1 GmbH", "DE")
    assert [one.value for one in party.contact_points] == ["+49 30 100010"]
    assert party.updated_at == NOON


def test_maps_a_contact_with_its_account(standin: SuiteCrmStandIn) -> None:
    made = canonical(standin, "Contacts", title="CFO")
    relation = made["contact_of"]
    assert isinstance(relation, Relationship)
    assert (relation.to_party.key, relation.job_title) == (ONE, "CFO")


def test_maps_a_lead_with_its_company(standin: SuiteCrmStandIn) -> None:
    made = canonical(standin, "Leads", account_name="Initech")
    assert set(made) == {"", "company", "contact_of"}


def test_maps_an_opportunity_and_a_case(standin: SuiteCrmStandIn) -> None:
    deal = canonical(standin, "Opportunities", probability="25", sales_stage="Closed Won")[""]
    case = canonical(standin, "Cases", status="Open_Pending Input")[""]
    assert isinstance(deal, Opportunity)
    assert isinstance(case, Ticket)
    assert (deal.amount, deal.currency, deal.probability) == (Decimal(100), "USD", 0.25)
    assert (deal.stage, case.status, case.number) == ("won", "pending", "1")


@pytest.mark.parametrize(
    ("sql", "matches"),
    [
        ("", True),
        ("leads.id = '5'", True),
        ("(leads.id > '5')", False),
        ("leads.id > '4' and leads.name = 'x' or id = '5'", True),
        ("(leads.id = '4' or leads.id = '5') and name <= 'w'", False),
        ("accounts.id = '5'", None),
        ("leads.id = '5", None),
        ("leads.id = '5')", None),
        ("id = 5; drop table x", None),
    ],
)
def test_the_stand_in_reads_conditions(sql: str, matches: bool | None) -> None:
    condition = read_condition(sql, "leads")
    assert (condition and condition({"id": "5", "name": "x"})) == matches


def test_the_stand_in_refuses_what_is_no_request(standin: SuiteCrmStandIn) -> None:
    assert requests.get(standin.http.url, timeout=5).status_code == 404
    assert requests.post(f"{standin.http.url}{PATH}", data=b"?", timeout=5).status_code == 500
