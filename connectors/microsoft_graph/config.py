"""Settings of a Microsoft Graph connection."""

from __future__ import annotations

from pydantic import Field, SecretStr

from hub.sdk import ConnectorConfig, LocalPath

_ADDRESS = r"^https?://[^/@?#]+(/[^?#]*)?$"


class GraphConfig(ConnectorConfig):
    """The mailboxes of some users of one tenant."""

    tenant: str = Field(
        pattern=r"^[A-Za-z0-9.-]+$", description="Directory (tenant) id, or a domain of the tenant"
    )
    client_id: str = Field(description="Application (client) id of the app registration")
    client_secret: SecretStr = Field(description="Client secret of the app registration")
    users: tuple[str, ...] = Field(
        min_length=1, description="Users whose mailboxes are read, by id or user principal name"
    )
    contact_folders: tuple[str, ...] = Field(
        default=("contacts",),
        min_length=1,
        description="Contact folders to read, by id; contacts is each user's own Contacts",
    )
    mail_folders: tuple[str, ...] = Field(
        default=("inbox", "sentitems"),
        min_length=1,
        description="Mail folders to read, by id or well-known name",
    )
    own_domains: tuple[str, ...] = Field(
        default=(), description="Our mail domains; mail among them is internal and is left out"
    )
    own_addresses: tuple[str, ...] = Field(
        default=(), description="Our addresses in domains that are not all ours"
    )
    page_size: int = Field(default=200, ge=1, le=999, description="Items asked for at once")
    base_url: str = Field(
        default="https://graph.microsoft.com/v1.0",
        pattern=_ADDRESS,
        description="Address of the API; a national cloud has its own",
    )
    login_url: str = Field(
        default="https://login.microsoftonline.com",
        pattern=_ADDRESS,
        description="Where tokens come from; a national cloud has its own",
    )
    scope: str = Field(
        default="https://graph.microsoft.com/.default",
        description="What the token is for; a national cloud has its own",
    )
    ca_file: LocalPath | None = Field(
        default=None, description="Certificates of the company's own CA (a proxy's)"
    )
