"""Names of people: split, folded, and compared part by part."""

from __future__ import annotations

from enum import Enum
from functools import lru_cache
from typing import Final, NamedTuple

from rapidfuzz.distance import DamerauLevenshtein, JaroWinkler

from hub.match.given import root_names, same_given
from hub.match.texts import fold, skeleton, sound, split_words, word_set

_TITLES: Final = word_set(
    """
    dr prof professor herr frau fraulein mr mrs ms miss mx sir dame madame monsieur mme mlle m
    sra sr srta sig signor signora dott dottssa dottoressa ing mag dipl med jur rer nat hc dhr
    mevr don dona lic phd mba msc bsc ma ba llm esq
    """
)
_GENERATIONS: Final = {
    "jr": "jr", "junior": "jr", "jun": "jr", "sr": "sr", "senior": "sr", "sen": "sr",
    "ii": "ii", "iii": "iii", "iv": "iv",
}  # fmt: skip
_DROPPED: Final = _TITLES - _GENERATIONS.keys()
_PARTICLES: Final = word_set(
    """
    von van de der den del della di da dos das do la le du zu zur ter ten bin al el y
    """
)


class PersonName(NamedTuple):
    """A name's parts as folded words; an unknown part is empty."""

    given: tuple[str, ...]
    family: tuple[str, ...]
    generation: str = ""


class NameAgreement(Enum):
    """How far two names agree, best first."""

    FULL = "full name"
    NICKNAME = "nickname or call name"
    SIMILAR = "similar name"
    INITIAL = "initial and family name"
    PARTIAL = "one part, the other unknown"
    OTHER_SCRIPT = "written in another script"
    FAMILY_DIFFERS = "given name alone"
    GIVEN_DIFFERS = "another given name"
    DIFFERENT = "another name"
    GENERATION_DIFFERS = "junior and senior"


_RANKS: Final = {agreement: rank for rank, agreement in enumerate(NameAgreement)}


def standardise_person(
    given: str, middle: str, family: str, *, suffix: str = ""
) -> PersonName | None:
    """The folded name from parts that a source keeps apart; None where nothing is left."""
    first, early = _plain_part(f"{given} {middle}" if middle else given)
    last, generation = _plain_part(family)
    if _is_split_wrong(first, last):
        first, last = last, first
    if not first and not last:
        return None
    stated = _generation_in(suffix) if suffix else ""
    return PersonName(first, _without_particles(last), stated or generation or early)


def _is_split_wrong(first: tuple[str, ...], last: tuple[str, ...]) -> bool:
    """Whether "Berg A." was split at the wrong end."""
    return len(first) == len(last) == 1 and len(last[0]) == 1 < len(first[0])


@lru_cache(maxsize=65_536)
def split_person(text: str) -> PersonName | None:
    """The folded name from one text: "Family, Given", "Given von Family"; a single word is open.

    A single word counts as a given name, since that is how people sign.
    """
    if "@" in text:
        return None
    before, _, after = text.partition(",")
    given, generation = _without_generation(_plain(after))
    if not given:
        return _split_words_of_person(before)
    family, late = _without_generation(_plain(before))
    return PersonName(given, _without_particles(family), generation or late)


def _split_words_of_person(text: str) -> PersonName | None:
    """The family name starts at the first particle, else it is the last word."""
    words, generation = _without_generation(_plain(text))
    if len(words) < 2:
        return PersonName(words, (), generation) if words else None
    last = len(words) - _size_of_last(text, words)
    start = next((n for n in range(1, last) if words[n] in _PARTICLES), last)
    return PersonName(words[:start], _without_particles(words[start:]), generation)


def _size_of_last(text: str, words: tuple[str, ...]) -> int:
    """How many words the family name at the end has: Müller-Lüdenscheidt has two."""
    double = _plain(text.rsplit(maxsplit=1)[-1]) if "-" in text else ()
    return len(double) if words[-len(double) :] == double and len(double) < len(words) else 1


def _generation_in(suffix: str) -> str:
    """What a suffix says of the generation, if it does: Jr., III, but not PhD."""
    words = split_words(fold(suffix))
    return next((_GENERATIONS[word] for word in words if word in _GENERATIONS), "")


@lru_cache(maxsize=65_536)
def _plain_part(text: str) -> tuple[tuple[str, ...], str]:
    """A part of a name in folded words, and the generation that it ends with."""
    return _without_generation(_plain(text))


def _plain(text: str) -> tuple[str, ...]:
    kept = tuple(map(skeleton, split_words(text)))
    if not _DROPPED.isdisjoint(kept):
        kept = tuple(word for word in kept if word not in _DROPPED)
    while kept and kept[0] in ("sr", "m"):  # Spanish señor, French monsieur: a title in front
        kept = kept[1:]
    return kept


def _without_generation(words: tuple[str, ...]) -> tuple[tuple[str, ...], str]:
    if len(words) > 1 and words[-1] in _GENERATIONS:
        return words[:-1], _GENERATIONS[words[-1]]
    return words, ""


def _without_particles(words: tuple[str, ...]) -> tuple[str, ...]:
    if _PARTICLES.isdisjoint(words):
        return words
    return tuple(word for word in words if word not in _PARTICLES) or words


