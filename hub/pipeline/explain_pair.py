"""What two records have for and against being one party, told field by field and key by key.

Pure: the story of a pair is made of its features, the model and what is known of its match keys.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any, Final, NamedTuple

from hub.match.blocking import (
    COUNTED,
    caps_of,
    contact_keys,
    match_keys,
    most_holders,
    without_shared,
)
from hub.match.features import Features
from hub.match.levels import FIELDS
from hub.match.model import Model
from hub.match.prior import KIN
from hub.match.verdict import Grade, grade_of
from hub.match.weigh import Weight, relation_name, weigh


class Content(NamedTuple):
    """What is compared of a record; ``stated`` is what it says of itself."""

    digest: str
    stated: Features


@dataclass(frozen=True, slots=True)
class Lens:
    """What pairs are looked at with; ``over`` is the cap that a crowded match key has crossed."""

    version: str
    model: Model
    over: Mapping[str, int]

    def seen(self, row: Features) -> Features:
        """The features as they are compared: crowded contact points are nobody's own."""
        return without_shared(row, {key for key in self.over if self.over[key] >= caps_of(key)[0]})

    def finds(self, key: str) -> bool:
        """Whether records that share the key are compared for it."""
        return not key.startswith(COUNTED) and self.over.get(key, 0) < most_holders(key)


class FieldStory(NamedTuple):
    """One field of both; ``kin`` and ``colleagues`` are its bits for those who look alike.

    No outcome where it is not compared; ``note`` says why.
    """

    field: str
    outcome: str | None
    bits: float
    kin: float
    colleagues: float
    left: str
    right: str
    note: str = ""


class KeyStory(NamedTuple):
    """A match key, what it is made of, and whether records are compared for having it."""

    key: str
    meaning: str
    finds: bool
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PairStory:
    """A pair; the bits of ``before``, of the fields and of ``lookalikes`` come to ``bits``.

    ``kin`` and ``colleagues`` are the odds of the relations that look alike, called ``relations``;
    ``crowded`` are contact points that too many have. No ``bits`` for a person and an organisation.
    """

    model: str
    keys: tuple[KeyStory, ...]
    crowded: tuple[KeyStory, ...]
    same_content: bool
    kind: str | None = None
    grade: str = Grade.NONE.value
    bits: float | None = None
    before: float = 0.0
    fields: tuple[FieldStory, ...] = ()
    lookalikes: float = 0.0
    lookalike: str | None = None
    kin: float = 0.0
    colleagues: float = 0.0
    relations: tuple[str, str] = ("", "")
    vetoes: tuple[str, ...] = ()

    @property
    def compared(self) -> bool:
        """Whether the hub compares the two at all: copies, or two that share a selective key."""
        return self.same_content or any(key.finds for key in self.keys)


def tell_pair(one: Content, other: Content, lens: Lens) -> PairStory:
    """The story of two contents, or of two copies of one."""
    left, right = lens.seen(one.stated), lens.seen(other.stated)
    story = PairStory(
        model=lens.version,
        keys=tuple(shared_keys(one.stated, other.stated, lens)),
        crowded=tuple(_crowded(one.stated, other.stated, lens)),
        same_content=one.digest == other.digest,
    )
    weight = weigh(left, right, lens.model)
    if weight is None:
        return story
    fields = tuple(_fields(left, right, weight))
    return replace(story, fields=fields, **_sums(weight))


def _sums(weight: Weight) -> dict[str, Any]:
    kind = weight.kind
    return {
        "kind": kind,
        "grade": grade_of(weight).value,
        "bits": weight.bits,
        "before": weight.score - weight.evidence,
        "lookalikes": weight.bits - weight.score,
        "lookalike": relation_name(weight.lookalike, kind) if weight.lookalike else None,
        "kin": weight.kin,
        "colleagues": weight.colleagues,
        "relations": (KIN[kind], "colleagues"),
        "vetoes": weight.vetoes,
    }


def shared_keys(one: Features, other: Features, lens: Lens) -> Iterator[KeyStory]:
    """The match keys that both have, those that find candidates first."""
    shared = match_keys(one) & match_keys(other)
    for key in sorted(shared, key=lambda key: (not lens.finds(key), key)):
        yield KeyStory(key, meaning_of(key), lens.finds(key), _key_note(key, lens))


def meaning_of(key: str) -> str:
    """What a match key is made of."""
    return MEANINGS.get(key.partition(":")[0], "other values")


def _key_note(key: str, lens: Lens) -> str:
    if key.startswith(COUNTED):
        return "only counted, to know a provider's domain"
    if not lens.finds(key):
        return f"more than {lens.over[key]} different records have it: it finds nobody"
    if key in lens.over:
        return f"more than {lens.over[key]} different records have it: nobody's own"
    return ""


