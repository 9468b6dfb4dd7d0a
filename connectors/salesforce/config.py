"""What a Salesforce connection needs to know."""

from __future__ import annotations

from typing import Annotated, Final, Self

from pydantic import Field, SecretStr, StringConstraints, model_validator

from hub.sdk import ConnectorConfig, LocalPath

_COLLECTIONS_SINCE: Final = 46
"""The first version with all sObject Collections that are used."""

FieldName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z][A-Za-z0-9_]*$")]


class SalesforceConfig(ConnectorConfig):
    """Settings of one organisation; what is seen is up to the user behind the application."""

    base_url: str = Field(
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
    bulk_from: int = Field(
        default=10_000,
        ge=0,
        le=1_000_000_000,
        description="Records from which on a first load is a Bulk API 2.0 query job; 0 for never",
    )
    bulk_page_size: int = Field(
        default=10_000, ge=1, le=250_000, description="Records of one results set of a query job"
    )
    bulk_wait_seconds: int = Field(
        default=3600,
        ge=0,
        le=86_400,
        description="How long one run waits for a query job before it leaves it to the next run",
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
    batch_writes: bool = Field(
        default=False,
        description="Write up to 200 records in one request, under a lock that is less close",
    )
    external_ids: dict[str, FieldName] = Field(
        default_factory=dict,
        description="The unique external id field that holds the hub's own key, by object",
    )
    ca_file: LocalPath | None = Field(
        default=None, description="Certificates of the company's own CA (a proxy's)"
    )

    @model_validator(mode="after")
    def _speaks_of_collections(self) -> Self:
        wanted = self.batch_writes or self.external_ids
        if wanted and float(self.api_version) < _COLLECTIONS_SINCE:
            needed = f"{_COLLECTIONS_SINCE}.0"
            raise ValueError(f"batch_writes and external_ids need api_version {needed} or later")
        return self
