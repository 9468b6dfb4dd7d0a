"""How rare two names together are: neither a product of two shares nor a count says it alone.

Names go with each other (by language, by fashion), so that a product makes a name too rare; and how
many records hold a full name tells little as long as they may all be one person's. The product is
what is expected, of unknown reliability (a gamma prior), and the records beyond one person's own
are what was seen (a Poisson count): the share is the mean of what then is believed.
"""

from __future__ import annotations

from typing import Final

TOGETHER: Final = 4.0
"""So much oftener than by chance two names that agree go together."""
RELIABILITY: Final = 0.3
"""The shape of the gamma prior: how many sightings the expected share counts as."""
OWN: Final = 3.0
"""At least so many other records of one name may well be the same person's."""
COPIES: Final = 2.0
"""And this many times as many as a record has on average."""
LEAST_HOLDERS: Final = 5
"""Names that fewer records hold are not kept."""


UNIQUE: Final = 0.1
"""As the shape for companies: they choose names, and registers want them, that no other has."""


def company_share(name: str, rarest: float) -> float:
    """The share of companies with a name that few records hold: less with every word."""
    return rarest / (name.count(" ") + 1) ** 2


def company_share_sql(name: str, rarest: float) -> str:
    """The same of an expression in SQL."""
    return f"({rarest!r}::double / pow(length({name}) - length(replace({name}, ' ', '')) + 1, 2))"


def own_records(copies: float) -> float:
    """How many others of one name may be one person's, where a record has so many copies."""
    return max(OWN, COPIES * copies)


def full_name_share(given: float, family: float, rarest: float, times: float = 1.0) -> float:
    """The share of strangers who have a full name, from the shares of its names.

    ``rarest`` is the share that one record makes, ``times`` what :func:`times_sql` gives.
    """
    return times / (1.0 / (TOGETHER * given * family) + 1.0 / (RELIABILITY * rarest))


def full_name_share_sql(given: str, family: str, rarest: float, times: str) -> str:
    """The same of expressions in SQL."""
    return (
        f"({times} / (1.0 / ({TOGETHER!r} * {given} * {family}) + "
        f"{1.0 / (RELIABILITY * rarest)!r}::double))"
    )


def times_sql(holders: str, own: float, reliability: float = RELIABILITY) -> str:
    """How many times as frequent a name is as its rarity says, by the number of its holders."""
    return f"(1 + greatest({holders} - 1 - {own!r}::double, 0) / {reliability!r}::double)"
