"""Folding of text: what two spellings of one word have in common."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import Final

_LETTERS: Final = str.maketrans(
    {"ß": "ss", "æ": "ae", "œ": "oe", "ø": "o", "đ": "d", "ð": "d", "þ": "th", "ł": "l", "ı": "i"}
)
_CYRILLIC: Final = str.maketrans(
    dict(zip("абвгґдезиіклмнопрстуфыэђјћ", "abvggdeziiklmnoprstufyedjc", strict=True))
    | {"х": "kh", "ц": "ts", "ч": "ch", "ш": "sh", "щ": "shch", "ъ": "", "ь": "", "ж": "zh"}
    | {"ю": "yu", "я": "ya", "є": "ye", "љ": "lj", "њ": "nj", "џ": "dz"}
)
"""Near to BGN/PCGN, as people write their own names in Latin letters; accents are gone before."""
_GREEK: Final = str.maketrans(
    dict(zip("αβγδεζηικλμνξοπρστυφω", "avgdeziiklmnxoprstyfo", strict=True))
    | {"θ": "th", "χ": "ch", "ψ": "ps"}
)
_GREEK_PAIRS: Final = (("ου", "ou"), ("αυ", "av"), ("ευ", "ev"), ("μπ", "b"), ("γγ", "ng"))
"""ELOT 743, the letters that are read together."""
_UMLAUTS: Final = re.compile(r"(?<=[aou])e")
_NOT_WORD: Final = re.compile(r"[^\w]+|_+")
_SOUNDS: Final = str.maketrans("zqvwdtbpgk", "skffttppkk")
_SOUNDS_INSIDE: Final = _SOUNDS | str.maketrans("", "", "aeiouyh")
_SPACED_LETTERS: Final = re.compile(r"\b(?:\w\.\s?){2,}")
_LONGEST: Final = 160
"""Companies House registers no longer name; a distance takes the square of a text's length, and
PostgreSQL refuses a key of more than 2,704 bytes."""


def fold(text: str) -> str:
    """Lower case without accents, Cyrillic and Greek in Latin letters; punctuation stays."""
    plain = text.casefold()
    if plain.isascii():
        return plain
    latin = plain.translate(_LATIN)
    return latin if latin.isascii() else _transliterate(_without_accents(plain))


def _without_accents(text: str) -> str:
    plain = unicodedata.normalize("NFKD", text.translate(_LETTERS))
    return "".join(char for char in plain if not unicodedata.combining(char)).translate(_LETTERS)


def _in_one_look() -> dict[int, str]:
    """What each letter of Latin-1 and of Latin's extensions A and B comes to, the ASCII itself."""
    letters = [chr(code) for code in range(0xC0, 0x250) if chr(code).isalpha()]
    plain = {ord(letter): _without_accents(letter.casefold()) for letter in letters}
    return {code: chr(code) for code in range(0x80)} | {
        code: text for code, text in plain.items() if text.isascii()
    }


_LATIN: Final = _in_one_look()
"""The fast way of folding: letters that stay for themselves in every text."""


def _transliterate(text: str) -> str:
    for pair, latin in _GREEK_PAIRS:
        text = text.replace(pair, latin)
    return text.translate(_CYRILLIC).translate(_GREEK)


@lru_cache(maxsize=131_072)
def skeleton(text: str) -> str:
    """Folded, with "ae", "oe", "ue" written as the vowel: Müller, Mueller, Muller are one."""
    folded = fold(text)
    return _UMLAUTS.sub("", folded) if "e" in folded else folded


@lru_cache(maxsize=65_536)
def sound(word: str) -> str:
    """First letter and consonants by sound: Schmidt, Schmitt; Mohamed, Muhammed; Zara, Sarah."""
    heard = word[:1].translate(_SOUNDS)
    last = ""
    for char in word[1:].translate(_SOUNDS_INSIDE):
        if char != last:
            heard += char
            last = char
    return heard


def split_words(text: str) -> tuple[str, ...]:
    """The words of a folded text; letters with dots ("S. p. A.", "e.V.") are one word."""
    if text.replace(" ", "").isalnum():  # no sign to be read: most texts
        return tuple(text.split())
    joined = text.replace("'", "").replace("\u2019", "")
    if joined.count(".") > 1:
        joined = _SPACED_LETTERS.sub(_join_letters, joined)
    return tuple(filter(None, _NOT_WORD.split(joined)))


def is_of_letters(text: str) -> bool:
    """Whether there are letters and spaces alone, as in most names: nothing to part them by."""
    return text.replace(" ", "").isalpha()


def folded_words(text: str) -> tuple[str, ...]:
    """The words of a name or a street, each as its skeleton; what is no name's length is cut."""
    text = text[:_LONGEST]
    plain = text.lower()
    if not plain.isascii():
        plain = text.casefold().translate(_LATIN)
        # One letter may have become two: "ß." is none of "S. p. A."
        if not plain.isascii() or len(plain) > _LONGEST or plain.count(".") > 1:
            return _cut(tuple(map(skeleton, split_words(text))))
    words = split_words(plain)
    # Letters may have come together only now: Mo'en, "A. e."
    if _has_umlaut(plain) or "'" in plain or plain.count(".") > 1:
        return tuple([_UMLAUTS.sub("", word) for word in words])
    return words


def _has_umlaut(text: str) -> bool:
    return "ae" in text or "oe" in text or "ue" in text


def _cut(words: tuple[str, ...]) -> tuple[str, ...]:
    """The words up to the longest length: one letter of a ligature may have become eighteen."""
    if sum(map(len, words)) <= _LONGEST:
        return words
    return tuple(" ".join(words)[:_LONGEST].split())


def _join_letters(match: re.Match[str]) -> str:
    return re.sub(r"[.\s]", "", match.group()) + " "


def word_set(text: str) -> frozenset[str]:
    """The words of a table that is written as prose."""
    return frozenset(text.split())
