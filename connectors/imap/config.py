"""Settings of an IMAP connection."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, SecretStr

from hub.sdk import ConnectorConfig, LocalPath


class ImapConfig(ConnectorConfig):
    """One account; its own addresses and domains tell what goes out from what comes in."""

    host: str = Field(description="Name of the IMAP server")
    port: int = Field(default=993, ge=1, le=65535, description="993 for TLS, 143 for others")
    security: Literal["tls", "starttls", "plain"] = Field(
        default="tls", description="plain sends the password readably: for tests on one machine"
    )
    ca_file: LocalPath | None = Field(
        default=None, description="Certificates of the company's own CA"
    )
    username: str = Field(description="Name to log in with, often the address")
    password: SecretStr = Field(description="Password, or an app password")
    mailboxes: tuple[str, ...] = Field(
        default=("INBOX", "Sent"),
        min_length=1,
        description="Mailboxes to read, by their full names",
    )
    own_domains: tuple[str, ...] = Field(
        default=(), description="Our mail domains; mail among them is internal and is left out"
    )
    own_addresses: tuple[str, ...] = Field(
        default=(), description="Our addresses in domains that are not all ours"
    )
    batch: int = Field(default=200, ge=1, le=1000, description="Mails asked for at once")
    timeout: float = Field(default=60.0, gt=0, description="Seconds to wait for an answer")
