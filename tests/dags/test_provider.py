"""The distribution as an Airflow provider: what it says of itself is valid, current and light."""

from __future__ import annotations

import json
import subprocess
import sys
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

import pytest

from hub.airflow.forms import connection_types
from hub.airflow.provider import CONNECTION_TYPES, get_provider_info
from hub.plugins import discover

CONNECTORS = {
    name: spec
    for name, spec in discover().connectors.items()
    if spec.config.__module__.startswith("connectors.")
}


def form(connector: str) -> dict[str, Any]:
    """The form of one connector, as Airflow is told of it."""
    types = get_provider_info()["connection-types"]
    (found,) = [one for one in types if one["connection-type"] == f"hub_{connector}"]
    return dict(found)


def test_the_file_of_forms_is_current() -> None:
    told = "run: python -m hub.airflow.forms"
    assert json.loads(CONNECTION_TYPES.read_bytes()) == connection_types(), told


def test_airflow_finds_it() -> None:
    (entry,) = [e for e in entry_points(group="apache_airflow_provider") if "hub" in e.value]
    assert entry.load() is get_provider_info


def test_it_imports_no_connector() -> None:
    code = (
        "import sys; from hub.airflow.provider import get_provider_info; get_provider_info();"
        "print([n for n in sys.modules if n.startswith(('connectors', 'zeep', 'sqlalchemy'))])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize("connector", sorted(CONNECTORS))
def test_every_setting_has_a_field(connector: str) -> None:
    made = form(connector)
    behaviour = made["ui-field-behaviour"]
    fields = len(behaviour["relabeling"]) + len(made["conn-fields"])
    assert fields == len(CONNECTORS[connector].config.model_fields.keys() - {"own_domains"})
    assert not behaviour["relabeling"].keys() & set(behaviour["hidden-fields"])


@pytest.mark.airflow
@pytest.mark.parametrize("connector", sorted(CONNECTORS))
def test_every_secret_is_masked(connector: str) -> None:
    pytest.importorskip("airflow", reason="runs in .venv-airflow")
    from airflow._shared.secrets_masker import should_hide_value_for_key

    secrets = [
        name
        for name, item in form(connector)["conn-fields"].items()
        if item["schema"].get("format") == "password"
    ]
    assert all(should_hide_value_for_key(name) for name in secrets)


@pytest.mark.airflow
@pytest.mark.parametrize("schema", ["provider_info.schema.json", "provider.yaml.schema.json"])
def test_it_is_valid(schema: str) -> None:
    """The second schema, for providers inside Airflow, is the one that knows forms."""
    airflow = pytest.importorskip("airflow", reason="runs in .venv-airflow")
    from jsonschema import validate

    rules = json.loads((Path(airflow.__path__[0]) / schema).read_bytes())
    info = get_provider_info()
    if "yaml" in schema:
        validate(info["connection-types"], rules["properties"]["connection-types"])
    else:
        validate(info, rules)


@pytest.mark.airflow
def test_airflow_shows_the_forms() -> None:
    pytest.importorskip("airflow", reason="runs in .venv-airflow")
    from airflow.providers_manager import ProvidersManager

    manager = ProvidersManager()
    hooks = {name for name in manager.hooks if name.startswith("hub_")}
    assert hooks == {f"hub_{name}" for name in CONNECTORS}
    assert all(manager.hooks[name].connection_testable for name in hooks)
    widget = manager.connection_form_widgets["extra__hub_tryton__key_secret"]
    assert widget.is_sensitive
    assert manager.field_behaviours["hub_imap"]["relabeling"]["login"] == "Username"
