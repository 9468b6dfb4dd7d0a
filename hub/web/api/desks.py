"""Where a request is answered: who asks, the site, pages of lists, tags, masking by role.

The annotations of a dependency are read by FastAPI, and so must not be texts here.
"""

# no postponed annotations here: those of the inner function name a value of the outer one
from collections.abc import Callable
from hashlib import blake2b
from typing import Annotated, Any, Final

import orjson
from fastapi import Depends, HTTPException, Request, Response
from itsdangerous import BadData, URLSafeSerializer
from pydantic import BaseModel

from hub.pipeline.workplace import Workplace
from hub.roles import Role
from hub.store.audit import Act, new_act
from hub.store.listing import Page, Span
from hub.web.access import Person, allow, web_of
from hub.web.masking import masked

_FRESH: Final = {"Cache-Control": "private, no-cache", "Vary": "Authorization, Cookie"}
"""A browser may keep an answer, and asks each time whether it still holds."""


class Desk:
    """One request of one person, who may ask it."""

    def __init__(self, request: Request, person: Person) -> None:
        self.request = request
        self.person = person

    @property
    def work(self) -> Workplace:
        """The site that is served."""
        return web_of(self.request).work

    def act(self, reason: str) -> Act:
        """What the person does, for the audit trail."""
        return new_act(self.person.actor, reason)

    def answer(self, content: BaseModel) -> Response:
        """The content as the person may see it, with its tag; 304 for who has it already."""
        body = self._body(content)
        tag = _tag(body)
        headers = {"ETag": tag, **_FRESH}
        if self.request.method == "GET" and _names(self._header("if-none-match"), tag):
            return Response(status_code=304, headers=headers)
        return Response(body, media_type="application/json", headers=headers)

    def require_match(self, look: Callable[[], BaseModel]) -> None:
        """412 where a change was asked for of something that looks otherwise by now."""
        wanted = self._header("if-match")
        if wanted and not _names(wanted, _tag(self._body(look()))):
            raise HTTPException(412, "it has changed since you looked: read it again, then decide")

    def span(self, name: str, *, limit: int, after: str | None) -> Span:
        """Which page of the list of that name; 422 for a position that it never gave."""
        if after is None:
            return Span(limit)
        try:
            list_, position = self._positions().loads(after)
        except (BadData, ValueError, TypeError) as error:
            raise HTTPException(422, "after: is no position of this list") from error
        if list_ != name:
            raise HTTPException(422, "after: is a position of another list")
        return Span(limit, position)

    def next(self, name: str, page: Page) -> str | None:
        """Where the next page begins."""
        if page.after is None:
            return None
        return str(self._positions().dumps([name, list(page.after)]))

    def _positions(self) -> URLSafeSerializer:
        return URLSafeSerializer(web_of(self.request).key, salt="position in a list")

    def _body(self, content: BaseModel) -> bytes:
        return orjson.dumps(masked(content.model_dump(mode="json"), self.person))

    def _header(self, name: str) -> str:
        return ",".join(self.request.headers.getlist(name))


def _tag(body: bytes) -> str:
    return f'"{blake2b(body, digest_size=12).hexdigest()}"'


def _names(header: str, tag: str) -> bool:
    """Whether If-None-Match or If-Match names it (RFC 9110, 13.1)."""
    named = [part.strip().removeprefix("W/") for part in header.split(",")]
    return "*" in named or tag in named


def _desk(*roles: Role) -> Any:
    rule = allow(*roles)

    def take(request: Request, person: Annotated[Person, Depends(rule)]) -> Desk:
        return Desk(request, person)

    return Depends(take)


ViewerDesk = Annotated[Desk, _desk(Role.VIEWER)]
StewardDesk = Annotated[Desk, _desk(Role.STEWARD)]
ControllerDesk = Annotated[Desk, _desk(Role.CONTROLLER)]
OverseerDesk = Annotated[Desk, _desk(Role.STEWARD, Role.CONTROLLER)]
