"""An Airflow Connection becomes the settings that each connector asks for."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import orjson
import pytest

from hub.config import load_config
from hub.errors import ConfigError
from hub.pipeline.connections import Site
from hub.plugins import discover

pytest.importorskip("airflow", reason="runs in .venv-airflow")
pytestmark = pytest.mark.airflow

FORM = {"conn_type": "generic", "host": "crm.example.com", "login": "reader", "password": "s3cret!"}


def read(monkeypatch: pytest.MonkeyPatch, **form: Any) -> Mapping[str, Any]:
    """What the adapter makes of a connection given as Airflow takes it from the environment."""
    from hub.airflow.credentials import airflow_credentials

    monkeypatch.setenv("AIRFLOW_CONN_CRM", orjson.dumps({**FORM, **form}).decode())
    return airflow_credentials("crm")


def test_fields_of_the_form(monkeypatch: pytest.MonkeyPatch) -> None:
    assert read(monkeypatch) == {
        "host": "crm.example.com",
        "login": "reader",
        "password": "s3cret!",
        "base_url": "https://crm.example.com",
    }


@pytest.mark.parametrize(
    ("form", "address"),
    [
        ({"port": 8443}, "https://crm.example.com:8443"),
        ({"port": 8000, "schema": "http"}, "http://crm.example.com:8000"),
        ({"host": "http://crm.example.com/live/"}, "http://crm.example.com/live"),
    ],
)
def test_address(monkeypatch: pytest.MonkeyPatch, form: dict[str, Any], address: str) -> None:
    assert read(monkeypatch, **form)["base_url"] == address


def test_extra_goes_before_the_form(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = read(monkeypatch, extra={"base_url": "https://other.example.com", "page_size": 50})
    assert settings["base_url"] == "https://other.example.com"
    assert settings["page_size"] == 50


@pytest.mark.parametrize("extra", ["{broken", "[1]", '"text"'])
def test_an_extra_that_is_no_object_is_refused(monkeypatch: pytest.MonkeyPatch, extra: str) -> None:
    with pytest.raises(ConfigError, match="extra is not a JSON object"):
        read(monkeypatch, extra=extra)


def test_a_missing_connection_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    from hub.airflow.credentials import airflow_credentials

    with pytest.raises(ConfigError, match="'nowhere' can't be read; create it") as caught:
        airflow_credentials("nowhere")
    assert caught.value.__suppress_context__


def opened(folder: Path, monkeypatch: pytest.MonkeyPatch, *, connector: str, **form: Any) -> Any:
    """The settings with which the connector is opened; nothing is asked of any system."""
    from hub.airflow.credentials import airflow_credentials

    path = folder / "hub.toml"
    lines = ["[connections.crm]", f'connector = "{connector}"', 'credentials = "airflow:crm"']
    path.write_text("\n".join(lines), encoding="utf-8")
    monkeypatch.setenv("AIRFLOW_CONN_CRM", orjson.dumps({**FORM, **form}).decode())
    site = Site(load_config(path), discover(), {"airflow": airflow_credentials})
    found = airflow_credentials("crm")
    with site.connected("crm"):
        return found


@pytest.mark.parametrize(
    ("connector", "form"),
    [
        ("salesforce", {}),
        ("request_tracker", {}),
        ("imap", {"port": 993}),
        ("tryton", {"host": "https://erp.example.com/production", "extra": {"key": "the-key"}}),
        ("dolibarr", {"extra": {"key": "the-key"}}),
    ],
)
def test_every_connector_opens(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, connector: str, form: dict[str, Any]
) -> None:
    assert opened(tmp_path, monkeypatch, connector=connector, **form)


def test_a_misspelt_setting_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ConfigError, match="pagesize: unknown key") as caught:
        opened(tmp_path, monkeypatch, connector="request_tracker", extra={"pagesize": 5})
    assert "s3cret!" not in str(caught.value)


def test_a_password_is_no_key_where_both_are_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(ConfigError, match="key: Field required"):
        opened(tmp_path, monkeypatch, connector="dolibarr")
