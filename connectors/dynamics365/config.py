"""What a Dynamics 365 connection needs to know."""

from __future__ import annotations

from pydantic import Field, SecretStr

from hub.sdk import ConnectorConfig, LocalPath


class Dynamics365Config(ConnectorConfig):
    """Settings of one environment; what is seen is up to the application user's security roles."""

    base_url: str = Field(
        pattern=r"^https?://[^/@]+/?$",
        description="Address of the environment, as https://example.crm.dynamics.com",
    )
    tenant: str = Field(
        pattern=r"^[A-Za-z0-9.-]+$",
        description="Directory (tenant) id or domain in Microsoft Entra",
    )
    client_id: str = Field(description="Application (client) id of the app registration")
    client_secret: SecretStr = Field(description="Client secret of the app registration")
    login_url: str = Field(
        default="https://login.microsoftonline.com",
        pattern=r"^https?://[^/@]+/?$",
        description="Authority that grants tokens; another one in national clouds",
    )
    page_size: int = Field(
        default=1000, ge=1, le=5000, description="Records asked for in one answer; 5,000 at most"
    )
    extra_fields: dict[str, tuple[str, ...]] = Field(
        default_factory=dict, description="Further columns to read, by stream, as a mapping needs"
    )
    ca_file: LocalPath | None = Field(
        default=None, description="Certificates of the company's own CA (a proxy's)"
    )
