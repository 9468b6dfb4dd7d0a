"""Finds connectors (entry points ``hub.connectors``), verifies them, refuses bad ones by name."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from importlib.metadata import EntryPoint, entry_points
from typing import Any, Final

import pluggy

from hub.errors import ContractError
from hub.model import ENTITIES
from hub.sdk.contract import CONTRACT_VERSION, Capability, ConnectorConfig, ConnectorSpec, Stream
from hub.sdk.hooks import ENTRY_POINT_GROUP, HubHooks
from hub.sdk.standin import StandInSpec


@dataclass(frozen=True, slots=True)
class Refusal:
    """A plugin that was refused, the hook it broke, and why."""

    plugin: str
    hook: str
    reason: str

    def __str__(self) -> str:
        return f"plugin {self.plugin!r}, hook {self.hook}: {self.reason}"


@dataclass(frozen=True, slots=True)
class Registry:
    """The connectors and stand-ins that were accepted, by name, and the plugins that were not."""

    connectors: Mapping[str, ConnectorSpec]
    standins: Mapping[str, StandInSpec]
    refused: tuple[Refusal, ...] = ()

    def connector(self, name: str) -> ConnectorSpec:
        """The connector of that name; ContractError says why there is none."""
        if name in self.connectors:
            return self.connectors[name]
        for refusal in self.refused:
            if refusal.plugin == name:
                raise ContractError(f"connector {name!r} was refused: {refusal}")
        known = ", ".join(sorted(self.connectors)) or "none"
        raise ContractError(
            f"there is no connector {name!r}; installed: {known}. "
            "Install the distribution that provides it, or mend the name in hub.toml"
        )


@dataclass
class _Intake:
    manager: pluggy.PluginManager
    connectors: dict[str, ConnectorSpec] = field(default_factory=dict)
    standins: dict[str, StandInSpec] = field(default_factory=dict)
    refused: list[Refusal] = field(default_factory=list)


def discover(extra: Mapping[str, object] | None = None) -> Registry:
    """Load every installed connector; ``extra`` adds plugin objects by name (tests, notebooks)."""
    manager = pluggy.PluginManager("hub")
    manager.add_hookspecs(HubHooks)
    intake = _Intake(manager)
    for name, plugin in _load(entry_points(group=ENTRY_POINT_GROUP), intake.refused):
        _admit(intake, name, plugin)
    for name, plugin in (extra or {}).items():
        _admit(intake, name, plugin)
    return Registry(intake.connectors, intake.standins, tuple(intake.refused))


def examine(plugin: object) -> tuple[ConnectorSpec, StandInSpec | None]:
    """What this plugin alone provides; ContractError says which hook is wrong, and why."""
    manager = pluggy.PluginManager("hub")
    manager.add_hookspecs(HubHooks)
    intake = _Intake(manager)
    _admit(intake, getattr(plugin, "__name__", "plugin"), plugin)
    if intake.refused:
        raise ContractError(str(intake.refused[0]))
    (spec,) = intake.connectors.values()
    return spec, next(iter(intake.standins.values()), None)


def _load(found: Iterable[EntryPoint], refused: list[Refusal]) -> Iterator[tuple[str, object]]:
    for entry in sorted(found, key=lambda item: item.name):
        try:
            yield entry.name, entry.load()
        except Exception as error:  # noqa: BLE001  # a foreign module may raise anything on import
            reason = f"can't be imported: {type(error).__name__}: {error}"
            refused.append(Refusal(entry.name, "import", reason))


def _admit(intake: _Intake, name: str, plugin: object) -> None:
    """Register one plugin, or note its refusal and leave no trace of it."""
    try:
        intake.manager.register(plugin, name=name)
        intake.manager.check_pending()
    except pluggy.PluginValidationError as error:
        hook = _hook_named_in(str(error))
        intake.refused.append(Refusal(name, hook, " ".join(str(error).split())))
        if intake.manager.is_registered(plugin):
            intake.manager.unregister(plugin)
        return
    except ValueError as error:
        intake.refused.append(Refusal(name, "register", str(error)))
        return
    refusal = _take(intake, name, plugin)
    if refusal:
        intake.refused.append(refusal)
        intake.manager.unregister(plugin)


def _hook_named_in(message: str) -> str:
    words = message.replace("'", " ").replace(":", " ").split()
    return next((word for word in words if word.startswith("hub_")), "unknown")


def _take(intake: _Intake, name: str, plugin: object) -> Refusal | None:
    results = {}
    for hook in ("hub_connector", "hub_standin"):
        try:
            results[hook] = _call_alone(intake.manager, hook, plugin)
        except Exception as error:  # noqa: BLE001  # a foreign hook may raise anything
            return Refusal(name, hook, f"raised {type(error).__name__}: {error}")
    spec, standin = results["hub_connector"], results["hub_standin"]
    if reason := _flaw_of_connector(spec, intake.connectors):
        return Refusal(name, "hub_connector", reason)
    if standin is not None and not isinstance(standin, StandInSpec):
        return Refusal(name, "hub_standin", f"returned {type(standin).__name__}, not a StandInSpec")
    intake.connectors[spec.name] = spec
    if standin is not None:
        intake.standins[standin.name] = standin
    return None


def _call_alone(manager: pluggy.PluginManager, hook: str, plugin: object) -> Any:
    others = [other for other in manager.get_plugins() if other is not plugin]
    answers = manager.subset_hook_caller(hook, others)()
    return answers[0] if answers else None


def _flaw_of_connector(spec: Any, known: Mapping[str, ConnectorSpec]) -> str | None:
    """What is wrong with what the hook returned, or None."""
    if spec is None:
        return "is not implemented; return a ConnectorSpec from it"
    if not isinstance(spec, ConnectorSpec):
        return f"returned {type(spec).__name__}, not a ConnectorSpec"
    return _flaw_of_spec(spec, known) or _flaw_of_streams(spec.streams) or _flaw_of_class(spec)


def _flaw_of_spec(spec: ConnectorSpec, known: Mapping[str, ConnectorSpec]) -> str | None:
    if spec.contract != CONTRACT_VERSION:
        return f"speaks contract version {spec.contract}; this hub knows {CONTRACT_VERSION}"
    if spec.name in known:
        return f"connector name {spec.name!r} is taken by another plugin"
    config: Any = spec.config
    if not (isinstance(config, type) and issubclass(config, ConnectorConfig)):
        return "config is not a subclass of ConnectorConfig"
    if not spec.streams and spec.discover is None:
        return "declares no stream and no discover function"
    return None


_WAYS_OF_WRITING: Final = frozenset(
    {Capability.IDEMPOTENCY_KEY, Capability.OPTIMISTIC_LOCK}
    | {Capability.BATCH_WRITE, Capability.CREATE, Capability.CREATE_ONCE, Capability.REMOVE}
    | {Capability.BATCH_CREATE}
)
_NEEDS: Final[Mapping[Capability, tuple[str, ...]]] = {
    Capability.KEY_SCAN: ("keys",),
    Capability.COUNT: ("count",),
    Capability.PUSH: ("webhook", "receive"),
    Capability.BATCH_WRITE: ("batch_limit", "fetch_many", "write_many"),
    Capability.CREATE: ("create", "find"),
    Capability.BATCH_CREATE: ("create_limit", "create_many"),
    Capability.REMOVE: ("remove",),
}
"""Methods that a capability promises; seen here only where ``open`` is the connector's class."""


