"""Who may do what in the pages and the API, as hub.toml says it."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from pydantic import Field

from hub.ownership import Closed


class Role(StrEnum):
    """What a person is in the hub; what each may do is in docs/api.md."""

    VIEWER = "viewer"
    STEWARD = "steward"
    CONTROLLER = "controller"
    ADMIN = "admin"


INCLUDED: Final = {
    Role.VIEWER: frozenset({Role.VIEWER}),
    Role.STEWARD: frozenset({Role.STEWARD, Role.VIEWER}),
    Role.CONTROLLER: frozenset({Role.CONTROLLER, Role.VIEWER}),
    Role.ADMIN: frozenset(Role),
}
"""The roles that each role stands for; an administrator may do what everybody may."""


class WebSection(Closed):
    """``[web]``: the pages and the API."""

    url: str | None = Field(
        default=None,
        pattern="^https?://[^/?#]+(/[^?#]*)?$",
        description="Address at which people reach the pages, where that is behind a proxy.",
    )
    people: str = Field(
        default="people.json",
        description="File of those who sign in with a password; `hub web-user add` writes it.",
    )
    session_key: str | None = Field(
        default=None,
        pattern=r"^env:.+",
        description="env:NAME of the key that signs sessions, for a server of several processes; "
        "without it sessions end with the server.",
    )
    session_hours: float = Field(
        default=10.0, gt=0, le=168, description="How long a person stays signed in."
    )
