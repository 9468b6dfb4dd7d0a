"""Search of customers by the beginnings of words: names, addresses, numbers, towns.

The index follows the golden records: each version that came since is taken in, a chunk a
transaction, so that it may be killed and run again at any time.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping
from typing import Any, Final, NamedTuple

import orjson

from hub.pipeline.customer import find_customer, search_customers
from hub.store import search_index as store
from hub.store.database import Engine, reading, writing
from hub.store.golden import current_versions
from hub.store.parties import load_parties

_CHUNK: Final = 5_000
_WORD: Final = re.compile(r"[^\W_]+")
_LONGEST: Final = 40
_MOST_WORDS: Final = 6
_NAMES: Final = ("display_name", "legal_name", "given", "family")
_UMLAUTS: Final = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "å": "aa", "ø": "oe", "æ": "ae"})


class Found(NamedTuple):
    """A customer that was found, by what tells it from others."""

    party_id: str
    golden: Mapping[str, Any]


def index_customers(engine: Engine) -> int:
    """Take every golden record into the index that came since; returns how many."""
    count = 0
    while True:
        with writing(engine) as db:
            entries = store.entries_after(db, store.indexed_up_to(db), _CHUNK)
            store.drop_former(db, [entry.party_id for entry in entries])
            store.add_terms(
                db,
                [
                    (entry.golden_id, term)
                    for entry in entries
                    for term in sorted(terms_of(orjson.loads(entry.body)))
                ],
            )
        count += len(entries)
        if len(entries) < _CHUNK:
            return count


def search(engine: Engine, text: str, *, limit: int = 20) -> list[Found]:
    """Active customers with a word for each that was typed, or the one that the text names.

    A text may be an id (merged ones lead to their survivor) or CONNECTION:TYPE:KEY.
    """
    named = find_customer(engine, text.strip())
    if named is not None:
        return _by_ids(engine, [named])
    words = typed_words(text)
    if not words:
        return []
    with reading(engine) as db:
        if store.indexed_up_to(db):
            found = store.find_entries(db, words, limit)
            return [Found(entry.party_id, orjson.loads(entry.body)) for entry in found]
    return _by_ids(engine, [party for party, _ in search_customers(engine, text, limit=limit)])


def latest_customers(engine: Engine, *, limit: int = 20) -> list[Found]:
    """The customers whose golden record changed last."""
    with reading(engine) as db:
        found = store.latest_entries(db, limit)
    return [Found(entry.party_id, orjson.loads(entry.body)) for entry in found]


def _by_ids(engine: Engine, party_ids: list[str]) -> list[Found]:
    with reading(engine) as db:
        golden = current_versions(db, party_ids)
        known = load_parties(db, party_ids)
    bodies = {party: orjson.loads(item.body) for party, item in golden.items()}
    return [Found(party, bodies.get(party, {})) for party in party_ids if party in known]


def typed_words(text: str) -> list[str]:
    """What a person typed, as beginnings; one that begins another says nothing more."""
    number = _number(text.strip())
    if number:
        return [number]
    words = set(_cut(_folded(text.casefold().translate(_UMLAUTS))))
    told = {word for word in words if not any(o != word and o.startswith(word) for o in words)}
    return sorted(told, key=lambda word: (-len(word), word))[:_MOST_WORDS]


def _number(text: str) -> str:
    """The digits of a telephone number; what could be a postcode or another number is a word."""
    digits = re.sub(r"\D", "", text)
    written = re.fullmatch(r"[\d\s()+./-]+", text) is not None
    dialled = digits != text or digits.startswith("0")
    return digits.lstrip("0") if written and dialled and len(digits) >= 7 else ""


def terms_of(golden: Mapping[str, Any]) -> set[str]:
    """The words under which a golden record is found."""
    terms = {word for text in _texts(golden) for word in _words(text)}
    terms |= {_folded(address)[:_LONGEST] for address in golden.get("emails", ())}
    for phone in golden.get("phones", ()):
        terms |= set(_endings(re.sub(r"\D", "", phone)))
    for item in golden.get("identifiers", ()):
        terms.add("".join(_words(item["value"]))[:_LONGEST])
    return {term for term in terms if term}


def _endings(digits: str) -> Iterator[str]:
    """A number as it is dialled from abroad, and without the country's two or three digits."""
    number = digits.lstrip("0")[:_LONGEST]
    if len(number) >= 5:
        yield number
    if digits.startswith(("49", "43", "41", "33", "32", "31", "44")) and len(number) > 8:
        yield number[2:].lstrip("0")


def _texts(golden: Mapping[str, Any]) -> Iterator[str]:
    yield from (golden[name] for name in _NAMES if golden.get(name))
    yield from golden.get("trading_names") or ()
    yield from golden.get("emails", ())
    for address in golden.get("addresses", ()):
        yield from (address[name] for name in ("postcode", "locality") if address.get(name))
    yield from (item["value"] for item in golden.get("identifiers", ()))


def _words(text: str) -> Iterator[str]:
    """Words without accents, and with umlauts written out as well."""
    lowered = text.casefold()
    for form in {_folded(lowered), _folded(lowered.translate(_UMLAUTS))}:
        yield from _cut(form)


def _cut(text: str) -> Iterator[str]:
    yield from (word[:_LONGEST] for word in _WORD.findall(text))


def _folded(text: str) -> str:
    parts = unicodedata.normalize("NFKD", text.casefold())
    return "".join(part for part in parts if not unicodedata.combining(part))
