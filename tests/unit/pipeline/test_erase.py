"""Erase: nothing of a person is left in any table or file, and nothing of others is lost."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from hub.errors import ConfigError, StoreError
from hub.pipeline.erase import Request, clean, erase, plan_erasure
from hub.pipeline.history import customer_history
from hub.pipeline.steward import Steward
from hub.store.audit import verify_trail
from hub.store.breaks import FoundBreak, keep_breaks
from hub.store.columns import new_id
from hub.store.database import Engine, reading, writing
from hub.store.digest import digest
from hub.store.erasures import get_erasure
from hub.store.parties import resolve_party
from hub.store.pushes import fail_delivery, fresh_delivery, store_delivery
from hub.store.suppression import no_key
from hub.store.tables import metadata
from tests.unit.pipeline.erase_world import (
    ANNA,
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

BERND = {
    "id": "2",
    "given": "Bernd",
    "family": "Qvist",
    "name": "Bernd Qvist",
    "email": "bernd@qvist.example",
    "phone": "+49 89 7654321",
}


def _fill(store: Engine) -> str:
    say(store, "person", {"id": "1", **ANNA}, BERND)
    settle(store)
    return party_of(store, "person:1")


def test_nothing_is_left_of_a_person(store: Engine) -> None:
    anna = _fill(store)
    say(store, "person", {"id": "1", **ANNA, "phone": "+49 89 1234567-1"})
    say(store, "ticket", {"id": "T1", "by": "1", "subject": "Anna's printer"})
    settle(store)
    done = forget(store, anna)
    assert found_in(store, *TRACES) == {}
    assert (done.state, done.held) == ("done", 0)
    assert done.fates == {"emptied": 2, "held": 0, "cleaned": 0}
    assert "Bernd Qvist" in str(rows(store, "golden_record"))


def test_an_erased_id_says_so_for_ever(store: Engine) -> None:
    anna = _fill(store)
    forget(store, anna)
    with reading(store) as db:
        party = resolve_party(db, anna)
    assert party is not None
    assert party.status == "erased"
    events = [
        (row["kind"], row["party_id"]) for row in rows(store, "party_event") if row["pending"]
    ]
    assert ("erased", anna) in events


def test_the_history_of_an_erased_person_tells_of_the_erasure(store: Engine) -> None:
    anna = _fill(store)
    forget(store, anna)
    told = customer_history(store, anna)
    assert "erased" in [moment.what for moment in told]
    assert not any(trace in str(told).lower() for trace in TRACES)


def test_erasing_twice_changes_nothing(store: Engine) -> None:
    anna = _fill(store)
    first = forget(store, anna)
    before = digest(store)
    assert forget(store, anna) == first
    assert digest(store) == before


def test_a_plan_counts_and_changes_nothing(store: Engine) -> None:
    anna = _fill(store)
    before = digest(store)
    request = Request(party=anna, actor="tester", reason="request 17", ours=OURS)
    planned = plan_erasure(store, request, key)
    assert digest(store) == before
    done = erase(store, request, key)
    assert planned.state == "planned"
    assert (planned.fates, planned.counts) == (done.fates, done.counts)


def test_nobody_is_erased_without_a_key(store: Engine) -> None:
    anna = _fill(store)
    request = Request(party=anna, actor="tester", reason="request 17")
    with pytest.raises(ConfigError, match=r"hub\.erasure_key"):
        erase(store, request, no_key)
    assert "zyxmann" in str(found_in(store, "zyxmann")) or found_in(store, "zyxmann")


def test_nothing_lands_under_another_key(store: Engine) -> None:
    forget(store, _fill(store))
    with pytest.raises(ConfigError, match="another key"):
        plan_erasure(
            store,
            Request(party=party_of(store, "person:2"), actor="t", reason="r"),
            lambda: "quite another key of some length",
        )


def test_a_reason_that_names_the_person_is_refused(store: Engine) -> None:
    request = Request(party=_fill(store), actor="t", reason="Ms. Zyxmann asked")
    with pytest.raises(StoreError, match="names the person") as caught:
        erase(store, request, key)
    assert "yxmann" not in str(caught.value)


def test_the_audit_trail_holds_without_what_was_written(store: Engine) -> None:
    anna = _fill(store)
    say(store, "person", {"id": "3", "family": "Zyxmann", "name": "Anna"})
    settle(store)
    other = party_of(store, "person:3")
    Steward(store, "tester").merge(anna, other, reason="Anna Zyxmann twice")
    forget(store, anna)
    assert found_in(store, *TRACES) == {}
    with reading(store) as db:
        assert verify_trail(db).broken is None
    assert rows(store, "audit_entry")[-1]["action"] == "erase"
    assert rows(store, "party_fate")[-1]["status"] == "erased"


def test_breaks_of_others_stay(store: Engine) -> None:
    say(store, "person", {"id": "1", **ANNA}, {**BERND, "id": "12"})
    settle(store)
    anna, now = party_of(store, "person:1"), datetime.now(UTC)
    found = [_break(key, f"toy:person:{key}", "{}") for key in ("1", "12")]
    about = _break("p", "s", f'{{"party_id":"{anna}"}}')
    with writing(store) as db:
        keep_breaks(db, "R1", [*found, about], now)
    forget(store, anna)
    assert [row["id"] for row in rows(store, "report_break")] == ["12"]


def test_a_pushed_delivery_lands_before_its_person_goes(store: Engine) -> None:
    anna = _fill(store)
    pushed = fresh_delivery("d1", f'{{"email":"{ANNA["email"]}"}}'.encode(), {})
    with writing(store) as db:
        store_delivery(db, rows(store, "connection")[0]["id"], pushed)
    with pytest.raises(StoreError, match="hub push drain"):
        forget(store, anna)
    with writing(store) as db:
        fail_delivery(db, pushed.id, "can't be read")
    forget(store, anna)
    assert found_in(store, *TRACES) == {}


def test_a_write_under_way_is_waited_for(store: Engine) -> None:
    anna = _fill(store)
    sending = {"id": new_id(), "seq": 1, "party_id": anna, "record_id": 1, "attribute": "phone"}
    sending |= {"field": "phone", "value": ANNA["phone"], "state": "sending"}
    soon = datetime.now(UTC) + timedelta(minutes=1)
    with writing(store) as db:
        insert = sa.insert(metadata.tables["delivery"])
        db.execute(insert.values(**sending, planned_at=soon, lease_until=soon))
    with pytest.raises(StoreError, match="hub publish"):
        forget(store, anna)
    with writing(store) as db:
        db.exec_driver_sql("UPDATE delivery SET lease_until = 0")
    forget(store, anna)
    assert [row["state"] for row in rows(store, "delivery")] == ["superseded"]
    assert found_in(store, *TRACES) == {}


def test_an_organisation_is_erased_only_when_said(store: Engine) -> None:
    say(store, "person", {"id": "1", "company": "Zyxmann Bau"})
    settle(store)
    firm = party_of(store, "person:1#company")
    with pytest.raises(StoreError, match="organisation"):
        forget(store, firm)
    forget(store, firm, organisation=True)
    assert found_in(store, "zyxmann") == {}


def test_a_merged_person_is_erased_with_all_ids(store: Engine) -> None:
    say(store, "person", {"id": "1", **ANNA}, {"id": "3", **ANNA})
    settle(store)
    anna = party_of(store, "person:1")
    assert party_of(store, "person:3") == anna
    forget(store, anna)
    assert found_in(store, *TRACES) == {}


def test_a_lead_keeps_its_company(store: Engine) -> None:
    say(store, "person", {"id": "1", **ANNA, "company": "Qvist Werke"})
    settle(store)
    firm = party_of(store, "person:1#company")
    done = forget(store, party_of(store, "person:1"))
    assert done.fates["cleaned"] == 1
    assert found_in(store, *TRACES) == {}
    golden = [row["body"] for row in rows(store, "golden_record") if row["party_id"] == firm]
    assert "Qvist Werke" in str(golden)


def test_tickets_of_a_leads_person_go_and_the_companys_stay(store: Engine) -> None:
    say(store, "person", {"id": "1", **ANNA, "company": "Qvist Werke"})
    settle(store)
    say(store, "ticket", {"id": "T1", "by": "1", "subject": "a private matter"})
    forget(store, party_of(store, "person:1"))
    assert found_in(store, "private matter") == {}
    assert "Qvist Werke" in str(rows(store, "canonical_record"))


def test_a_number_that_a_company_writes_stays_with_it(store: Engine) -> None:
    say(store, "person", {"id": "1", **ANNA, "phone": "040 2312345"}, {**BERND, "id": "3"})
    firm = {"id": "2", "company": "Qvist Werke", "company_phone": "040 2312345", "country": "NL"}
    say(store, "person", firm)
    settle(store)
    done = forget(store, party_of(store, "person:1"))
    assert list(done.sharers) == [party_of(store, "person:2#company")]
    assert "040 2312345" in str(rows(store, "canonical_record"))


def test_a_mail_among_several_keeps_the_others(store: Engine) -> None:
    anna = _fill(store)
    mail = {"id": "m1", "from": ANNA["email"], "from_name": "Anna Zyxmann", "to": "help@us.example"}
    say(store, "mail", {**mail, "cc": "bernd@qvist.example", "subject": "Zyxmann and Qvist"})
    say(store, "mail", {**mail, "id": "m2", "subject": "alone"})
    settle(store)
    assert party_of(store, "mail:m1#from") == anna
    done = forget(store, anna)
    assert done.fates == {"emptied": 2, "held": 0, "cleaned": 1}
    assert found_in(store, *TRACES) == {}
    kept = [row for row in rows(store, "canonical_record") if row["entity"] == "interaction"]
    assert "bernd@qvist.example" in str([row["body"] for row in kept])
    assert "alone" not in str(kept)


def test_a_ticket_of_others_loses_only_the_name(store: Engine) -> None:
    anna = _fill(store)
    say(store, "ticket", {"id": "T1", "by": "2", "contact": "1", "subject": "Call Anna Zyxmann"})
    forget(store, anna)
    (ticket,) = [row for row in rows(store, "canonical_record") if row["entity"] == "ticket"]
    assert "Call [erased]" in ticket["body"]
    assert found_in(store, *TRACES) == {}
    assert {row["source_key"] for row in rows(store, "canonical_ref")} >= {"2"}


def test_documents_ask_for_a_decision(store: Engine) -> None:
    anna = _fill(store)
    say(store, "bill", {"id": "B1", "by": "1", "net": "12.5", "for": "Anna Zyxmann"})
    with pytest.raises(StoreError, match="--hold"):
        forget(store, anna)


def test_held_documents_keep_amounts_and_no_names(store: Engine) -> None:
    anna = _fill(store)
    say(store, "bill", {"id": "B1", "by": "1", "net": "12.5", "for": "Anna Zyxmann"})
    done = forget(store, anna, hold=True)
    assert (done.held, done.fates["held"]) == (1, 1)
    assert found_in(store, *TRACES) == {}
    (bill,) = rows(store, "document")
    assert (bill["number"], str(bill["gross"])) == ("B1", "12.5000")


def test_documents_go_where_nothing_holds_them(store: Engine) -> None:
    anna = _fill(store)
    say(store, "bill", {"id": "B1", "by": "1", "net": "12.5", "for": "Anna Zyxmann"})
    forget(store, anna, hold=False)
    assert rows(store, "document") == []
    assert found_in(store, *TRACES) == {}


def test_the_cleaning_of_the_disk_goes_on_after_a_kill(store: Engine) -> None:
    anna = _fill(store)
    forget(store, anna)
    with writing(store) as db:
        db.exec_driver_sql("UPDATE erasure SET state = 'cleaning', cleaned_at = NULL")
    assert clean(store) == 1
    with reading(store) as db:
        found = get_erasure(db, anna)
    assert found is not None
    assert found.state == "done"


def test_the_files_of_the_database_hold_nothing(store: Engine) -> None:
    anna = _fill(store)
    if store.dialect.name != "sqlite":
        pytest.skip("PostgreSQL keeps old row versions until their space is used again")
    path = Path(store.url.database or "")
    assert b"Zyxmann" in _bytes(path)
    forget(store, anna)
    assert [t for t in (b"yxmann", b"1234567", b"Anna") if t in _bytes(path)] == []
    assert b"Qvist" in _bytes(path)


def _bytes(path: Path) -> bytes:
    return b"".join(part.read_bytes() for part in sorted(path.parent.glob(path.name + "*")))


def test_reports_that_hold_the_person_are_listed(store: Engine, tmp_path: Path) -> None:
    anna = _fill(store)
    (tmp_path / "R1.csv").write_text("Customer\nAnna Zyxmann\n", encoding="utf-8")
    (tmp_path / "R2.csv").write_text("Customer\nBernd Qvist\n", encoding="utf-8")
    assert forget(store, anna, reports=tmp_path).files == [str(tmp_path / "R1.csv")]


def _break(key: str, subject: str, detail: str) -> FoundBreak:
    return FoundBreak(
        id=key,
        check_id="no_account",
        row_class="only_left",
        subject=subject,
        cause="missing",
        owner="finance",
        detail=detail,
        figure="",
    )
