"""What happens to a name or an address on its way through many hands."""

from __future__ import annotations

import random
import unicodedata
from typing import Final

from hub.demo.names import GIVEN, LEGAL_FORMS, LOCALES

_ASCII: Final = str.maketrans(
    {
        "ä": "ae", "ö": "oe", "ü": "ue", "Ä": "Ae", "Ö": "Oe", "Ü": "Ue",
        "ß": "ss", "ñ": "n", "ø": "o",
    }
)  # fmt: skip

_ABBREVIATIONS: Final = (
    ("straße", "str."),
    ("Straße", "Str."),
    ("gasse", "g."),
    ("avenue ", "av. "),
    ("boulevard ", "bd "),
    (" Street", " St"),
    (" Avenue", " Ave."),
    (" Road", " Rd"),
    (" Drive", " Dr."),
    (" Lane", " Ln"),
    ("Calle ", "C/ "),
    ("Avenida ", "Avda. "),
    ("straat", "str."),
    ("Corso ", "C.so "),
    ("Piazza ", "P.za "),
)


def fold(text: str) -> str:
    """The text as somebody types it whose keyboard knows no umlauts or accents."""
    plain = unicodedata.normalize("NFKD", text.translate(_ASCII))
    return "".join(c for c in plain if not unicodedata.combining(c))


def misspell(rng: random.Random, text: str) -> str:
    """The text with one slip of the fingers: two letters swapped, one lost, doubled or wrong."""
    if len(text) < 4:
        return text
    at = rng.randrange(1, len(text) - 1)
    slip = rng.randrange(4)
    if slip == 0:
        return text[:at] + text[at + 1] + text[at] + text[at + 2 :]
    if slip == 1:
        return text[:at] + text[at + 1 :]
    if slip == 2:
        return text[:at] + text[at] + text[at:]
    return text[:at] + rng.choice("aeinrst") + text[at + 1 :]


def shorten_given(rng: random.Random, given: str, country: str) -> str:
    """The short form that friends use, or the name itself where it has none."""
    forms = GIVEN[LOCALES[country]].get(given, ())
    return rng.choice(forms) if forms else given


def vary_legal_form(rng: random.Random, name: str, country: str) -> str:
    """The company name with its legal form written otherwise, or left out."""
    for forms in LEGAL_FORMS[country]:
        if name.endswith(f" {forms[0]}"):
            stem = name[: -len(forms[0]) - 1]
            return rng.choice((stem, *(f"{stem} {form}" for form in forms[1:])))
    return name


def abbreviate_street(street: str) -> str:
    """The street with its common word abbreviated."""
    for long, short in _ABBREVIATIONS:
        if long in street:
            return street.replace(long, short)
    return street


def change_case(rng: random.Random, text: str) -> str:
    """The text all in capitals or all in small letters."""
    return text.upper() if rng.random() < 0.5 else text.lower()


def smudge(rng: random.Random, text: str, rate: float) -> str:
    """The text, misspelt, folded or in the wrong case in about ``rate`` of all calls."""
    draw = rng.random() / rate if rate else 1.0
    if draw < 0.35:
        return misspell(rng, text)
    if draw < 0.75:
        return fold(text)
    return change_case(rng, text) if draw < 1.0 else text