@lru_cache(maxsize=131_072)
def compare_names(one: PersonName, other: PersonName) -> NameAgreement:
    """The best agreement, with the parts as they stand or swapped on one side."""
    if one.generation and other.generation and one.generation != other.generation:
        return NameAgreement.GENERATION_DIFFERS
    if _is_latin(one) != _is_latin(other):
        return NameAgreement.OTHER_SCRIPT
    straight = _compare_parts(one, other)
    if straight in (NameAgreement.FULL, NameAgreement.NICKNAME):
        return straight
    swapped = min(
        _compare_parts(one, PersonName(other.family, other.given)),
        _compare_parts(PersonName(one.family, one.given), other),
        key=_RANKS.__getitem__,
    )
    usable = _RANKS[swapped] <= _RANKS[NameAgreement.INITIAL]
    return min(straight, swapped, key=_RANKS.__getitem__) if usable else straight


def _is_latin(name: PersonName) -> bool:
    """Folded Latin, Cyrillic and Greek letters are ASCII; we transliterate nothing else."""
    return "".join(name.given + name.family).isascii()


def _compare_parts(one: PersonName, other: PersonName) -> NameAgreement:
    family = _compare_family(one.family, other.family)
    given = _compare_given(one.given, other.given)
    if family is None or given is None:
        return _compare_incomplete(one, other, family or given)
    return _JOINT[given, family]


def _compare_incomplete(one: PersonName, other: PersonName, known: str | None) -> NameAgreement:
    """A missing part is not a disagreement; a lone word may be either part."""
    if known in ("same", "nickname", "similar", "initial"):
        return NameAgreement.PARTIAL
    if _lone_word_fits(one, other) or _lone_word_fits(other, one):
        return NameAgreement.PARTIAL
    return NameAgreement.DIFFERENT


def _lone_word_fits(one: PersonName, other: PersonName) -> bool:
    words = one.given + one.family
    if one.given and one.family:
        return False
    return bool(words) and any(same_given(words[0], word) for word in other.given + other.family)


def _compare_family(one: tuple[str, ...], other: tuple[str, ...]) -> str | None:
    if not one or not other:
        return None
    if _same_words(one, other):
        return "same"
    if not set(one).isdisjoint(other) or _similar("".join(one), "".join(other)):
        return "similar"
    return "initial" if _initial_fits(one[0], other[0]) else "differs"


def _same_words(one: tuple[str, ...], other: tuple[str, ...]) -> bool:
    return one == other or set(one) == set(other) or "".join(one) == "".join(other)


def _compare_given(one: tuple[str, ...], other: tuple[str, ...]) -> str | None:
    if not one or not other:
        return None
    if one[0] == other[0]:
        return "same" if _middle_fits(one[1:], other[1:]) else "nickname"
    if "".join(one) == "".join(other):
        return "same"
    return _compare_unlike_given(one, other)


def _compare_unlike_given(one: tuple[str, ...], other: tuple[str, ...]) -> str:
    if any(len(a) > 1 and same_given(a, b) for a in one for b in other):
        return "nickname"
    if _initial_of(one, other) or _initial_of(other, one):
        return "initial"
    return "similar" if _similar_given(one[0], other[0]) else "differs"


def _similar_given(one: str, other: str) -> bool:
    """A slip or another spelling, never in the last letter: Mario, Maria; Daniel, Daniela."""
    left, right = one.rstrip("h"), other.rstrip("h")
    if min(len(left), len(right)) < 4 or left[-1] != right[-1]:
        return False
    return _similar(left, right) or sound(left) == sound(right)


def _initial_of(one: tuple[str, ...], other: tuple[str, ...]) -> bool:
    """Whether "R" stands for Rebecca or Becky, or "JP" for Jean Paul."""
    if len(one[0]) == 1:
        return any(root[0] == one[0] for root in root_names(other[0]))
    return len(one) == 1 < len(other) and one[0] == "".join(word[0] for word in other)


def _middle_fits(one: tuple[str, ...], other: tuple[str, ...]) -> bool:
    return not one or not other or any(a[0] == b[0] for a in one for b in other)


def _initial_fits(one: str, other: str) -> bool:
    return (len(one) == 1 or len(other) == 1) and one[0] == other[0]


@lru_cache(maxsize=131_072)
def _similar(one: str, other: str) -> bool:
    """One slip of the keyboard, or nearly the same sound at the front of a long word."""
    if min(len(one), len(other)) < 4:
        return False
    if DamerauLevenshtein.distance(one, other, score_cutoff=1) <= 1:
        return True
    return min(len(one), len(other)) > 5 and JaroWinkler.similarity(one, other) >= 0.93


_A: Final = NameAgreement
_JOINT: Final = {
    ("same", "same"): _A.FULL,
    ("same", "similar"): _A.SIMILAR,
    ("same", "initial"): _A.INITIAL,
    ("same", "differs"): _A.FAMILY_DIFFERS,
    ("nickname", "same"): _A.NICKNAME,
    ("nickname", "similar"): _A.SIMILAR,
    ("nickname", "initial"): _A.PARTIAL,
    ("nickname", "differs"): _A.FAMILY_DIFFERS,
    ("similar", "same"): _A.SIMILAR,
    ("similar", "similar"): _A.PARTIAL,
    ("similar", "initial"): _A.DIFFERENT,
    ("similar", "differs"): _A.DIFFERENT,
    ("initial", "same"): _A.INITIAL,
    ("initial", "similar"): _A.PARTIAL,
    ("initial", "initial"): _A.PARTIAL,
    ("initial", "differs"): _A.DIFFERENT,
    ("differs", "same"): _A.GIVEN_DIFFERS,
    ("differs", "similar"): _A.GIVEN_DIFFERS,
    ("differs", "initial"): _A.DIFFERENT,
    ("differs", "differs"): _A.DIFFERENT,
}
