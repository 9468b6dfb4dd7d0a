"""serve: the pages and the API, alone; web-user: who signs in there with a password or a token."""

from __future__ import annotations

import sys
from getpass import getpass
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from hub.cli.files import write_private
from hub.cli.listening import listen, require_web
from hub.cli.output import AsJson, emit_counts, emit_json, say, warn
from hub.cli.workplace import chosen_config
from hub.config import load_config
from hub.errors import ConfigError
from hub.pipeline.people import LocalPerson, load_people, new_client, new_person, people_text
from hub.roles import Role

_APPLICATION: Final = "hub.web.app:create"
_PROTOCOL: Final = "hub.web.deadline:HeadersDeadlineProtocol"
_CONCURRENT: Final = 200
_LOOPBACK: Final = frozenset({"127.0.0.1", "::1", "localhost"})

web_user = typer.Typer(
    help="Who signs in to `hub serve` with a password, or calls the API with a token.",
    no_args_is_help=True,
)
Login = Annotated[str, typer.Argument(help="The name to sign in with; small letters.")]
Name = Annotated[
    str, typer.Option("--name", help="The name in the audit trail; the login without it.")
]
Roles = Annotated[
    list[Role],
    typer.Option("--role", help="viewer, steward, controller or admin; may be repeated."),
]


def serve(
    host: Annotated[
        str, typer.Option("--host", help="Where to listen; others reach it by a proxy with TLS.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option("--port", min=1, max=65_535, help="Its port.")] = 8080,
) -> None:
    """Serve the pages, the API and the receiver of webhooks, until it is ended."""
    require_web("`hub serve`")
    path = chosen_config().resolve()
    say(f"pages at http://{host}:{port}/, API at http://{host}:{port}/api/v1; Ctrl-C ends it")
    if host not in _LOOPBACK and not (load_config(path).web.url or "").startswith("https:"):
        warn(
            "passwords cross the network as they are: put a proxy with TLS before it, see [web] url"
        )
    if not load_people(_people(path)):
        say("nobody can sign in yet: hub web-user add LOGIN --role steward")
    listen(_APPLICATION, path, address=(host, port), protocol=_PROTOCOL, at_once=_CONCURRENT)


@web_user.command()
def add(
    login: Login,
    roles: Roles,
    name: Name = "",
    token: Annotated[
        bool, typer.Option("--token", help="For a program: print a token instead of a password.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Add somebody, or change them; the password is asked for, or the first line of the input."""
    path = _people(chosen_config())
    people = load_people(path)
    shown = ""
    if token:
        person, shown = new_client(login, name or login, roles)
    else:
        person = new_person(login, name or login, roles, password=_password())
    write_private(path, people_text({**people, login: person}))
    if as_json:
        emit_json(_plain(person) | ({"token": shown} if token else {}))
        return
    say(f"{login} may sign in" if not token else f"token, shown only now: {shown}")


@web_user.command("list")
def show_all(as_json: AsJson = False) -> None:
    """List those who may sign in."""
    people = load_people(_people(chosen_config()))
    emit_counts([_plain(people[login]) for login in sorted(people)], as_json)


@web_user.command()
def remove(login: Login, as_json: AsJson = False) -> None:
    """Take somebody out: sessions and tokens end at once."""
    path = _people(chosen_config())
    people = load_people(path)
    if login not in people:
        raise ConfigError(f"there is no login {login!r}; see `hub web-user list`")
    write_private(path, people_text({key: who for key, who in people.items() if key != login}))
    emit_json({"removed": login}) if as_json else say(f"{login} is out")


def _people(config: Path) -> Path:
    settings = load_config(config)
    return settings.root / settings.web.people


def _password() -> str:
    """Never an argument: those show in the list of processes."""
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\r\n")
    first = getpass("Password: ")
    if getpass("Again: ") != first:
        raise ConfigError("the two passwords differ")
    return first


def _plain(person: LocalPerson) -> dict[str, Any]:
    by = "token" if person.token else "password"
    roles = ", ".join(person.roles)
    return {"login": person.login, "name": person.name, "roles": roles, "by": by}


def add_to(app: typer.Typer) -> None:
    """Hang these commands on the program."""
    app.command()(serve)
    app.add_typer(web_user, name="web-user")
