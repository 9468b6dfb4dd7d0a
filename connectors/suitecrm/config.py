"""Settings of a SuiteCRM connection."""

from __future__ import annotations

from pydantic import Field, SecretStr

from hub.sdk import ConnectorConfig, LocalPath


class SuiteCrmConfig(ConnectorConfig):
    """Where SuiteCRM is, and the user whose rights the hub has there."""

    base_url: str = Field(
        pattern=r"^https?://[^/@]+(/[^?#@]*)?$",
        description="Address of SuiteCRM, as in https://crm.example.com/suitecrm (of SuiteCRM 8: "
        "that of its /legacy folder)",
    )
    username: str = Field(description="User name of a SuiteCRM user for the hub")
    password: SecretStr = Field(description="Password of that user")
    currency: str = Field(
        default="USD",
        pattern="^[A-Z]{3}$",
        description="Default currency of SuiteCRM, of amounts that name no other",
    )
    page_size: int = Field(default=200, ge=1, le=5_000, description="Records to a request")
    settle_seconds: int = Field(
        default=60,
        ge=0,
        le=86_400,
        description="Records younger than this wait for the next run",
    )
    timeout: float = Field(default=60.0, gt=0, description="Seconds to wait for an answer")
    extra_fields: dict[str, tuple[str, ...]] = Field(
        default_factory=dict, description="Further fields to read, by module, as a mapping needs"
    )
    ca_file: LocalPath | None = Field(
        default=None, description="Certificates of the company's own CA"
    )
