"""Settings of a JMAP connection."""

from __future__ import annotations

from typing import Self

from pydantic import Field, SecretStr, model_validator

from hub.sdk import ConnectorConfig, LocalPath


class JmapConfig(ConnectorConfig):
    """One account; its own addresses and domains tell what goes out from what comes in."""

    base_url: str = Field(
        pattern=r"^https?://[^/@]+(/.*)?$",
        description="Address of the server, as https://mail.example.com, or its session's address",
    )
    username: str = Field(default="", description="Name to log in with, often the address")
    password: SecretStr | None = Field(default=None, description="Password, or an app password")
    key: SecretStr | None = Field(
        default=None, description="API token, sent as Bearer instead of user name and password"
    )
    account: str = Field(
        default="", description="Id of the mail account, where the user has several"
    )
    mailboxes: tuple[str, ...] = Field(
        default=("Inbox", "Sent"),
        description="Mailboxes to read, by role (inbox, sent, archive) or full name; empty for all",
    )
    own_domains: tuple[str, ...] = Field(
        default=(), description="Our mail domains; mail among them is internal and is left out"
    )
    own_addresses: tuple[str, ...] = Field(
        default=(), description="Our addresses in domains that are not all ours"
    )
    page_size: int = Field(default=200, ge=1, le=1000, description="Mails asked for at once")
    allowed_hosts: tuple[str, ...] = Field(
        default=(), description="Other hosts that the session's URLs may lead to"
    )
    ca_file: LocalPath | None = Field(
        default=None, description="Certificates of the company's own CA"
    )

    @model_validator(mode="after")
    def _one_proof(self) -> Self:
        if self.key is None and not (self.username and self.password):
            message = "give username and password, or key"
            raise ValueError(message)
        return self
