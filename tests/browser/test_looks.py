"""Every page, light and dark: nothing in the console, nothing axe objects to, light to load."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser

from hub.roles import Role
from tests.browser.addresses import PAGES
from tests.browser.visitor import MOST_BYTES, Visitor, visiting
from tests.web.company import Company

pytestmark = [pytest.mark.servers, pytest.mark.xdist_group("browser")]

LOOKS = {**PAGES, "break": "/reports/breaks/{break}"}


def _path(visitor: Visitor, name: str) -> str:
    case = visitor.queue(1)[0]
    with_breaks = "{break}" in LOOKS[name]
    key = (
        visitor.company.get("/breaks?limit=1", Role.CONTROLLER)["breaks"][0]["id"]
        if with_breaks
        else ""
    )
    return LOOKS[name].format(customer=case.left.party_id, **{"break": key})


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", LOOKS)
def test_a_page_is_sound(browser: Browser, shared_company: Company, name: str, scheme: str) -> None:
    with visiting(browser, shared_company, color_scheme=scheme) as steward:
        steward.open(_path(steward, name))
        steward.shoot(f"{name}-{scheme}")
        assert steward.flaws() == []
        assert steward.complaints == []
        assert steward.bytes < MOST_BYTES


@pytest.mark.parametrize("name", ["health", "customers", "customer", "review"])
def test_a_page_fits_a_narrow_screen(browser: Browser, shared_company: Company, name: str) -> None:
    with visiting(browser, shared_company) as steward:
        steward.page.set_viewport_size({"width": 420, "height": 800})
        steward.open(_path(steward, name))
        steward.shoot(f"{name}-narrow")
        wide = "document.documentElement.scrollWidth > document.documentElement.clientWidth"
        assert not steward.page.evaluate(wide)


@pytest.mark.parametrize("role", ["viewer", "controller", "admin"])
def test_a_role_sees_its_own_frame(browser: Browser, shared_company: Company, role: str) -> None:
    with visiting(browser, shared_company, role=role) as visitor:
        visitor.open("/customers")
        visitor.shoot(f"customers-{role}")
        assert visitor.flaws() == []
        assert visitor.complaints == []


def test_the_form_to_sign_in_is_sound(browser: Browser, shared_company: Company) -> None:
    page = browser.new_context().new_page()
    visitor = Visitor(page, shared_company, shared_company.address)
    visitor.open("/sign-in")
    visitor.shoot("sign-in")
    assert visitor.flaws() == []
    page.context.close()
