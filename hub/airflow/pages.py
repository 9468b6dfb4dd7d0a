"""The hub's pages inside Airflow's API server: nothing of them is served to strangers.

A mounted application inherits no authentication from Airflow, so a gate stands before all of it,
whatever its routes say; behind it each route has its own rule. Every process of Airflow loads
plugins, the API server alone shows pages: the application is made as that one starts, else at the
first request.
"""

from __future__ import annotations

import threading
from hashlib import blake2b
from typing import Any, Final

from fastapi import Request
from fastapi.concurrency import run_in_threadpool
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from hub.errors import HubError

PREFIX: Final = "/hub"


class Pages:
    """The application behind its gate."""

    def __init__(self) -> None:
        self._made: ASGIApp | None = None
        self._lock = threading.Lock()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request of somebody whom Airflow knows."""
        if scope["type"] != "http":
            return  # no web sockets here; whoever opens one is hung up on
        refused = await _refusal(Request(scope, receive))
        if refused is None:
            made = await run_in_threadpool(self._application)
            await made(scope, receive, send)
        else:
            await refused(scope, receive, send)

    @property
    def ready(self) -> bool:
        """Whether the application is made: a request need not wait for it."""
        return self._made is not None

    def prepare(self) -> threading.Thread:
        """Make the application in a thread beside, so that the first person need not wait for it.

        Where that can't be done yet, the next request tries again, and says why not.
        """
        thread = threading.Thread(target=self._application, name="hub-pages", daemon=True)
        thread.start()
        return thread

    def _application(self) -> ASGIApp:
        with self._lock:
            if self._made is None:
                try:
                    self._made = _make()
                except HubError as error:
                    return PlainTextResponse(f"The hub can't be shown: {error}", 503)
            return self._made


class MadeAtStart:
    """A middleware around Airflow's API server for the sake of its start; requests pass it by."""

    def __init__(self, app: ASGIApp, pages: Pages) -> None:
        self._app = app
        self._pages = pages

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Have the pages made when the server's life begins."""
        if scope["type"] == "lifespan":
            self._pages.prepare()
        await self._app(scope, receive, send)


async def _refusal(request: Request) -> Response | None:
    """The answer to somebody who may not enter; None for everybody else."""
    from hub.airflow.access import USER, find_user, may_enter

    user = await find_user(request)
    if user is None:
        return _to_login(request)
    request.scope[USER] = user
    if not await run_in_threadpool(may_enter, user):
        return PlainTextResponse("Airflow lets you see no plugins; ask your administrator", 403)
    return None


def _to_login(request: Request) -> Response:
    """A browser that wants a page goes to Airflow's login; anything else is told."""
    from airflow.api_fastapi.app import get_auth_manager

    wants_page = request.method == "GET" and "text/html" in request.headers.get("accept", "")
    if not wants_page:
        return PlainTextResponse("sign in to Airflow", 401, {"WWW-Authenticate": "Bearer"})
    return RedirectResponse(get_auth_manager().get_url_login(next_url=request.url.path), 303)


def _make() -> ASGIApp:
    from hub.airflow.access import AirflowAccess
    from hub.airflow.credentials import airflow_credentials
    from hub.config import find_config
    from hub.pipeline.workplace import open_workplace
    from hub.web.app import create_app

    work = open_workplace(find_config(), {"airflow": airflow_credentials})
    made: Any = create_app(work, access=AirflowAccess(), key=_key())
    return made  # type: ignore[no-any-return]  # FastAPI's application is an ASGI one


def _key() -> bytes:
    """The same in every process of every API server: made from Airflow's own key."""
    from airflow.configuration import conf

    secret = str(conf.get("api", "secret_key"))
    return blake2b(secret.encode(), digest_size=32, person=b"hub pages").digest()
