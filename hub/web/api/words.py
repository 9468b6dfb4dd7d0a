"""Words that the bodies and queries of the API share."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Final, Self

from fastapi import HTTPException, Query
from pydantic import BaseModel, BeforeValidator, Field

from hub.model.envelope import SourceKey

_RFC_3339: Final = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt][0-9]{2}:[0-9]{2}:[0-9]{2}([.][0-9]{1,6})?([Zz]|[+-][0-9]{2}:[0-9]{2})"
)
Text = Annotated[str, Field(max_length=1_000, pattern=r"^[^\x00]*$")]
"""No database of ours keeps a NUL in a text."""
RowNumber = Annotated[int, Field(ge=1, le=2**53 - 1, strict=True, description="Row id.")]
"""JSON numbers are exact up to 2^53 - 1 (RFC 8259, 6)."""
After = Annotated[str, Field(max_length=4_000)]


def _with_zone(said: object) -> object:
    """Pydantic would take a number for a time, and a time without a zone."""
    if isinstance(said, str) and not _RFC_3339.fullmatch(said):
        raise ValueError("write a time with its zone, as in 2026-03-01T12:00:00Z")
    return said


Time = Annotated[datetime, BeforeValidator(_with_zone)]
"""A time by RFC 3339; in an address, the + of a zone is %2B."""


class Paging(BaseModel):
    """Which page of a list."""

    limit: Annotated[int, Field(ge=1, le=500, description="How many at most.")] = 50
    after: After | None = Field(default=None, description="`next` of the page before this one.")


Paged = Annotated[Paging, Query()]


class Listed(BaseModel):
    """A page of a list."""

    next: str | None = Field(
        default=None, description="Send it as `after` for the next page; null after the last."
    )


class Why(BaseModel):
    """Why something is done; kept in the audit trail."""

    reason: Text = ""


class Done(BaseModel):
    """What a change did, in counts."""

    counts: Mapping[str, int]


class Reference(BaseModel):
    """Names one record of a system for ever; in bodies alone, since a key may be an address."""

    connection: Text
    type: Text
    key: Text
    part: Text = ""

    @classmethod
    def of(cls, source: SourceKey) -> Self:
        """The reference of a source key."""
        return cls(**source._asdict())

    @classmethod
    def read(cls, content: Mapping[str, Any] | None) -> Self | None:
        """The reference that stands in a golden value's origin."""
        return cls.model_validate(content) if content else None

    def as_key(self) -> SourceKey:
        """The source key that it names."""
        return SourceKey(self.connection, self.type, self.key, self.part)


def not_found(what: str) -> HTTPException:
    """404 for an id that names nothing."""
    return HTTPException(404, f"there is no {what} of that id")
