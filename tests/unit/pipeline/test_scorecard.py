"""The scorecard: what is missing, wrong, shared or other than golden, by source; and trends."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from hub.pipeline.reconcile import Request, reconcile
from hub.reports.result import ReportPack
from hub.store.database import Engine
from tests.unit.pipeline.control_world import CUT_OFF, LONG_AGO, Books


def person(number: int, **points: str) -> dict[str, Any]:
    contacts = [{"kind": kind, "value": value} for kind, value in points.items()]
    body = {"kind": "person", "display_name": f"Person {number}", "contact_points": contacts}
    return {**body, "updated_at": CUT_OFF if number == 1 else LONG_AGO - timedelta(days=400)}


def store_people(store: Engine, *people: dict[str, Any]) -> None:
    books = Books()
    for number, body in enumerate(people, 1):
        party = f"party {number}"
        record = books.put("party", f"crm:contact:{number}", body, party=party)
        golden = {"kind": "person", "display_name": f"Person {number}", "email": "a@x.example"}
        books.customer(party, record, golden)
    books.store(store)


def scorecard(pack: ReportPack, attribute: str) -> dict[str, Any]:
    (result,) = pack.results
    (row,) = [row for row in result.tables[0].rows if row["attribute"] == attribute]
    return dict(row)


def run(store: Engine, days: int = 0) -> ReportPack:
    at = CUT_OFF + timedelta(days=days)
    return reconcile(store, Request(company="Test", reports=["SCORE"], cut_off=at))


def test_each_measure_is_a_share_of_what_can_be_judged(store: Engine) -> None:
    store_people(
        store,
        person(1, email="a@x.example"),
        person(2, email="A@X.example"),
        person(3, email="a@x.example"),
        person(4, email="no address"),
        person(5),
    )
    found = scorecard(run(store), "e-mail")
    assert (found["records"], found["missing"], found["complete"]) == (5, 1, Decimal(80))
    assert (found["invalid"], found["valid"]) == (1, Decimal(75))
    assert (found["shared"], found["uniqueness"]) == (2, Decimal(50))
    assert (found["differ"], found["consistent"]) == (1, Decimal(75))
    assert found["timely"] == Decimal(20)


def test_what_nobody_states_is_judged_by_nothing_but_its_absence(store: Engine) -> None:
    store_people(store, person(1))
    found = scorecard(run(store), "phone")
    assert found["complete"] == 0
    assert [found[name] for name in ("valid", "uniqueness", "consistent")] == [None] * 3


def test_a_month_ago_stands_beside_today(store: Engine) -> None:
    store_people(store, person(1, email="a@x.example"), person(2))
    assert scorecard(run(store), "e-mail")["complete_before"] is None
    assert scorecard(run(store, 27), "e-mail")["complete_before"] is None
    later = scorecard(run(store, 28), "e-mail")
    assert (later["complete"], later["complete_before"]) == (50, 50)


def test_a_run_again_on_a_day_takes_the_place_of_its_figures(store: Engine) -> None:
    store_people(store, person(1))
    for days in (0, 0, 1):
        pack = run(store, days)
    first: date = CUT_OFF.date()
    assert list(pack.history["SCORE"]) == [(first, 0), (first + timedelta(days=1), 0)]
