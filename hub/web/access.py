"""Who may ask for what: every route names the roles it is for, and nothing is served without.

The annotations of the rules are read by FastAPI while a route is made, so they must not be texts.
"""

# no postponed annotations here: FastAPI can't resolve those of a callable object
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from fastapi import APIRouter, FastAPI, HTTPException, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.dependencies.models import Dependant

from hub.errors import ConfigError
from hub.pipeline.workplace import Workplace
from hub.roles import INCLUDED, Role
from hub.web import csrf
from hub.web.served_routes import served_routes


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Who asks. ``id`` never changes and is nobody else's; ``session`` is what changes are tied to.

    A program that shows a token has no session, and sends nothing unasked as a browser does.
    """

    id: str
    name: str
    roles: frozenset[Role]
    session: str | None = None

    def holds(self, *roles: Role) -> bool:
        """Whether one of the roles is the person's, or is included in one."""
        return any(wanted in INCLUDED[held] for held in self.roles for wanted in roles)

    @property
    def actor(self) -> str:
        """Name and id, as the audit trail keeps them."""
        return self.name if self.name == self.id else f"{self.name} ({self.id})"


class Access(Protocol):
    """Where people come from: a file, a provider of identities, Airflow."""

    def person(self, request: Request) -> Person | None:
        """Who sends this request; None for nobody. It may block."""

    @property
    def router(self) -> APIRouter:
        """The routes for signing in and out; none where that happens elsewhere."""

    @property
    def sign_in(self) -> str | None:
        """Name of the route to which a browser is sent to sign in; None where there is none."""


@dataclass(frozen=True, slots=True)
class Web:
    """What the routes work with."""

    work: Workplace
    access: Access
    key: bytes
    version: str
    """Of the static files, for their address."""


def web_of(request: Request) -> Web:
    """What the application works with."""
    found: Web = request.app.state.hub
    return found


@dataclass(frozen=True, slots=True)
class Rule:
    """A dependency that lets those pass who hold one of the roles."""

    roles: frozenset[Role]

    async def __call__(self, request: Request) -> Person:
        """Who asks; 401 for nobody, 403 without the role or the token of the session."""
        web = web_of(request)
        person = await run_in_threadpool(web.access.person, request)
        if person is None:
            raise HTTPException(401, "sign in, or send the token of a program")
        request.state.person = person
        await csrf.check(request, key=web.key, session=person.session)
        if not person.holds(*self.roles):
            named = " or ".join(sorted(self.roles))
            raise HTTPException(403, f"this is for the role {named}; an administrator gives it")
        return person


@dataclass(frozen=True, slots=True)
class OpenRule:
    """A dependency that lets everybody pass, for the reason it names."""

    reason: str

    async def __call__(self) -> None:
        """Let it pass."""


def allow(*roles: Role) -> Rule:
    """The dependency of a route that is for these roles, and those that include them."""
    if not roles:
        raise ConfigError("a route is for somebody: name a role")
    return Rule(frozenset(roles))


def public(reason: str) -> OpenRule:
    """The dependency of a route that is for everybody."""
    return OpenRule(reason)


def rules_of(route: Any) -> Sequence[Rule | OpenRule]:
    """The rules that a route's dependencies hold; none where it can have no dependencies."""
    dependant = getattr(route, "dependant", None)
    calls = (item.call for item in _all(dependant)) if dependant is not None else ()
    return [call for call in calls if isinstance(call, Rule | OpenRule)]


def _all(dependant: Dependant) -> Iterator[Dependant]:
    yield dependant
    for inner in dependant.dependencies:
        yield from _all(inner)


def require_rules(app: FastAPI) -> None:
    """ConfigError where a route would be served to whoever asks because nobody thought of it."""
    bare = [route for route in served_routes(app) if not rules_of(route)]
    if bare:
        names = ", ".join(str(getattr(route, "path", route)) for route in bare)
        raise ConfigError(f"no access rule: {names}; give each route allow(…) or public(…)")
