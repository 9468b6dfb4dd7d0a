"""The lines of a vCard, unfolded, decoded, escaped, folded (RFC 6350, RFC 2426, vCard 2.1).

Folding is undone on bytes, because old programs fold in the middle of a character.
"""

from __future__ import annotations

import quopri
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

FOLD_OCTETS: Final = 75
MAX_HEAD: Final = 8_192
_PHYSICAL: Final = re.compile(rb"[^\n]*\n|[^\n]+")
_FOLD: Final = re.compile(rb"\r?\n[ \t]")
_LEGACY_FOLD: Final = re.compile(rb"\r?\n(?=[ \t])")
_SOFT_BREAK: Final = re.compile(rb"=\r?\n")
_ESCAPED: Final = re.compile(r"\\(.)", re.DOTALL)
_UNESCAPED: Final = {"n": "\n", "N": "\n", ",": ",", ";": ";", "\\": "\\", ":": ":"}
_PARAM_CODE: Final = re.compile(r"\^[n'^]")
_PARAM_CODES: Final = {"^n": "\n", "^'": '"', "^^": "^"}
_QUOTED: Final = re.compile(r'"[^"]*"')


@dataclass(frozen=True, slots=True)
class Property:
    """One property as the card has it: ``name`` in capitals, ``value`` unfolded but still escaped.

    ``params`` have names in capitals; a type without a name (vCard 2.1) stands under TYPE.
    ``place`` is its line in the card. ``legacy`` marks vCard 2.1, which escapes semicolons alone.
    """

    name: str
    value: str = field(repr=False)
    params: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    group: str = ""
    place: int = -1
    legacy: bool = False

    @property
    def text(self) -> str:
        """The value as one text."""
        return self._plain(self.value)

    @property
    def components(self) -> tuple[str, ...]:
        """The fields of a structured value (N, ADR, ORG)."""
        return tuple(self._plain(part) for part in split_value(self.value, ";"))

    @property
    def items(self) -> tuple[str, ...]:
        """The items of a list (CATEGORIES, NICKNAME), without empty ones."""
        texts = (self._plain(part) for part in split_value(self.value, ","))
        return tuple(text for text in texts if text)

    @property
    def types(self) -> tuple[str, ...]:
        """The TYPE values in small letters; "pref" is no type but a :attr:`preference`."""
        return tuple(dict.fromkeys(name for name in self._type_names() if name != "pref"))

    @property
    def preference(self) -> int:
        """1 is the most preferred, 101 is none: PREF of vCard 4, TYPE=pref of those before."""
        for text in self.params.get("PREF", ()):
            if text.isdecimal() and 1 <= int(text[:4]) <= 100:
                return int(text[:4])
        return 1 if "pref" in self._type_names() else 101

    def _type_names(self) -> list[str]:
        # TYPE="work,voice" is how some programs write a list.
        names = (name for one in self.params.get("TYPE", ()) for name in one.split(","))
        return [name.strip().lower() for name in names if name.strip()]

    def _plain(self, value: str) -> str:
        return unescape(value, legacy=self.legacy).strip()


def logical_lines(card: bytes) -> Iterator[bytes]:
    """The card, cut before each line that continues none; joined, they are the card again."""
    held: list[bytes] = []
    for line in _PHYSICAL.findall(card):
        if held and line[:1] not in (b" ", b"\t") and not _breaks_softly(held):
            yield b"".join(held)
            held = []
        held.append(line)
    if held:
        yield b"".join(held)


def read_line(line: bytes, place: int, *, legacy: bool = False) -> Property | None:
    """The property that a logical line holds; None for a line that is none."""
    flat = unfold(line, legacy=legacy)
    head, value = split_head(flat)
    if not head:
        return None
    named, _, rest = head.decode("utf-8", "replace").partition(";")
    group, _, name = named.strip().rpartition(".")
    params = _read_params(rest)
    return Property(
        name=name.upper(),
        value=_decode(value, params),
        params=params,
        group=group.lower(),
        place=place,
        legacy=legacy,
    )


def unfold(line: bytes, *, legacy: bool = False) -> bytes:
    """A logical line as one; vCard 2.1 folds at white space and keeps it."""
    if b"QUOTED-PRINTABLE" in line[:MAX_HEAD].partition(b":")[0].upper():
        line = _SOFT_BREAK.sub(b"", line)
    return (_LEGACY_FOLD if legacy else _FOLD).sub(b"", line).rstrip(b"\r\n")


