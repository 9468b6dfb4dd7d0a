"""Opens a configured connection: its connector, settings, mapping, and stand-in if it has one."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from collections.abc import Mapping as MappingOf
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

from pydantic import JsonValue, ValidationError

from hub.bundled import bundled
from hub.config import (
    ConnectionSection,
    CredentialResolver,
    HubConfig,
    flaws,
    read_credentials,
)
from hub.errors import ConfigError, MappingError
from hub.mapping import Mapping, load_mapping
from hub.plugins import Registry
from hub.sdk.contract import (
    FOLDER,
    Connector,
    ConnectorConfig,
    ConnectorSpec,
    Services,
    Stream,
)
from hub.sdk.standin import StandIn, StandInState
from hub.store.database import open_store
from hub.store.tokens import StoreTokens

FORM_FIELDS: Final[MappingOf[str, tuple[str, ...]]] = {
    "login": ("login", "username", "client_id"),
    "password": ("password", "client_secret", "key"),
    "base_url": ("base_url", "url"),
    "host": ("host",),
    "port": ("port",),
}
"""What an Airflow Connection has a field for, and what connectors call it, the first one first."""
SECRET_SUFFIX: Final = "_secret"  # noqa: S105  # the end of a name, no secret
"""Ends the name of a secret in a form where the setting's own name would not be masked."""


@dataclass(frozen=True, slots=True)
class OpenConnection:
    """A connection that is ready to be read; closed by the ``with`` that opened it."""

    name: str
    spec: ConnectorSpec
    connector: Connector
    streams: tuple[Stream, ...]


@dataclass(frozen=True, slots=True)
class Site:
    """What every use case needs to reach systems: configuration, plugins, secret resolvers."""

    config: HubConfig
    registry: Registry
    resolvers: MappingOf[str, CredentialResolver]

    def section(self, name: str) -> ConnectionSection:
        """The configuration of one connection."""
        return self.config.connection(name)

    def spec(self, name: str) -> ConnectorSpec:
        """The connector of one connection."""
        return self.registry.connector(self.section(name).connector)

    @contextmanager
    def connected(self, name: str) -> Iterator[OpenConnection]:
        """Open one connection, with its stand-in while it lasts where it is configured so."""
        section, spec = self.section(name), self.spec(name)
        with self._standin(name, section) as reach:
            settings = {**self._shared(spec), **section.options}
            settings |= {**self._secrets(section, spec), **reach}
            config = validated(name, spec, settings, self.config.root)
            connector = spec.connect(config, self._services(name))
            try:
                yield OpenConnection(
                    name, spec, connector, _chosen(name, section, spec.streams_of(config))
                )
            finally:
                connector.close()

    def _services(self, name: str) -> Services:
        """The store is opened only by a connector that asks for a token."""
        config = self.config
        opened = partial(open_store, config.store_url)
        return Services(tokens=StoreTokens(opened, name, config.token_key))

    def _shared(self, spec: ConnectorSpec) -> dict[str, JsonValue]:
        """What is said once for all connections, where the connector asks for it."""
        known = "own_domains" in spec.config.model_fields
        return {"own_domains": list(self.config.hub.own_domains)} if known else {}

    def _secrets(
        self, section: ConnectionSection, spec: ConnectorSpec
    ) -> MappingOf[str, JsonValue]:
        if section.credentials is None:
            return {}
        found = read_credentials(
            section.credentials, root=self.config.root, resolvers=self.resolvers
        )
        return fitted(found, spec) if section.credentials.startswith("airflow:") else found

    @contextmanager
    def _standin(
        self, name: str, section: ConnectionSection
    ) -> Iterator[MappingOf[str, JsonValue]]:
        if section.standin is None:
            yield {}
            return
        running = self._start_standin(name, section.connector, self.config.root / section.standin)
        try:
            yield running.config
        finally:
            running.stop()

    def _start_standin(self, name: str, connector: str, path: Path) -> StandIn:
        spec = self.registry.standins.get(connector)
        if spec is None:
            raise ConfigError(f"connections.{name}: connector {connector!r} ships no stand-in")
        if not path.is_file():
            raise ConfigError(
                f"connections.{name}: stand-in state {path.name} is not there; `hub demo` makes one"
            )
        return spec.start(StandInState.load(path), 0)

    def mapping(self, name: str) -> Mapping:
        """The checked mapping of one connection; MappingError names file and line."""
        text, file = self._mapping_text(name)
        mapping = load_mapping(text, file=file)
        connector = self.section(name).connector
        if mapping.system != connector:
            raise MappingError(
                f"is written for system {mapping.system!r}, but connection {name} is a "
                f"{connector!r}; mend system: or the connection's mapping",
                file=file,
            )
        return mapping

    def _mapping_text(self, name: str) -> tuple[str, str]:
        """The mapping file's text, and the name by which messages call it."""
        section, spec = self.section(name), self.spec(name)
        if section.mapping is not None:
            return _read(self.config.root / section.mapping, section.mapping)
        file = f"{section.connector}.yaml"
        folder = self.config.hub.mappings
        if folder is not None and (self.config.root / folder / file).is_file():
            return _read(self.config.root / folder / file, f"{folder}/{file}")
        if spec.mapping is not None:
            return spec.mapping, f"{spec.name}.yaml"
        return _read(bundled("mappings") / file, file)


def fitted(found: MappingOf[str, JsonValue], spec: ConnectorSpec) -> MappingOf[str, JsonValue]:
    """The fields of Airflow's form under the connector's own names, or left out.

    Any other name comes from the connection's extra and is kept, so that a misspelt setting is
    refused and not overlooked.
    """
    known = spec.config.model_fields
    settings = {_own(name, known): it for name, it in found.items() if name not in FORM_FIELDS}
    for field, own_names in FORM_FIELDS.items():
        own = next((name for name in own_names if name in known), None)
        if field in found and own is not None:
            settings.setdefault(own, found[field])
    return settings


def _own(name: str, known: Collection[str]) -> str:
    short = name.removesuffix(SECRET_SUFFIX)
    return short if name not in known and short in known else name


def _read(path: Path, shown: str) -> tuple[str, str]:
    try:
        return path.read_text(encoding="utf-8"), shown
    except (OSError, UnicodeDecodeError) as error:
        raise MappingError(f"can't be read ({type(error).__name__})", file=shown) from error


def validated(
    name: str, spec: ConnectorSpec, settings: MappingOf[str, JsonValue], root: Path
) -> ConnectorConfig:
    try:
        return spec.config.model_validate(settings, context={FOLDER: root})
    except ValidationError as error:
        raise ConfigError(
            f"connections.{name}: {flaws(error, spec.config)} "
            "(settings come from options and credentials)"
        ) from error


def _chosen(
    name: str, section: ConnectionSection, streams: tuple[Stream, ...]
) -> tuple[Stream, ...]:
    """The streams to sync: those that are configured, or all."""
    known = {stream.name: stream for stream in streams}
    for setting in ("streams", "one_account"):
        for wanted in getattr(section, setting):
            if wanted not in known:
                raise ConfigError(
                    f"connections.{name}.{setting}: there is no stream {wanted!r}; "
                    f"the connector has {', '.join(known)}"
                )
    return tuple(known[wanted] for wanted in section.streams) or streams
