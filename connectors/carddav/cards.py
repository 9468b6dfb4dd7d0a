"""Makes a flat record of a vCard, in the words of vCard, and writes its fields back into the card.

Where a card has several values of one kind, ``tel`` is the preferred one and ``more_tel`` holds the
others. Pictures, sounds, keys and notes are never read into the hub; a write leaves them as they
are.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any, Final

from hub.sdk.vcard import Property, VCard

POINTS: Final = ("tel", "email", "url", "impp")
TEXTS: Final = ("fn", "title", "role", "uid", "lang", "tz")
LISTS: Final = ("nickname", "categories")
NAME: Final = ("family", "given", "additional", "prefix", "suffix")
ADDRESS: Final = ("pobox", "extended", "street", "locality", "region", "code", "country")
"""The fields of N and ADR in their order (RFC 6350 sections 6.2.2 and 6.3.1)."""
STRUCTURES: Final[Mapping[str, tuple[str, ...]]] = {"n": NAME, "adr": ADDRESS}

MAX_TEXT: Final = 4_000
MAX_VALUES: Final = 50
_LABEL: Final = re.compile(r"^_\$!<(.*)>!\$_$")
_DATE: Final = re.compile(r"^(\d{4})-?(\d\d)-?(\d\d)(?:T.*)?$")
_APPLE_KIND: Final = "X-ADDRESSBOOKSERVER-KIND"
_READ_ELSEWHERE: Final = frozenset({"X-ABLABEL", "X-ABSHOWAS", _APPLE_KIND})

Fields = dict[str, Any]


def read_card(content: bytes) -> Fields:
    """The record of one card; ValueError where it is none. What is empty is left out."""
    card = VCard.parse(content)
    fields: Fields = {name: _text(card.first(name)) for name in TEXTS}
    fields["kind"] = _kind(card)
    fields["rev"] = _moment(_text(card.first("rev")))
    fields["bday"] = _date(card.first("bday"))
    for name in LISTS:
        found = [item for one in card.all(name) for item in one.items]
        fields[name] = list(dict.fromkeys(found))[:MAX_VALUES]
    fields |= _organisation(card)
    fields["n"] = _structure(card.first("n"), NAME)
    fields |= _points(card) | _addresses(card) | _own_fields(card)
    fields["cut"] = sorted(name for name, value in fields.items() if _is_long(value))
    return {
        name: value for name, value in fields.items() if _is_there(value) and not _is_long(value)
    }


def edit_card(content: bytes, changes: Mapping[str, Any]) -> bytes:
    """The card with these fields changed and every other byte kept.

    ValueError says which field can't be written; nothing of a change is made where one part fails.
    """
    card = VCard.parse(content)
    for name, value in changes.items():
        card = _edit(card, name, value)
    edited = bytes(card)
    after = read_card(edited)
    for name, value in changes.items():
        # Where a first value is removed, the second one takes its place.
        if value is not None and _plain(value) != "" and not holds(after, name, value):
            raise ValueError(f"a card can't hold this value of {name}")
    return edited


def holds(fields: Fields, name: str, value: Any) -> bool:
    """Whether a record has this value already; of a structure, those fields that are given."""
    if name in STRUCTURES and isinstance(value, Mapping):
        held = fields.get(name) or {}
        return all(held.get(part, "") == _plain(text) for part, text in value.items())
    held = fields.get(name)
    return (held[0] if isinstance(held, list) and held else held or "") == _plain(value)


def is_writable(name: str) -> bool:
    """Whether a field of the record can be changed."""
    return name in {"fn", "title", "role", "org", *POINTS, *STRUCTURES} or name.startswith("x-")


def _edit(card: VCard, name: str, value: Any) -> VCard:
    if not is_writable(name):
        raise ValueError(f"a card has no writable {name[:40]}")
    if name in STRUCTURES:
        return _edit_structure(card, name, value)
    if value is not None and not isinstance(value, str):
        raise ValueError(f"{name} takes a text")
    if name == "fn" and not _plain(value):
        raise ValueError("a card can't be without a name (fn)")
    return _edit_text(card, name, _plain(value))


def _edit_text(card: VCard, name: str, text: str) -> VCard:
    old = card.first(name)
    if old is None:
        return card.add(name, text) if text else card
    if name == "org" and (text or any(old.components[1:])):
        return card.replace_components(old, (text,))
    return card.replace(old, text) if text else card.remove(old)


def _edit_structure(card: VCard, name: str, value: Any) -> VCard:
    parts = STRUCTURES[name]
    if not isinstance(value, Mapping) or not set(value) <= set(parts):
        raise ValueError(f"{name} takes an object with some of {', '.join(parts)}")
    if not all(text is None or isinstance(text, str) for text in value.values()):
        raise ValueError(f"the parts of {name} are texts")
    changes = [_plain(value[part]) if part in value else None for part in parts]
    old = card.first(name)
    if old is None:
        card = card.add(name)
        old = next(one for one in reversed(card.properties) if one.name == name.upper())
    return card.replace_components(old, changes)


def _plain(value: Any) -> str:
    text = "" if value is None else str(value)
    return text.replace("\r\n", "\n").replace("\r", "\n").strip()


def _points(card: VCard) -> Fields:
    fields: Fields = {}
    for name in POINTS:
        found = card.all(name)[:MAX_VALUES]
        entries = [{"value": _address(one), "type": _types(card, one)} for one in found]
        entries = [entry for entry in entries if entry["value"]]
        if entries:
            fields[name] = entries[0]["value"]
            fields[f"{name}_type"] = entries[0]["type"]
            fields[f"more_{name}"] = entries[1:]
    return fields


def _addresses(card: VCard) -> Fields:
    found = [(_structure(one, ADDRESS), _types(card, one)) for one in card.all("adr")[:MAX_VALUES]]
    entries = [{**parts, "type": types} for parts, types in found if parts]
    if not entries:
        return {}
    types = entries[0].pop("type")
    return {"adr": entries[0], "adr_type": types, "more_adr": entries[1:]}


def _organisation(card: VCard) -> Fields:
    one = card.first("org")
    name, *units = one.components if one else ("",)
    return {"org": name, "org_unit": [unit for unit in units if unit]}


def _structure(one: Property | None, parts: tuple[str, ...]) -> dict[str, str]:
    values = one.components if one else ()
    return {part: value for part, value in zip(parts, values, strict=False) if value}


def _own_fields(card: VCard) -> Fields:
    """Properties that a company or a program made up: a text, or a list where there are several."""
    found: dict[str, list[str]] = {}
    for one in card.properties:
        if one.name.startswith("X-") and one.name not in _READ_ELSEWHERE and one.text:
            found.setdefault(one.name.lower(), []).append(one.text)
    return {name: texts[0] if len(texts) == 1 else texts for name, texts in found.items()}


def _types(card: VCard, one: Property) -> list[str]:
    """The types, or the label that Apple gives a group of properties (item1.X-ABLabel)."""
    labels = [
        other.text for other in card.properties
        if one.group and other.group == one.group and other.name == "X-ABLABEL"
    ]  # fmt: skip
    named = [_LABEL.sub(r"\1", label).lower() for label in labels if label]
    known = [name for name in one.types if name not in {"internet", "voice", "x-internet"}]
    return list(dict.fromkeys([*known, *named]))


def _kind(card: VCard) -> str:
    if (_text(card.first("X-ABSHOWAS"))).upper() == "COMPANY":
        return "org"
    return (_text(card.first("kind")) or _text(card.first(_APPLE_KIND))).lower()


def _address(one: Property) -> str:
    """The address without its URI scheme, where vCard 4 writes one (tel:, mailto:)."""
    for scheme in ("tel:", "mailto:"):
        if one.text.lower().startswith(scheme):
            return one.text[len(scheme) :].partition(";")[0].strip()
    return one.text


def _text(one: Property | None) -> str:
    return one.text if one else ""


def _date(one: Property | None) -> str:
    """A whole date; one without a year is none (RFC 6350 section 6.2.5)."""
    found = _DATE.match(_text(one))
    if one is None or found is None or "X-APPLE-OMIT-YEAR" in one.params:
        return ""
    return "-".join(found.groups())


def _moment(text: str) -> str:
    """REV as ISO 8601 in UTC; '' where it is no time."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return ""
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return aware.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def _is_there(value: Any) -> bool:
    return value not in ("", None, [], {})


def _is_long(value: Any) -> bool:
    if isinstance(value, str):
        return len(value) > MAX_TEXT
    parts: Iterable[Any] = value.values() if isinstance(value, dict) else value
    return any(map(_is_long, parts or ()))
