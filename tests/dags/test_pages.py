"""The pages inside a running Airflow: behind its login, with its roles, for every route."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import requests
from starlette.routing import BaseRoute

from tests.dags.server import Server

pytest.importorskip("airflow", reason="runs in .venv-airflow")
pytestmark = [pytest.mark.airflow, pytest.mark.slow, pytest.mark.timeout(600)]

NOWHERE = "00000000-0000-7000-8000-000000000000"
Route = tuple[str, str, frozenset[str]]


@pytest.fixture(scope="session")
def routes(server: Server, folder: Path) -> list[Route]:
    """Every route with its method, its address in Airflow, and the roles it is for."""
    from hub.airflow.access import AirflowAccess
    from hub.pipeline.workplace import open_workplace
    from hub.web.app import create_app
    from hub.web.served_routes import served_routes

    app = create_app(open_workplace(folder / "hub.toml"), access=AirflowAccess())
    found = [one for route in served_routes(app) for one in described(route)]
    assert len(found) > 30
    return found


def described(route: BaseRoute) -> list[Route]:
    from fastapi.routing import APIRoute

    from hub.web.access import Rule, rules_of

    assert isinstance(route, APIRoute)
    rules = [rule for rule in rules_of(route) if isinstance(rule, Rule)]
    roles = frozenset(str(role) for rule in rules for role in rule.roles)
    address = "/hub" + re.sub(r"\{[^}]+\}", "1", re.sub(r"\{\w+:uuid\}", NOWHERE, route.path))
    return [(method, address, roles) for method in sorted(route.methods)]


def ask(server: Server, method: str, path: str, **options: Any) -> requests.Response:
    return requests.request(
        method, server.address + path, timeout=30, allow_redirects=False, **options
    )


def test_strangers_get_nothing_from_any_route(server: Server, routes: list[Route]) -> None:
    wrong: tuple[dict[str, str], ...] = (
        {},
        {"Authorization": "Bearer x.y.z"},
        {"Cookie": "_token=x.y.z"},
    )
    for method, path, _ in [*routes, ("GET", "/hub/nowhere", frozenset()), ("PUT", "/hub/", "")]:
        for headers in wrong:
            answer = ask(server, method, path, headers=headers)
            assert answer.status_code == 401, (method, path)
            assert "Customer" not in answer.text


def test_a_strangers_browser_is_sent_to_the_login(server: Server) -> None:
    answer = ask(server, "GET", "/hub/", headers={"Accept": "text/html"})
    assert answer.status_code == 303
    assert answer.headers["location"].startswith("/auth/login")


def test_the_roles_are_airflows(server: Server) -> None:
    wanted = {
        "viewer": ["viewer"],
        "steward": ["controller", "steward", "viewer"],
        "admin": ["admin", "controller", "steward", "viewer"],
    }
    for user, roles in wanted.items():
        headers = {"Authorization": f"Bearer {server.token(user)}"}
        found = ask(server, "GET", "/hub/api/v1/me", headers=headers).json()
        assert found["roles"] == roles


def test_the_wrong_role_is_refused_by_every_route(server: Server, routes: list[Route]) -> None:
    headers = {"Authorization": f"Bearer {server.token('viewer')}"}
    for method, path, roles in routes:
        if roles and "viewer" not in roles:
            assert ask(server, method, path, headers=headers).status_code == 403, (method, path)


def test_a_browser_sees_the_pages_and_their_files(server: Server) -> None:
    cookies = {"_token": server.token("steward")}
    page = ask(server, "GET", "/hub/", cookies=cookies)
    assert page.status_code == 200
    assert "frame-ancestors 'self'" in page.headers["content-security-policy"]
    (style,) = set(re.findall(r'href="(/hub/[^"]+\.css)"', page.text))
    assert ask(server, "GET", style, cookies=cookies).status_code == 200


def test_no_change_without_the_pages_token(server: Server, routes: list[Route]) -> None:
    cookies = {"_token": server.token("admin")}
    for method, path, roles in routes:
        if roles and method not in ("GET", "HEAD"):
            answer = ask(server, method, path, cookies=cookies)
            assert answer.status_code == 403, (method, path)


def test_airflow_shows_them_in_its_navigation(server: Server) -> None:
    plugins = server.call("GET", "/api/v2/plugins")["plugins"]
    (ours,) = [plugin for plugin in plugins if plugin["name"] == "hub"]
    (view,) = ours["external_views"]
    assert view["href"] == "/hub/"
    assert view["nav_top_level"] is True
