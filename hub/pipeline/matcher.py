"""The model at work on the store: candidates of contents by their keys, and what pairs weigh.

A content is what several records with equal standardised values share; it goes by its profile's
digest. Only contents are compared, each pair once.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import replace
from functools import cached_property
from itertools import combinations

from hub.match.blocking import (
    COUNTED,
    DOMAINS,
    caps_of,
    contact_keys,
    match_keys,
    most_holders,
    without_shared,
)
from hub.match.features import Features, says_nothing
from hub.match.model import FREQUENCY_COLUMNS, Model
from hub.match.packing import unpack_features
from hub.match.relations import HOUSE, Relation
from hub.match.verdict import Grade, Verdict, judge
from hub.match.weigh import weigh
from hub.pipeline.models import SHIPPED, ask_model_in_force
from hub.store.database import Connection
from hub.store.match_contents import ask_contents_of, ask_contents_with, load_contents
from hub.store.match_look_ups import ask_frequent, ask_frequent_of, ask_holders
from hub.store.match_models import load_shares

DigestPair = tuple[str, str]


class Matcher:
    """Compares contents with the model in force; what it has loaded it keeps."""

    def __init__(self, db: Connection) -> None:
        self._db = db
        self._in_force = ask_model_in_force(db)
        self._shares: Mapping[str, dict[str, float]] = {name: {} for name in FREQUENCY_COLUMNS}
        self._stated: dict[str, Features] = {}
        self._contacts: dict[str, set[str]] = {}
        self._whole: set[str] = set()
        self._keys: dict[str, frozenset[str]] = {}
        self._rows: dict[str, Features] = {}
        self._verdicts: dict[DigestPair, Verdict] = {}
        self._over: dict[str, int] = {}
        self._crowded: set[str] = set()

    def __contains__(self, digest: str) -> bool:
        """Whether the content is loaded."""
        return digest in self._rows

    @property
    def version(self) -> str:
        """The version of the model in force."""
        return self._version_and_model[0]

    @cached_property
    def _version_and_model(self) -> tuple[str, Model]:
        version, model = self._in_force()
        return version, _sharing(model, self._shares)

    def ask_records(self, ids: Collection[int]) -> Callable[[], None]:
        """Ask for what records say and how crowded their keys are; called for, it is taken up."""
        contents, over = ask_contents_of(self._db, ids), ask_frequent_of(self._db, ids)

        def take_up() -> None:
            self._learn(over())
            self._unpack(contents())

        return take_up

    def load(self, digests: Iterable[str]) -> None:
        """Load contents with all that their weights depend on; those that are gone are left out."""
        wanted = set(digests) - self._whole
        if wanted:
            self._read(wanted)
            self._caps_crossed(self._contact_keys(wanted))
            self._tell_crowds(wanted)
            self._whole |= wanted

    def candidates(self, digests: Iterable[str]) -> set[DigestPair]:
        """Load contents and all that share a selective key with one of them; returns the pairs."""
        asked = set(digests)
        self._read(asked)
        own = self._selective_keys(asked)
        keys = {key for held in own.values() for key in held}
        contacts = self._ask_caps_crossed(self._contact_keys(asked))
        contents = ask_contents_with(self._db, keys)
        holders = ask_holders(self._db, keys) if len(own) > 1 else None
        contacts()
        found = contents()
        self._unpack(found)
        self._tell_crowds(asked | found.keys())
        self._whole |= asked
        if holders is not None:
            return _pairs(own, holders())
        return {(min(d, other), max(d, other)) for d in own for other in found if other != d}

    def _read(self, digests: set[str]) -> None:
        missing = digests - self._stated.keys()
        if missing:
            self._unpack(load_contents(self._db, missing))

    def _unpack(self, contents: Mapping[str, str]) -> None:
        for digest, text in contents.items():
            if digest not in self._stated:
                self._stated[digest] = row = unpack_features(text)
                self._contacts[digest] = contact_keys(row)

    def _contact_keys(self, digests: Iterable[str]) -> set[str]:
        return {key for digest in digests for key in self._contacts.get(digest, ())}

    def _tell_crowds(self, digests: Iterable[str]) -> None:
        """Tell contact points of too many records from a content's own ones.

        A mailbox or line decides on a pair only if both have it, so the crowds of what one of them
        has are enough; but an organisation that has none of its own but a provider's domain is not
        compared by it, so all domains of what may be an organisation are asked for.
        """
        held = [digest for digest in digests if digest in self._stated]
        companies = {
            key
            for digest in held
            if self._stated[digest].kind != "person"
            for key in self._contacts[digest]
            if key.startswith(DOMAINS)
        }
        over = self._ask_caps_crossed(companies)
        self._load_shares([self._stated[digest] for digest in held if digest not in self._rows])
        over()
        for digest in held:
            row, contacts = self._stated[digest], self._contacts[digest]
            own = self._crowded.isdisjoint(contacts)
            self._rows[digest] = row if own else without_shared(row, self._crowded)

    def set_beside(self, digests: Iterable[str]) -> None:
        """Take notice of all contents that stand beside others, before any of their pairs are seen.

        Here their keys are known, since each was asked for its candidates.
        """

    def seen_pairs(self, digests: Iterable[str]) -> list[DigestPair]:
        """The pairs of contents, set beside one another before, that share a selective key."""
        holders: defaultdict[str, list[str]] = defaultdict(list)
        for digest in sorted(digests):
            for key in self._keys.get(digest, ()):
                holders[key].append(digest)
        return sorted({pair for held in holders.values() for pair in combinations(held, 2)})

    def verdict(self, one: str, other: str) -> Verdict:
        """What two loaded contents, or two copies of one, weigh."""
        pair = (one, other) if one <= other else (other, one)
        found = self._verdicts.get(pair)
        if found is None:
            left, right = self._rows[pair[0]], self._rows[pair[1]]
            found = judge(weigh(left, right, self._version_and_model[1]))
            self._verdicts[pair] = found
        return found

    def are_one(self, one: str, other: str) -> bool:
        """Whether two contents certainly match."""
        return self.verdict(one, other).grade is Grade.CERTAIN

    def is_silent(self, digest: str) -> bool:
        """Whether a content, if it is loaded, says nothing that could be compared."""
        return digest in self._stated and says_nothing(self._stated[digest])

    def relations(self, pairs: Iterable[DigestPair]) -> dict[DigestPair, Relation]:
        """What loaded pairs are to each other where they are not one."""
        told = {pair: self.verdict(*pair).relation for pair in pairs}
        found = {pair: relation for pair, relation in told.items() if relation is not None}
        houses = {pair: self._houses(*pair) for pair, item in found.items() if item.housed}
        own = self._selective({key for keys in houses.values() for key in keys})
        return {p: item for p, item in found.items() if p not in houses or houses[p] & own}

    def _houses(self, one: str, other: str) -> frozenset[str]:
        """The keys of the houses that two contents share."""
        keys = match_keys(self._stated[one]) & match_keys(self._stated[other])
        return frozenset(key for key in keys if key.startswith(HOUSE))

    def _selective_keys(self, digests: Iterable[str]) -> dict[str, frozenset[str]]:
        """The keys by which loaded contents find candidates; they are kept."""
        own = {d: match_keys(self._stated[d]) for d in digests if d in self._stated}
        selective = self._selective({key for keys in own.values() for key in keys})
        found = {digest: keys & selective for digest, keys in own.items()}
        self._keys.update(found)
        return found

    def _selective(self, keys: Iterable[str]) -> set[str]:
        """Those of the keys that find candidates: neither frequent, nor there to be counted."""
        asked = {key for key in keys if not key.startswith(COUNTED)}
        over = self._caps_crossed(asked)
        return {key for key in asked if over[key] < most_holders(key)}

    def _caps_crossed(self, keys: Collection[str]) -> dict[str, int]:
        """The highest cap that each key has crossed, 0 for none."""
        self._ask_caps_crossed(keys)()
        return {key: self._over[key] for key in keys}

    def _ask_caps_crossed(self, keys: Collection[str]) -> Callable[[], None]:
        """Ask for those that are not known, once for each key; called for, they are."""
        missing = [key for key in keys if key not in self._over]
        frequent = ask_frequent(self._db, missing)

        def take_up() -> None:
            self._over.update(dict.fromkeys(missing, 0))
            self._learn(frequent())

        return take_up

    def _learn(self, over: Mapping[str, int]) -> None:
        self._over.update(over)
        self._crowded |= {key for key, cap in over.items() if cap >= caps_of(key)[0]}

    def _load_shares(self, rows: Iterable[Features]) -> None:
        if self.version == SHIPPED:
            return
        terms = {term for row in rows for term in terms_of(row)}
        for term, share in load_shares(self._db, self.version, terms).items():
            column, _, value = term.partition(":")
            self._shares[column][value] = share


def _pairs(own: Mapping[str, frozenset[str]], found: Iterable[tuple[str, str]]) -> set[DigestPair]:
    """The contents that hold one of the keys of another, with it."""
    holders: defaultdict[str, list[str]] = defaultdict(list)
    for key, digest in found:
        holders[key].append(digest)
    return {
        (digest, other) if digest < other else (other, digest)
        for digest, keys in own.items()
        for key in keys
        for other in holders[key]
        if other != digest
    }


def terms_of(row: Features) -> Iterator[str]:
    """The values whose frequency counts, each with its column."""
    for column in FREQUENCY_COLUMNS:
        value = getattr(row, column)
        if value is not None:
            yield f"{column}:{value}"


def terms_held(db: Connection, digests: Iterable[str]) -> set[str]:
    """The terms of contents, as far as these are readable."""
    found = load_contents(db, digests)
    return {term for text in found.values() for term in terms_of(unpack_features(text))}


def _sharing(model: Model, shares: Mapping[str, dict[str, float]]) -> Model:
    kinds = {kind: replace(item, frequencies=shares) for kind, item in model.kinds.items()}
    return replace(model, kinds=kinds)
