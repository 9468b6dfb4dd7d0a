"""Every page for every role, with the demo company's customers."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from fastapi import FastAPI

from hub.pipeline.customer import find_records
from hub.pipeline.figure_desk import figures_of
from hub.pipeline.queue import read_queue
from hub.pipeline.search_customers import search
from hub.store.database import writing
from hub.store.figures import IN_FLIGHT, Figure, keep_figures
from hub.web.app import create_app, find_access, signing_key
from tests.web.company import PASSWORD, Company
from tests.web.pages import person
from tests.web.served import Caller, served

PAGES = {
    "/": {"viewer", "steward", "controller", "admin"},
    "/customers": {"viewer", "steward", "controller", "admin"},
    "/customers/{customer}": {"viewer", "steward", "controller", "admin"},
    "/customers/{customer}/past": {"viewer", "steward", "controller", "admin"},
    "/review": {"steward", "admin"},
    "/review/figures": {"steward", "admin"},
    "/deliveries": {"steward", "controller", "admin"},
    "/quarantine": {"steward", "controller", "admin"},
    "/reports": {"steward", "controller", "admin"},
    "/reports/breaks?report=R1": {"steward", "controller", "admin"},
    "/reports/files/reconciliation.html": {"steward", "controller", "admin"},
    "/reports/files/reconciliation.xlsx": {"steward", "controller", "admin"},
}


@pytest.fixture(name="company")
def _company(shared_company: Company) -> Company:
    """One that no test of this module changes."""
    return shared_company


def _customer(company: Company) -> str:
    case = read_queue(company.work.engine, limit=1)[0]
    assert case.left.party_id is not None
    return case.left.party_id


@pytest.mark.parametrize("role", ["viewer", "steward", "controller", "admin"])
@pytest.mark.parametrize("path", PAGES)
def test_each_page_is_for_its_roles(company: Company, path: str, role: str) -> None:
    answer = person(company, role).get(path.format(customer=_customer(company)))
    assert answer.status_code == (200 if role in PAGES[path] else 403)


@pytest.mark.parametrize("path", PAGES)
def test_nobody_sees_a_page_unasked(company: Company, path: str) -> None:
    answer = Caller(company.address).get(path.format(customer=_customer(company)))
    assert answer.status_code == 303
    assert "/sign-in" in answer.headers["location"]


@pytest.mark.parametrize("role", ["viewer", "steward"])
def test_the_frame_shows_only_what_the_role_may_open(company: Company, role: str) -> None:
    page = person(company, role).get("/").text
    for name in ("Review", "Deliveries", "Quarantine", "Reports"):
        assert (f"To {name}" in page) == (role == "steward")


@pytest.mark.parametrize("path", PAGES)
def test_no_page_has_a_script_or_a_style_within(company: Company, path: str) -> None:
    if path.startswith("/reports/files"):
        pytest.skip("a report is a document of its own")
    answer = person(company, "admin").get(path.format(customer=_customer(company)))
    assert "script-src 'self'" in answer.headers["content-security-policy"]
    assert " style=" not in answer.text
    assert "<style" not in answer.text
    assert not any("<script" in line and "src=" not in line for line in answer.text.splitlines())
    assert " onclick" not in answer.text


def test_health_names_every_connection(company: Company) -> None:
    page = person(company, "viewer").get("/").text
    for name in company.work.config.connections:
        assert f"<b>{name}</b>" in page
    assert 'class="spark"' in page


def test_a_customer_is_found_as_a_person_types(company: Company) -> None:
    steward = person(company, "steward")
    name = read_queue(company.work.engine, limit=1)[0].left.name
    answer = steward.post(
        "/customers/search", data={"text": name[:6]}, headers={"HX-Request": "true"}
    )
    assert answer.status_code == 200
    assert name.replace("&", "&amp;") in answer.text
    assert "<html" not in answer.text


def test_the_search_works_without_a_script(company: Company) -> None:
    page = person(company, "steward").post("/customers/search", data={"text": "gmbh"}).text
    assert "<html" in page
    assert 'value="gmbh"' in page


def test_no_search_stands_in_an_address(company: Company) -> None:
    assert person(company, "steward").get("/customers?text=gmbh").text.count("gmbh") == 0


def test_a_customers_page_shows_where_a_value_is_from(company: Company) -> None:
    page = person(company, "steward").get(f"/customers/{_customer(company)}").text
    assert 'role="tooltip"' in page
    assert "mapping line" in page


def test_two_records_are_explained(company: Company) -> None:
    steward = person(company, "steward")
    found = next(
        item for item in search(company.work.engine, "gmbh") if _records(company, item.party_id) > 1
    )
    page = steward.get(f"/customers/{found.party_id}").text
    names = [part.split('"')[0] for part in page.split('<option value="')[1:]]
    pair = [names[0], next(name for name in names if name != names[0])]
    answer = steward.post(f"/customers/{found.party_id}/compare", data={"pair": pair})
    assert "bits; one more doubles the odds" in answer.text


def _records(company: Company, party_id: str) -> int:
    return len(find_records(company.work.engine, party_id))


def test_who_need_not_see_addresses_gets_none(company: Company) -> None:
    for found in search(company.work.engine, "example", limit=5):
        address = found.golden["email"]
        assert address in person(company, "steward").get(f"/customers/{found.party_id}").text
        for role in ("viewer", "admin"):
            page = person(company, role).get(f"/customers/{found.party_id}").text
            assert address not in page
            assert "•••" in page


@pytest.mark.parametrize(
    "path",
    [
        "/customers/00000000-0000-7000-8000-000000000000",
        "/reports/breaks/0123",
        "/reports/files/people.json",
        "/reports/files/..%2Fpeople.json",
    ],
)
def test_what_there_is_not_is_not_found(company: Company, path: str) -> None:
    assert person(company, "admin").get(path).status_code == 404


def test_every_address_is_under_the_path_where_it_is_mounted(company: Company) -> None:
    key = signing_key(company.work)
    outer = FastAPI()
    outer.mount("/hub", create_app(company.work, access=find_access(company.work, key), key=key))
    with served(outer) as address:
        caller = Caller(f"{address}/hub")
        assert caller.sign_in("admin", PASSWORD).headers["location"].startswith("/hub")
        for path in ("/", "/customers", "/review", "/deliveries", "/quarantine", "/reports"):
            page = caller.get(path).text
            assert "/hub/customers" in page
            for mark in ('href="/', 'action="/', 'hx-post="/', 'hx-get="/', 'src="/'):
                assert page.count(mark) == page.count(f"{mark}hub/")


def test_a_figure_leads_down_to_what_the_system_said(company: Company) -> None:
    line = figures_of(company.work.engine, "R10", "totals", 1)[0]
    controller = person(company, "controller")
    page = controller.get(f"/reports/figures/{line.id}").text
    record = re.findall(r"/reports/records/(\d+)", page)[0]
    assert "<pre" in controller.get(f"/reports/records/{record}").text
    withheld = person(company, "admin").get(f"/reports/records/{record}").text
    assert "<pre" not in withheld
    assert person(company, "viewer").get(f"/reports/figures/{line.id}").status_code == 403
    for path in ("figures/0123", "records/987654321"):
        assert controller.get(f"/reports/{path}").status_code == 404


def test_what_is_in_flight_leads_to_the_whole_report(company: Company) -> None:
    day = (datetime.now(UTC) - datetime(1970, 1, 1, tzinfo=UTC)).days
    with writing(company.work.engine) as db:
        keep_figures(db, "R5", day + 1, [Figure(IN_FLIGHT, Decimal(7))])
    page = person(company, "controller").get("/reports").text
    assert 'reconciliation.html#R5">7<' in page


@pytest.mark.parametrize("report", ["R7", "R9", "R11", "R12", "R13", "R14", "SCORE"])
def test_figures_of_each_report_have_their_page(company: Company, report: str) -> None:
    for line in figures_of(company.work.engine, report, None, 3):
        page = person(company, "controller").get(f"/reports/figures/{line.id}")
        assert page.status_code == 200
        assert "Made of" in page.text
