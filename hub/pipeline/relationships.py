"""Relationships of a batch: what its comparisons say, set against what the store has."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Final

import orjson

from hub.match.prior import KIN
from hub.match.relations import Relation
from hub.model.party import RelationshipType
from hub.pipeline.growth import Growth
from hub.store.relationships import Pair, Relationship

_TYPES: Final = MappingProxyType(
    {
        KIN["person"]: RelationshipType.HOUSEHOLD_MEMBER,
        KIN["organisation"]: RelationshipType.BRANCH_OF,
    }
)
"""By what matching calls them; which of two companies is the branch it can't tell."""
_TENTHS: Final = 10
"""The store keeps tenths of a bit."""


class Relationships:
    """What has to change in the relationships of the contents that a batch has compared.

    ``stored`` are those that the contents have in the store.

    A content is compared with all its candidates at once, so what was not found anew is gone.
    """

    def __init__(self, growth: Growth, stored: Mapping[Pair, Relationship]) -> None:
        found = {pair: _stated(relation) for pair, relation in growth.relations.items()}
        self._changes: defaultdict[str, dict[Pair, Relationship | None]] = defaultdict(dict)
        for pair in stored.keys() | found.keys():
            if stored.get(pair) != found.get(pair):
                for digest in pair:
                    self._changes[digest][pair] = found.get(pair)

    def changes(self, digests: Iterable[str]) -> tuple[tuple[Pair, Relationship | None], ...]:
        """Those of the pairs that one of the contents is part of, in a fixed order."""
        if not self._changes:
            return ()
        changed = {
            pair: found
            for digest in digests
            for pair, found in self._changes.get(digest, {}).items()
        }
        return tuple((pair, changed[pair]) for pair in sorted(changed))


def _stated(relation: Relation) -> Relationship:
    evidence = [
        {"field": item.field, "outcome": item.outcome, "weight": round(item.bits * _TENTHS)}
        for item in relation.shared
    ]
    weight = round(relation.bits * _TENTHS)
    return Relationship(_TYPES[relation.name].value, weight, orjson.dumps(evidence).decode())
