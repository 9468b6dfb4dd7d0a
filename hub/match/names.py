"""Names of people: split into their parts, and folded."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final, NamedTuple

from hub.match.absent import is_filler, join_stated, says_none
from hub.match.texts import fold, folded_words, is_of_letters, split_words, word_set

_TITLES: Final = word_set(
    """
    dr prof professor herr frau fraulein mr mrs ms miss mx sir dame madame monsieur mme mlle
    sra sr srta sig signor signora dott dottssa dottoressa ing mag dipl med jur rer nat hc dhr
    mevr mevrouw meneer don dona lic phd mba msc bsc ma ba llm esq hr pan pani pane bay bayan
    """
)
_SALUTATIONS: Final = word_set(
    """
    herr herrn frau fraulein mr mrs ms miss mx madame monsieur mme mlle sra sr srta sig signor
    signora dhr mevr mevrouw meneer hr pan pani bay bayan m dr prof
    """
)
"""Titles that a single name behind is a family's: Herr Berg."""
_GENERATIONS: Final = {
    "jr": "jr", "junior": "jr", "jun": "jr", "jnr": "jr", "fils": "jr",
    "ml": "jr", "sr": "sr", "senior": "sr", "sen": "sr", "snr": "sr", "pere": "sr",
    "ii": "ii", "iii": "iii", "iv": "iv",
}  # fmt: skip
_DROPPED: Final = _TITLES - _GENERATIONS.keys()
_NAMES_TOO: Final = word_set("don dona dame ing ma ba")
"""Titles that some people are called: Don Berg, Jack Ma."""
_ONLY_FIRST: Final = frozenset({"sr", "m"})
"""Titles in front, Spanish señor and French monsieur, that are something else behind a name."""
PARTICLES: Final = word_set(
    """
    von van de der den del della di da dos das do la le du zu zur ter ten bin al el y
    """
)
"""Words between names that are no names."""


_BEHIND: Final = re.compile(r"(?<=\S)\s*(?:[(|]|\s[-–—/]\s|\sc/o\s).*$", re.DOTALL)
_INITIALS: Final = re.compile(r"\b(?:[^\W\d_]\.\s?){2,}")


class PersonName(NamedTuple):
    """A name's parts as folded words; an unknown part is empty."""

    given: tuple[str, ...]
    family: tuple[str, ...]
    generation: str = ""


def standardise_person(
    given: str, middle: str, family: str, *, suffix: str = ""
) -> PersonName | None:
    """The folded name from parts that a source keeps apart; None where nothing is left."""
    first, early = _plain_part(join_stated(given, middle) if middle else given)
    last, generation = _plain_part(family)
    first, last = _rightly_split(first, last)
    if not first and not last:
        return None
    stated = _generation_in(suffix) if suffix else ""
    return PersonName(first, _without_particles(last), stated or generation or early)


