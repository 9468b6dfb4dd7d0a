"""Signing in at a provider of OpenID Connect: a strict one with faults, and a foreign one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from urllib.parse import urlsplit

import oidc_provider_mock
import pytest
import requests

from hub.config import load_config
from hub.errors import ConfigError
from hub.pipeline.connections import Site
from hub.pipeline.people import new_client, people_text
from hub.pipeline.workplace import Workplace
from hub.plugins import discover
from hub.roles import Role
from hub.store.database import open_store
from hub.store.schema import migrate
from hub.web.app import create_app, find_access, signing_key
from tests.servers.process import reserved_port
from tests.web.provider import CLIENT, SECRET, StandInProvider, providing
from tests.web.served import Caller, served

Start = Callable[[str], Caller]
CONFIG = """\
[web]
url = "http://127.0.0.1:{port}"

[web.oidc]
issuer = "{issuer}"
client_id = "{client}"
client_secret = "env:OIDC_SECRET"
title = "Nordlicht"
roles_claim = "realm.groups"

[web.oidc.roles]
"data stewards" = "steward"
audit = "controller"
"""


@pytest.fixture
def start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Start]:
    """Serve a hub that trusts a provider."""
    monkeypatch.setenv("OIDC_SECRET", SECRET)
    ending = ExitStack()

    def serve(issuer: str) -> Caller:
        port = ending.enter_context(reserved_port())
        text = CONFIG.format(port=port, issuer=issuer, client=CLIENT)
        (tmp_path / "hub.toml").write_text(text, encoding="utf-8")
        config = load_config(tmp_path / "hub.toml")
        engine = open_store(config.store_url)
        ending.callback(engine.dispose)
        migrate(engine)
        work = Workplace(Site(config, discover(), {}), engine)
        key = signing_key(work)
        app = create_app(work, access=find_access(work, key), key=key)
        return Caller(ending.enter_context(served(app, port=port)))

    with ending:
        yield serve


@pytest.fixture
def provider() -> Iterator[StandInProvider]:
    with providing() as running:
        running.claims["realm"] = {"groups": ["data stewards", "canteen"]}
        yield running


def path_of(address: str) -> str:
    parts = urlsplit(address)
    return f"{parts.path}?{parts.query}" if parts.query else parts.path


def go_and_come_back(browser: Caller, following: str = "/") -> requests.Response:
    """Off to the provider, which lets everybody in at once, and back with its answer."""
    away = browser.get("/sign-in/provider", params={"next": following})
    assert away.status_code == 303, away.text
    back = browser.session.get(away.headers["location"], allow_redirects=False, timeout=30)
    return browser.get(path_of(back.headers["location"]))


def test_whoever_the_provider_knows_is_in(start: Start, provider: StandInProvider) -> None:
    browser = start(provider.issuer)
    assert "Sign in at Nordlicht" in browser.get("/sign-in").text
    assert 'name="password"' not in browser.get("/sign-in").text
    answer = go_and_come_back(browser, "/?here=1")
    assert (answer.status_code, answer.headers["location"]) == (303, "/?here=1")
    me = browser.get("/api/v1/me").json()
    assert me == {"id": "u-1", "name": "Anna Muster", "roles": ["steward"]}
    assert browser.post("/sign-out", data={"csrf_token": browser.token()}).status_code == 303
    assert browser.get("/api/v1/me").status_code == 401


def test_roles_may_stand_beside_the_token(start: Start, provider: StandInProvider) -> None:
    del provider.claims["realm"]
    provider.more = {"sub": "u-1", "realm": {"groups": ["audit"]}}
    browser = start(provider.issuer)
    assert go_and_come_back(browser).status_code == 303
    assert browser.get("/api/v1/me").json()["roles"] == ["controller"]


def test_what_is_told_of_another_person_is_refused(start: Start, provider: StandInProvider) -> None:
    del provider.claims["realm"]
    provider.more = {"sub": "u-2", "realm": {"groups": ["audit"]}}
    assert go_and_come_back(start(provider.issuer)).status_code == 403


def test_who_has_no_role_stays_out(start: Start, provider: StandInProvider) -> None:
    provider.claims["realm"] = {"groups": ["canteen", "admin"]}
    browser = start(provider.issuer)
    answer = go_and_come_back(browser)
    assert (answer.status_code, "no role here" in answer.text) == (403, True)
    assert browser.get("/api/v1/me").status_code == 401


@pytest.mark.parametrize(
    "fault",
    [
        *("nonce", "issuer", "audience", "expired", "azp", "no subject", "unsigned"),
        *("signed by the secret", "strange key", "iss of another", "refused"),
    ],
)
def test_a_bad_answer_lets_nobody_in(start: Start, provider: StandInProvider, fault: str) -> None:
    provider.fault = fault
    browser = start(provider.issuer)
    answer = go_and_come_back(browser)
    assert (answer.status_code, "sign in again" in answer.text) == (403, True)
    assert "hub_session" not in browser.session.cookies
    assert browser.get("/api/v1/me").status_code == 401


@pytest.mark.parametrize("fault", ["other issuer", "no TLS"])
def test_a_provider_that_is_not_what_it_says_is_not_gone_to(
    start: Start, provider: StandInProvider, fault: str
) -> None:
    provider.fault = fault
    assert start(provider.issuer).get("/sign-in/provider").status_code == 403


def test_a_provider_that_is_away_is_named_and_tried_again(
    start: Start, provider: StandInProvider
) -> None:
    browser = start("http://127.0.0.1:9")
    answer = browser.get("/sign-in/provider")
    assert (answer.status_code, "try again later" in answer.text) == (503, True)
    assert browser.get("/sign-in").status_code == 200


def test_an_answer_is_good_once_and_for_one_browser(
    start: Start, provider: StandInProvider
) -> None:
    browser, thief = (caller := start(provider.issuer)), Caller(caller.address)
    away = browser.get("/sign-in/provider").headers["location"]
    back = path_of(browser.session.get(away, allow_redirects=False, timeout=30).headers["location"])
    assert thief.get(back).status_code == 400
    thief.get("/sign-in/provider")
    assert thief.get(back).status_code == 403
    again = browser.session.cookies.copy()
    assert browser.get(back).status_code == 303
    assert Caller(browser.address).get(back, cookies=again).status_code == 403


def test_tokens_of_programs_still_count(
    start: Start, provider: StandInProvider, tmp_path: Path
) -> None:
    client, token = new_client("crm", "crm", [Role.VIEWER])
    (tmp_path / "people.json").write_bytes(people_text({"crm": client}))
    browser = start(provider.issuer)
    go_and_come_back(browser)
    shown = {"Authorization": f"Bearer {token}"}
    assert browser.get("/api/v1/me", headers=shown).json()["id"] == "crm"
    assert browser.get("/api/v1/me", headers={"Authorization": "Bearer x"}).status_code == 401


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_provider_that_is_not_ours_lets_people_in(start: Start) -> None:
    """https://pypi.org/project/oidc-provider-mock: built on Authlib's server."""
    with oidc_provider_mock.run_server_in_thread() as server:
        issuer = f"http://localhost:{server.server_port}"
        claims = {"name": "Alice", "realm": {"groups": ["audit", "data stewards"]}}
        requests.put(f"{issuer}/users/alice", json=claims, timeout=10).raise_for_status()
        browser = start(issuer)
        away = browser.get("/sign-in/provider").headers["location"]
        form = {"sub": "alice"}
        back = requests.post(away, data=form, allow_redirects=False, timeout=10)
        assert browser.get(path_of(back.headers["location"])).status_code == 303
        me = browser.get("/api/v1/me").json()
    assert me == {"id": "alice", "name": "Alice", "roles": ["controller", "steward"]}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('[web.oidc]\nissuer = "https://x"\nclient_id = "hub"\n', "oidc needs `url`"),
        ('[web]\nurl = "https://h"\n[web.oidc]\nissuer = "http://x"\nclient_id = "h"\n', "issuer"),
        ('[web.oidc]\nisuer = "https://x"\n', "did you mean 'issuer'"),
        ('[web.oidc.roles]\nstaff = "boss"\n', "web.oidc.roles.staff"),
    ],
)
def test_a_wrong_setting_is_named(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "hub.toml").write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError, match=message):
        load_config(tmp_path / "hub.toml")
