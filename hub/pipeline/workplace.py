"""What every use case works with: the site (configuration, connectors) and its migrated store."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from hub.config import CredentialResolver, HubConfig, load_config
from hub.pipeline.connections import Site
from hub.pipeline.survey import Ours
from hub.plugins import discover
from hub.store.database import Engine, open_store
from hub.store.schema import migrate


@dataclass(frozen=True, slots=True)
class Workplace:
    """An opened site with its store, whose schema is up to date."""

    site: Site
    engine: Engine

    @property
    def config(self) -> HubConfig:
        """The configuration that was loaded."""
        return self.site.config

    @property
    def ours(self) -> Ours:
        """What the configuration says is ours."""
        settings = self.config.hub
        return Ours(country=settings.country, domains=frozenset(settings.own_domains))


def open_site(path: Path, resolvers: Mapping[str, CredentialResolver] | None = None) -> Site:
    """Load the configuration and the connectors; the store stays closed."""
    return Site(load_config(path), discover(), dict(resolvers or {}))


def check_publishing(site: Site) -> None:
    """Hold the rules of publishing against the mappings; ConfigError names every flaw."""
    if site.config.publish.targets:
        from hub.pipeline.subscriptions import read_subscriptions

        read_subscriptions(site)


def open_workplace(
    path: Path, resolvers: Mapping[str, CredentialResolver] | None = None
) -> Workplace:
    """Load everything and bring the store's schema up to date."""
    site = open_site(path, resolvers)
    check_publishing(site)
    engine = open_store(site.config.store_url)
    migrate(engine)
    return Workplace(site, engine)
