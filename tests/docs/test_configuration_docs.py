"""The reference of hub.toml lists what the code knows: keys, defaults, meanings, variables."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import pytest
from pydantic import BaseModel, SecretStr
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from hub.config import (
    ConnectionSection,
    HubConfig,
    HubSection,
    MaintainSection,
    PushSection,
    ResolveSection,
    load_config,
)
from hub.mailing import MailSection
from hub.ownership import Audience, BrakesSection, Owner, PublishRule, PublishSection
from hub.plugins import discover
from hub.roles import OidcSection, WebSection
from hub.sdk import ConnectorSpec
from tests.architecture.source import ROOT

PAGE = ROOT / "docs" / "configuration.md"
TEXT = PAGE.read_text(encoding="utf-8")
SECTIONS: dict[str, type[BaseModel]] = {
    "[hub]": HubSection,
    "[connections.NAME]": ConnectionSection,
    "[resolve]": ResolveSection,
    "[publish]": PublishSection,
    "[[publish.owners]]": Owner,
    "[[publish.rules]]": PublishRule,
    "[[publish.rules]] only": Audience,
    "[publish.brakes.NAME]": BrakesSection,
    "[push]": PushSection,
    "[maintain]": MaintainSection,
    "[mail]": MailSection,
    "[web]": WebSection,
    "[web.oidc]": OidcSection,
}


def render_default(field: FieldInfo) -> str:
    default: Any = field.get_default(call_default_factory=True)
    if default is PydanticUndefined:
        return "required"
    if default in (None, (), {}, "") or isinstance(default, BaseModel):
        return "—"
    return f"`{default if isinstance(default, str) else json.dumps(default)}`"


def rows(model: type[BaseModel]) -> Iterator[str]:
    yield "| Key | Default | Meaning |"
    yield "|---|---|---|"
    for name, field in model.model_fields.items():
        yield f"| `{name}` | {render_default(field)} | {field.description} |"


def tables() -> str:
    parts = []
    for name, model in SECTIONS.items():
        meaning = (model.__doc__ or "").splitlines()[0].split(": ")[-1]
        head = meaning[:1].upper() + meaning[1:]
        parts += [f"### `{name}`", "", head, "", *rows(model), ""]
    return "\n".join(parts)


def connectors() -> str:
    parts = []
    for name, spec in sorted(discover().connectors.items()):
        parts += [f"### `{name}`", "", f"{spec.title}", "", *_settings(spec), ""]
    return "\n".join(parts)


def _settings(spec: ConnectorSpec) -> Iterator[str]:
    yield "| Setting | Default | Meaning |"
    yield "|---|---|---|"
    yield from _setting_rows(spec.config, "")


def _setting_rows(model: type[BaseModel], place: str) -> Iterator[str]:
    for name, field in model.model_fields.items():
        secret = " **Secret.**" if field.annotation is SecretStr else ""
        meaning = (field.description or "").rstrip(".")
        yield f"| `{place}{name}` | {render_default(field)} | {meaning}.{secret} |"
        for part in get_args(field.annotation):
            if isinstance(part, type) and issubclass(part, BaseModel):
                yield from _setting_rows(part, f"{name}[].")


def section(name: str) -> str:
    return TEXT.split(f"<!-- {name} -->\n")[1].split(f"\n<!-- /{name} -->")[0]


def test_every_key_is_described_as_the_code_describes_it() -> None:
    """Print it anew with: python -m tests.docs.test_configuration_docs"""
    assert section("keys").strip() == tables().strip()


def test_every_setting_of_the_connectors_is_described() -> None:
    assert section("connectors").strip() == connectors().strip()


def test_no_section_is_forgotten() -> None:
    named = {re.findall(r"\w+", name)[0] for name in SECTIONS}
    assert named == set(HubConfig.model_fields) - {"root"}


@pytest.mark.parametrize("model", SECTIONS.values(), ids=lambda model: model.__name__)
def test_every_key_has_a_description(model: type[BaseModel]) -> None:
    bare = [name for name, field in model.model_fields.items() if not field.description]
    assert bare == []


def test_the_example_is_a_good_configuration(tmp_path: Path) -> None:
    (example,) = re.findall(r"```toml\n(.*?)```", TEXT, re.DOTALL)
    (tmp_path / "hub.toml").write_text(example, encoding="utf-8")
    config = load_config(tmp_path / "hub.toml")
    assert set(config.connections) == set(tomllib.loads(example)["connections"])


def test_the_example_of_credentials_fits() -> None:
    (example,) = re.findall(r"```json\n(.*?)```", TEXT, re.DOTALL)
    assert discover().connector("salesforce").config.model_validate_json(example)


def test_the_schemes_are_those_of_the_code() -> None:
    pattern = str(ConnectionSection.model_fields["credentials"].metadata)
    known = re.search(r"\^\(([a-z|]+)\):", pattern)
    assert known is not None
    assert set(re.findall(r"^\| `(\w+):", TEXT, re.MULTILINE)) == set(known[1].split("|"))


def test_the_variables_are_those_of_the_code() -> None:
    read = re.compile(r"environ(?:\.get\(|\[)\"(HUB_[A-Z]+)\"")
    sources = (path.read_text(encoding="utf-8") for path in (ROOT / "hub").rglob("*.py"))
    used = {name for text in sources for name in read.findall(text)}
    assert set(re.findall(r"^\| `(HUB_[A-Z]+)`", TEXT, re.MULTILINE)) == used


def render() -> str:
    """The page with its tables made anew."""
    text = TEXT
    for name, content in (("keys", tables()), ("connectors", connectors())):
        before, rest = text.split(f"<!-- {name} -->\n")
        after = rest.split(f"<!-- /{name} -->")[1]
        text = f"{before}<!-- {name} -->\n{content}<!-- /{name} -->{after}"
    return text


if __name__ == "__main__":
    PAGE.write_text(render(), encoding="utf-8")
