"""Airflow as a company runs it, with people of the FAB auth manager: who gets in, and as what."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin

import pytest
import requests

from tests.dags.fab_site import PASSWORD, PEOPLE, fab_at
from tests.dags.site import lay_out

pytest.importorskip("airflow", reason="runs in .venv-airflow")
pytestmark = [pytest.mark.airflow, pytest.mark.slow, pytest.mark.timeout(600)]

if TYPE_CHECKING:
    from playwright.sync_api import Browser

ROLES = {
    "reader": ["viewer"],
    "desk": ["steward", "viewer"],
    "books": ["controller", "viewer"],
    "editor": ["controller", "steward", "viewer"],
    "operator": ["admin", "controller", "steward", "viewer"],
    "boss": ["admin", "controller", "steward", "viewer"],
}


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with fab_at(lay_out(tmp_path_factory.mktemp("fab") / "company")) as found:
        yield found


def me(address: str, name: str) -> Any:
    login = {"username": name, "password": PASSWORD}
    token = requests.post(f"{address}/auth/token", json=login, timeout=30).json()["access_token"]
    headers = {"Authorization": f"Bearer {token}"}
    return requests.get(f"{address}/hub/api/v1/me", headers=headers, timeout=30)


def test_roles_follow_from_fabs_permissions(address: str) -> None:
    assert set(ROLES) | {"outsider"} == set(PEOPLE)
    for name, roles in ROLES.items():
        told = me(address, name).json()
        assert (told["name"], told["roles"]) == (name, roles)


def test_who_sees_no_plugins_is_told_so(address: str) -> None:
    answer = me(address, "outsider")
    assert answer.status_code == 403
    assert "plugins" in answer.text


def test_a_stranger_is_sent_to_fabs_login(address: str) -> None:
    headers = {"Accept": "text/html"}
    page = requests.get(f"{address}/hub/", headers=headers, allow_redirects=False, timeout=30)
    assert page.status_code == 303
    assert requests.get(urljoin(address, page.headers["location"]), timeout=30).ok


def test_a_steward_finds_the_hub_in_the_navigation(address: str, browser: Browser) -> None:
    page = browser.new_page(viewport={"width": 1400, "height": 900})
    page.goto(address)
    page.fill("input[name=username]", "desk")
    page.fill("input[name=password]", PASSWORD)
    page.locator("input[type=submit]").click()
    page.get_by_role("link", name="Hub", exact=True).click()
    frame = page.frame_locator("iframe")
    frame.get_by_role("link", name="Review").first.click()
    frame.get_by_role("heading", name="Review").first.wait_for()
    page.close()
