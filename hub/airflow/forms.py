"""Forms of the connection types, made from the connectors' config models.

They are made once, by ``python -m hub.airflow.forms``, into a file that the provider reads: Airflow
asks for them in each of its processes, and importing every connector takes seconds. A test holds
the file to the models. Fields as Airflow's provider.yaml.schema.json has them ("conn-fields",
"ui-field-behaviour").
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from hub.airflow.provider import CONNECTION_TYPES, PREFIX
from hub.pipeline.connections import FORM_FIELDS, SECRET_SUFFIX
from hub.plugins import discover
from hub.sdk.contract import ConnectorSpec

_SHARED: Final = frozenset({"own_domains"})
"""Settings that hub.toml gives to every connection."""
_STANDARD: Final = {"base_url": "host", "host": "host"}
"""What stands in the form's own field of another name."""
_MASKED: Final = re.compile("password|secret|token|passphrase|private_key")
"""Names in a connection's extra that Airflow masks by itself."""
_KEPT: Final = ("minimum", "maximum", "enum", "pattern", "minLength", "maxLength")


def connection_types() -> list[dict[str, Any]]:
    """The connection types of the built-in connectors, by name."""
    specs = discover().connectors
    return [
        connection_type(spec)
        for _, spec in sorted(specs.items())
        if spec.config.__module__.startswith("connectors.")
    ]


def connection_type(spec: ConnectorSpec) -> dict[str, Any]:
    """One connector's form; the most used settings take the fields that every form has."""
    properties = spec.config.model_json_schema()["properties"]
    standard = dict(_standard_fields(properties))
    unused = {"host", "port", "login", "password"} - standard.keys()
    rest = {
        _extra_name(name, item): _field(name, item, spec)
        for name, item in properties.items()
        if name not in standard.values() and name not in _SHARED
    }
    return {
        "connection-type": PREFIX + spec.name,
        "hook-class-name": f"hub.airflow.hooks.{class_name(spec.name)}",
        "hook-name": f"Hub: {spec.title}",
        "ui-field-behaviour": {
            "hidden-fields": ["schema", *sorted(unused)],
            "relabeling": {field: _label(name) for field, name in standard.items()},
            "placeholders": {
                field: properties[name].get("description", "") for field, name in standard.items()
            },
        },
        "conn-fields": rest,
    }


def class_name(connector: str) -> str:
    """The name of a connector's hook."""
    return "".join(word.capitalize() for word in connector.split("_")) + "Hook"


def _standard_fields(properties: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Fields of the form with the setting that each of them holds."""
    for field, names in FORM_FIELDS.items():
        own = next((name for name in names if name in properties), None)
        if own is not None:
            yield _STANDARD.get(field, field), own


def _field(name: str, item: Mapping[str, Any], spec: ConnectorSpec) -> dict[str, Any]:
    required = spec.config.model_fields[name].is_required()
    default = item.get("default")
    told = item.get("description", "")
    if required:
        told += " (required)"
    elif default not in (None, "", [], {}):
        told += f" ({_spelt(default)} without it)"
    return {"label": _label(name), "description": told, "schema": _schema(item)}


def _spelt(default: object) -> str:
    if isinstance(default, list):
        return ", ".join(map(str, default))
    return {True: "on", False: "off"}[default] if isinstance(default, bool) else str(default)


def _schema(item: Mapping[str, Any]) -> dict[str, Any]:
    """Without defaults, which the form would write into the connection for good.

    A switch has no third state, and shows what holds where it was never touched.
    """
    kind = next((one for one in item.get("anyOf", ()) if one.get("type") != "null"), item)
    made: dict[str, Any] = {"type": [kind.get("type", "object"), "null"]}
    made |= {name: kind[name] for name in _KEPT if name in kind}
    if kind.get("type") == "array":
        made["items"] = {"type": kind.get("items", {}).get("type", "object")}
    if kind.get("type") == "boolean":
        made["default"] = item["default"]
    if _is_secret(item):
        made["format"] = "password"
    return made


def _extra_name(name: str, item: Mapping[str, Any]) -> str:
    """Airflow masks an extra by its name alone, so a secret has a name that says so."""
    return name + SECRET_SUFFIX if _is_secret(item) and not _MASKED.search(name) else name


def _is_secret(item: Mapping[str, Any]) -> bool:
    return '"writeOnly": true' in json.dumps(item)


def _label(name: str) -> str:
    words = name.replace("_", " ").capitalize()
    return {"Base url": "Address", "Ca file": "CA file"}.get(words, words)


def main() -> None:
    """Write the file anew."""
    made = json.dumps(connection_types(), indent=1, ensure_ascii=False)
    CONNECTION_TYPES.write_text(made + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
