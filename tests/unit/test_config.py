"""hub.toml: what is wrong, where, and what to do; never a secret."""

from __future__ import annotations

from pathlib import Path

import pytest

from hub.config import find_config, load_config, read_credentials
from hub.errors import ConfigError

GOOD = """
[hub]
store = "sqlite:///hub.db"
[connections.sfa]
connector = "salesforce"
credentials = "env:HUB_SFA"
[[publish.rules]]
attribute = "phone"
connection = "sfa"
stream = "Contact"
"""


SYSTEMS = "".join(f"[connections.{name}]\nconnector='{name}'\n" for name in ("sfa", "erp"))
OWNER = "[[publish.owners]]\nattribute='phone'\nconnection='sfa'\n"
RULE = "[[publish.rules]]\nattribute='phone'\nconnection='sfa'\nstream='Contact'\n"


def write(folder: Path, text: str) -> Path:
    path = folder / "hub.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_good_file_is_read(tmp_path: Path) -> None:
    config = load_config(write(tmp_path, GOOD))
    assert config.connection("sfa").connector == "salesforce"
    assert config.store_url == f"sqlite:///{tmp_path.resolve() / 'hub.db'}"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[hub\n", "line 1"),
        ("[hub]\nstor = 'x'", "hub.stor: unknown key, did you mean 'store'?"),
        ("[connections.sfa]\nconector = 'x'", "did you mean 'connector'"),
        ("[connections.sfa]\noptions = {}", "connections.sfa.connector: Field required"),
        ("[connections.Sfa]\nconnector = 'x'", "connections.Sfa"),
        ("[connections.a]\nconnector='x'\ncredentials='swordfish'", "connections.a.credentials"),
        (
            "[publish]\n[[publish.rules]]\nattribute='phone'\nconnection='x'\nstream='y'",
            "no connection",
        ),
        ("[[publish.rules]]\nattribute='shoe'\nconnection='x'\nstream='y'", "rules.0.attribute"),
        (
            OWNER + OWNER.replace("sfa", "erp"),
            "publish.owners.1: phone has two owners, sfa and erp",
        ),
        (OWNER + RULE, "publish.rules.0: sfa owns phone and would be sent its own value: a circle"),
        (RULE + RULE, "publish.rules.1: a second rule for phone in sfa/Contact"),
        (OWNER + "[resolve.trust]\nphone=['erp']\n", "owned by sfa, but resolve.trust.phone"),
        (OWNER.replace("sfa", "x"), "publish.owners.0.connection: there is no connection 'x'"),
        ("[publish.conflicts]\nphone='owner'\n", "publish.conflicts.phone: phone has no owner"),
        (OWNER + "[publish.conflicts]\nphone='newest'\n", "can't count before an owner"),
        ("[publish.conflicts]\nphone='none'\n", "publish.conflicts.phone"),
        (RULE + "only={role='x'}\n", "only.role: unknown key, did you mean 'roles'?"),
        ("[resolve]\nmax_merges = -1", "resolve.max_merges"),
        ("root = '/'", "unknown key 'root'"),
    ],
)
def test_a_flaw_is_named_with_its_place(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load_config(write(tmp_path, f"{text}\n{SYSTEMS}" if text.startswith("[[") else text))
    assert message in str(caught.value)
    assert "swordfish" not in str(caught.value)


def test_an_owner_is_trusted_before_all_others(tmp_path: Path) -> None:
    text = OWNER + OWNER.replace("phone", "given") + "[resolve.trust]\n'*'=['erp','sfa']\n"
    config = load_config(write(tmp_path, text + SYSTEMS))
    assert config.trust == {
        "*": ("erp", "sfa"),
        "phone": ("sfa", "erp"),
        "name": ("sfa", "erp"),
    }


def test_where_the_newest_counts_no_connection_is_trusted_first(tmp_path: Path) -> None:
    text = "[publish.conflicts]\nemail = 'newest'\n" + SYSTEMS
    assert load_config(write(tmp_path, text)).trust == {"email": ("steward",)}


def test_an_unknown_connection_gets_a_suggestion(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="did you mean 'sfa'"):
        load_config(write(tmp_path, GOOD)).connection("sfaa")


def test_the_file_is_looked_for_in_the_documented_order(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("HUB_CONFIG", raising=False)
    with pytest.raises(ConfigError, match="hub init"):
        find_config()
    (tmp_path / "hub-demo").mkdir()
    demo = write(tmp_path / "hub-demo", GOOD)
    assert find_config().resolve() == demo
    own = write(tmp_path, GOOD)
    assert find_config().resolve() == own
    monkeypatch.setenv("HUB_CONFIG", str(tmp_path / "hub-demo"))
    assert find_config().resolve() == demo


def test_credentials_come_from_where_the_reference_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HUB_SFA", '{"client_secret": "s3cret"}')
    (tmp_path / "sfa.json").write_text('{"client_secret": "filed"}', encoding="utf-8")
    read = {
        reference: read_credentials(
            reference, root=tmp_path, resolvers={"airflow": lambda name: {"conn": name}}
        )
        for reference in ("env:HUB_SFA", "file:sfa.json", "airflow:sfa_default")
    }
    assert read["env:HUB_SFA"] == {"client_secret": "s3cret"}
    assert read["file:sfa.json"] == {"client_secret": "filed"}
    assert read["airflow:sfa_default"] == {"conn": "sfa_default"}


def test_a_credentials_file_that_is_no_text_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "key.json").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ConfigError, match=r"key\.json is not JSON"):
        read_credentials("file:key.json", root=tmp_path, resolvers={})


@pytest.mark.parametrize("content", ["{not json", '["list"]', None])
def test_bad_credentials_are_an_error_without_their_content(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: str | None
) -> None:
    monkeypatch.delenv("HUB_SFA", raising=False)
    if content is not None:
        monkeypatch.setenv("HUB_SFA", content)
    with pytest.raises(ConfigError) as caught:
        read_credentials("env:HUB_SFA", root=tmp_path, resolvers={})
    assert "HUB_SFA" in str(caught.value)
    assert (content or "nothing") not in str(caught.value)
