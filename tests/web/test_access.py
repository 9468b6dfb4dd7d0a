"""Who gets in: sign-in, sessions, tokens of programs, and changes that strange pages send."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from fastapi import APIRouter, FastAPI

from hub.config import load_config
from hub.errors import ConfigError
from hub.pipeline.connections import Site
from hub.pipeline.people import LocalPerson, new_client, new_person, people_text
from hub.pipeline.workplace import Workplace
from hub.plugins import discover
from hub.roles import Role
from hub.store.database import open_store
from hub.store.schema import migrate
from hub.web.access import require_rules
from hub.web.app import create_app, find_access
from tests.web.served import Caller, served

PASSWORD = "correct horse battery"
KEY = b"a key of the tests, 32 bytes long"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "hub.toml").write_text("[hub]\n", encoding="utf-8")
    return tmp_path


@pytest.fixture
def program(folder: Path) -> str:
    """The token of a program; `anna` signs in with a password."""
    client, token = new_client("crm", "crm", [Role.VIEWER])
    anna = new_person("anna", "Anna", [Role.STEWARD], password=PASSWORD)
    write(folder, anna, client)
    return token


@pytest.fixture
def site(folder: Path, program: str) -> Iterator[Caller]:
    with serving(folder) as caller:
        yield caller


@contextmanager
def serving(folder: Path) -> Iterator[Caller]:
    """A server of the site, as one of several processes: with a store of its own, and one key."""
    config = load_config(folder / "hub.toml")
    engine = open_store(config.store_url)
    migrate(engine)
    work = Workplace(Site(config, discover(), {}), engine)
    with served(create_app(work, access=find_access(work, KEY), key=KEY)) as address:
        yield Caller(address)
    engine.dispose()


def write(folder: Path, *people: LocalPerson) -> None:
    (folder / "people.json").write_bytes(people_text({who.login: who for who in people}))


def test_nobody_sees_a_page_without_signing_in(site: Caller) -> None:
    answer = site.get("/")
    assert answer.status_code == 303
    assert answer.headers["location"] == "/sign-in?next=/"
    assert site.get("/api/v1/me").status_code == 401


def test_whoever_knows_the_password_gets_where_he_wanted(site: Caller) -> None:
    answer = site.sign_in("Anna ", PASSWORD, following="/?x=1")
    assert (answer.status_code, answer.headers["location"]) == (303, "/?x=1")
    cookie = answer.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=lax" in cookie
    assert site.get("/").status_code == 200
    assert site.get("/api/v1/me").json() == {"id": "anna", "name": "Anna", "roles": ["steward"]}


@pytest.mark.parametrize("login", ["anna", "nobody", "crm"])
def test_a_wrong_password_is_refused_alike(site: Caller, login: str) -> None:
    answer = site.sign_in(login, "a wrong password")
    assert answer.status_code == 401
    assert "do not belong together" in answer.text
    assert "set-cookie" not in answer.headers


@pytest.mark.parametrize("there", ["https://evil.example/", "//evil.example", "/\\evil.example"])
def test_signing_in_leads_to_no_other_site(site: Caller, there: str) -> None:
    assert site.sign_in("anna", PASSWORD, following=there).headers["location"] == "/"


def test_guessing_is_stopped(site: Caller) -> None:
    tries = [site.sign_in("anna", "a wrong password").status_code for _ in range(11)]
    assert tries == [401] * 10 + [429]


def test_a_program_shows_its_token(site: Caller, program: str) -> None:
    mine = {"Authorization": f"Bearer {program}"}
    assert site.get("/api/v1/me", headers=mine).json()["id"] == "crm"
    for wrong in (f"Bearer {program}x", f"Basic {program}", "Bearer "):
        assert site.get("/api/v1/me", headers={"Authorization": wrong}).status_code == 401


def test_who_is_taken_out_is_out_at_once(site: Caller, folder: Path) -> None:
    site.sign_in("anna", PASSWORD)
    assert site.get("/api/v1/me").status_code == 200
    write(folder)
    assert site.get("/api/v1/me").status_code == 401


def test_a_new_password_ends_the_sessions_of_the_old(site: Caller, folder: Path) -> None:
    site.sign_in("anna", PASSWORD)
    write(folder, new_person("anna", "Anna", [Role.STEWARD], password="another one altogether"))
    assert site.get("/api/v1/me").status_code == 401


def test_signing_out_ends_the_session_even_for_a_copy_of_the_cookie(site: Caller) -> None:
    site.sign_in("anna", PASSWORD)
    copied = site.session.cookies.copy()
    assert site.post("/sign-out", data={"csrf_token": site.token()}).status_code == 303
    assert site.get("/api/v1/me", cookies=copied).status_code == 401


def test_signing_out_holds_for_every_process_and_after_a_restart(
    site: Caller, folder: Path
) -> None:
    site.sign_in("anna", PASSWORD)
    copied = site.session.cookies.copy()
    with serving(folder) as other:
        assert other.get("/api/v1/me", cookies=copied).status_code == 200
        assert site.post("/sign-out", data={"csrf_token": site.token()}).status_code == 303
        assert other.get("/api/v1/me", cookies=copied).status_code == 401
    with serving(folder) as again:
        assert again.get("/api/v1/me", cookies=copied).status_code == 401
        assert again.sign_in("anna", PASSWORD).status_code == 303
        assert again.get("/api/v1/me").status_code == 200


def test_a_cookie_that_we_did_not_sign_is_no_session(site: Caller) -> None:
    site.sign_in("anna", PASSWORD)
    name, value = next(iter(site.session.cookies.items()))
    site.session.cookies.clear()
    assert site.get("/api/v1/me", cookies={name: value}).status_code == 200
    assert site.get("/api/v1/me", cookies={name: value[:-2] + "xx"}).status_code == 401


def test_signing_out_needs_the_token_of_this_session(site: Caller) -> None:
    site.sign_in("anna", PASSWORD)
    strange = Caller(site.address)
    strange.sign_in("anna", PASSWORD)
    for shown in ("", "0" * 64, strange.token()):
        assert site.post("/sign-out", data={"csrf_token": shown}).status_code == 403
    foreign = {"Origin": "https://evil.example"}
    mine = {"csrf_token": site.token()}
    assert site.post("/sign-out", data=mine, headers=foreign).status_code == 403
    assert site.post("/sign-out", data=mine, headers={"Origin": site.address}).status_code == 303


def test_every_answer_is_guarded(site: Caller) -> None:
    for path in ("/", "/sign-in", "/api/v1/me", "/nowhere"):
        headers = site.get(path).headers
        assert "script-src 'self'" in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["cache-control"] == "no-store"


def test_the_browsers_files_are_kept_under_their_version(site: Caller) -> None:
    page = site.get("/sign-in").text
    (style,) = [part.split('"')[0] for part in page.split('href="') if ".css" in part[:60]]
    assert "immutable" in site.get(style).headers["cache-control"]
    assert site.get("/static/other/hub.css").headers["cache-control"] == "no-cache"
    assert site.get("/static/other/../../app.py").status_code == 404
    assert site.get("/static/other/%2e%2e/app.py").status_code == 404


def test_a_body_that_is_too_long_is_refused(site: Caller) -> None:
    assert site.post("/sign-in", data="x" * 1_000_001).status_code == 413


def test_a_route_without_a_rule_is_not_served() -> None:
    app, router = FastAPI(openapi_url=None, docs_url=None, redoc_url=None), APIRouter()

    @router.get("/forgotten")
    def forgotten() -> str:
        return ""

    app.include_router(router)
    with pytest.raises(ConfigError, match="no access rule: /forgotten"):
        require_rules(app)
