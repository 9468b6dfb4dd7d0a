"""vCards of every version, read, and edited without a byte lost that nobody asked to change.

Ours, because libraries read a card and write another: vobject 0.9.9 sorts and refolds what it
writes and knows no vCard 4.0. Here a card stays the lines it came in, and an edit replaces one.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final

from hub.sdk.contentline import (
    Property,
    escape,
    fold,
    logical_lines,
    read_line,
    split_head,
    split_value,
    unfold,
)

__all__ = ["MAX_BYTES", "MAX_PROPERTIES", "Property", "VCard"]

MAX_BYTES: Final = 10 * 1024 * 1024
MAX_PROPERTIES: Final = 2_000
_LEGACY: Final = re.compile(rb"^VERSION[^:\r\n]*:\s*2\.1\s*$", re.IGNORECASE | re.MULTILINE)
_CONTROL: Final = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")
_NAME: Final = re.compile(r"[A-Za-z0-9-]+")
_DROPPED: Final = re.compile(
    r";(?:ENCODING=(?:QUOTED-PRINTABLE|Q|8BIT|7BIT)|QUOTED-PRINTABLE|8BIT|7BIT|CHARSET=[^;:]*"
    r"|VALUE=(?:uri|text))(?=;|$)",
    re.IGNORECASE,
)
_URIS: Final = frozenset({"URL", "IMPP"})


@dataclass(frozen=True)
class VCard:
    """One card; ``lines`` joined are its bytes. Make one with :meth:`parse`."""

    lines: tuple[bytes, ...] = field(repr=False)
    legacy: bool = False

    @classmethod
    def parse(cls, card: bytes) -> VCard:
        """Read one card; ValueError says why it is none, without quoting it."""
        if len(card) > MAX_BYTES:
            raise ValueError(f"the card is larger than {MAX_BYTES} bytes")
        found = cls(tuple(logical_lines(card)), bool(_LEGACY.search(card)))
        if len(found.properties) > MAX_PROPERTIES:
            raise ValueError(f"the card has more than {MAX_PROPERTIES} properties")
        return found

    @cached_property
    def properties(self) -> tuple[Property, ...]:
        """All properties in order, those of cards inside this one left out."""
        found: list[Property] = []
        depth = cards = 0
        for place, line in enumerate(self.lines):
            one = read_line(line.removeprefix(b"\xef\xbb\xbf"), place, legacy=self.legacy)
            if one is None:
                continue
            if one.name == "BEGIN":
                cards += depth == 0
                depth += 1
            elif one.name == "END":
                depth -= 1
            elif depth == 1:
                found.append(one)
        if cards != 1 or depth != 0:
            raise ValueError("it is not one whole vCard (BEGIN:VCARD to END:VCARD)")
        return tuple(found)

    @cached_property
    def _by_name(self) -> dict[str, list[Property]]:
        found: dict[str, list[Property]] = {}
        for one in self.properties:
            if one.value.strip():
                found.setdefault(one.name, []).append(one)
        return {name: sorted(ones, key=lambda one: one.preference) for name, ones in found.items()}

    def all(self, name: str) -> list[Property]:
        """The properties of a name with a value, the most preferred first."""
        return self._by_name.get(name.upper(), [])

    def first(self, name: str) -> Property | None:
        """The most preferred property of a name."""
        return next(iter(self.all(name)), None)

    def replace(self, old: Property, text: str) -> VCard:
        """The card with another text in one property, which keeps its group and parameters."""
        return self._with_value(old, self._written(old.name, text))

    def replace_components(self, old: Property, changes: Sequence[str | None]) -> VCard:
        """The card with other fields in a structured property; None keeps a field as it is."""
        parts = split_value(old.value, ";")
        parts += [""] * (len(changes) - len(parts))
        for place, text in enumerate(changes):
            if text is not None:
                parts[place] = escape(_clean(text), legacy=self.legacy)
        return self._with_value(old, ";".join(parts))

    def add(self, name: str, text: str = "") -> VCard:
        """The card with a further property, right before its end."""
        if not _NAME.fullmatch(name):
            raise ValueError("a property's name has letters, digits and hyphens alone")
        line = self._line(name.upper(), self._written(name.upper(), text))
        last = max(
            place for place, old in enumerate(self.lines) if old.strip()[:4].upper() == b"END:"
        )
        return VCard((*self.lines[:last], line, *self.lines[last:]), self.legacy)

    def remove(self, old: Property) -> VCard:
        """The card without one property."""
        return VCard((*self.lines[: old.place], *self.lines[old.place + 1 :]), self.legacy)

    def __bytes__(self) -> bytes:
        return b"".join(self.lines)

    def _with_value(self, old: Property, value: str) -> VCard:
        head, _ = split_head(unfold(self.lines[old.place], legacy=self.legacy))
        kept = _DROPPED.sub("", head.decode("utf-8", "surrogateescape"))
        line = self._line(kept, value if self.legacy else value.replace("\n", "\\n"))
        return VCard((*self.lines[: old.place], line, *self.lines[old.place + 1 :]), self.legacy)

    def _written(self, name: str, text: str) -> str:
        plain = _clean(text)
        return plain if name in _URIS else escape(plain, legacy=self.legacy)

    def _line(self, head: str, value: str) -> bytes:
        end = "\r\n" if self.lines[0].endswith(b"\r\n") else "\n"
        if not self.legacy:
            return fold(f"{head}:{value}", end=end)
        # vCard 2.1 knows neither UTF-8 nor line breaks in a value but through an encoding.
        if value.isascii() and "\n" not in value:
            return f"{head}:{value}{end}".encode("ascii", "surrogateescape")
        coded = "".join(f"={octet:02X}" for octet in value.replace("\n", "\r\n").encode())
        head = f"{head};ENCODING=QUOTED-PRINTABLE;CHARSET=UTF-8"
        return f"{head}:{coded}{end}".encode("utf-8", "surrogateescape")


def _clean(text: str) -> str:
    """The text as a card can hold it: trimmed, line breaks as one sign, no control characters."""
    plain = text.replace("\r\n", "\n").replace("\r", "\n").strip()
    if _CONTROL.search(plain):
        raise ValueError("a value has control characters")
    return plain
