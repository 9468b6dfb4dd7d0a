"""What a Business Central connection needs to know."""

from __future__ import annotations

from pydantic import Field, SecretStr

from hub.sdk import ConnectorConfig, LocalPath

_GUID = r"^[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}$"


class BusinessCentralConfig(ConnectorConfig):
    """Settings of one company; what is seen is up to the application's permission sets."""

    base_url: str = Field(
        default="https://api.businesscentral.dynamics.com",
        pattern=r"^https?://[^/@]+/?$",
        description="Address of the service",
    )
    tenant: str = Field(
        pattern=r"^[A-Za-z0-9.-]+$",
        description="Directory (tenant) id or domain in Microsoft Entra",
    )
    environment: str = Field(
        default="production",
        pattern=r"^[A-Za-z0-9_-]+$",
        description="Name of the environment in the Business Central admin center",
    )
    company: str = Field(
        pattern=_GUID, description="Id of the company, from the answer to GET …/api/v2.0/companies"
    )
    client_id: str = Field(description="Application (client) id of the app registration")
    client_secret: SecretStr = Field(description="Client secret of the app registration")
    login_url: str = Field(
        default="https://login.microsoftonline.com",
        pattern=r"^https?://[^/@]+/?$",
        description="Authority that grants tokens",
    )
    page_size: int = Field(
        default=1000, ge=1, le=20_000, description="Records asked for in one answer; 20,000 at most"
    )
    overlap_seconds: int = Field(
        default=300,
        ge=0,
        le=86_400,
        description="How far before the last time seen a run looks again, for late commits",
    )
    ca_file: LocalPath | None = Field(
        default=None, description="Certificates of the company's own CA (a proxy's)"
    )
