"""Settings of a Freshdesk connection."""

from __future__ import annotations

from pydantic import Field, SecretStr

from hub.sdk import ConnectorConfig, LocalPath


class FreshdeskConfig(ConnectorConfig):
    """Where the account is, and the key of an agent who may see what is read."""

    base_url: str = Field(description="Address of the account, such as https://acme.freshdesk.com")
    key: SecretStr = Field(description="API key, from the agent's profile settings")
    page_size: int = Field(default=100, ge=1, le=100, description="Records to a request")
    ca_file: LocalPath | None = Field(
        default=None, description="Certificates of the company's own CA (a proxy's)"
    )
