"""What went wrong, as a program reads it (problem+json, RFC 9457) or as a page.

Nothing of what was sent is repeated: it may be personal. Errors of the hub say what failed, where
and what to do, without either.
"""

from __future__ import annotations

import logging
import os
from http import HTTPStatus
from typing import Final
from urllib.parse import quote

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import RedirectResponse
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException as StarletteHTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from hub.errors import AuthenticationError, ConfigError, HubError, SourceError, StoreError
from hub.web.access import rules_of, web_of
from hub.web.rendering import address, render
from hub.web.served_routes import served_routes

API: Final = "/api/v1"
_MEDIA: Final = "application/problem+json"
_log = logging.getLogger("hub.web")


class Flaw(BaseModel):
    """One thing that is wrong with a request."""

    where: str = Field(description="Where: body.reason, query.limit, path.case_id.")
    what: str = Field(description="What is wrong with it.")


class Problem(BaseModel):
    """A problem by RFC 9457; ``detail`` says what failed, where, and what to do."""

    type: str = "about:blank"
    title: str
    status: int
    detail: str
    instance: str
    flaws: list[Flaw] = []


def add_handlers(app: FastAPI) -> None:
    """Have the application answer every error as a problem or a page."""
    app.add_exception_handler(StarletteHTTPException, _on_http)
    app.add_exception_handler(RequestValidationError, _on_flaws)
    app.add_exception_handler(HubError, _on_hub)
    app.add_middleware(Unexpected)


def _on_http(request: Request, error: Exception) -> Response:
    assert isinstance(error, StarletteHTTPException)
    web = web_of(request)
    if error.status_code == 401 and web.access.sign_in is not None and not _by_program(request):
        return _to_sign_in(request, web.access.sign_in)
    headers = {"allow": _allowed(request)} if error.status_code == 405 else error.headers
    return answer(request, error.status_code, error.detail, headers=headers)


def _allowed(request: Request) -> str:
    """All methods of the address: they may be served by several routes."""
    path = _path(request)
    found = [route for route in served_routes(request.app) if rules_of(route)]
    matching = [route for route in found if route.path_regex.match(path)]
    return ", ".join(sorted({method for route in matching for method in route.methods}))


def _on_flaws(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    flaws = [
        Flaw(where=".".join(map(str, item["loc"])), what=str(item["msg"]))
        for item in error.errors()
    ]
    return answer(request, 422, "the request is not as it must be: see the flaws", flaws=flaws)


def _on_hub(request: Request, error: Exception) -> Response:
    return answer(request, _status_of(error), str(error))


def _status_of(error: Exception) -> int:
    """What a caller can do: mend the request, look again, or wait."""
    if isinstance(error, ConfigError):
        return 422
    if isinstance(error, StoreError):
        return 503 if _is_away(error.__cause__) else 409
    if isinstance(error, AuthenticationError):
        return 403
    return 503 if isinstance(error, SourceError) else 500


def _is_away(cause: BaseException | None) -> bool:
    """Whether the database can't be used: every driver calls that so (PEP 249)."""
    origin = getattr(cause, "orig", None) or cause
    return any(kind.__name__ == "OperationalError" for kind in type(origin).__mro__)


class Unexpected:
    """Answers what nobody expected, and logs its type alone: the text may quote values (law 10)."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request; HUB_DEBUG lets the error through, for who develops."""
        begun = False

        async def noting(message: Message) -> None:
            nonlocal begun
            begun = True
            await send(message)

        try:
            await self._app(scope, receive, noting)
        except Exception as error:
            if os.environ.get("HUB_DEBUG"):
                raise
            request = Request(scope, receive)
            _log.error("unexpected %s in %s", type(error).__name__, _route(request))
            if not begun:
                detail = "something unexpected happened; the server's log names it"
                await answer(request, 500, detail)(scope, receive, send)


def _route(request: Request) -> str:
    return str(getattr(request.scope.get("route"), "path", "an unknown route"))


def answer(
    request: Request,
    status: int,
    detail: str,
    *,
    flaws: list[Flaw] | None = None,
    headers: object = None,
) -> Response:
    """The answer that says what went wrong."""
    title = HTTPStatus(status).phrase
    more = dict(headers) if isinstance(headers, dict) else {}
    if _by_program(request):
        problem = Problem(
            title=title,
            status=status,
            detail=detail,
            instance=request.url.path,
            flaws=flaws or [],
        )
        return Response(problem.model_dump_json(), status, media_type=_MEDIA, headers=more)
    page = render(
        request, "problem.html", status=status, title=title, detail=detail, flaws=flaws or []
    )
    page.headers.update(more)
    return page


def _by_program(request: Request) -> bool:
    return _path(request).startswith(API)


def _path(request: Request) -> str:
    return str(request.scope["path"]).removeprefix(request.scope.get("root_path") or "")


def _to_sign_in(request: Request, name: str) -> Response:
    """A browser is sent to sign in, and comes back to the page it wanted."""
    here = request.url.path if request.method == "GET" else address(request, "start")
    there = f"{address(request, name)}?next={quote(here)}"
    if request.headers.get("hx-request"):
        return Response(status_code=401, headers={"HX-Redirect": there})
    return RedirectResponse(there, 303)
