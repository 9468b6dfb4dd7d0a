"""What an SAP S/4HANA connection needs to know."""

from __future__ import annotations

from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import Field, SecretStr, field_validator

from hub.sdk import ConnectorConfig, LocalPath


class SapS4HanaConfig(ConnectorConfig):
    """Settings of one system and client; what is seen is up to the user's authorisations."""

    base_url: str = Field(
        pattern=r"^https?://[^/@]+/?$",
        description="Address of the system, as https://my123456-api.s4hana.cloud.sap",
    )
    username: str = Field(
        description="Communication user; with a login_url, the client id of OAuth 2.0"
    )
    password: SecretStr = Field(
        description="Password of the communication user; with a login_url, the client secret"
    )
    login_url: str = Field(
        default="",
        pattern=r"^$|^https?://[^@]+$",
        description="Token endpoint of OAuth 2.0 client credentials; empty for Basic",
    )
    client: str = Field(
        default="",
        pattern=r"^\d{0,3}$",
        description="SAP client (sap-client), where the system's default is another one",
    )
    time_zone: str = Field(
        default="UTC",
        description="System time zone (transaction STZAC), in which change times are kept",
    )
    page_size: int = Field(
        default=500, ge=1, le=5000, description="Records asked for in one answer"
    )
    overlap_seconds: int = Field(
        default=900,
        ge=0,
        le=172_800,
        description="How far before the last time seen a run looks again, for late commits",
    )
    ca_file: LocalPath | None = Field(
        default=None, description="Certificates of the company's own CA"
    )

    @field_validator("time_zone")
    @classmethod
    def _is_known(cls, name: str) -> str:
        try:
            ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError) as error:
            raise ValueError("no time zone of the IANA database, such as Europe/Berlin") from error
        return name
