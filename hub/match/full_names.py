"""How rare two names together are: neither a product of two shares nor a count says it alone.

Names go with each other (by language, by fashion), so that a product makes a name too rare; and how
many records hold a full name tells little as long as they may all be one person's. The product is
what is expected, of unknown reliability (a gamma prior), and the records beyond one person's own
are what was seen (a Poisson count): the share is the mean of what then is believed.
"""

from __future__ import annotations

from math import exp, lgamma, log
from typing import Final

TOGETHER: Final = 4.0
"""So much oftener than by chance two names that agree go together."""
RELIABILITY: Final = 0.3
"""The shape of the gamma prior: how many sightings the expected share counts as."""
OWN: Final = 1.0
"""So many other records of a name are taken for the same person's before that is learnt."""
LEAST_HOLDERS: Final = 3
"""Names that fewer records hold are not kept."""
UNIQUE: Final = 0.1
"""As the shape for companies: they choose names, and registers want them, that no other has."""
_SPREAD: Final = 4.0
"""The shape of how many records one person has: some have many times as many as others."""
_MOST_OWN: Final = 100
_MANY: Final = 1_000


def shape_of(words: int) -> float:
    """The shape for a company's name of so many words, or for a full name where there are none."""
    return UNIQUE / words**2 if words else RELIABILITY


def company_share(name: str, rarest: float) -> float:
    """The share of companies with a name that few records hold: less with every word."""
    return rarest / (name.count(" ") + 1) ** 2


def company_share_sql(name: str, rarest: float) -> str:
    """The same of an expression in SQL."""
    return f"({rarest!r}::double / pow({words_sql(name)}, 2))"


def words_sql(name: str) -> str:
    """How many words a name has, of an expression in SQL."""
    return f"(length({name}) - length(replace({name}, ' ', '')) + 1)"


def strangers(holders: int, own: float, shape: float) -> float:
    """How many of the others who hold a name are somebody else, as far as their number tells.

    One person's other records, ``own`` on average, and those of strangers add up to all others.
    Both numbers are counts of unknown rates (negative binomial): many strangers are as likely as
    ``shape`` says, and half as likely with each one more.
    """
    others = holders - 1
    if others > _MANY:
        return float(others)
    found = [
        (others - mine, _log_count(mine, own, _SPREAD) + _log_count(others - mine, shape, shape))
        for mine in range(min(others, _MOST_OWN) + 1)
    ]
    best = max(chance for _, chance in found)
    weights = [(count, exp(chance - best)) for count, chance in found]
    return sum(count * weight for count, weight in weights) / sum(w for _, w in weights)


def _log_count(count: int, mean: float, shape: float) -> float:
    """The logarithm of a negative binomial chance."""
    ways = lgamma(count + shape) - lgamma(shape) - lgamma(count + 1)
    return ways + shape * log(shape / (shape + mean)) + count * log(mean / (shape + mean))


def times_as_frequent(holders: int, own: float, shape: float = RELIABILITY) -> float:
    """How many times as frequent a name is as its rarity says, by the number of its holders."""
    return 1.0 + strangers(holders, own, shape) / shape


def full_name_share(given: float, family: float, rarest: float, times: float = 1.0) -> float:
    """The share of strangers who have a full name, from the shares of its names.

    ``rarest`` is the share that one record makes, ``times`` what :func:`times_as_frequent` gives.
    """
    return times / (1.0 / (TOGETHER * given * family) + 1.0 / (RELIABILITY * rarest))


def full_name_share_sql(given: str, family: str, rarest: float, times: str) -> str:
    """The same of expressions in SQL."""
    return (
        f"({times} / (1.0 / ({TOGETHER!r} * {given} * {family}) + "
        f"{1.0 / (RELIABILITY * rarest)!r}::double))"
    )
