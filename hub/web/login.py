"""Signing in with a password that a file of the hub knows, or by the token of a program."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Form, HTTPException, Request, Response
from fastapi.responses import RedirectResponse

from hub.pipeline.people import LocalPerson, check_password, find_client, load_people
from hub.web import csrf
from hub.web.access import Person, public
from hub.web.rendering import address, render
from hub.web.sessions import Sessions

_GUESSES: Final = 10
_SECONDS: Final = 600.0
_BEARER: Final = "bearer "


class LocalAccess:
    """People from the file that `hub web-user` writes."""

    sign_in: str | None = "sign_in"

    def __init__(self, people: Path, sessions: Sessions, *, provider: str = "") -> None:
        """``provider`` is what the page calls the one at which people may sign in too."""
        self._people = PeopleFile(people)
        self._provider = provider
        self._sessions = sessions
        self._guesses = Guesses()
        self.router = APIRouter(include_in_schema=False)
        add = self.router.add_api_route
        open_ = [Depends(public("nobody is signed in yet"))]
        add("/sign-in", self._form, name="sign_in", dependencies=open_)
        add("/sign-in", self._enter, methods=["POST"], dependencies=open_)
        add("/sign-out", self._leave, methods=["POST"], name="sign_out", dependencies=open_)

    def person(self, request: Request) -> Person | None:
        """Who signed in, or whose token it is; roles count as the file has them now."""
        shown = request.headers.get("authorization", "")
        if shown:
            return self._client(shown)
        session = self._sessions.read(request)
        held = self._people.now().get(session["login"]) if session and "login" in session else None
        if session is None or held is None or session["mark"] != _mark(held):
            return None
        return _person(held, session["id"])

    def _client(self, shown: str) -> Person | None:
        if not shown.lower().startswith(_BEARER):
            return None
        held = find_client(self._people.now(), shown[len(_BEARER) :].strip())
        return None if held is None else _person(held, None)

    def _form(self, request: Request, next: str = "") -> Response:
        return self._page(request, next, "", 200)

    def _enter(
        self,
        request: Request,
        login: Annotated[str, Form()],
        password: Annotated[str, Form()],
        next: Annotated[str, Form()] = "",
    ) -> Response:
        csrf.check_origin(request)
        client = request.client.host if request.client else ""
        login = login.strip().lower()
        self._guesses.count(client, login)
        held = self._people.now().get(login)
        if not check_password(held, password) or held is None:
            message = "this login and password do not belong together"
            return self._page(request, next, message, 401)
        self._guesses.forget(client, login)
        answer = RedirectResponse(inside(request, next), 303)
        self._sessions.begin(answer, request, {"login": held.login, "mark": _mark(held)})
        return answer

    def _page(self, request: Request, following: str, message: str, status: int) -> Response:
        people = self._people.now().values()
        content = {
            "next": following,
            "message": message,
            "passwords": not self._provider or any(person.password for person in people),
            "provider": self._provider,
        }
        return render(request, "sign_in.html", status=status, **content)

    async def _leave(self, request: Request) -> Response:
        session = self._sessions.read(request)
        if session is not None:
            key = request.app.state.hub.key
            await csrf.check(request, key=key, session=session["id"])
        answer = RedirectResponse(address(request, "sign_in"), 303)
        self._sessions.end(answer, request)
        return answer


class PeopleFile:
    """The file's people, read again once it has changed."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._stamp: tuple[int, int] | None = None
        self._people: Mapping[str, LocalPerson] = {}

    def now(self) -> Mapping[str, LocalPerson]:
        """Those who are in it now."""
        stamp = self._stamped()
        if stamp is None or stamp != self._stamp:
            self._people, self._stamp = load_people(self._path), stamp
        return self._people

    def _stamped(self) -> tuple[int, int] | None:
        try:
            found = self._path.stat()
        except OSError:
            return None
        return found.st_mtime_ns, found.st_ino


class Guesses:
    """How often somebody tried of late; 429 for too often, which is forgotten after a while."""

    def __init__(self) -> None:
        self._tried: dict[tuple[str, str], list[float]] = {}
        self._lock = threading.Lock()

    def count(self, client: str, login: str) -> None:
        """Note a try."""
        since = time.monotonic() - _SECONDS
        with self._lock:
            self._tried = {
                who: [at for at in tries if at > since]
                for who, tries in self._tried.items()
                if tries[-1] > since
            }
            tries = self._tried.setdefault((client, login), [])
            if len(tries) >= _GUESSES:
                raise HTTPException(429, "too many tries; wait ten minutes and try again")
            tries.append(time.monotonic())

    def forget(self, client: str, login: str) -> None:
        """Somebody knew the password."""
        with self._lock:
            self._tried.pop((client, login), None)


def _person(held: LocalPerson, session: str | None) -> Person:
    return Person(id=held.login, name=held.name, roles=frozenset(held.roles), session=session)


def _mark(held: LocalPerson) -> str:
    """Changes with the password, so that a new one ends the sessions of the old."""
    return (held.password or "")[-12:]


def inside(request: Request, wanted: str) -> str:
    """Where to go after signing in: a page of ours, never another site."""
    start = address(request, "start")
    inside = wanted.startswith(start) and not wanted.startswith("//") and "\\" not in wanted
    return wanted if inside and wanted.isprintable() else start
