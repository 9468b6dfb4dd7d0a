"""All pairs of two sides, weighed once for each pair of contents, the best first."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from itertools import product
from typing import Final, NamedTuple

from hub.match.blocking import match_keys
from hub.match.verdict import judge
from hub.match.weigh import weigh
from hub.pipeline.explain_pair import Content, Lens

MOST_CONTENTS: Final = 300
"""Of a side with more different records than this, only so many are compared."""
MOST_PAIRS: Final = 1_000
"""No more pairs are weighed; those that share a match key come first."""


class Weighed(NamedTuple):
    """A pair of records; ``pairs`` is how many of the two sides have the same contents.

    ``keys`` is how many match keys find it. No ``bits`` for a person and an organisation.
    """

    left: int
    right: int
    bits: float | None
    grade: str
    keys: int
    pairs: int


Side = Mapping[int, Content]
"""The content of each record that has one."""


def weigh_all(ones: Side, others: Side, lens: Lens) -> list[Weighed]:
    """The pairs of two sides without a common record, the best first."""
    pairs = _candidates_first(ones, others, lens)[:MOST_PAIRS]
    return sorted((_weigh(pair, ones, others, lens=lens) for pair in pairs), key=_rank)


def pairs_left_out(ones: Side, others: Side, weighed: Sequence[Weighed]) -> int:
    """How many pairs of records are not among those weighed."""
    return len(ones) * len(others) - sum(item.pairs for item in weighed)


def _groups(side: Side) -> list[list[int]]:
    """Records by their content."""
    found: defaultdict[str, list[int]] = defaultdict(list)
    for record in sorted(side):
        found[side[record].digest].append(record)
    return list(found.values())[:MOST_CONTENTS]


class _Pair(NamedTuple):
    """Two groups of records with equal contents, and how many match keys find the pair."""

    left: list[int]
    right: list[int]
    keys: int


def _candidates_first(ones: Side, others: Side, lens: Lens) -> list[_Pair]:
    left, right = (_keyed(side, lens) for side in (ones, others))
    pairs = (
        _Pair(own, far, len(own_keys & far_keys))
        for (own, own_keys), (far, far_keys) in product(left, right)
    )
    return sorted(pairs, key=lambda pair: -pair.keys)


def _keyed(side: Side, lens: Lens) -> list[tuple[list[int], set[str]]]:
    """Each group with the match keys that find candidates."""
    return [
        (group, {key for key in match_keys(side[group[0]].stated) if lens.finds(key)})
        for group in _groups(side)
    ]


def _weigh(pair: _Pair, ones: Side, others: Side, *, lens: Lens) -> Weighed:
    left, right = pair.left[0], pair.right[0]
    rows = (lens.seen(ones[left].stated), lens.seen(others[right].stated))
    weight = weigh(*rows, lens.model)
    return Weighed(
        left,
        right,
        weight.bits if weight else None,
        judge(weight).grade.value,
        pair.keys,
        len(pair.left) * len(pair.right),
    )


def _rank(item: Weighed) -> tuple[bool, float, int, int]:
    return (item.bits is None, -(item.bits or 0.0), item.left, item.right)
