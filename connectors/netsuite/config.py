"""What a NetSuite connection needs to know."""

from __future__ import annotations

from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, Field, SecretStr

from hub.sdk import ConnectorConfig, LocalPath


def _known_zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:
        raise ValueError("no such time zone; name one such as Europe/Berlin") from error
    return name


class NetsuiteConfig(ConnectorConfig):
    """Settings of one account; what is seen is up to the role of the integration user."""

    base_url: str = Field(
        pattern=r"^https?://[^/@]+/?$",
        description="REST address of the account, as https://123456.suitetalk.api.netsuite.com",
    )
    client_id: str = Field(description="Client id (consumer key) of the integration record")
    certificate_id: str = Field(
        description="Certificate id of the mapping under OAuth 2.0 Client Credentials Setup"
    )
    key: SecretStr = Field(description="Private key of that certificate, as PEM")
    algorithm: Literal["PS256", "ES256"] = Field(
        default="PS256",
        description="How the key signs: PS256 with an RSA key, ES256 with an EC key",
    )
    time_zone: Annotated[str, AfterValidator(_known_zone)] = Field(
        default="UTC",
        description="Zone in which SuiteQL writes times: that of the integration user",
    )
    page_size: int = Field(
        default=1000, ge=1, le=1000, description="Rows asked for in one answer; 1,000 at most"
    )
    overlap_seconds: int = Field(
        default=3900,
        ge=0,
        le=86_400,
        description="How far before the last time seen a run looks again; times are local, so more "
        "than the hour that comes twice in autumn",
    )
    extra_fields: dict[str, tuple[str, ...]] = Field(
        default_factory=dict,
        description="Further columns to read, by stream, such as custom fields (custentity_…)",
    )
    ca_file: LocalPath | None = Field(
        default=None, description="Certificates of the company's own CA (a proxy's)"
    )
