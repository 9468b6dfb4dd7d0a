"""Settings of a Tryton connection."""

from __future__ import annotations

from pydantic import Field, SecretStr

from hub.sdk import ConnectorConfig, LocalPath


class TrytonConfig(ConnectorConfig):
    """Where Tryton is, the key of a user application of kind REST, and who writes."""

    base_url: str = Field(
        description="Address of the database, such as https://erp.example.com/production"
    )
    key: SecretStr = Field(description="Key of a user application for REST, validated by its user")
    username: str | None = Field(
        default=None, description="Login of the user that writes back; not needed to read"
    )
    password: SecretStr | None = Field(
        default=None, description="Password of that user: JSON-RPC takes no key"
    )
    company: int | None = Field(
        default=None, description="Id of the company to read for, where there are several"
    )
    balances: bool = Field(
        default=True, description="Read what parties owe; needs the module account"
    )
    page_size: int = Field(default=100, ge=1, le=1000, description="Records to a request")
    overlap_seconds: int = Field(
        default=120,
        ge=0,
        description="How far to look back, for transactions that commit late",
    )
    ca_file: LocalPath | None = Field(
        default=None, description="Certificates of the company's own CA"
    )
