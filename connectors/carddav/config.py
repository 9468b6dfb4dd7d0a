"""Settings of a CardDAV connection."""

from __future__ import annotations

from pydantic import Field, SecretStr

from hub.sdk import ConnectorConfig, LocalPath


class CardDavConfig(ConnectorConfig):
    """One user's address books."""

    base_url: str = Field(
        pattern=r"^https?://[^/@?#]+(/[^?#]*)?$",
        description="The server, as https://dav.example.com, or the address of one address book",
    )
    username: str = Field(description="Name to log in with")
    password: SecretStr = Field(description="Password, or an app password")
    address_books: tuple[str, ...] = Field(
        default=(),
        description="Address books to read, by title or last part of their address; all if empty",
    )
    sync: bool = Field(
        default=True,
        description="Ask for changes by sync token; false for servers without sync-collection, "
        "which are then read in full each time",
    )
    page_size: int = Field(default=50, ge=1, le=1000, description="Cards asked for at once")
    allowed_hosts: tuple[str, ...] = Field(
        default=(),
        description="Further hosts that the server may name for the address books of its users",
    )
    ca_file: LocalPath | None = Field(
        default=None, description="Certificates of the company's own CA"
    )
