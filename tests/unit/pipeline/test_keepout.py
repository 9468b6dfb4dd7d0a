"""Suppression: whatever their systems say again, erased people do not come back."""

from __future__ import annotations

import pytest

from hub.errors import ConfigError
from hub.pipeline.canonicalise import CanonicaliseTask, canonicalise
from hub.pipeline.pages import prepare_page
from hub.pipeline.turn import StreamTask, StreamTurn
from hub.store.database import Engine
from hub.store.suppression import no_key
from tests.unit.pipeline import scripted
from tests.unit.pipeline.erase_world import (
    ANNA,
    MAPPING,
    OURS,
    TRACES,
    forget,
    found_in,
    key,
    party_of,
    rows,
    say,
    settle,
)

MAIL = {"from": ANNA["email"], "from_name": "Anna Zyxmann", "to": "help@us.example"}
OTHER = {
    "id": "2",
    "given": "Bernd",
    "family": "Qvist",
    "name": "Bernd Qvist",
    "email": "bernd@qvist.example",
}


def _erased(store: Engine, *more: dict[str, str], bill: str = "") -> str:
    say(store, "person", {"id": "1", **ANNA}, *more)
    if bill:
        say(store, "bill", {"id": "B1", "by": "1", "net": bill, "for": "Anna Zyxmann"})
    settle(store)
    anna = party_of(store, "person:1")
    forget(store, anna, hold=True)
    return anna


def test_a_suppressed_record_is_counted_and_not_stored(store: Engine) -> None:
    _erased(store)
    landed, _ = say(store, "person", {"id": "1", **ANNA, "phone": "+49 89 1234568"})
    assert (landed["read"], landed["suppressed"], landed["new"]) == (1, 1, 0)
    assert found_in(store, *TRACES) == {}


def test_a_tombstone_of_a_suppressed_record_brings_no_key_back(store: Engine) -> None:
    _erased(store)
    landed, _ = say(store, "person", gone=["1"])
    assert landed["suppressed"] == 1
    assert "1" not in [row["source_key"] for row in rows(store, "source_record")]


def test_a_full_read_of_the_same_keeps_everybody_else(store: Engine) -> None:
    _erased(store, OTHER)
    landed, _ = say(store, "person", {"id": "1", **ANNA}, OTHER, full=True)
    assert (landed["suppressed"], landed["unchanged"], landed["vanished"]) == (1, 1, 0)


def test_a_new_record_with_their_address_is_emptied(store: Engine) -> None:
    _erased(store)
    new = {"id": "9", "name": "A. Z.", "email": "ANNA.Zyxmann@mail.example"}
    _, counts = say(store, "person", new)
    assert (counts["taken"], counts["suppressed"], counts["mapped"]) == (1, 1, 0)
    assert found_in(store, *TRACES) == {}
    landed, _ = say(store, "person", new)
    assert landed["suppressed"] == 1


def test_a_number_suppresses_only_the_same_family(store: Engine) -> None:
    _erased(store)
    heir = {**OTHER, "phone": ANNA["phone"]}
    _, counts = say(store, "person", heir, {"id": "9", "family": "Zyxmann", **_numbered()})
    assert (counts["suppressed"], counts["mapped"]) == (1, 1)
    settle(store)
    assert party_of(store, "person:2")


def _numbered() -> dict[str, str]:
    return {"name": "A. Zyxmann", "phone": "089 1234567"}


def test_a_living_customer_may_take_the_address_over(store: Engine) -> None:
    _erased(store, OTHER)
    _, counts = say(store, "person", {**OTHER, "email": ANNA["email"]})
    assert counts["mapped"] == 1
    assert "Bernd Qvist" in str(rows(store, "canonical_record"))


