"""Redaction: takes a person's words out of texts and JSON; pure, and blind to everything else."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

import orjson

from hub.match.standardise import is_desk, standardise_email, standardise_phone

PLACEHOLDER: Final = "[erased]"
"""What stands where a person's words stood."""
_MIN_DIGITS: Final = 7
_MIN_WORD: Final = 2
_NAMES: Final = ("given", "middle", "family", "preferred")

Body = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Identity:
    """What names a person: addresses and numbers of their own, and words that others share."""

    emails: frozenset[str] = frozenset()
    phones: frozenset[str] = frozenset()
    families: frozenset[str] = frozenset()
    words: frozenset[str] = frozenset()
    spelled: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """Each number as the sources write it."""

    def without(self, addresses: Collection[str]) -> Identity:
        """The identity without e-mails and numbers that others hold as well."""
        shared = set(addresses)
        return replace(self, emails=self.emails - shared, phones=self.phones - shared)

    def held_in(self, body: Body) -> set[str]:
        """Which of the addresses and numbers another party's body holds, in any spelling."""
        points = {point["value"].strip() for point in body.get("contact_points", ())}
        emails = {standardise_email(point) for point in points} & self.emails
        phones = {number for number in self.phones if self.spelled.get(number, set()) & points}
        return {address for address in emails if address} | phones

    def with_words(self, words: Collection[str]) -> Identity:
        """The identity with more words."""
        return replace(self, words=self.words | set(words))

    def occurs_in(self, text: str) -> bool:
        """Whether a text names the person."""
        return Redactor(self, names=True).text(text) != text

    def needles(self) -> list[str]:
        """Texts that only this person can be meant by, to look for in whole tables."""
        spelled = {text for number in self.phones for text in self.spelled.get(number, ())}
        bare = {number.lstrip("+") for number in self.phones}
        return sorted({*self.emails, *spelled, *bare})


def identity_of(bodies: Iterable[Body], country: str) -> Identity:
    """What canonical party bodies say of a person; desks and shared numbers are nobody's."""
    found: dict[str, set[str]] = {
        kind: set() for kind in ("email", "phone", "desk", "family", "word")
    }
    spelled: dict[str, set[str]] = {}
    for body in bodies:
        for kind, text, raw in _named(body, country):
            found[kind].add(text)
            spelled.setdefault(text, set()).add(raw.strip())
    words = {word for word in found["word"] if len(word) >= _MIN_WORD and word != PLACEHOLDER}
    return Identity(
        frozenset(found["email"]),
        frozenset(found["phone"]),
        frozenset(found["family"]),
        frozenset(words),
        {number: frozenset(spelled[number]) for number in found["phone"]},
    )


def _named(body: Body, country: str) -> Iterator[tuple[str, str, str]]:
    person = body.get("person") or {}
    stated = [place["country"] for place in body.get("addresses", ()) if place.get("country")]
    country = stated[0] if stated else country
    if person.get("family"):
        yield "family", person["family"], ""
    for word in _words_of(body, person):
        yield "word", word, ""
    for point in body.get("contact_points", ()):
        if not point.get("shared"):
            yield *_sorted_point(point["kind"], point["value"], country), point["value"]


def _words_of(body: Body, person: Body) -> set[str]:
    names = [person.get(name) for name in _NAMES]
    full = " ".join(name for name in (person.get("given"), person.get("family")) if name)
    lines = [line for place in body.get("addresses", ()) for line in place.get("lines", ())]
    numbers = [
        item["value"] for item in body.get("identifiers", ()) if item["scheme"] != "customer_no"
    ]
    found = [body.get("display_name"), full, person.get("birth_date"), *names, *lines, *numbers]
    return {str(word).strip() for word in found if word}


def _sorted_point(kind: str, value: str, country: str) -> tuple[str, str]:
    """An own address or number as it is compared; what can't be read as one is a word."""
    if kind == "email":
        address = standardise_email(value)
        if address is None:
            return "word", value
        return ("desk" if is_desk(address) else "email"), address
    number = standardise_phone(value, country) if kind == "phone" else None
    return ("word", value) if number is None else ("phone", number)


class Redactor:
    """Replaces what names a person; texts in ``keep`` are others' and stay as they are."""

    def __init__(self, identity: Identity, *, names: bool, keep: Collection[str] = ()) -> None:
        words = identity.words if names else frozenset[str]()
        literal = sorted({*identity.emails, *words}, key=len, reverse=True)
        parts = [rf"(?<!\w){re.escape(word)}(?!\w)" for word in literal]
        parts += [_digits(number) for number in sorted(identity.phones)]
        self._pattern = re.compile("|".join(parts), re.IGNORECASE) if parts else None
        self._keep = frozenset(keep)

    def text(self, text: str) -> str:
        """The text without them."""
        if self._pattern is None or text in self._keep:
            return text
        return self._pattern.sub(PLACEHOLDER, text)

    def value(self, value: Any) -> Any:
        """A JSON value without them, in keys and values."""
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, list):
            return [self.value(item) for item in value]
        if isinstance(value, dict):
            return {self.text(name): self.value(item) for name, item in value.items()}
        return value

    def json(self, text: str) -> str:
        """A JSON text without them, written as the hub writes it; other text as a whole."""
        try:
            before = orjson.loads(text)
        except orjson.JSONDecodeError:
            return self.text(text)
        after = self.value(before)
        return text if after == before else orjson.dumps(after).decode()


def _digits(number: str) -> str:
    """The number in any spelling: with or without its country, in groups."""
    digits = "".join(char for char in number if char.isdigit())
    core = r"[\s()./-]{0,3}".join(digits[-_MIN_DIGITS - 1 :])
    return rf"(?<!\d)(?:\+?\d[\d\s()./-]{{0,10}})?{core}(?!\d)"


def texts_in(value: Any) -> set[str]:
    """Every text in a JSON value."""
    if isinstance(value, str):
        return {value}
    items = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return {text for item in items for text in texts_in(item)}


def rename_refs(value: Any, names: Mapping[tuple[str, str], str]) -> Any:
    """References to emptied records, by type and key, carry their pseudonyms."""
    if isinstance(value, list):
        return [rename_refs(item, names) for item in value]
    if not isinstance(value, dict):
        return value
    if {"type", "key"} <= value.keys() <= {"type", "key", "part"}:
        target = (str(value["type"]), str(value["key"]))
        return {**value, "key": names.get(target, value["key"])}
    return {name: rename_refs(item, names) for name, item in value.items()}
