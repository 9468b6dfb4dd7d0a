"""Words inside mail fields: addresses, encoded words, parameters; every function is linear."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator, Mapping
from typing import Final, NamedTuple
from urllib.parse import unquote_to_bytes

_ENCODED: Final = re.compile(r"=\?([^?\s]{1,40})\?([bBqQ])\?([^?]*)\?=")
_BETWEEN: Final = re.compile(r"(\?=)\s+(?==\?)")
_TOKEN: Final = re.compile(
    r"""=\?[^?\s]{1,40}\?[bBqQ]\?[^?]*\?=   # encoded word, which may wrongly hold a comma
      | "(?:[^"\\]|\\.)*"?                  # quoted text
      | \([^()]*\)?                         # comment
      | <[^<>]*>?                           # address in brackets
      | [,;:]
      | [^"(<,;:\s]+""",
    re.VERBOSE | re.DOTALL,
)
_PARAMETER: Final = re.compile(
    r""";\s*([^\s=;"]{1,80})\s*=\s*("(?:[^"\\]|\\.)*"?|[^;]*)""", re.DOTALL
)
_ADDRESS: Final = re.compile(r"""[^\s@<>"(),;]{1,200}@[^\s@<>"(),;]{1,255}""")
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2066-\u2069]+")
_CHARSET: Final = re.compile(
    r"(utf-?(8|7|16|16le|16be)|us-ascii|ascii|latin-?1|iso[-_]?8859[-_]\d{1,2}|(windows|cp)-?\d{3,4}"
    r"|koi8-[rut]|gb2312|gbk|gb18030|big5(-hkscs)?|shift[-_]jis|iso-2022-(jp|kr)|euc-(jp|kr)"
    r"|mac[-_]?roman)"
)
"""Text encodings only: Python would run its byte transforms too, under names that mail chooses."""


class Address(NamedTuple):
    """A mailbox: the name as shown, and the address as written."""

    name: str
    address: str


def parse_addresses(text: str) -> tuple[Address, ...]:
    """The mailboxes of an address field, each once; what is no address is passed over.

    Takes RFC 5322 with the liberties of real mail: bare names, semicolons, missing brackets.
    """
    found: dict[str, Address] = {}
    for tokens in _mailboxes(text):
        mailbox = _read_mailbox(tokens)
        if mailbox is not None:
            found.setdefault(mailbox.address, mailbox)
    return tuple(found.values())


def decode_words(text: str) -> str:
    """Text with its encoded words decoded (RFC 2047); neighbours of one charset are joined."""
    if "=?" not in text:
        return text
    pieces: list[tuple[str, bytes] | str] = []
    end = 0
    joined = _BETWEEN.sub(r"\1", text)
    for match in _ENCODED.finditer(joined):
        if match.start() > end:
            pieces.append(joined[end : match.start()])
        charset = match[1].partition("*")[0].lower()
        content = _unpack(match[2].lower(), match[3])
        last = pieces[-1] if pieces else ""
        if isinstance(last, tuple) and last[0] == charset:
            pieces[-1] = (charset, last[1] + content)
        else:
            pieces.append((charset, content))
        end = match.end()
    pieces.append(joined[end:])
    return "".join(piece if isinstance(piece, str) else _text(*piece) for piece in pieces)


def parse_parameters(text: str) -> tuple[str, dict[str, str]]:
    """A value such as ``text/plain; name=x``: its head in lower case, and its parameters."""
    head, _, _ = text.partition(";")
    raw: dict[str, str] = {}
    for name, value in _PARAMETER.findall(text[len(head) :]):
        raw.setdefault(name.lower(), _unquote(value.strip()))
    return head.strip().lower(), join_parameters(raw)


def join_parameters(raw: Mapping[str, str]) -> dict[str, str]:
    """Parameters with RFC 2231 continuations joined and charsets decoded."""
    plain = {name: decode_words(value) for name, value in raw.items() if "*" not in name}
    split: dict[str, list[tuple[int, bool, str]]] = {}
    for name, value in raw.items():
        base, star, rest = name.partition("*")
        if star:
            number = rest.rstrip("*")
            place = int(number) if number.isdecimal() and len(number) < 4 else 0
            split.setdefault(base, []).append((place, name.endswith("*"), value))
    for base, parts in split.items():
        plain[base] = _join_extended(sorted(parts))
    return plain


def tidy(text: str) -> str:
    """Text on one line, without control and direction characters."""
    return " ".join(_CONTROL.sub(" ", text).split())


def _mailboxes(text: str) -> Iterator[list[str]]:
    tokens: list[str] = []
    for match in _TOKEN.finditer(text):
        piece = match[0]
        if piece in (",", ";"):
            yield tokens
            tokens = []
        elif piece == ":":
            tokens = []  # the name of a group ends here
        else:
            tokens.append(piece)
    yield tokens


def _read_mailbox(tokens: list[str]) -> Address | None:
    kinds: dict[str, list[str]] = {"<": [], "(": [], "": []}
    for token in tokens:
        kinds.get(token[0], kinds[""]).append(token)
    brackets, comments, words = kinds.values()
    found = _ADDRESS.findall(brackets[-1] if brackets else " ".join(words))
    if not found:
        return None
    address = found[-1].strip("'.")
    named = words if brackets else [word for word in words if found[-1] not in word]
    name = _name(named) or _name([comment.strip("()") for comment in comments])
    return Address("" if name.lower() == address.lower() else name, address)


def _name(words: list[str]) -> str:
    text = decode_words(" ".join(_unquote(word) for word in words))
    return tidy(text).strip("'\" ")[:300]


def _unquote(value: str) -> str:
    if not value.startswith('"'):
        return value
    return re.sub(r"\\(.)", r"\1", value[1:].removesuffix('"'))


def _unpack(kind: str, content: str) -> bytes:
    raw = content.encode("ascii", "replace")
    if kind == "q":
        return binascii.a2b_qp(raw, header=True)
    kept = re.sub(rb"[^A-Za-z0-9+/]", b"", raw)
    if len(kept) % 4 == 1:
        kept = kept[:-1]
    return base64.b64decode(kept + b"=" * (-len(kept) % 4))


def _text(charset: str, content: bytes) -> str:
    name = charset.lower()
    if not _CHARSET.fullmatch(name):
        name = "utf-8"
    try:
        return content.decode(name, "replace")
    except (LookupError, UnicodeError):
        return content.decode("latin-1")


def _join_extended(parts: list[tuple[int, bool, str]]) -> str:
    charset, content = "utf-8", b""
    for place, (_, is_encoded, value) in enumerate(parts):
        if is_encoded and place == 0 and value.count("'") >= 2:
            charset, _, rest = value.split("'", 2)
            content += unquote_to_bytes(rest)
        else:
            content += unquote_to_bytes(value) if is_encoded else value.encode()
    return _text(charset or "utf-8", content)
