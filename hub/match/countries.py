"""Which country a record speaks of: by its address, its numbers, or the end of its mail address."""

from __future__ import annotations

from collections.abc import Collection
from functools import lru_cache
from typing import Final

import phonenumbers

from hub.match.texts import word_set

_ELSEWHERE: Final = word_set(
    """
    ac ad ag ai am as bz cc cd co dj fm gg gs im io la ly me ms mu nu pn pw sc sh so sr st su tk to
    tv vc vg ws
    """
)
"""Ends of domains that are registered from everywhere, for what they read like: those that Google
takes for generic (https://tld-list.com/blog/gcctlds-by-google), and more of the kind."""
_OTHERWISE: Final = {"uk": "GB", "el": "GR", "xi": "GB"}
"""Two letters that stand for a country and are not its own in ISO 3166."""


def told_country(
    addresses: Collection[str], contacts: Collection[str], vat_numbers: Collection[str]
) -> str:
    """The country, in ISO 3166 letters, that all signs agree on; '' where none or several are told.

    Given are the countries of addresses and of contact points, and standardised VAT numbers.
    """
    found = contacts
    if addresses or vat_numbers:
        told = (_as_country(number[:2].lower()) for number in vat_numbers)
        found = {*contacts, *map(str.upper, addresses), *filter(None, told)}
    return next(iter(found)) if len(found) == 1 else ""


def country_of_domain(domain: str) -> str:
    """The country that a domain ends with; '' where it ends with none, or with one for anybody."""
    end = domain.rpartition(".")[2]
    return "" if end in _ELSEWHERE else _as_country(end)


@lru_cache(maxsize=1_024)
def _as_country(letters: str) -> str:
    code = _OTHERWISE.get(letters, letters.upper())
    return code if code in phonenumbers.SUPPORTED_REGIONS else ""
