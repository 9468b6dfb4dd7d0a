"""Settings of a Zendesk connection."""

from __future__ import annotations

from typing import Any

from pydantic import Field, SecretStr, field_validator

from hub.sdk import ConnectorConfig, LocalPath


class ZendeskConfig(ConnectorConfig):
    """Where the account is, and the API token of an administrator: exports are for them alone."""

    base_url: str = Field(description="Address of the account, such as https://acme.zendesk.com")
    username: str = Field(description="E-mail address of the administrator who owns the token")
    key: SecretStr = Field(description="API token")
    webhook_secrets: tuple[SecretStr, ...] = Field(
        default=(), description="Signing secrets of webhooks; two while one replaces the other"
    )
    page_size: int = Field(
        default=1000,
        ge=1,
        le=1000,
        description="Records to an answer of the exports; lists give 100 at most",
    )
    export_calls: int = Field(
        default=10,
        ge=1,
        description="Export requests to a minute: 10, or 30 with the High Volume add-on",
    )
    settle_seconds: float = Field(
        default=65,
        ge=0,
        description="How long a full read waits at its end, as exports leave out the last minute",
    )
    ca_file: LocalPath | None = Field(
        default=None, description="Certificates of the company's own CA (a proxy's)"
    )

    @field_validator("webhook_secrets", mode="before")
    @classmethod
    def _listed(cls, value: Any) -> Any:
        """One secret may stand alone, as a form or a variable of the environment gives it."""
        return (value,) if isinstance(value, str) else value
