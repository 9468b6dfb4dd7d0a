"""The receiver of webhooks: ``POST /push/CONNECTION``, and nothing else.

A 2xx answer is given only after the delivery is committed. Every other answer has no body, and says
nothing about whether a connection exists or what was wrong with a signature.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import UTC, datetime
from typing import Any, Final

from fastapi import APIRouter, Depends, FastAPI, Request, Response
from fastapi.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect

from hub.config import PushSection, find_config
from hub.errors import HubError
from hub.pipeline.intake import PATIENCE_SECONDS, Intake, Taken, open_intake
from hub.pipeline.workplace import open_workplace
from hub.sdk.webhooks import PushRequest
from hub.web.access import public
from hub.web.deadline import STATE
from hub.web.landing import Lander

_STATUS: Final[Mapping[Taken, int]] = {
    Taken.STORED: 200,
    Taken.KNOWN: 200,
    Taken.REFUSED: 401,
    Taken.UNKNOWN: 404,
}
_CLOSE: Final = {"connection": "close"}
_log = logging.getLogger("hub.push")

Take = Callable[[str, PushRequest], Taken]
Wake = Callable[[str], None]


def create() -> FastAPI:
    """The application for the configuration that HUB_CONFIG names; uvicorn calls this."""
    work = open_workplace(find_config())
    lander = Lander(work)
    return build(open_intake(work), work.config.push, lander=lander)


def build(
    intake: Intake,
    settings: PushSection,
    *,
    lander: Lander | None = None,
    wake: Wake | None = None,
) -> FastAPI:
    """The application around an intake; ``wake`` is told whose delivery was stored.

    Without it and without a lander, deliveries wait for `hub push drain`.
    """
    tell = lander.wake if lander is not None else wake
    app = FastAPI(
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        lifespan=lifespan(settings, lander),
    )
    app.include_router(routes(intake, settings, wake=tell))
    return app


def routes(intake: Intake, settings: PushSection, *, wake: Wake | None) -> APIRouter:
    """The route that takes deliveries, to be served beside others too."""
    router = APIRouter(include_in_schema=False)
    signed = Depends(public("each delivery carries the signature of its system"))

    @router.post("/push/{connection}", dependencies=[signed])
    async def receive(connection: str, request: Request) -> Response:
        try:
            async with asyncio.timeout(settings.seconds):
                body = await _read(request, settings.max_body)
        except TimeoutError:
            return _answer(408)
        except ClientDisconnect:
            return _answer(400)
        if body is None:
            return _answer(413)
        pushed = _pushed(request, body, settings.url)
        status = await run_in_threadpool(_take, intake.take, connection, pushed)
        if status == 200 and wake is not None:
            wake(connection)
        return _answer(status)

    return router


def lifespan(
    settings: PushSection, lander: Lander | None
) -> Callable[[FastAPI], AbstractAsyncContextManager[Mapping[str, Any]]]:
    """Tells the server how long a connection may last, and lands meanwhile."""

    @asynccontextmanager
    async def living(_app: FastAPI) -> AsyncIterator[Mapping[str, Any]]:
        if lander is not None:
            lander.start()
        yield {STATE: settings.seconds + 2 * PATIENCE_SECONDS}
        if lander is not None:
            await run_in_threadpool(lander.stop)

    return living


async def _read(request: Request, limit: int) -> bytes | None:
    """The body as it came, or None once it is too long: no more than that is ever held."""
    declared = request.headers.get("content-length", "0")
    if declared.isdigit() and int(declared) > limit:
        return None
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > limit:
            return None
    return bytes(body)


def _take(take: Take, connection: str, request: PushRequest) -> int:
    try:
        return _STATUS[take(connection, request)]
    except HubError as error:
        _log.warning("a delivery could not be stored: %s", error)
    except Exception as error:  # noqa: BLE001  # its text may quote the delivery
        _log.warning("a delivery could not be stored: unexpected %s", type(error).__name__)
    return 503


def _pushed(request: Request, body: bytes, public_url: str | None) -> PushRequest:
    headers: dict[str, str] = {}
    for name, value in request.headers.items():
        headers[name] = f"{headers[name]}, {value}" if name in headers else value
    query = f"?{request.url.query}" if request.url.query else ""
    base = public_url or f"{request.url.scheme}://{request.url.netloc}"
    return PushRequest(
        body=body,
        headers=headers,
        received_at=datetime.now(UTC),
        url=f"{base.rstrip('/')}{request.url.path}{query}",
        method=request.method,
    )


def _answer(status: int) -> Response:
    return Response(status_code=status, headers=_CLOSE)
