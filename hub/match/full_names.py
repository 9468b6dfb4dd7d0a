"""How rare two names together are: neither a product of two shares nor a count says it alone.

Names go with each other (by language, by fashion), so that a product makes a name too rare; and how
many records hold a full name tells little as long as they may all be one person's. The product is
what is expected of strangers, of unknown reliability (a gamma prior), and of a person's own records
it is known how many there are on average: what is seen is the sum of both, and the odds of the two
within it are those of any other record of the name.
"""

from __future__ import annotations

from math import exp, lgamma, log
from typing import Final, NamedTuple

TOGETHER: Final = 4.0
"""So much oftener than by chance two names that agree go together."""
RELIABILITY: Final = 0.3
"""The shape of the gamma prior: how many sightings the expected share counts as."""
OWN: Final = 1.0
"""So many other records of a name are taken for the same person's before that is learnt."""
LEAST_HOLDERS: Final = 3
"""Names that fewer records hold are not kept."""
UNIQUE: Final = 0.1
"""The shape for a company's name of one word: those are chosen such that no other has them."""
_COMMON: Final = 0.02
"""So many names are those of any number of strangers, whatever their parts make one expect.

Churches, inns and chemists choose from few names that have rare words in them.
"""
_SPREAD: Final = 4.0
"""The shape of how many records one person has: some have many times as many as others."""
_MOST_OWN: Final = 100
_MANY: Final = 1_000
_LEAST_OWN: Final = 0.01
"""Among very many strangers one's own records are not taken for fewer than this."""


def shape_of(words: int) -> float:
    """The shape for a company's name of so many words, or for a full name where there are none."""
    return UNIQUE if words == 1 else RELIABILITY


def company_share(name: str, rarest: float) -> float:
    """The share of companies with a name that few records hold: less with every word."""
    return rarest / (name.count(" ") + 1) ** 2


def company_share_sql(name: str, rarest: float) -> str:
    """The same of an expression in SQL."""
    return f"({rarest!r}::double / pow({words_sql(name)}, 2))"


def words_sql(name: str) -> str:
    """How many words a name has, of an expression in SQL."""
    return f"(length({name}) - length(replace({name}, ' ', '')) + 1)"


class Others(NamedTuple):
    """How many others hold a name: one person's own records on average, strangers as expected.

    Both are counts of unknown rates (negative binomial). Few ``expected`` strangers of a small
    ``shape`` may well turn out to be many; each one more is about half as likely where as many are
    expected as the shape says, and nearly as likely where many are.
    """

    own: float
    expected: float
    shape: float = RELIABILITY


def strangers(holders: int, others: Others) -> float:
    """How many of the others who hold a name are somebody else, as far as their number tells.

    One person's other records and those of strangers add up to all others.
    """
    count = holders - 1
    if count > _MANY:
        return float(count)
    found = [
        (
            count - mine,
            _log_count(mine, others.own, _SPREAD) + _log_strangers(count - mine, others),
        )
        for mine in range(min(count, _MOST_OWN) + 1)
    ]
    best = max(chance for _, chance in found)
    weights = [(number, exp(chance - best)) for number, chance in found]
    return sum(number * weight for number, weight in weights) / sum(w for _, w in weights)


def _log_strangers(count: int, others: Others) -> float:
    """The logarithm of the chance of so many: as expected, or of a name that is common anyway.

    How many hold a common name falls with the square of their number, as frequencies of words do.
    """
    expected = exp(_log_count(count, others.expected, others.shape))
    return log((1 - _COMMON) * expected + _COMMON / ((count + 1) * (count + 2)))


def _log_count(count: int, mean: float, shape: float) -> float:
    """The logarithm of a negative binomial chance."""
    ways = lgamma(count + shape) - lgamma(shape) - lgamma(count + 1)
    return ways + shape * log(shape / (shape + mean)) + count * log(mean / (shape + mean))


def times_as_frequent(holders: int, others: Others) -> float:
    """How many times as frequent among strangers a name is as its rarity says.

    It is told by the odds that another of its holders is a stranger, beside those where only two
    records hold it: its rarity alone speaks for these.
    """
    return _odds(holders, others) / _odds_of_two(others) if holders >= LEAST_HOLDERS else 1.0


def _odds_of_two(others: Others) -> float:
    """The odds that the only other holder is a stranger, as the parts of the name alone expect."""
    strange = others.shape * others.expected / (others.shape + others.expected)
    return strange / (_SPREAD * others.own / (_SPREAD + others.own))


def _odds(holders: int, others: Others) -> float:
    found = strangers(holders, others)
    return found / max(holders - 1 - found, _LEAST_OWN)


def full_name_share(given: float, family: float, rarest: float, times: float = 1.0) -> float:
    """The share of strangers who have a full name, from the shares of its names.

    ``rarest`` is the share that one record makes, ``times`` what :func:`times_as_frequent` gives.
    """
    return times / (1.0 / (TOGETHER * given * family) + 1.0 / (RELIABILITY * rarest))


def full_name_share_sql(given: str, family: str, rarest: float, times: str) -> str:
    """The same of expressions in SQL."""
    return told_share_sql(f"({TOGETHER!r} * {given} * {family})", rarest, times)


def told_share_sql(expected: str, rarest: float, times: str) -> str:
    """The same of any name of which a share is expected."""
    return f"({times} / (1.0 / {expected} + {1.0 / (RELIABILITY * rarest)!r}::double))"
