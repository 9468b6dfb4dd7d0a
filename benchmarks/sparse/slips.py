"""What goes wrong between a customer and a record: hands, eyes, ears, code pages, habits."""

from __future__ import annotations

import unicodedata
from typing import Final

from benchmarks.sparse.dice import Dice

_KEYS: Final = ("qwertyuiop", "asdfghjkl", "zxcvbnm", "1234567890")
_BESIDE: Final = {
    key: (row[place - 1] if place else "") + row[place + 1 : place + 2]
    for row in _KEYS
    for place, key in enumerate(row)
}
_SEEN: Final = (
    ("rn", "m"), ("m", "rn"), ("cl", "d"), ("l", "1"), ("o", "0"), ("vv", "w"), ("i", "l"),
    ("e", "c"), ("h", "b"), ("B", "8"), ("S", "5"), ("ri", "n"), ("u", "v"),
)  # fmt: skip
_HEARD: Final = (
    ("ph", "f"), ("f", "ph"), ("ck", "k"), ("tz", "z"), ("th", "t"), ("y", "i"), ("ei", "ai"),
    ("ai", "ei"), ("ey", "ay"), ("mm", "m"), ("nn", "n"), ("ll", "l"), ("tt", "t"), ("ss", "s"),
    ("ie", "i"), ("dt", "t"), ("c", "k"), ("k", "c"), ("ks", "x"), ("w", "v"), ("sch", "sh"),
    ("ä", "e"), ("ou", "u"), ("z", "s"), ("eau", "o"), ("n", "nn"), ("er", "ar"),
)  # fmt: skip
_UMLAUTS: Final = str.maketrans(
    {"ä": "ae", "ö": "oe", "ü": "ue", "Ä": "Ae", "Ö": "Oe", "Ü": "Ue", "ß": "ss", "ø": "oe"}
)
_PLAIN: Final = str.maketrans({"ß": "ss", "ł": "l", "Ł": "L", "ı": "i", "ø": "o", "đ": "d"})


def spelt(dice: Dice, text: str) -> str:
    """The text as it may get into a field: mistyped, misread or misheard at times."""
    if dice.happens("slip: typo"):
        text = mistyped(dice, text)
    if dice.happens("slip: heard wrongly"):
        text = _swapped(dice, text, _HEARD)
    if dice.happens("slip: read wrongly"):
        text = _swapped(dice, text, _SEEN)
    return text


def mistyped(dice: Dice, text: str) -> str:
    """One stroke wrong: neighbouring key, twins exchanged, left out, doubled."""
    if len(text) < 3:
        return text
    place = 1 + dice.below(len(text) - 1)
    kind, letter = dice.below(4), text[place]
    if kind == 0:
        return text[:place] + dice.pick(_BESIDE.get(letter.lower()) or "e") + text[place + 1 :]
    if kind == 1:
        return text[: place - 1] + letter + text[place - 1] + text[place + 1 :]
    return text[:place] + text[place + 1 :] if kind == 2 else text[:place] + letter + text[place:]


def _swapped(dice: Dice, text: str, pairs: tuple[tuple[str, str], ...]) -> str:
    found = [pair for pair in pairs if pair[0] in text[1:]]
    if not found:
        return text
    old, new = dice.pick(found)
    return text[0] + text[1:].replace(old, new, 1)


def plain(text: str, *, german: bool) -> str:
    """Without marks: Müller is Mueller to those who write German, Muller to the others."""
    if text.isascii():
        return text
    text = text.translate(_UMLAUTS if german else _PLAIN).translate(_PLAIN)
    parts = unicodedata.normalize("NFKD", text)
    return "".join(mark for mark in parts if not unicodedata.combining(mark))


def digit(dice: Dice, text: str) -> str:
    """One digit wrong, or two neighbours exchanged."""
    places = [place for place, mark in enumerate(text) if mark.isdigit()][2:]
    if not places:
        return text
    place = dice.pick(places)
    if dice.chance(0.4) and text[place - 1].isdigit():
        return text[: place - 1] + text[place] + text[place - 1] + text[place + 1 :]
    return text[:place] + dice.digits(1) + text[place + 1 :]


def date(dice: Dice, text: str) -> str:
    """A birth date as entered: a default, day for month, or a digit wrong at times."""
    if dice.happens("slip: default date"):
        return dice.pick(("1900-01-01", "1900-01-01", "1970-01-01"))
    year, month, day = text.split("-")
    if int(day) <= 12 and dice.happens("slip: day and month swapped"):
        return f"{year}-{day}-{month}"
    if dice.happens("slip: digit of date wrong"):
        return f"{year[:3]}{dice.digits(1)}-{month}-{day}" if dice.chance(0.5) else _day(dice, text)
    return text


def _day(dice: Dice, text: str) -> str:
    return f"{text[:8]}{1 + dice.below(28):02d}"
