"""What a Salesforce connection needs to know."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field, SecretStr, ValidationInfo, field_validator

from hub.sdk import ConnectorConfig
from hub.sdk.contract import FOLDER


class SalesforceConfig(ConnectorConfig):
    """Settings of one organisation; what is seen is up to the user behind the application."""

    url: str = Field(
        pattern=r"^https?://[^/@]+/?$",
        description="My Domain URL, as https://example.my.salesforce.com",
    )
    client_id: str = Field(description="Consumer key of the external client app")
    client_secret: SecretStr = Field(description="Consumer secret of the external client app")
    api_version: str = Field(
        default="64.0", pattern=r"^\d{2,3}\.0$", description="REST API version"
    )
    batch_size: int = Field(
        default=2000,
        ge=1,
        le=2000,
        description="Records asked for in one answer; Salesforce itself gives at least 200",
    )
    query_limit: int = Field(
        default=50_000,
        ge=1,
        le=50_000_000,
        description="Records of one query before the next starts after the last of them",
    )
    settle_seconds: int = Field(
        default=60,
        ge=0,
        le=86_400,
        description="Records younger than this wait for the next run; 0 reads without a bound",
    )
    extra_fields: dict[str, tuple[str, ...]] = Field(
        default_factory=dict, description="Further fields to read, by object, as a mapping needs"
    )
    ca_bundle: Path | None = Field(
        default=None, description="File of certificates of a company's own authority (a proxy's)"
    )

    @field_validator("ca_bundle")
    @classmethod
    def _starts_at_hub_toml(cls, path: Path | None, info: ValidationInfo) -> Path | None:
        return path and Path((info.context or {}).get(FOLDER, ""), path)
