"""What the hub imports, its package asks for: nothing of the developers' tools."""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from collections.abc import Iterator
from importlib.metadata import packages_distributions
from pathlib import Path

ROOT = Path(__file__).parents[2]
OURS = {"hub", "connectors", "dags", "mappings"}
NOT_FOR_USERS = {"dev"}
DISTRIBUTIONS = {"airflow": ["apache-airflow"]}
"""Of modules that are not installed here."""


def _imported() -> Iterator[tuple[str, str]]:
    """File and top-level module of every import of another project's."""
    for path in sorted([*ROOT.glob("hub/**/*.py"), *ROOT.glob("connectors/**/*.py")]):
        for node in ast.walk(ast.parse(path.read_text())):
            names = [item.name for item in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom) and node.module and not node.level:
                names = [node.module]
            for name in names:
                module = name.partition(".")[0]
                if module not in OURS and module not in sys.stdlib_module_names:
                    yield str(path.relative_to(ROOT)), module


def _plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def _asked_for() -> set[str]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"]
    lines = [line for name in extras.keys() - NOT_FOR_USERS for line in extras[name]]
    found = (re.match(r"[\w.-]+", line) for line in [*project["dependencies"], *lines])
    return {_plain(match[0]) for match in found if match}


def test_every_import_is_a_dependency() -> None:
    sources, asked = {**DISTRIBUTIONS, **packages_distributions()}, _asked_for()
    missing = {
        (path, module)
        for path, module in _imported()
        if not {_plain(name) for name in sources.get(module, [module])} & asked
    }
    assert missing == set()
