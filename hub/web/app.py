"""The application: pages, API, the browser's files and the receiver of webhooks in one.

``hub serve`` runs it alone; Airflow mounts it under a path of its own.
"""

from __future__ import annotations

import secrets
from hashlib import blake2b
from typing import Final

from fastapi import FastAPI

from hub.config import find_config
from hub.pipeline.intake import find_intake
from hub.pipeline.workplace import Workplace, open_workplace
from hub.web import api, pages, receiver, static_files
from hub.web.access import Access, Web, require_rules
from hub.web.landing import Lander
from hub.web.login import LocalAccess
from hub.web.oidc import Provider
from hub.web.problems import add_handlers
from hub.web.provided import ProvidedAccess
from hub.web.security import SecurityHeaders
from hub.web.sessions import Sessions

_TITLE: Final = "Customer Hub"


def create() -> FastAPI:
    """The application for the configuration that HUB_CONFIG names; uvicorn calls this."""
    work = open_workplace(find_config())
    key = signing_key(work)
    lander = Lander(work) if find_intake(work) is not None else None
    return create_app(work, access=find_access(work, key), key=key, lander=lander)


def create_app(
    work: Workplace, *, access: Access, key: bytes | None = None, lander: Lander | None = None
) -> FastAPI:
    """The application for those whom ``access`` knows.

    ``key`` signs the tokens of changes: the same one in every process that serves. Without a
    lander, deliveries that are pushed wait for `hub push drain`.
    """
    intake = find_intake(work)
    app = FastAPI(
        title=_TITLE,
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        lifespan=receiver.lifespan(work.config.push, lander),
    )
    version = static_files.static_version()
    app.state.hub = Web(work, access, key or signing_key(work), version)
    add_handlers(app)
    app.add_middleware(SecurityHeaders)
    if intake is not None:
        wake = lander.wake if lander is not None else None
        app.include_router(receiver.routes(intake, work.config.push, wake=wake))
    for router in (api.router, access.router, static_files.router, pages.router):
        app.include_router(router)
    require_rules(app)
    return app


def signing_key(work: Workplace) -> bytes:
    """The configured key, or one that lives as long as this process."""
    key = work.config.session_key()
    if key is None:
        return secrets.token_bytes(32)
    return blake2b(key.encode(), digest_size=32).digest()


def find_access(work: Workplace, key: bytes) -> Access:
    """Where people come from, by hub.toml."""
    settings = work.config.web
    secure = (settings.url or "").startswith("https:")
    sessions = Sessions(work.engine, key, hours=settings.session_hours, secure=secure)
    people = work.config.root / settings.people
    if settings.oidc is None:
        return LocalAccess(people, sessions)
    back = f"{(settings.url or '').rstrip('/')}/sign-in/back"
    provider = Provider(settings.oidc, work.config.client_secret(), back=back)
    local = LocalAccess(people, sessions, provider=settings.oidc.title)
    return ProvidedAccess(provider, sessions, local, key=key)
