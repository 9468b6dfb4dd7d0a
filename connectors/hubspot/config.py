"""What a HubSpot connection needs to know."""

from __future__ import annotations

from typing import Annotated, Any, Self

from pydantic import BeforeValidator, Field, SecretStr, model_validator

from hub.sdk import ConnectorConfig, LocalPath


def _several(value: Any) -> Any:
    """One secret alone is a list of one."""
    return (value,) if isinstance(value, str | SecretStr) else value


class HubspotConfig(ConnectorConfig):
    """Settings of one account: the token of a private app, or the OAuth tokens of an app."""

    base_url: str = Field(
        default="https://api.hubapi.com",
        pattern=r"^https?://[^/@]+/?$",
        description="Address of the API",
    )
    key: SecretStr | None = Field(
        default=None, description="Access token of a private app; goes before OAuth"
    )
    client_id: str = Field(default="", description="Client id of the app, for OAuth")
    client_secret: SecretStr | None = Field(
        default=None, description="Client secret of the app, for OAuth"
    )
    refresh_token: SecretStr | None = Field(
        default=None, description="Refresh token from the app's installation, for OAuth"
    )
    webhook_secrets: Annotated[tuple[SecretStr, ...], BeforeValidator(_several)] = Field(
        default=(),
        description="Client secrets of the app whose webhooks are received; two while one replaces "
        "the other",
    )
    page_size: int = Field(
        default=100, ge=1, le=100, description="Records asked for in one answer; 100 at most"
    )
    requests_per_second: int = Field(
        default=4,
        ge=1,
        le=1000,
        description="Requests in a second; searches of an account may be 5, all apps together",
    )
    overlap_seconds: int = Field(
        default=300,
        ge=0,
        le=86_400,
        description="How far before the last time seen a run looks again: the search lags behind",
    )
    extra_fields: dict[str, tuple[str, ...]] = Field(
        default_factory=dict,
        description="Further properties to read, by object (contacts, companies, deals)",
    )
    ca_file: LocalPath | None = Field(
        default=None, description="Certificates of the company's own CA (a proxy's)"
    )

    @model_validator(mode="after")
    def _has_a_login(self) -> Self:
        if self.key is None and not (self.client_id and self.client_secret and self.refresh_token):
            raise ValueError("give key, or client_id, client_secret and refresh_token")
        return self