def split_head(flat: bytes) -> tuple[bytes, bytes]:
    """Name and parameters, and the value, parted at the first colon outside of quotes."""
    head, colon, _ = flat[:MAX_HEAD].partition(b":")
    if b'"' not in head:
        return (head, flat[len(head) + 1 :]) if colon else (b"", flat)
    quoted = 0
    for place, octet in enumerate(flat[:MAX_HEAD]):
        if octet == 0x22:
            quoted ^= 1
        elif octet == 0x3A and not quoted:
            return flat[:place], flat[place + 1 :]
    return (head, flat[len(head) + 1 :]) if colon else (b"", flat)  # a quote that nobody closed


def fold(line: str, *, end: str = "\r\n") -> bytes:
    """A line folded at 75 octets, never inside a character (RFC 6350 section 3.2)."""
    pieces, size = [""], 0
    for char in line:
        width = len(char.encode("utf-8", "surrogateescape"))
        if size + width > FOLD_OCTETS:
            pieces.append(" ")
            size = 1
        pieces[-1] += char
        size += width
    return (end.join(pieces) + end).encode("utf-8", "surrogateescape")


def unescape(value: str, *, legacy: bool = False) -> str:
    """Undoes backslashes; an unknown one stays, and in vCard 2.1 that of a line break."""
    if "\\" not in value:
        return value

    def one(found: re.Match[str]) -> str:
        code = found[1]
        if legacy and code in "nN":
            return found[0]
        return _UNESCAPED.get(code, found[0])

    return _ESCAPED.sub(one, value)


def escape(text: str, *, legacy: bool = False) -> str:
    """Escapes a text for a value (RFC 6350 section 3.4); vCard 2.1 escapes semicolons alone."""
    text = text.replace("\\", "\\\\").replace(";", "\\;")
    return text if legacy else text.replace(",", "\\,").replace("\n", "\\n")


def split_value(value: str, mark: str) -> list[str]:
    """The parts between marks that no backslash escapes."""
    if "\\" not in value:
        return value.split(mark)
    parts: list[str] = []
    held: list[str] = []
    skip = False
    for char in value:
        if char == mark and not skip:
            parts.append("".join(held))
            held = []
            continue
        skip = char == "\\" and not skip
        held.append(char)
    return [*parts, "".join(held)]


def _breaks_softly(held: list[bytes]) -> bool:
    """Whether quoted-printable goes on in the next line (vCard 2.1 section 2.1.3)."""
    return (
        held[-1].rstrip(b"\r\n").endswith(b"=")
        and b"QUOTED-PRINTABLE" in held[0][:MAX_HEAD].partition(b":")[0].upper()
    )


def _read_params(text: str) -> dict[str, tuple[str, ...]]:
    params: dict[str, tuple[str, ...]] = {}
    for part in _split_quoted(text, ";"):
        name, equals, value = part.partition("=")
        if not equals:  # vCard 2.1: TEL;WORK;VOICE
            name, value = _nameless(name)
        if name.strip():
            values = tuple(_param_value(one) for one in _split_quoted(value, ","))
            params[name.strip().upper()] = params.get(name.strip().upper(), ()) + values
    return params


def _nameless(word: str) -> tuple[str, str]:
    known = word.strip().upper()
    if known in {"QUOTED-PRINTABLE", "BASE64", "8BIT", "7BIT"}:
        return "ENCODING", known
    return ("TYPE", word) if known else ("", "")


def _split_quoted(text: str, mark: str) -> list[str]:
    """The parts between marks that stand outside of quotes."""
    if '"' not in text:
        return text.split(mark)
    masked = _QUOTED.sub(lambda found: "_" * len(found[0]), text)
    parts, start = [], 0
    for place, char in enumerate(masked):
        if char == mark:
            parts.append(text[start:place])
            start = place + 1
    return [*parts, text[start:]]


def _param_value(text: str) -> str:
    """Without quotes, and the code of RFC 6868 undone."""
    plain = text.strip().strip('"')
    return _PARAM_CODE.sub(lambda found: _PARAM_CODES[found[0]], plain) if "^" in plain else plain


def _decode(value: bytes, params: Mapping[str, tuple[str, ...]]) -> str:
    if params.get("ENCODING", ("",))[0].upper() in {"QUOTED-PRINTABLE", "Q"}:
        value = quopri.decodestring(value)
    charset = params.get("CHARSET", ("utf-8",))[0]
    try:
        return value.decode(charset, "replace").replace("\r\n", "\n")
    except (LookupError, UnicodeError):
        return value.decode("utf-8", "replace").replace("\r\n", "\n")