def test_a_shared_address_is_nobodys_mark(store: Engine) -> None:
    say(store, "person", {"id": "1", **ANNA}, {**OTHER, "email": ANNA["email"]})
    settle(store)
    anna, other = party_of(store, "person:1"), party_of(store, "person:2")
    assert anna != other
    forget(store, anna)
    assert ANNA["email"] in str(rows(store, "golden_record"))
    _, counts = say(store, "person", {**OTHER, "id": "4", "email": ANNA["email"]})
    assert counts["suppressed"] == 0


def test_a_mail_of_theirs_is_emptied_and_a_shared_one_cleaned(store: Engine) -> None:
    _erased(store)
    shared = {"id": "m2", **MAIL, "cc": "bernd@qvist.example", "subject": "Zyxmann?"}
    _, counts = say(store, "mail", {"id": "m1", **MAIL, "subject": "again"}, shared)
    assert (counts["suppressed"], counts["mapped"]) == (1, 1)
    assert found_in(store, "anna.zyxmann@", "anna zyxmann", "again") == {}
    assert "bernd@qvist.example" in str(rows(store, "canonical_record"))


def test_a_changed_ticket_of_others_is_cleaned_again(store: Engine) -> None:
    _erased(store, OTHER)
    ticket = {"id": "T1", "by": "2", "contact": "1", "subject": "Anna Zyxmann"}
    _, counts = say(store, "ticket", ticket)
    assert counts["mapped"] == 1
    assert found_in(store, *TRACES) == {}


def test_the_person_of_a_lead_stays_out_without_an_address(store: Engine) -> None:
    lead = {"id": "1", "family": "Zyxmann", "name": "Anna Zyxmann", "company": "Qvist Werke"}
    say(store, "person", lead)
    settle(store)
    forget(store, party_of(store, "person:1"))
    _, counts = say(store, "person", {**lead, "company": "Qvist Werke GmbH"})
    assert counts["mapped"] == 1
    assert found_in(store, "zyxmann") == {}
    assert "Qvist Werke GmbH" in str(rows(store, "canonical_record"))


def test_a_held_bill_goes_on_without_names(store: Engine) -> None:
    _erased(store, bill="12.5")
    bill = {"id": "B1", "by": "1", "net": "10", "for": "Anna Zyxmann"}
    say(store, "bill", bill)
    (kept,) = rows(store, "document")
    assert str(kept["gross"]) == "10.0000"
    assert found_in(store, *TRACES) == {}
    landed, _ = say(store, "bill", bill)
    assert landed["unchanged"] == 1


def test_a_new_bill_of_theirs_is_held(store: Engine) -> None:
    _erased(store, bill="12.5")
    say(store, "bill", {"id": "B2", "by": "1", "net": "3", "for": "Anna Zyxmann"})
    assert sorted(row["number"] for row in rows(store, "document")) == ["B1", "B2"]
    assert found_in(store, *TRACES) == {}


def test_a_new_mapping_brings_nothing_back(store: Engine) -> None:
    say(store, "mail", {"id": "m1", **MAIL, "cc": "bernd@qvist.example", "subject": "Hi"})
    _erased(store, OTHER, bill="12.5")
    for stream in ("person", "mail", "bill"):
        text = MAPPING.replace("version: 1", "version: 1\n# changed")
        task = CanonicaliseTask(
            connection="toy", stream=stream, text=text, erasure_key=key, ours=OURS
        )
        counts = canonicalise(store, scripted.mapping(text), task=task).counts
        assert counts["quarantined"] == 0
    settle(store)
    assert found_in(store, *TRACES, 'display_name":"[erased]') == {}
    assert len(rows(store, "document")) == 1


def test_no_sync_without_the_key(store: Engine) -> None:
    _erased(store)
    task = StreamTask(
        connection="toy", connector="toy", stream=scripted.INCREMENTAL, erasure_key=no_key
    )
    turn = StreamTurn(store, task, step="extract")
    with pytest.raises(ConfigError, match=r"hub\.erasure_key"):
        turn.land(prepare_page(scripted.page(scripted.record("7"))))
