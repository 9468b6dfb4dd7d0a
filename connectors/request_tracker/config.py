"""Settings of a Request Tracker connection."""

from __future__ import annotations

from pydantic import Field, SecretStr

from hub.sdk import ConnectorConfig, LocalPath


class RequestTrackerConfig(ConnectorConfig):
    """Where Request Tracker is, and a privileged account that may see users and tickets."""

    base_url: str = Field(
        description="Address of Request Tracker, such as https://rt.example.com, without /REST/2.0"
    )
    username: str = Field(description="Name of the account; it needs AdminUsers and ShowTicket")
    password: SecretStr = Field(description="Its password")
    page_size: int = Field(default=100, ge=1, le=100, description="Records to a request")
    overlap_seconds: int = Field(
        default=900,
        ge=60,
        description="How far to look back, for tickets committed late and for repeated requests",
    )
    ca_file: LocalPath | None = Field(
        default=None, description="Certificates of the company's own CA"
    )
