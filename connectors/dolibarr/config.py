"""Settings of a Dolibarr connection."""

from __future__ import annotations

from pydantic import Field, SecretStr

from hub.sdk import ConnectorConfig, LocalPath


class DolibarrConfig(ConnectorConfig):
    """Where Dolibarr is and who we are; its "Web services" module must be switched on."""

    base_url: str = Field(description="Address of Dolibarr, as in https://erp.example.com/dolibarr")
    key: SecretStr = Field(description="The key shown in the set-up of the Web services module")
    login: str = Field(description="Login of a Dolibarr user who may read what the streams hold")
    password: SecretStr = Field(description="Password of that user")
    entity: str = Field(default="", description="Number of the company where several share one")
    currency: str = Field(
        default="EUR",
        pattern="^[A-Z]{3}$",
        description="Main currency of the company: the services give amounts without one",
    )
    page_size: int = Field(default=100, ge=1, le=1000, description="Third parties a page")
    timeout: float = Field(default=60.0, gt=0, description="Seconds to wait for an answer")
    ca_file: LocalPath | None = Field(
        default=None, description="Certificates of the company's own CA"
    )
