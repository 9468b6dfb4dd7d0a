"""Signing in at a provider of OpenID Connect, beside the hub's own passwords and tokens."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any, Final

from fastapi import APIRouter, Depends, HTTPException, Request, Response
from fastapi.responses import RedirectResponse
from itsdangerous import BadData, URLSafeTimedSerializer

from hub.roles import Role
from hub.web.access import Person, public
from hub.web.login import LocalAccess, inside
from hub.web.oidc import Errand, Provider
from hub.web.rendering import address
from hub.web.sessions import Sessions

_COOKIE: Final = "hub_errand"
_SECONDS: Final = 600


class ProvidedAccess:
    """People from a provider, beside those whom the file knows."""

    sign_in: str | None = "sign_in"

    def __init__(
        self, provider: Provider, sessions: Sessions, local: LocalAccess, *, key: bytes
    ) -> None:
        self._provider = provider
        self._sessions = sessions
        self._local = local
        self._signer = URLSafeTimedSerializer(key, salt="errand to the provider")
        self.router = APIRouter(include_in_schema=False)
        self.router.include_router(local.router)
        add = self.router.add_api_route
        open_ = [Depends(public("nobody is signed in yet"))]
        add("/sign-in/provider", self._send_off, name="send_off", dependencies=open_)
        add("/sign-in/back", self._welcome, name="welcome", dependencies=open_)

    def person(self, request: Request) -> Person | None:
        """Who signed in at the provider, or whom the file knows."""
        session = None
        if "authorization" not in request.headers:
            session = self._sessions.read(request)
        if session is None or "provided" not in session:
            return self._local.person(request)
        who = session["provided"]
        roles = frozenset(Role(role) for role in who["roles"])
        return Person(id=who["id"], name=who["name"], roles=roles, session=session["id"])

    def _send_off(self, request: Request, next: str = "") -> Response:
        """Off to the provider; what must come back stands in a cookie of the browser."""
        url, errand = self._provider.send_off()
        answer = RedirectResponse(url, 303)
        content = {**asdict(errand), "next": inside(request, next)}
        self._sessions.put(answer, request, (_COOKIE, self._signer.dumps(content)), _SECONDS)
        return answer

    def _welcome(self, request: Request) -> Response:
        """Back from the provider, with a code that is good once."""
        errand, following = self._errand(request)
        who = self._provider.welcome(errand, request.query_params)
        if not who.roles:
            raise HTTPException(
                403, "you have no role here: an administrator gives one in [web.oidc.roles]"
            )
        answer = RedirectResponse(following, 303)
        provided = {"id": who.id, "name": who.name, "roles": sorted(who.roles)}
        self._sessions.begin(answer, request, {"provided": provided})
        answer.delete_cookie(_COOKIE, path=address(request, "start"))
        return answer

    def _errand(self, request: Request) -> tuple[Errand, str]:
        try:
            content: dict[str, Any] = self._signer.loads(
                request.cookies.get(_COOKIE, ""), max_age=_SECONDS
            )
        except BadData as error:
            raise HTTPException(
                400, "this sign-in has taken too long, or began elsewhere; sign in again"
            ) from error
        following = str(content.pop("next"))
        return Errand(**content), following