def _flaw_of_class(spec: ConnectorSpec) -> str | None:
    declared = frozenset[Capability]().union(*(stream.capabilities for stream in spec.streams))
    for capability, methods in _NEEDS.items():
        lacking = [name for name in methods if not callable(getattr(spec.open, name, None))]
        if capability in declared and isinstance(spec.open, type) and lacking:
            return f"declares {capability}, but its connector has no method {lacking[0]!r}"
    return None


def _flaw_of_streams(streams: tuple[Stream, ...]) -> str | None:
    names = [stream.name for stream in streams]
    if len(set(names)) != len(names):
        return "declares one stream name twice"
    return next(filter(None, map(_flaw_of_stream, streams)), None)


def _flaw_of_stream(stream: Stream) -> str | None:
    unknown = next((entity for entity in stream.entities if entity not in ENTITIES), None)
    if unknown is not None:
        return f"stream {stream.name}: unknown entity {unknown!r}; known: {', '.join(ENTITIES)}"
    if not stream.key:
        return f"stream {stream.name}: declares no key"
    flaw = _flaw_of_capabilities(stream.capabilities, has_cursor=bool(stream.cursor))
    compared = {Capability.KEY_SCAN, Capability.COUNT} & stream.capabilities
    if stream.retains and compared:
        flaw = f"retains what leaves the system, so {min(compared)} would compare with other things"
    return f"stream {stream.name}: {flaw}" if flaw else None


def _flaw_of_capabilities(declared: frozenset[Capability], *, has_cursor: bool) -> str | None:
    if Capability.FULL not in declared:
        return "must be able to read in full"
    if Capability.INCREMENTAL in declared and not has_cursor:
        return "is incremental but names no cursor field"
    if Capability.KEY_SCAN in declared and Capability.INCREMENTAL not in declared:
        return "declares key_scan but not incremental: each full read compares its keys anyway"
    return _flaw_of_writing(declared)


def _flaw_of_writing(declared: frozenset[Capability]) -> str | None:
    needs_write = _WAYS_OF_WRITING & declared
    if needs_write and Capability.WRITE not in declared:
        return f"declares {min(needs_write)} but not write"
    if Capability.BATCH_CREATE in declared and Capability.CREATE_ONCE not in declared:
        return "declares batch_create but not create_once: a repeat could make many twice"
    return None