def _rightly_split(
    first: tuple[str, ...], last: tuple[str, ...]
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The parts, where "Berg A." was split at the wrong end or "Anna Berg" is all family name."""
    if len(first) == len(last) == 1 and len(last[0]) == 1 < len(first[0]):
        return last, first
    if len(last) == 2 and not first and PARTICLES.isdisjoint(last):
        return last[:1], last[1:]
    return first, last


@lru_cache(maxsize=65_536)
def split_person(text: str) -> PersonName | None:
    """The folded name from one text: "Family, Given", "Given von Family"; a single word is open.

    A single word counts as a given name, since that is how people sign.
    """
    if "@" in text or says_none(text):
        return None
    text = without_company(text)
    if "," not in text:
        return _split_words_of_person(text)
    before, _, after = text.partition(",")
    given, generation = _plain_part(after)
    if not given:
        return _split_words_of_person(before)
    if len(given) == 1 and given[0] in _GENERATIONS:
        return _split_words_of_person(f"{before} {given[0]}")
    family, late = _plain_part(before)
    return PersonName(given, _without_particles(family), generation or late)


def without_company(text: str) -> str:
    """The name in "Anna Berg (Berg Holz)", "Anna Berg | Berg Holz"; both names stand in front."""
    name = text if is_of_letters(text) else _BEHIND.sub("", text)
    return name if name.strip().count(" ") else text


def _split_words_of_person(text: str) -> PersonName | None:
    """The family name starts at the first particle, else it is the last word.

    It is the first word where an initial stands last: "Berg Anna M.".
    """
    words, generation = _without_generation(_plain(_without_fillers(text), 2))
    if len(words) < 2:
        return _by_one_word(words, generation, text) if words else None
    if len(words[-1]) == 1 < len(words[0]):
        return PersonName(words[1:], words[:1], generation)
    start = len(words) - (_size_of_last(text, words) if "-" in text else 1)
    if not PARTICLES.isdisjoint(words):
        start = next((n for n in range(1, start) if words[n] in PARTICLES), start)
    return PersonName(words[:start], _without_particles(words[start:]), generation)


def _by_one_word(words: tuple[str, ...], generation: str, text: str) -> PersonName:
    """A given name, since that is how people sign, or a family name behind Mr or Mrs."""
    first = split_words(fold(text))[0]
    if first in _SALUTATIONS and first != words[0]:
        return PersonName((), words, generation)
    return PersonName(words, (), generation)


def _without_fillers(text: str) -> str:
    """The text without what stands for a missing part: "None Berg", "Anna NULL"."""
    words = text.split()
    return " ".join([word for word in words if not is_filler(word)]) if len(words) > 1 else text


def _size_of_last(text: str, words: tuple[str, ...]) -> int:
    """How many words the family name at the end has: Müller-Lüdenscheidt has two."""
    double = _plain(text.rsplit(maxsplit=1)[-1], 1)
    return len(double) if words[-len(double) :] == double and len(double) < len(words) else 1


def _generation_in(suffix: str) -> str:
    """What a suffix says of the generation, if it does: Jr., III, but not PhD."""
    words = split_words(fold(suffix))
    return next((_GENERATIONS[word] for word in words if word in _GENERATIONS), "")


@lru_cache(maxsize=65_536)
def _plain_part(text: str) -> tuple[tuple[str, ...], str]:
    """A part of a name in folded words, and the generation that it ends with."""
    if says_none(text):
        return (), ""
    return _without_generation(_plain(text, 1))


def _plain(text: str, names: int) -> tuple[str, ...]:
    """The words without titles; what may be a name too is none where so many names are beside."""
    kept = folded_words(_with_initials_apart(text) if "." in text else text)
    if not _DROPPED.isdisjoint(kept):
        plain = tuple(word for word in kept if word not in _DROPPED)
        kept = plain if len(plain) >= names else _with_names(kept)
    while len(kept) > 1 and kept[0] in _ONLY_FIRST:
        kept = kept[1:]
    return kept


def _with_initials_apart(text: str) -> str:
    """Two initials in "P.J. Berg"; a title in letters with dots stays one word."""
    return _INITIALS.sub(_apart, text.replace("Ph.D", "PhD"))


def _apart(match: re.Match[str]) -> str:
    letters = match.group().replace(".", " ").split()
    return match.group() if "".join(letters).lower() in _DROPPED else " ".join(letters) + " "


def _with_names(words: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(word for word in words if word not in _DROPPED or word in _NAMES_TOO)


def _without_generation(words: tuple[str, ...]) -> tuple[tuple[str, ...], str]:
    if len(words) > 1 and words[-1] in _GENERATIONS:
        return words[:-1], _GENERATIONS[words[-1]]
    return words, ""


def _without_particles(words: tuple[str, ...]) -> tuple[str, ...]:
    if PARTICLES.isdisjoint(words):
        return words
    return tuple(word for word in words if word not in PARTICLES) or words
