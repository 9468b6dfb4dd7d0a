"""hub.toml: read once at the entry point, checked whole, secrets by reference only."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Callable, Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Any, Final, Self

import orjson
from pydantic import (
    BaseModel,
    Field,
    JsonValue,
    ValidationError,
    field_validator,
    model_validator,
)

from hub.errors import ConfigError
from hub.mailing import MailSection
from hub.ownership import (
    Audience,
    BrakesSection,
    Closed,
    Name,
    Owner,
    PublishRule,
    PublishSection,
    flaws_of,
    owned_trust,
)
from hub.roles import OidcSection, WebSection

CONFIG_NAME: Final = "hub.toml"
DEMO_FOLDER: Final = "hub-demo"

CredentialResolver = Callable[[str], Mapping[str, JsonValue]]
"""Turns what stands behind ``scheme:`` into settings; the Airflow one is injected."""

Schedule = Annotated[
    str, Field(pattern=r"^(@(hourly|daily|weekly|monthly|quarterly|yearly)|(\S+ +){4}\S+)$")
]
"""A preset or five fields of cron."""


class HubSection(Closed):
    """``[hub]``: where the store is, and what is ours."""

    company: str = Field(default="Our company", description="The name on reports.")
    store: str = Field(
        default="sqlite:///hub.db",
        description="Database URL of the store, or env:NAME for one that holds a password.",
    )
    mappings: str | None = Field(
        default=None,
        description="Folder of mapping files, CONNECTOR.yaml; they go before those that ship.",
    )
    country: str = Field(
        default="DE", description="Country of phone numbers without a prefix, by ISO 3166."
    )
    own_domains: tuple[str, ...] = Field(
        default=(), description="Our own mail domains, for each connector that asks for them."
    )
    at_once: int = Field(
        default=1, ge=1, le=32, description="How many connections one `hub sync` reads at once."
    )
    token_key: str | None = Field(
        default=None,
        pattern=r"^env:.+",
        description="env:NAME of the key that seals rotating tokens; `hub token-key` makes one.",
    )
    erasure_key: str | None = Field(
        default=None,
        pattern=r"^env:.+",
        description="env:NAME of the key that keeps erased people out; it must never change.",
    )
    lease_seconds: float = Field(
        default=300.0,
        gt=0,
        description="How long a stream waits for a reader that fell silent, killed perhaps.",
    )


class ConnectionSection(Closed):
    """``[connections.NAME]``: one configured system."""

    connector: str = Field(description="Which connector; `hub connector list` shows them.")
    credentials: str | None = Field(
        default=None,
        pattern=r"^(env|file|airflow):.+",
        description="Where the secret settings are: env:NAME, file:PATH or airflow:CONN_ID.",
    )
    options: dict[str, JsonValue] = Field(
        default_factory=dict, description="The connector's other settings."
    )
    streams: tuple[str, ...] = Field(default=(), description="The streams to sync; all without it.")
    mapping: str | None = Field(
        default=None, description="The mapping file, where it is not CONNECTOR.yaml."
    )
    schedule: Schedule | None = Field(
        default="@hourly",
        description="When Airflow syncs it: @hourly, @daily, …, five fields of cron, or none.",
    )
    poll_seconds: float | None = Field(
        default=60.0,
        gt=0,
        description="How often `hub run` asks it what has changed; none: only what it pushes.",
    )
    office: str = Field(
        default="front",
        pattern="^(front|service|back)$",
        description="front registers customers, service talks to them, back bills them.",
    )
    one_account: tuple[str, ...] = Field(
        default=(),
        description="Its streams of accounts of which one customer has at most one that is active.",
    )
    renamed_from: Name | None = Field(
        default=None, description="The name it had; its records stay its own. Remove it later."
    )
    standin: str | None = Field(
        default=None, description="State file of a stand-in, which is started for each command."
    )
    pool: Name | None = Field(
        default=None,
        description="Airflow's pool for it; hub_NAME without it. One system's share one.",
    )
    max_delete_share: float = Field(
        default=0.1,
        ge=0,
        le=1,
        description="The share of records that one full read or key scan may delete; 1 allows all.",
    )

    key_scan: Schedule | None = Field(
        default=None,
        description="When Airflow compares keys, for deletions that a system hides: as `schedule`.",
    )

    @field_validator("schedule", "poll_seconds", "key_scan", mode="before")
    @classmethod
    def _none_is_none(cls, value: object) -> object:
        """TOML has no null; ``none`` says that it is done by hand."""
        return None if value == "none" else value


class ResolveSection(Closed):
    """``[resolve]``: brakes and trust."""

    max_merges: int = Field(
        default=50,
        ge=0,
        description="How many merges of existing customers one run may make unasked.",
    )
    trust: dict[str, tuple[Name, ...]] = Field(
        default_factory=dict,
        description="By attribute (* for all others), the connections in the order of trust.",
    )


class PushSection(Closed):
    """``[push]``: what systems send by themselves."""

    url: str | None = Field(
        default=None,
        pattern="^https?://.+",
        description="Address at which systems reach the receiver; some sign it.",
    )
    max_body: int = Field(
        default=1_000_000, ge=1, description="How many bytes one delivery may have."
    )
    seconds: float = Field(
        default=20.0, gt=0, description="How long a sender may take for its whole request."
    )
    keep_days: int = Field(
        default=30, ge=1, description="How long a delivery that has landed is known again."
    )


class MaintainSection(Closed):
    """``[maintain]``: what `hub maintain` and the DAG hub_maintain do."""

    schedule: Schedule | None = Field(
        default="@daily", description="When Airflow runs it: as `schedule` of a connection."
    )
    backups: str | None = Field(
        default="backups",
        description="Folder of the store's copies, from that of hub.toml; none makes none.",
    )
    keep_backups: int = Field(default=7, ge=1, description="How many copies are kept.")
    raw_days: int | None = Field(
        default=None,
        ge=1,
        description="Days that superseded versions of source records are kept; all without it.",
    )
    run_days: int | None = Field(
        default=90, ge=1, description="Days that runs and their counts are kept."
    )

    @field_validator("schedule", "backups", mode="before")
    @classmethod
    def _none_is_none(cls, value: object) -> object:
        return None if value == "none" else value


class HubConfig(Closed):
    """The whole configuration; ``root`` is the folder that relative paths start from."""

    root: Path
    hub: HubSection = HubSection()
    connections: dict[Name, ConnectionSection] = Field(default_factory=dict)
    resolve: ResolveSection = ResolveSection()
    publish: PublishSection = PublishSection()
    push: PushSection = PushSection()
    maintain: MaintainSection = MaintainSection()
    mail: MailSection = MailSection()
    web: WebSection = WebSection()

    @model_validator(mode="after")
    def _names_exist(self) -> Self:
        for attribute, names in self.resolve.trust.items():
            for name in names:
                if name not in self.connections:
                    raise ValueError(f"resolve.trust.{attribute} names an unknown {name!r}")
        wrong = flaws_of(self.publish, self.connections, self.resolve.trust)
        if wrong:
            raise ValueError("; ".join(wrong))
        return self

    @property
    def trust(self) -> dict[str, tuple[str, ...]]:
        """By attribute, the connections in the order of trust; its owner stands first."""
        return owned_trust(self.publish, self.resolve.trust)

    def connection(self, name: str) -> ConnectionSection:
        """One connection; ConfigError lists those there are."""
        if name in self.connections:
            return self.connections[name]
        known = ", ".join(sorted(self.connections)) or "none"
        near = get_close_matches(name, list(self.connections), 1)
        hint = f"did you mean {near[0]!r}? " if near else ""
        raise ConfigError(f"there is no connection {name!r} in {CONFIG_NAME}; {hint}known: {known}")

    @property
    def store_url(self) -> str:
        """The store's URL; a relative SQLite path starts at the configuration's folder."""
        prefix = "sqlite:///"
        url = _expand(self.hub.store, "hub.store")
        if url.startswith(prefix) and not url.startswith("sqlite:////"):
            return prefix + str((self.root / url.removeprefix(prefix)).resolve())
        return url

    def token_key(self) -> str | None:
        """The key that seals rotating tokens; None where none is configured."""
        reference = self.hub.token_key
        return None if reference is None else _expand(reference, "hub.token_key")

    def erasure_key(self) -> str | None:
        """The key that keeps erased people out; None where none is configured."""
        reference = self.hub.erasure_key
        return None if reference is None else _expand(reference, "hub.erasure_key")

    def session_key(self) -> str | None:
        """The key that signs sessions; None where none is configured."""
        reference = self.web.session_key
        return None if reference is None else _expand(reference, "web.session_key")

    def client_secret(self) -> str | None:
        """The hub's secret at the provider of identities; None for a public client."""
        reference = self.web.oidc.client_secret if self.web.oidc else None
        return None if reference is None else _expand(reference, "web.oidc.client_secret")


