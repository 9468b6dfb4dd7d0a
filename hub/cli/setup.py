"""init, doctor, connector, connection, model: what an engineer does before the first sync."""

from __future__ import annotations

import platform
import sys
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from hub.cli import connector, publish, standin
from hub.cli.output import AsJson, emit_counts, emit_json, say, working
from hub.cli.workplace import open_site
from hub.config import CONFIG_NAME
from hub.errors import ConfigError, HubError
from hub.model import ENTITIES, MODEL_VERSION
from hub.pipeline.connections import Site
from hub.pipeline.workplace import check_publishing
from hub.plugins import discover
from hub.store.database import open_store
from hub.store.schema import schema_state
from hub.store.upkeep import store_size

TEMPLATE: Final = """\
# Configuration of the customer hub. Secrets stay out: credentials name where they are.
[hub]
store = "sqlite:///hub.db"          # or "env:HUB_STORE" with postgresql://…
country = "DE"                      # of phone numbers without a prefix
own_domains = ["example.com"]       # our own mail domains

# One section per system; `hub connector list` shows what can be connected.
# [connections.sfa]
# connector = "salesforce"
# credentials = "env:HUB_SFA"       # a JSON object: base_url, client_id, client_secret
# office = "front"                  # front: registers customers; service: talks; back: bills
# one_account = ["Account"]         # streams in which a customer has one active record at most
#
# [connections.helpdesk]
# connector = "request_tracker"
# credentials = "file:secrets/helpdesk.json"
# office = "service"

# [[publish.owners]]                # whose value counts first
# attribute = "phone"
# connection = "sfa"
#
# [[publish.rules]]                 # who gets which golden value
# attribute = "phone"
# connection = "helpdesk"
# stream = "user"
"""


def init() -> None:
    """Write a commented hub.toml into this folder."""
    path = Path(CONFIG_NAME)
    if path.exists():
        raise ConfigError(f"{path} is there already; nothing was changed")
    path.write_text(TEMPLATE, encoding="utf-8")
    say(f"wrote {path}; fill in a connection, then run `hub doctor`")


def doctor(as_json: AsJson = False) -> None:
    """Check configuration, plugins, mappings, store and every connection."""
    rows = [_row("python", lambda: f"{platform.python_version()} on {sys.platform}")]
    site = open_site()
    rows.append(_row("configuration", lambda: f"{len(site.config.connections)} connections"))
    rows += [
        {"what": f"plugin {item.plugin}", "state": "refused", "detail": str(item)}
        for item in site.registry.refused
    ]
    rows.append(_row("store", lambda: schema_state(open_store(site.config.store_url))))
    rows.append(_row("store size", lambda: str(store_size(open_store(site.config.store_url)))))
    rows.append(_row("publish rules", lambda: _rules_line(site)))
    for name in site.config.connections:
        rows.append(_row(f"mapping of {name}", lambda name=name: _mapping_line(site, name)))
        with working(f"asking {name} …"):
            rows.append(_row(f"connection {name}", lambda name=name: _check(site, name)))
    emit_counts(rows, as_json)
    if any(row["state"] != "ok" for row in rows):
        raise typer.Exit(2)


def _row(what: str, look: Any) -> dict[str, str]:
    try:
        return {"what": what, "state": "ok", "detail": look()}
    except HubError as error:
        return {"what": what, "state": "wrong", "detail": str(error)}


def _rules_line(site: Site) -> str:
    check_publishing(site)
    section = site.config.publish
    return f"{len(section.rules)} rules, {len(section.owners)} owners"


def _mapping_line(site: Site, name: str) -> str:
    return f"{len(site.mapping(name).streams)} streams"


def _check(site: Site, name: str) -> str:
    with site.connected(name) as opened:
        return opened.connector.check()


connectors = typer.Typer(help="The connectors that are installed.", no_args_is_help=True)
connections = typer.Typer(help="The systems that are configured.", no_args_is_help=True)
model = typer.Typer(help="The canonical model.", no_args_is_help=True)


@connectors.command("list")
def list_connectors(as_json: AsJson = False) -> None:
    """List the installed connectors, and the plugins that were refused, with the reason."""
    registry = discover()
    rows: list[dict[str, Any]] = [
        {
            "connector": spec.name,
            "title": spec.title,
            "contract": spec.contract,
            "streams": ", ".join(stream.name for stream in spec.streams) or "by configuration",
            "state": "ok",
        }
        for _, spec in sorted(registry.connectors.items())
    ]
    rows += [
        {"connector": item.plugin, "title": "", "state": f"refused: {item}"}
        for item in registry.refused
    ]
    emit_counts(rows, as_json)


@connections.command("list")
def list_connections(as_json: AsJson = False) -> None:
    """List the configured connections."""
    site = open_site()
    rows = [
        {
            "connection": name,
            "connector": section.connector,
            "office": section.office,
            "schedule": section.schedule or "by hand",
            "credentials": section.credentials or ("stand-in" if section.standin else "none"),
        }
        for name, section in site.config.connections.items()
    ]
    emit_counts(rows, as_json)


@connections.command("check")
def check_connection(
    name: Annotated[str, typer.Argument(help="The connection.")], as_json: AsJson = False
) -> None:
    """Log in to one system and say what was reached."""
    site = open_site()
    with working(f"asking {name} …"):
        line = _check(site, name)
    emit_json({"connection": name, "reached": line}) if as_json else say(f"{name}: {line}")


@model.command("schema")
def print_schema(entity: str = typer.Argument("", help="One entity; all without it.")) -> None:
    """Print the canonical model as JSON schema."""
    if entity and entity not in ENTITIES:
        raise ConfigError(f"there is no entity {entity!r}; known: {', '.join(ENTITIES)}")
    schemas = {
        name: kind.model_json_schema() for name, kind in ENTITIES.items() if entity in ("", name)
    }
    emit_json({"version": MODEL_VERSION, "entities": schemas})


def make_token_key() -> None:
    """Make a key that seals rotating tokens; put it where hub.token_key points."""
    from cryptography.fernet import Fernet

    say(Fernet.generate_key().decode())


def add_to(app: typer.Typer) -> None:
    """Hang these commands on the program."""
    connector.add_to(connectors)
    standin.add_to(connectors)
    connections.command()(publish.pause)
    connections.command()(publish.resume)
    app.command()(init)
    app.command()(doctor)
    app.command("token-key")(make_token_key)
    app.add_typer(connectors, name="connector")
    app.add_typer(connections, name="connection")
    app.add_typer(model, name="model")
