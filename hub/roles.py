"""Who may do what in the pages and the API, as hub.toml says it."""

from __future__ import annotations

from enum import StrEnum
from typing import Final, Self

from pydantic import Field, model_validator

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


class OidcSection(Closed):
    """``[web.oidc]``: a provider of OpenID Connect at which people sign in."""

    issuer: str = Field(
        pattern=r"^(https://.+|http://(127\.0\.0\.1|localhost|\[::1\])(:\d+)?(/.*)?)$",
        description="The provider's issuer, as its discovery document names it; https.",
    )
    client_id: str = Field(description="The hub's name at the provider.")
    client_secret: str | None = Field(
        default=None,
        pattern=r"^env:.+",
        description="env:NAME of the secret; without it the hub is a public client (PKCE alone).",
    )
    title: str = Field(default="your organisation", description="What the sign-in page calls it.")
    scopes: tuple[str, ...] = Field(
        default=("openid", "profile"), description="What is asked for; `openid` is always."
    )
    name_claim: str = Field(
        default="name", description="The claim that holds the person's name, for the audit trail."
    )
    roles_claim: str = Field(
        default="groups",
        description="The claim that holds groups or roles; dots lead inside: `realm_access.roles`.",
    )
    roles: dict[str, Role] = Field(
        default_factory=dict,
        description="By a value of that claim, the role in the hub; other values give none.",
    )


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
    oidc: OidcSection | None = Field(
        default=None, description="A provider of OpenID Connect; see below."
    )

    @model_validator(mode="after")
    def _provider_leads_back(self) -> Self:
        if self.oidc is not None and self.url is None:
            raise ValueError("oidc needs `url`: the provider sends people back to it")
        return self