def _crowded(one: Features, other: Features, lens: Lens) -> Iterator[KeyStory]:
    """Contact points of either that count as nobody's own."""
    for key in sorted(contact_keys(one) | contact_keys(other)):
        cap = lens.over.get(key, 0)
        if cap >= caps_of(key)[0]:
            note = f"more than {cap} different records have it: nobody's own"
            yield KeyStory(key, meaning_of(key), lens.finds(key), note)


def _fields(one: Features, other: Features, weight: Weight) -> Iterator[FieldStory]:
    """Every field: what was compared in the model's order, then what could not be."""
    parts = {part.field: part for part in weight.parts}
    names = [item.name for item in FIELDS[weight.kind]]
    for name in sorted(names, key=lambda name: name not in parts):
        values = (_value(name, one), _value(name, other))
        part = parts.get(name)
        if part is not None:
            yield FieldStory(name, part.outcome, part.match, part.kin, part.colleagues, *values)
        elif any(values):
            note = _why_silent(name, values, parts.keys())
            yield FieldStory(name, None, 0.0, 0.0, 0.0, *values, note)


def _why_silent(name: str, values: tuple[str, str], weighed: Collection[str]) -> str:
    """Why a field that one side at least has is not weighed."""
    if not all(values):
        return "one of the two says nothing of it"
    whole = _PART_OF.get(name, "")
    if whole in weighed:
        return f"weighed with the {whole.replace('_', ' ')}"
    return "the two say nothing of it that compares"


def _value(field: str, row: Features) -> str:
    """What a record has to compare in a field, readable."""
    texts = [_text(column, getattr(row, column)) for column in COLUMNS.get(field, ())]
    if field == "middle_name":
        return next(filter(None, texts), "")
    if field == "email":
        texts.append(_domains(row))
    return _JOINS.get(field, "; ").join(text for text in texts if text)


def _text(column: str, value: str | tuple[str, ...] | None) -> str:
    if value is None:
        return ""
    values = (value,) if isinstance(value, str) else value
    # Of a line its last digits are compared, whatever country it is read by.
    text = "; ".join(f"…{line}" for line in values) if column in _LINES else "; ".join(values)
    return f"{text} (of several)" if column in _OF_SEVERAL else text


def _domains(row: Features) -> str:
    """Domains that no mailbox shows."""
    mailboxes = (row.mailboxes, row.desks, row.shared_mailboxes)
    shown = {mailbox.partition("@")[2] for held in mailboxes for mailbox in held or ()}
    return "; ".join(domain for domain in row.domains or () if domain not in shown)


COLUMNS: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "given_name": ("given",),
        "family_name": ("family",),
        "full_name": ("given", "family"),
        "middle_name": ("middle_names", "middle_initials"),
        "generation": ("generation",),
        "birth_date": ("birth_date",),
        "email": ("mailboxes", "desks", "shared_mailboxes"),
        "phone": ("phones", "shared_phones"),
        "address": ("street", "house_number", "postcode", "city"),
        "identifier": ("identifiers",),
        "organisation": ("organisation",),
        "legal_form": ("legal_form",),
        "name_and_place": ("organisation", "street", "house_number"),
        "country": ("country",),
        "employer": ("employer",),
    }
)
"""The features that a field compares."""
_PART_OF: Final = MappingProxyType(
    {"given_name": "full_name", "family_name": "full_name", "country": "address"}
)
"""Fields that another one tells where it agrees as a whole (``hub.match.levels``)."""
_JOINS: Final = MappingProxyType({"address": ", ", "full_name": " ", "name_and_place": ", "})
_OF_SEVERAL: Final = frozenset({"desks", "shared_mailboxes", "shared_phones"})
_LINES: Final = frozenset({"phones", "shared_phones"})

MEANINGS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "id": "identifier",
        "em": "mailbox",
        "ph": "line",
        "ho": "house",
        "pd": "domain of a person",
        "mn": "telling name of a mailbox",
        "nm": "full name",
        "np": "beginnings of both names",
        "fa": "family name",
        "na": "name as it sounds, and area",
        "nd": "name as it sounds, and domain",
        "ne": "name as it sounds, and beginning of the employer's name",
        "bd": "date of birth",
        "nb": "name as it sounds, and date of birth",
        "ba": "date of birth, and area",
        "hs": "house number and street, and name",
        "dm": "domain",
        "on": "company's name",
        "os": "beginning of the company's name",
        "ow": "word of the company's name, as it sounds",
        "oa": "word of the company's name, and area",
    }
)
"""What each kind of match key is made of, by its prefix (``hub.match.blocking``)."""
