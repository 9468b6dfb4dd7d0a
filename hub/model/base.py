"""What every canonical type shares: frozen, closed, exact money, UTC time."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Annotated

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, JsonValue


def _to_utc(value: datetime) -> datetime:
    return value.astimezone(UTC)


UtcTime = Annotated[AwareDatetime, AfterValidator(_to_utc)]
"""A moment, always stored in UTC; a time without a zone is refused."""

Amount = Annotated[Decimal, Field(max_digits=19, decimal_places=4)]
"""An exact amount, Decimal(19,4); more than four decimals are refused, never rounded."""

Currency = Annotated[str, Field(pattern=r"^[A-Z]{3}$")]
"""An ISO 4217 code."""

Country = Annotated[str, Field(pattern=r"^[A-Z]{2}$")]
"""An ISO 3166-1 alpha-2 code."""

Text = Annotated[str, Field(min_length=1)]
"""A text that is not empty: an empty value is left out instead."""


class Model(BaseModel):
    """Base of all canonical types: frozen and closed to unknown fields."""

    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)


class SourceRef(Model):
    """Points at another canonical record of the same connection; it may not have arrived yet."""

    type: Text
    key: Text
    part: str = ""


class Period(Model):
    """Half-open [start, end); a missing side is open."""

    start: date | None = None
    end: date | None = None


class CanonicalRecord(Model):
    """Root of the records that a mapping makes.

    ``updated_at`` is the source's own time of change (recency in survivorship), ``ext`` holds
    fields without a canonical place under ``system.field``, each declared in the field catalogue.
    """

    updated_at: UtcTime | None = None
    ext: dict[str, JsonValue] = Field(default_factory=dict)
