"""Templates to files. What comes from a stranger's document is only ever written as a literal."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import orjson
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from hub.errors import ConfigError

TEMPLATES: Final = Path(__file__).parent / "templates"


def render(folder: Path, values: Mapping[str, Any]) -> dict[str, str]:
    """The files that the templates of a folder make, by path; ``{name}`` in a path is a value.

    In templates, the filter ``lit`` writes a value as a literal that Python, TOML and YAML share.
    """
    environment = Environment(
        loader=FileSystemLoader(folder),
        undefined=StrictUndefined,
        autoescape=False,  # noqa: S701  # source code, not HTML: foreign values go through `lit`
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters["lit"] = _literal
    return {
        name.removesuffix(".j2").format(**values): environment.get_template(name).render(**values)
        for name in environment.list_templates(extensions=["j2"])
    }


def write_files(target: Path, files: Mapping[str, str]) -> list[Path]:
    """Write them below a folder that is new or empty; nothing that is there is written over."""
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise ConfigError(f"{target} is there already and not empty; nothing was written")
    written = []
    for name, text in sorted(files.items()):
        path = target / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        written.append(path)
    return written


def _literal(value: Any) -> str:
    """JSON's literals for texts and lists of texts; signs beyond ASCII are escaped."""
    text = orjson.dumps(value).decode()
    plain = "".join(char if char.isascii() else f"\\u{ord(char):04x}" for char in text)
    return plain.replace('","', '", "')
