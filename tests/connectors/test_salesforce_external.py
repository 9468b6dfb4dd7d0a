"""Salesforce records by an external id: found or made, at most once, never put back."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from pydantic import ValidationError

from connectors.salesforce.config import SalesforceConfig
from connectors.salesforce.reader import SalesforceReader
from connectors.salesforce.saves_standin import EXTERNAL_ID
from connectors.salesforce.standin import SalesforceStandIn
from hub.errors import ConflictError, OutcomeUnknownError, RejectedError, SourceSchemaError
from hub.sdk import Change, Fault, New, Receipt, StandInState

NAME = "0190-o'hare\\7"
PATH = f"/services/data/v64.0/composite/sobjects/Account/{EXTERNAL_ID}"
ACCOUNT = New(stream="Account", fields={"Name": "Example Mills"}, external_key=NAME)
PERSON = {"LastName": "Example", "Company": "Example Mills"}


@pytest.fixture
def standin() -> Iterator[SalesforceStandIn]:
    running = SalesforceStandIn(StandInState({"Account": {}, "Contact": {}, "Lead": {}}))
    yield running
    running.stop()


def reader(standin: SalesforceStandIn, **settings: Any) -> SalesforceReader:
    return SalesforceReader(SalesforceConfig.model_validate({**standin.config, **settings}))


def accounts(standin: SalesforceStandIn) -> list[dict[str, Any]]:
    return [dict(row) for row in standin.state.stream("Account").values()]


def upserts(standin: SalesforceStandIn) -> int:
    return standin.http.requests.get(f"PATCH {PATH}", 0)


def test_a_record_is_made_once(standin: SalesforceStandIn) -> None:
    made = reader(standin).create(ACCOUNT)
    (row,) = accounts(standin)
    assert (row["Id"], row["SystemModstamp"]) == (made.key, made.version)
    assert (row["Name"], row[EXTERNAL_ID]) == ("Example Mills", NAME)
    assert reader(standin).create(ACCOUNT) == made
    assert accounts(standin) == [row]
    assert upserts(standin) == 1


def test_a_record_that_is_there_is_left_as_people_changed_it(standin: SalesforceStandIn) -> None:
    made = reader(standin).create(ACCOUNT)
    standin.state.stream("Account")[made.key]["Name"] = "Changed by hand"
    other = replace(ACCOUNT, external_key=NAME.upper())
    assert reader(standin).create(other).key == made.key
    assert accounts(standin)[0]["Name"] == "Changed by hand"


def test_a_lost_answer_is_unknown_and_the_repeat_finds_the_record(
    standin: SalesforceStandIn,
) -> None:
    standin.fail(Fault(kind="drop", path=PATH))
    with pytest.raises(OutcomeUnknownError):
        reader(standin).create(ACCOUNT)
    made = reader(standin).create(ACCOUNT)
    assert [row["Id"] for row in accounts(standin)] == [made.key]
    assert upserts(standin) == 1


def test_a_record_that_was_deleted_is_not_made_again(standin: SalesforceStandIn) -> None:
    made = reader(standin).create(ACCOUNT)
    standin.state.stream("Account")[made.key]["IsDeleted"] = True
    with pytest.raises(ConflictError, match="deleted"):
        reader(standin).create(ACCOUNT)
    assert upserts(standin) == 1


REFUSED: dict[str, New] = {
    "REQUIRED_FIELD_MISSING": replace(ACCOUNT, stream="Lead", fields={"LastName": "Example"}),
    "STRING_TOO_LONG": replace(ACCOUNT, external_key="x" * 37),
    "INVALID_FIELD": replace(ACCOUNT, fields={"Name": "x", "Nonesuch": "y"}),
    "none of Salesforce": replace(ACCOUNT, fields={"Na me": "x"}),
    "not an object": replace(ACCOUNT, stream="Opportunity"),
    "no field to be given": replace(ACCOUNT, fields={EXTERNAL_ID: "x"}),
}


@pytest.mark.parametrize("reason", REFUSED)
def test_what_can_not_be_made_is_refused_with_the_reason(
    standin: SalesforceStandIn, reason: str
) -> None:
    with pytest.raises(RejectedError, match=reason):
        reader(standin).create(REFUSED[reason])
    assert not any(standin.state.records.values())


def test_a_duplicate_rule_of_the_company_refuses(standin: SalesforceStandIn) -> None:
    reader(standin).create(ACCOUNT)
    standin.saves.duplicate_rules["Account"] = "Name"
    with pytest.raises(RejectedError, match="DUPLICATES_DETECTED"):
        reader(standin).create(replace(ACCOUNT, external_key="another"))
    assert len(accounts(standin)) == 1


def test_a_change_may_name_its_record_by_the_external_id(standin: SalesforceStandIn) -> None:
    source = reader(standin, batch_writes=True)
    made = source.create(ACCOUNT)
    named = Change(
        stream="Account",
        key="",
        external_key=NAME,
        fields={"Phone": "1"},
        expected_version=made.version,
        idempotency_key="k",
    )
    receipt = source.write(named)
    assert (receipt.key, accounts(standin)[0]["Phone"]) == (made.key, "1")
    again = replace(named, fields={"Phone": "2"}, expected_version=receipt.version)
    stranger = replace(named, external_key="nobody")
    done, gone = source.write_many("Account", [again, stranger], within=9)
    assert isinstance(done, Receipt)
    assert isinstance(gone, ConflictError)
    assert accounts(standin)[0]["Phone"] == "2"
    with pytest.raises(ConflictError, match="external id"):
        source.write(stranger)


def test_many_external_ids_are_looked_up_in_few_queries(standin: SalesforceStandIn) -> None:
    source = reader(standin, batch_writes=True)
    for number in range(60):
        source.create(replace(ACCOUNT, external_key=f"id-{number}"))
    changes = [
        Change(
            stream="Account", key="", external_key=f"id-{number}", fields={"Phone": str(number)},
            expected_version=None, idempotency_key="k",
        )
        for number in range(60)
    ]  # fmt: skip
    query = "GET /services/data/v64.0/queryAll"
    before = standin.http.requests[query]
    assert all(isinstance(one, Receipt) for one in source.write_many("Account", changes, within=9))
    assert standin.http.requests[query] - before == 2
    held = {row[EXTERNAL_ID]: row["Phone"] for row in accounts(standin)}
    assert held == {f"id-{number}": str(number) for number in range(60)}


def test_a_field_that_is_no_unique_external_id_is_found_out(standin: SalesforceStandIn) -> None:
    wrong = reader(standin, external_ids={"Account": "AccountNumber"})
    with pytest.raises(SourceSchemaError, match="AccountNumber: it has to be"):
        wrong.check()
    with pytest.raises(RejectedError, match="AccountNumber: it has to be"):
        wrong.create(ACCOUNT)
    with pytest.raises(RejectedError, match="name one in external_ids"):
        reader(standin, external_ids={}).create(ACCOUNT)


def test_settings_are_checked(standin: SalesforceStandIn) -> None:
    for settings in (
        {"external_ids": {"Account": "a/b"}},
        {"api_version": "45.0"},
        {"api_version": "45.0", "external_ids": {}, "batch_writes": True},
    ):
        with pytest.raises(ValidationError):
            reader(standin, **settings)
