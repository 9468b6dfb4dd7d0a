"""``[mail]``: who is told by mail what reconciling found."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from hub.ownership import Closed

Address = Annotated[str, Field(pattern=r"^[^@\s,;<>]+@[^@\s,;<>]+$")]


class MailSection(Closed):
    """``[mail]``: without receivers nothing is sent."""

    to: tuple[Address, ...] = Field(
        default=(), description="Who gets the counts of each reconciliation."
    )
    sender: Address | None = Field(default=None, description="The address it comes from.")
    server: str = Field(default="", description="Host name of the mail server (SMTP).")
    port: int = Field(default=587, ge=1, le=65535, description="Its port.")
    tls: Literal["starttls", "tls", "off"] = Field(
        default="starttls", description="How the way there is sealed; `off` is for this machine."
    )
    credentials: str | None = Field(
        default=None,
        pattern=r"^(env|file|airflow):.+$",
        description="`env:NAME`, `file:PATH` or `airflow:CONN_ID` of username and password.",
    )

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        if self.to and not (self.sender and self.server):
            raise ValueError("mail needs sender and server")
        if self.credentials and self.tls == "off":
            raise ValueError("credentials go over no line that is open: tls must not be off")
        return self
