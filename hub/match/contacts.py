"""Contact points as matching sees them: a party's own mailboxes and lines, and shared ones."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any, Final, NamedTuple

from hub.match.absent import says_none
from hub.match.countries import country_of_domain
from hub.match.phones import calling_country
from hub.match.standardise import (
    email_domain,
    email_key,
    is_desk,
    is_free_domain,
    standardise_email,
    standardise_phone,
)
from hub.match.texts import folded_words, skeleton, word_set

_Point = Mapping[str, Any]
_NOBODY: Final = word_set(
    """
    fa fam familie family famille famiglia familia firma haus home house mail me my office team the
    """
)
"""Words in mailboxes that are no part of a name."""
_MOST_NAMES: Final = 3
_LONGEST_MAILBOX: Final = 254
"""Letters of an address that a server takes (RFC 5321, 4.5.3.1, with erratum 1690)."""
_LONGEST_HOST: Final = 253
"""Letters of a domain (RFC 1035, 2.3.4)."""


class Mailbox(NamedTuple):
    """A mail address read once.

    ``domain`` is '' where everybody may have an address; ``label`` is the domain's first part and
    ``words`` are what stands before the @, both folded. ``names`` are the words without numbers at
    their ends, none where they name nobody.
    """

    address: str
    desk: bool
    domain: str
    label: str
    words: tuple[str, ...]
    names: tuple[str, ...]
    country: str


class Reach(NamedTuple):
    """How a party is reached; ``desks`` and ``switchboards`` are shared by several people.

    ``countries`` are those that addresses end with and numbers are written with.
    """

    boxes: tuple[Mailbox, ...] = ()
    countries: frozenset[str] = frozenset()
    mailboxes: frozenset[str] = frozenset()
    desks: frozenset[str] = frozenset()
    domains: frozenset[str] = frozenset()
    phones: frozenset[str] = frozenset()
    switchboards: frozenset[str] = frozenset()


_NOWHERE: Final = Reach()
_NO_VALUES: Final[frozenset[str]] = frozenset()
_NONE: Final = (_NO_VALUES, _NO_VALUES)


def read_reach(points: Iterable[_Point], country: str) -> Reach:
    """The contact points that hold; any statement that one is shared counts."""
    if not points:
        return _NOWHERE
    found = _Found({}, {}, {}, set(), set())
    for point in points:
        if point.get("status") != "invalid":
            _add(found, point, country)
    found.domains.discard("")
    found.countries.discard("")
    return Reach(
        tuple(found.boxes.values()),
        frozenset(found.countries),
        *_part(found.shared_boxes),
        frozenset(found.domains),
        *_part(found.phones),
    )


class _Found(NamedTuple):
    """What the points so far gave; addresses and numbers with whether they are shared."""

    boxes: dict[str, Mailbox]
    shared_boxes: dict[str, bool]
    phones: dict[str, bool]
    domains: set[str]
    countries: set[str]


def _add(found: _Found, point: _Point, country: str) -> None:
    kind = point["kind"]
    if kind == "email":
        box = _read_mailbox(point["value"])
        if box is not None:
            _add_mailbox(found, box, shared=box.desk or point.get("shared"))
    elif kind == "phone":
        _add_number(found, point, country)
    elif kind == "web":
        found.domains.add(_site(point["value"]))


def _add_number(found: _Found, point: _Point, country: str) -> None:
    number = standardise_phone(point["value"], country)
    if number is None:
        return
    found.countries.add(calling_country(point["value"], number))
    if "fax" not in point.get("purpose", ()):
        _note(found.phones, number, shared=point.get("shared"))


def _add_mailbox(found: _Found, box: Mailbox, *, shared: bool | None) -> None:
    held = found.boxes.get(box.address)
    # Gmail's dots are no part of the address: the spelling in most words tells most.
    found.boxes[box.address] = box if held is None else max(held, box, key=_words)
    found.domains.add(box.domain)
    found.countries.add(box.country)
    _note(found.shared_boxes, box.address, shared=shared)


def _note(found: dict[str, bool], value: str, *, shared: bool | None) -> None:
    found[value] = bool(shared) or found.get(value, False)


def _part(found: dict[str, bool]) -> tuple[frozenset[str], frozenset[str]]:
    """What is the party's own, and what is shared."""
    if not found:
        return _NONE
    if len(found) == 1:  # most records have one of each
        values = frozenset(found)
        return (_NO_VALUES, values) if any(found.values()) else (values, _NO_VALUES)
    own: list[str] = []
    shared: list[str] = []
    for value, is_shared in found.items():
        (shared if is_shared else own).append(value)
    return frozenset(own), frozenset(shared)


@lru_cache(maxsize=65_536)
def _read_mailbox(value: str) -> Mailbox | None:
    address = email_key(value)
    if address is None or len(address) > _LONGEST_MAILBOX:
        return None
    own, label, country = _read_domain(email_domain(address))
    words = folded_words(_before_sign(value, address))
    return Mailbox(address, is_desk(address), own, label, words, _names_in(words), country)


def _names_in(words: tuple[str, ...]) -> tuple[str, ...]:
    found = [name for word in words if (name := word.rstrip("0123456789"))]
    fits = "".join(found).isalpha() and _NOBODY.isdisjoint(found)
    return tuple(found) if fits and len(found) <= _MOST_NAMES else ()


@lru_cache(maxsize=65_536)
def _read_domain(domain: str) -> tuple[str, str, str]:
    """The domain or '' where everybody may have an address, its first part, and its country."""
    label = skeleton(_in_letters(domain).partition(".")[0].replace("-", ""))
    return "" if is_free_domain(domain) else domain, label, country_of_domain(domain)


def _words(box: Mailbox) -> tuple[int, tuple[str, ...]]:
    return len(box.words), box.words


def _before_sign(value: str, address: str) -> str:
    """What stands before the @ without a tag, with the dots that Gmail leaves out."""
    written = standardise_email(value) if address.endswith("@gmail.com") else None
    return (written or address).partition("@")[0].partition("+")[0]


@lru_cache(maxsize=16_384)
def _site(url: str) -> str:
    """The domain of a web page, or '' where everybody may have one there."""
    bare = url.strip().lower().partition("://")[2] or url.strip().lower()
    host = bare.partition("/")[0].partition("?")[0].partition(":")[0].removeprefix("www.")
    is_host = "." in host and " " not in host and len(host) <= _LONGEST_HOST
    return "" if not is_host or is_free_domain(host) or says_none(host) else host


def _in_letters(domain: str) -> str:
    """The domain as people read it: müller.example for xn--mller-kva.example."""
    if "xn--" not in domain:
        return domain
    try:
        return domain.encode().decode("idna")
    except UnicodeError:
        return domain
