"""The model at work on the store: candidates of contents by their keys, and what pairs weigh.

A content is what several records with equal standardised values share; it goes by its profile's
digest. Only contents are compared, each pair once.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import replace
from itertools import combinations

from hub.match.blocking import (
    COUNTED,
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
from hub.pipeline.models import SHIPPED, model_in_force
from hub.store.database import Connection
from hub.store.match_contents import load_contents
from hub.store.match_keys import find_frequent, find_holders
from hub.store.match_models import load_shares

DigestPair = tuple[str, str]


class Matcher:
    """Compares contents with the model in force; what it has loaded it keeps."""

    def __init__(self, db: Connection) -> None:
        self._db = db
        self.version, model = model_in_force(db)
        self._shares: Mapping[str, dict[str, float]] = {name: {} for name in FREQUENCY_COLUMNS}
        self._model = _sharing(model, self._shares)
        self._stated: dict[str, Features] = {}
        self._keys: dict[str, frozenset[str]] = {}
        self._rows: dict[str, Features] = {}
        self._verdicts: dict[DigestPair, Verdict] = {}
        self._over: dict[str, int] = {}

    def __contains__(self, digest: str) -> bool:
        """Whether the content is loaded."""
        return digest in self._rows

    def load(self, digests: Iterable[str], *, keyed: bool = False) -> None:
        """Load contents with all that their weights depend on; those that are gone are left out.

        ``keyed`` asks along how crowded their match keys are, for those that are asked for next.
        """
        missing = set(digests) - self._rows.keys()
        if not missing:
            return
        found = load_contents(self._db, missing)
        fresh = {digest: unpack_features(text) for digest, text in found.items()}
        if keyed:
            self._caps_crossed(
                {k for row in fresh.values() for k in contact_keys(row) | match_keys(row)}
            )
        shared = self._shared_contacts(fresh.values())
        self._stated.update(fresh)
        self._rows.update({d: without_shared(row, shared) for d, row in fresh.items()})
        self._load_shares(fresh.values())

    def candidates(self, digests: Iterable[str]) -> set[DigestPair]:
        """Load contents and all that share a selective key with one of them; returns the pairs."""
        self.load(digests, keyed=True)
        own = self._selective_keys(digests)
        holders: defaultdict[str, list[str]] = defaultdict(list)
        for key, digest in find_holders(self._db, {key for keys in own.values() for key in keys}):
            holders[key].append(digest)
        pairs = {
            (digest, other) if digest < other else (other, digest)
            for digest, keys in own.items()
            for key in keys
            for other in holders[key]
            if other != digest
        }
        self.load({digest for pair in pairs for digest in pair})
        return pairs

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
            found = judge(weigh(left, right, self._model))
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

    def _shared_contacts(self, rows: Iterable[Features]) -> set[str]:
        over = self._caps_crossed({key for row in rows for key in contact_keys(row)})
        return {key for key, cap in over.items() if cap >= caps_of(key)[0]}

    def _caps_crossed(self, keys: Collection[str]) -> dict[str, int]:
        """The highest cap that each key has crossed, 0 for none; asked once for each key."""
        missing = [key for key in keys if key not in self._over]
        self._over.update(dict.fromkeys(missing, 0))
        self._over.update(find_frequent(self._db, missing))
        return {key: self._over[key] for key in keys}

    def _load_shares(self, rows: Iterable[Features]) -> None:
        if self.version == SHIPPED:
            return
        terms = {term for row in rows for term in terms_of(row)}
        for term, share in load_shares(self._db, self.version, terms).items():
            column, _, value = term.partition(":")
            self._shares[column][value] = share


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
