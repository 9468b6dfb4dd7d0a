"""Pages from templates: every address is relative to where the application is mounted."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any, Final

from fastapi import Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from hub.web import csrf
from hub.web.access import web_of

_FOLDER: Final = Path(__file__).with_name("templates")


def address(request: Request, name: str, **parts: Any) -> str:
    """The path of a route by its name.

    Not ``request.url_for``: in a mounted application that looks among the outer one's routes.
    """
    path = request.app.url_path_for(name, **parts)
    return f"{request.scope.get('root_path', '')}{path}"


def render(request: Request, template: str, *, status: int = 200, **content: Any) -> HTMLResponse:
    """A page. In its template: ``url(name, …)``, ``static(file)``, ``person``, ``csrf_token``."""
    web = web_of(request)
    person = getattr(request.state, "person", None)

    def url(name: str, **parts: Any) -> str:
        return address(request, name, **parts)

    def static(file: str) -> str:
        return url("static", version=web.version, file=file)

    shown = {
        "url": url,
        "static": static,
        "company": web.work.config.hub.company,
        "person": person,
        "csrf_token": csrf.token(web.key, person.session) if person and person.session else "",
    }
    text = _environment().get_template(template).render(shown | content)
    return HTMLResponse(text, status)


@cache
def _environment() -> Environment:
    return Environment(
        loader=FileSystemLoader(_FOLDER),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
