"""Postal addresses: street, house number, postcode and city, folded."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any, Final, NamedTuple

from hub.match.absent import says_none
from hub.match.texts import folded_words, skeleton, word_set
from hub.match.towns import standardise_town

_NUMBER: Final = re.compile(r"^(\d{1,5})\s?([a-z]?)$")
_RANGE: Final = re.compile(r"\b(\d{1,5})(?:\s*[-/]\s*\d{1,5}\b)+")
_APART: Final = re.compile(r"\b(\d{1,5})\s+([a-z])\b")
_POSTCODE: Final = re.compile(r"\b\d{5}\b")
_ENDINGS: Final = re.compile(r"(strasse|straße|str\.)(?=\W|$)")
_STREET_WORDS: Final = {
    skeleton(word): short
    for short, words in {
        "str": "strasse str", "st": "street st saint sankt",
        "av": "avenue avenida av ave avda",
        "rd": "road rd", "ln": "lane ln", "bd": "boulevard blvd bd bvd",
        "pl": "platz place plaza pl",
        "dr": "drive dr", "ct": "court ct", "r": "rue r", "c": "calle c", "v": "via v",
        "sq": "square sq", "hwy": "highway hwy", "pkwy": "parkway pkwy", "n": "north n",
        "s": "south s", "e": "east e", "w": "west w", "ch": "chemin ch", "pza": "piazza pza",
        "weg": "weg wg", "pz": "piazzale pzle", "cs": "corso cso",
    }.items()
    for word in words.split()
}  # fmt: skip
_ORDINALS: Final = {
    "first": "1st", "second": "2nd", "third": "3rd", "fourth": "4th", "fifth": "5th",
    "sixth": "6th", "seventh": "7th", "eighth": "8th", "ninth": "9th", "tenth": "10th",
}  # fmt: skip
"""Numbered streets, which are as often written in digits: 4th, fourth."""
_LINKING: Final = word_set(
    """
    de la le les du des del della di da der den dem am an im in zum zur the
    """
)
_UNIT: Final = re.compile(
    r"""(?<=[\w.])[\s,/]+(?:
    (?:apt|apartment|suite|etage|app|whg|c/o|piso)\b.*
    |\#\s?\w{1,5}
    |\d{1,2}\s?(?:\.|st|nd|rd|th|e|er|[eè]me|[ºª°o])?\s?(?:og|dg|stock|stk|obergeschoss|etage|[eé]tage
        |floor|piso|planta|piano|verdieping)\b.*
    |(?:hinterhaus|vorderhaus|seitenfl[uü]gel|hhs?|vhs?)
    |(?:flat|unit|floor|stock|appt|appartement|appartamento|ste|room|wohnung|wg|t[uü]r|top|stiege|stg|haus|zimmer|b[aâ]t
        |b[aâ]timent|esc|escalier|escalera|puerta|pta|int|interno|scala|bus|bo[iî]te|bte|lgh
        |m|lok|kv|кв)\b\.?\s*(?:nr\.?|no\.?)?\s*(?:\d{1,4}[a-z]?|[a-z]\d{0,3})(?:\s*[,/-].*)?
    )$""",
    re.VERBOSE,
)
"""What follows street and number: a flat, a floor, a staircase, whose letter box it is."""
_UNIT_IN_FRONT: Final = re.compile(
    r"^\s*(?:c/o[^,]*(?:,|$)|(?:flat|unit|apt|apartment|suite|ste|room|app|whg|wohnung|floor)\b\.?\s*"
    r"\#?(?:\d{1,4}[a-z]?|[a-z]\d{0,3})\b(?:[\s,/-]+(?=.*\d)|\s*$))"
)
_BOX: Final = re.compile(
    r"^\s*(?:p\.?\s?o\.?\s?box|postfach|postbus|bo[iî]te postale|b\.?p\.?|casella postale"
    r"|apartado(?: de correos)?)(?=\s*\d)"
)
_REPEATED: Final = re.compile(r"\b(\d{1,5})\s*-?(?:(b)is|(t)er|(q)uater)\b")
_LONGEST_POSTCODE: Final = 12
"""No country's has more than ten letters and digits; where more stands, the town often follows."""


class Place(NamedTuple):
    """A standardised address; what is not known is ''."""

    street: str
    number: str
    postcode: str
    city: str
    country: str


