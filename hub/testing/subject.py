"""The connector under test: what it declares, what its connector.yaml claims, and from where."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, get_args

import yaml
from pydantic import SecretStr

from hub.bundled import bundled
from hub.mapping import CompiledMapping, compile_mapping, load_mapping
from hub.plugins import examine
from hub.sdk.contract import Capability, ConnectorSpec, Stream
from hub.sdk.standin import Samples, StandInSpec, StandInState
from hub.testing.rule import BrokenRuleError, Rule, Tier

FACTS = "connector.yaml"
PAGE_SETTINGS = ("page_size", "batch_size", "batch")
"""Settings by which a connector reads in small pages."""


@dataclass(frozen=True, kw_only=True)
class Subject:
    """What the rules look at; ``settings`` go over those of the stand-in."""

    spec: ConnectorSpec
    plan: StandInSpec | None
    folder: Path | None
    settings: Mapping[str, Any] = field(default_factory=dict)
    exempt: Mapping[str, str] = field(default_factory=dict)
    mapping_text: str | None = None

    @property
    def name(self) -> str:
        return self.spec.name

    @cached_property
    def facts(self) -> dict[str, Any]:
        """What connector.yaml says; empty where there is none."""
        path = self.folder / FACTS if self.folder else None
        if path is None or not path.is_file():
            return {}
        found = yaml.safe_load(path.read_text(encoding="utf-8"))
        return found if isinstance(found, dict) else {}

    @property
    def tier(self) -> Tier:
        """The tier that connector.yaml claims; bronze is the least."""
        claimed = str(self.facts.get("tier", "")).upper()
        return Tier[claimed] if claimed in Tier.__members__ else Tier.BRONZE

    @cached_property
    def exemptions(self) -> dict[str, str]:
        """Reasons by rule, group or ``rule[case]``: those of connector.yaml and of the test."""
        stated = self.facts.get("exempt") or {}
        return {str(name): str(reason) for name, reason in {**stated, **self.exempt}.items()}

    def exemption(self, rule: Rule, case: str) -> str | None:
        """Why the rule need not hold, if somebody wrote it down."""
        names = (f"{rule.id}[{case}]", rule.id, rule.group)
        return next((self.exemptions[name] for name in names if name in self.exemptions), None)

    @cached_property
    def streams(self) -> Mapping[str, Stream]:
        """By name; where they come from the settings, from those of the stand-in."""
        if self.spec.discover is None:
            return {stream.name: stream for stream in self.spec.streams}
        standin = self.start()
        try:
            config = self.spec.config.model_validate({**standin.config, **self.settings})
            return {stream.name: stream for stream in self.spec.streams_of(config)}
        finally:
            standin.stop()

    def able(self, *capabilities: Capability) -> list[str]:
        """The streams that declare all of these."""
        wanted = set(capabilities)
        return [name for name, stream in self.streams.items() if wanted <= stream.capabilities]

    @property
    def secrets(self) -> list[str]:
        """The settings that are secret."""
        fields = self.spec.config.model_fields.items()
        return [name for name, info in fields if is_secret(info.annotation)]

    @property
    def page_settings(self) -> list[str]:
        """Its settings for the size of a page."""
        return [name for name in PAGE_SETTINGS if name in self.spec.config.model_fields]

    @property
    def samples(self) -> Samples:
        """How the stand-in is filled."""
        if self.plan is None or self.plan.samples is None:
            raise BrokenRuleError(
                "the plugin has no stand-in with samples: let hub_standin return a "
                "StandInSpec(name=…, start=…, samples=Samples(…))"
            )
        return self.plan.samples

    def start(self) -> Any:
        """A stand-in without records."""
        assert self.samples
        assert self.plan is not None
        return self.plan.start(StandInState({}), 0)

    @cached_property
    def mapping(self) -> CompiledMapping:
        """The mapping: the test's, the connector's own, or the hub's for this system."""
        text = self.mapping_text or self.spec.mapping
        file = f"{self.name}.yaml"
        if text is None:
            text = (bundled("mappings") / file).read_text(encoding="utf-8")
        return compile_mapping(load_mapping(text, file=file))


def is_secret(annotation: Any) -> bool:
    """Whether a setting's type hides it: SecretStr, or that or None."""
    return annotation is SecretStr or SecretStr in get_args(annotation)


def subject_of(
    plugin: object,
    *,
    settings: Mapping[str, Any] | None = None,
    exempt: Mapping[str, str] | None = None,
    mapping: str | Path | None = None,
) -> Subject:
    """Looks the plugin over; raises ContractError where a hook is wrong, naming hook and reason."""
    spec, plan = examine(plugin)
    text = mapping.read_text(encoding="utf-8") if isinstance(mapping, Path) else mapping
    return Subject(
        spec=spec,
        plan=plan,
        folder=_folder_of(plugin, spec),
        settings=settings or {},
        exempt=exempt or {},
        mapping_text=text,
    )


def _folder_of(plugin: object, spec: ConnectorSpec) -> Path | None:
    """Where the plugin's connector.yaml lies: beside the plugin, or beside what opens it."""
    own = getattr(plugin, "__file__", None)
    module = sys.modules.get(getattr(spec.open, "__module__", ""))
    file = own or getattr(module, "__file__", None)
    return Path(file).resolve().parent if file else None
