"""A connector's package, written out: code, stand-in, mapping, facts, page, test and its checks."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

import jinja2

from hub.scaffold.draft import Draft
from hub.scaffold.mapping import mapping_text
from hub.scaffold.samples import change_of, sample_function
from hub.scaffold.source import classes_in, declaration

Files = Mapping[str, str]
KINDS: Final[Mapping[str, str]] = {
    "rest": "rest",
    "jsonrpc": "jsonrpc",
    "odata": "odata",
    "soap": "soap_starter",
}
"""The folder of templates for each way of speaking."""
_COMMON: Final = ("pyproject.toml", "Makefile", "README.md", "hub.toml", "test_connector.py")


def package(draft: Draft, kind: str = "rest") -> Files:
    """The files of a package by their paths; all of its checks pass as it is."""
    made = {_place(name, draft): _render(name, draft, kind) for name in _COMMON}
    folder = f"hub_{draft.name}"
    for name in _own_templates(KINDS[kind]):
        made[f"{folder}/{Path(name).name}"] = _render(name, draft, kind)
    made[f"{folder}/{draft.name}.yaml"] = mapping_text(draft)
    made[f"{folder}/py.typed"] = ""
    return made


def checks(name: str, title: str = "") -> Files:
    """What makes a drafted package checkable: its settings, and the test by the kit."""
    shown = "".join(part.title() for part in name.split("_"))
    words = {"name": name, "package": f"hub_{name}", "title": title or name, "class_name": shown}
    return {
        "hub.toml": _fill("hub.toml", words),
        "pyproject.toml": _fill("pyproject.toml", words),
        "Makefile": _fill("Makefile", words),
        f"tests/test_{name}.py": _fill("test_connector.py", words),
        f"hub_{name}/py.typed": "",
    }


def _place(template: str, draft: Draft) -> str:
    return f"tests/test_{draft.name}.py" if template == "test_connector.py" else template


def _own_templates(kind: str) -> list[str]:
    folder = files("hub.scaffold").joinpath("templates", kind)
    return sorted(f"{kind}/{item.name.removesuffix('.j2')}" for item in folder.iterdir())


def _render(name: str, draft: Draft, kind: str) -> str:
    return _fill(name, {"draft": draft, "kind": kind, **_words(draft)})


def _fill(name: str, words: Mapping[str, Any]) -> str:
    text = files("hub.scaffold").joinpath("templates", f"{name}.j2").read_text(encoding="utf-8")
    return _ENVIRONMENT.from_string(text).render(**words).rstrip("\n") + "\n"


def _words(draft: Draft) -> dict[str, Any]:
    """What templates say of a draft, in Python."""
    streams = [item.stream for item in draft.streams]
    used = {name for stream in streams for name in classes_in(stream)}
    writes = {item.constant: change_of(item) for item in draft.streams if item.stream.write}
    return {
        "title": draft.title,
        "name": draft.name,
        "package": f"hub_{draft.name}",
        "class_name": "".join(part.title() for part in draft.name.split("_")),
        "classes": sorted(used),
        "declarations": [declaration(item.constant, item.stream) for item in draft.streams],
        "sample_functions": [sample_function(item) for item in draft.streams],
        "changes": {
            item.stream.name: writes[item.constant] for item in draft.streams if item.stream.write
        },
        "constants": [item.constant for item in draft.streams],
        "declared": {stream.name: stream.declared() for stream in streams},
    }


_ENVIRONMENT: Final = jinja2.Environment(
    undefined=jinja2.StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    autoescape=False,  # noqa: S701  # makes code, no page
    keep_trailing_newline=True,
)
