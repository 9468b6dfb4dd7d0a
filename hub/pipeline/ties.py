"""Must-links are few for what they say: all records that they connect are one customer.

A person decides on every pair of two customers; what is stored is a star. These functions give
back what a star loses with one of its ends: a record that is gone, or that a person takes out; and
they tell whose copies must not speak for them, since a person has tied them elsewhere.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping

from hub.match.disjoint import DisjointSets

Pair = tuple[int, int]


def through_gone(
    pairs: Iterable[Pair], node_of: Mapping[int, str], never: Collection[tuple[str, str]]
) -> Iterator[tuple[str, str]]:
    """Must-links between nodes that ``pairs`` connect through records that are no nodes now.

    Nodes that a never-link holds apart are not tied to one another.
    """
    apart = {frozenset(pair) for pair in never}
    for records in _connected(pairs):
        groups: list[list[str]] = []
        for node in sorted({node_of[record] for record in records if record in node_of}):
            fits = (g for g in groups if not any(frozenset((node, other)) in apart for other in g))
            group = next(fits, None)
            if group is None:
                groups.append([node])
            else:
                yield group[0], node
                group.append(node)


def still_tied(tied: Collection[Pair], cut: Collection[Pair], side: Collection[int]) -> list[Pair]:
    """Must-links that hold the records of a side together as before, when ``cut`` are revoked."""
    kept: DisjointSets[int] = DisjointSets()
    for one, other in set(tied) - set(cut):
        kept.join(one, other)
    found: list[Pair] = []
    for group in _connected(tied):
        first: dict[int, int] = {}
        for record in sorted(set(group) & set(side)):
            first.setdefault(kept.root(record), record)
        ends = list(first.values())
        found += [(ends[0], end) for end in ends[1:]]
    return found


def parted_copies(
    must: Iterable[Pair], never: Collection[Pair], content: Mapping[int, str]
) -> set[int]:
    """Records that are not one with the copies of their content, by what people decided.

    Copies that are kept apart; and those tied to what another copy is kept apart from: what is
    decided of a record itself counts for more than what is decided of its copies.
    """
    groups = _connected(must)
    home = {record: n for n, group in enumerate(groups) for record in group}
    tied: defaultdict[str, defaultdict[int, set[int]]] = defaultdict(lambda: defaultdict(set))
    for record in home.keys() & content.keys():
        tied[content[record]][home[record]].add(record)
    parted: set[int] = set()
    for pair in (pair for pair in never if content.keys() >= set(pair)):
        left, right = (content[record] for record in pair)
        if left == right:
            parted |= set(pair)
            continue
        for n in tied[left].keys() & tied[right].keys() - _shared(pair, home):
            outside = [record for record in pair if home.get(record) != n]
            parted |= {copy for record in outside for copy in tied[content[record]][n]}
    return parted


def _shared(pair: Pair, home: Mapping[int, int]) -> set[int]:
    """The group that has both records, if one has: there the decisions contradict one another."""
    left, right = (home.get(record) for record in pair)
    return {left} if left is not None and left == right else set()


def _connected(pairs: Iterable[Pair]) -> list[list[int]]:
    groups: DisjointSets[int] = DisjointSets()
    for one, other in pairs:
        groups.join(one, other)
    return groups.sets()