def _expand(value: str, setting: str) -> str:
    """``env:NAME`` instead of the value itself keeps a secret out of the file."""
    if not value.startswith("env:"):
        return value
    name = value.removeprefix("env:")
    if name not in os.environ:
        raise ConfigError(f"{setting}: environment variable {name} is not set")
    return os.environ[name]


def find_config(explicit: str | None = None) -> Path:
    """The configuration to use: as told, HUB_CONFIG, ./hub.toml, or the demo's."""
    told = explicit or os.environ.get("HUB_CONFIG")
    if told:
        path = Path(told)
        return path / CONFIG_NAME if path.is_dir() else path
    for candidate in (Path(CONFIG_NAME), Path(DEMO_FOLDER) / CONFIG_NAME):
        if candidate.is_file():
            return candidate
    raise ConfigError(
        f"there is no {CONFIG_NAME} here; `hub init` writes one, `hub demo` makes a demo company"
    )


def load_config(path: Path) -> HubConfig:
    """Read and check a configuration; every flaw is named in one ConfigError."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: can't be read ({type(error).__name__})") from error
    try:
        content = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{path}: is not TOML: {error}") from error
    if "root" in content:
        raise ConfigError(f"{path}: unknown key 'root'")
    try:
        return HubConfig.model_validate({**content, "root": path.resolve().parent})
    except ValidationError as error:
        raise ConfigError(f"{path}: {flaws(error, HubConfig)}") from error


def flaws(error: ValidationError, model: type[BaseModel]) -> str:
    """What a validation found, by dotted path, without any value (a value may be a secret)."""
    return "; ".join(_flaw(item, model) for item in error.errors(include_input=False))


def _flaw(item: Mapping[str, Any], model: type[BaseModel]) -> str:
    place = ".".join(str(part) for part in item["loc"] if part != "[key]")
    if item["type"] != "extra_forbidden":
        return f"{place}: {item['msg']}" if place else str(item["msg"])
    known = _known_keys(model, item["loc"])
    near = get_close_matches(str(item["loc"][-1]), known, 1)
    hint = f", did you mean {near[0]!r}?" if near else f"; known: {', '.join(sorted(known))}"
    return f"{place}: unknown key{hint}"


def _known_keys(model: type[BaseModel], place: tuple[Any, ...]) -> list[str]:
    sections: dict[str, type[BaseModel]] = {
        "hub": HubSection,
        "connections": ConnectionSection,
        "resolve": ResolveSection,
        "publish": _publish_model(place),
        "push": PushSection,
        "maintain": MaintainSection,
        "mail": MailSection,
        "web": OidcSection if "oidc" in place[1:-1] else WebSection,
    }
    owner = sections.get(str(place[0]), model) if len(place) > 1 else model
    return [name for name in owner.model_fields if name != "root"]


def _publish_model(place: tuple[Any, ...]) -> type[BaseModel]:
    nested: dict[str, type[BaseModel]] = {
        "only": Audience,
        "rules": PublishRule,
        "owners": Owner,
        "brakes": BrakesSection,
    }
    return next((model for key, model in nested.items() if key in place[:-1]), PublishSection)


def read_credentials(
    reference: str, *, root: Path, resolvers: Mapping[str, CredentialResolver]
) -> Mapping[str, JsonValue]:
    """The settings that ``env:NAME``, ``file:PATH`` or ``airflow:CONN_ID`` stands for."""
    scheme, _, rest = reference.partition(":")
    if scheme in resolvers:
        return resolvers[scheme](rest)
    if scheme == "env":
        return _parse_credentials(os.environ.get(rest), f"environment variable {rest}")
    if scheme == "file":
        path = root / rest
        content = path.read_bytes() if path.is_file() else None
        return _parse_credentials(content, f"credentials file {rest}")
    raise ConfigError(f"credentials {scheme}:… need Airflow; use env:NAME or file:PATH here")


def _parse_credentials(text: str | bytes | None, where: str) -> Mapping[str, JsonValue]:
    if text is None:
        raise ConfigError(f"{where} is not there; put the connection's settings in it as JSON")
    try:
        content = orjson.loads(text)
    except orjson.JSONDecodeError:
        raise ConfigError(f"{where} is not JSON; write an object of settings") from None
    if not isinstance(content, dict):
        raise ConfigError(f"{where} is JSON, but not an object of settings")
    return content
