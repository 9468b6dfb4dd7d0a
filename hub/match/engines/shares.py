"""How frequent each row's values are, as SQL that DuckDB and Spark read alike.

Tables: ``frequency_…`` (value, share) by column, ``feature``, ``share`` (id, …_share).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from hub.match.full_names import company_share_sql, full_name_share_sql
from hub.match.model import FREQUENCY_COLUMNS

SHARES: Final = tuple(f"{column}_share" for column in FREQUENCY_COLUMNS)


def shares_of(features: str, rarest: Mapping[str, float]) -> str:
    """The shares of each row's values, which stand in tables ``frequency_…``."""
    shares = ", ".join(
        f"{share} as {column}_share" for column, share in _shares(features, rarest).items()
    )
    joins = " ".join(
        f"left join frequency_{column} on {features}.{column} = frequency_{column}.value"
        for column in FREQUENCY_COLUMNS
    )
    return f"select {features}.id, {shares} from {features} {joins}"


def rated_features() -> str:
    """The rows with their values' shares."""
    shares = ", ".join(f"share.{name}" for name in SHARES)
    return f"select feature.*, {shares} from feature join share on share.id = feature.id"


def _shares(features: str, rarest: Mapping[str, float]) -> dict[str, str]:
    """The share of each column's value; names of several words are told by their words."""
    found = {
        column: f"case when {features}.{column} is not null then "
        f"coalesce(frequency_{column}.share, {rarest[column]!r}::double) end"
        for column in FREQUENCY_COLUMNS
    }
    company = company_share_sql(f"{features}.organisation", rarest["organisation"])
    found["organisation"] = f"coalesce(frequency_organisation.share, {company})"
    full = full_name_share_sql(
        f"({found['given']})",
        f"({found['family']})",
        rarest["full_name"],
        "coalesce(frequency_full_name.share, 1.0::double)",
    )
    found["full_name"] = f"case when {features}.full_name is not null then {full} end"
    return found