@lru_cache(maxsize=65_536)
def standardise_place(
    lines: tuple[str, ...], city: str, postcode: str = "", country: str = ""
) -> Place | None:
    """The folded parts; None for an address that says nothing."""
    street, number, tail = "", "", ""
    for line in lines:
        street, number, tail = _split_street(line)
        if number:
            break
    code = _standardise_postcode(postcode) or _postcode_in(tail)
    town = standardise_town(city)
    if not (street or code or town or country):
        return None
    return Place(street, number, code, town, country.upper())


def place_of(address: Mapping[str, Any]) -> Place | None:
    """The same of an address as a canonical record has it."""
    return standardise_place(
        tuple(address.get("lines", ())),
        address.get("locality") or "",
        address.get("postcode") or "",
        address.get("country") or "",
    )


def _split_street(line: str) -> tuple[str, str, str]:
    """Street, house number, and what follows a comma: number in front or behind."""
    if says_none(line):
        return "", "", ""
    head, tail = _numbered_piece(_with_one_number(_without_unit(line.casefold())))
    words = folded_words(head)
    found = [n for n, word in enumerate(words) if word[:1].isdigit() and _NUMBER.match(word)]
    if not found:
        return _join_street(words), "", tail
    place = found[0] if found[0] == 0 else found[-1]
    if place == 0:
        return _join_street(words[1:]), words[0], tail
    return _join_street(words[:place]), words[place], tail


def _with_one_number(text: str) -> str:
    """House numbers as one word: 12 b, 12-14, 12 bis; what is seldom written is asked for first."""
    text = _ENDINGS.sub("str ", text) if "str" in text else text
    text = _REPEATED.sub(_kept, text) if "bis" in text or "ter" in text else text
    text = _RANGE.sub(_kept, text) if "-" in text or "/" in text else text
    return _APART.sub(_kept, text)


def _kept(match: re.Match[str]) -> str:
    """The groups in one word; a template for them costs more where nothing is found, as mostly."""
    return "".join(filter(None, match.groups()))


def _without_unit(text: str) -> str:
    """The line without flat, floor or addressee; all boxes have one name."""
    return _BOX.sub("pobox", _UNIT.sub("", _UNIT_IN_FRONT.sub("", text)))


def _numbered_piece(text: str) -> tuple[str, str]:
    """The piece between commas that has a number and a word, and what follows it.

    "12, rue de la Paix" is one piece; "Skyline Apartments, 705 Sheppard Ave" gives the second.
    """
    if "," not in text:
        return text, ""
    pieces = _pieces(text)
    for place, piece in enumerate(pieces):
        if _has_number_and_word(piece):
            return piece, ",".join(pieces[place + 1 :])
    if len(pieces) > 1 and pieces[1].isdigit():
        return " ".join(pieces[:2]), ",".join(pieces[2:])
    return (pieces[0], ",".join(pieces[1:])) if pieces else ("", "")


def _pieces(text: str) -> list[str]:
    """What stands between commas; a bare number in front belongs to the piece behind it."""
    pieces = [piece.strip() for piece in text.split(",") if piece.strip()]
    if len(pieces) > 1 and _NUMBER.match(pieces[0]):
        pieces[:2] = [f"{pieces[0]} {pieces[1]}"]
    return pieces


def _has_number_and_word(piece: str) -> bool:
    return any(map(str.isdigit, piece)) and any(map(str.isalpha, piece))


def _join_street(words: Sequence[str]) -> str:
    return "".join(map(_shorten, words))


@lru_cache(maxsize=32_768)
def _shorten(word: str) -> str:
    """A street's word as compared; what only links words is left out."""
    ending = len(word) > 7 and word.endswith("strasse")
    short = _STREET_WORDS.get(word) or _ORDINALS.get(word) or (word[:-4] if ending else word)
    return "" if short in _LINKING else short


def _standardise_postcode(text: str) -> str:
    if says_none(text) or not text.strip("0 "):
        return ""
    return _plain_code(text.upper())


def _plain_code(code: str) -> str:
    if not code.isalnum():
        code = "".join(filter(str.isalnum, code))
    if len(code) > 4 and code[:1].isalpha() and code[1:].isdigit():
        return code[1:]  # D-10115, F-75001: the old sign of the country in front
    return code[:5] if code.isdigit() and len(code) == 9 else code[:_LONGEST_POSTCODE]  # ZIP+4


def _postcode_in(text: str) -> str:
    numbers = _POSTCODE.findall(text) if text else ()
    return numbers[-1] if numbers else ""
