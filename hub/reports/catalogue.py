"""The reports there are: those that ship with the hub, a company's own folder, its plugins."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from hashlib import blake2b
from importlib.metadata import entry_points
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

import orjson
import pluggy
import yaml
from pydantic import ValidationError

from hub.errors import ConfigError
from hub.reports.definition import ReportDefinition

ENTRY_POINT_GROUP: Final = "hub.reports"
_SHIPPED: Final = Path(__file__).parent / "definitions"
_LARGEST: Final = 1_000_000

hookspec = pluggy.HookspecMarker("hub")
hookimpl = pluggy.HookimplMarker("hub")
Reports = Mapping[str, ReportDefinition]


class ReportHooks:
    """The hook of a company's own reports (entry point group hub.reports)."""

    @hookspec
    def hub_reports(self) -> Iterable[Mapping[str, Any]]:  # type: ignore[empty-body]  # a hook
        """Return reports, each as its YAML file would say it."""


@cache
def shipped_reports() -> Reports:
    """R1 to R14 and the scorecard, by their ids."""
    return MappingProxyType(_gathered(read_folder(_SHIPPED)))


def all_reports(folder: Path | None = None, plugins: Iterable[object] = ()) -> Reports:
    """Every report by its id, those shipped first; ConfigError says which file is wrong and why.

    ``folder`` is the company's own, which may be missing; ``plugins`` add to those installed.
    """
    own = read_folder(folder) if folder and folder.is_dir() else ()
    named = [(f"reports {d.id}", d) for d in shipped_reports().values()]
    return _gathered([*named, *own, *_hooked(plugins)])


def read_folder(folder: Path) -> Iterator[tuple[str, ReportDefinition]]:
    """The definitions in a folder's YAML files, each with its place."""
    for path in sorted(folder.glob("*.yaml"), key=lambda item: (len(item.stem), item.stem)):
        yield str(path), read_definition(_loaded(path), str(path))


def read_definition(content: Any, place: str) -> ReportDefinition:
    """A definition from what its file says; ConfigError names place, field and flaw."""
    try:
        return ReportDefinition.model_validate(content)
    except ValidationError as error:
        flaws = [
            f"{'.'.join(map(str, flaw['loc'])) or 'report'}: {flaw['msg']}"
            for flaw in error.errors(include_input=False, include_url=False)
        ]
        raise ConfigError(f"{place}: {'; '.join(flaws[:5])}") from error


def rules_hash(reports: Iterable[ReportDefinition]) -> str:
    """A fingerprint of what the reports compare."""
    content = [definition.model_dump(mode="json") for definition in reports]
    return blake2b(orjson.dumps(content, option=orjson.OPT_SORT_KEYS), digest_size=16).hexdigest()


def _loaded(path: Path) -> Any:
    try:
        if path.stat().st_size > _LARGEST:
            raise ConfigError(f"{path}: larger than {_LARGEST:,} bytes; a report is a page of text")
        return yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: can't be read ({type(error).__name__})") from error
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f", line {mark.line + 1}" if mark else ""
        raise ConfigError(
            f"{path}{line}: not YAML; see the reports that ship as examples"
        ) from error


def _gathered(found: Iterable[tuple[str, ReportDefinition]]) -> dict[str, ReportDefinition]:
    reports: dict[str, ReportDefinition] = {}
    for place, definition in found:
        if definition.id in reports:
            raise ConfigError(
                f"{place}: report {definition.id} is there already; choose another id"
            )
        reports[definition.id] = definition
    return reports


def _hooked(extra: Iterable[object]) -> Iterator[tuple[str, ReportDefinition]]:
    manager = pluggy.PluginManager("hub")
    manager.add_hookspecs(ReportHooks)
    try:
        for entry in sorted(entry_points(group=ENTRY_POINT_GROUP), key=lambda item: item.name):
            manager.register(entry.load(), name=entry.name)
        for plugin in extra:
            manager.register(plugin)
        manager.check_pending()
    except Exception as error:  # a foreign module may raise anything
        raise ConfigError(f"a plugin of {ENTRY_POINT_GROUP} is wrong: {error}") from error
    for plugin in manager.get_plugins():
        name = f"plugin {manager.get_name(plugin)}"
        others = [other for other in manager.get_plugins() if other is not plugin]
        for reports in manager.subset_hook_caller("hub_reports", others)():
            for content in _listed(reports, name):
                yield name, read_definition(content, name)


def _listed(reports: Any, name: str) -> list[Any]:
    if isinstance(reports, (list, tuple)):
        return list(reports)
    raise ConfigError(f"{name}: hub_reports returned {type(reports).__name__}, not a list")
