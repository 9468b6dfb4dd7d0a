"""Disjoint sets: which of many things hang together (Tarjan, 1975)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Generic, TypeVar

N = TypeVar("N", int, str)


class DisjointSets(Generic[N]):
    """Sets of nodes that grow by joining; each is named by its smallest node."""

    def __init__(self, nodes: Iterable[N] = ()) -> None:
        self._parent: dict[N, N] = {node: node for node in nodes}

    def root(self, node: N) -> N:
        """The name of the node's set; a node that is not known yet is one of its own."""
        parent = self._parent
        above = parent.setdefault(node, node)
        while above != node:
            parent[node] = node = parent[above]
            above = parent[node]
        return node

    def join(self, one: N, other: N) -> None:
        """Make one set of the two nodes' sets."""
        one, other = self.root(one), self.root(other)
        if one != other:
            self._parent[max(one, other)] = min(one, other)

    def join_all(self, groups: Iterable[Iterable[N]]) -> None:
        """Make one set of each group; nodes that are not known yet are left out."""
        for group in groups:
            known = [node for node in group if node in self._parent]
            for node in known[1:]:
                self.join(known[0], node)

    def roots(self) -> dict[N, N]:
        """The name of every node's set."""
        return {node: self.root(node) for node in list(self._parent)}

    def sets(self) -> list[list[N]]:
        """The members of every set, sorted, in the order of their names."""
        found: defaultdict[N, list[N]] = defaultdict(list)
        for node, root in self.roots().items():
            found[root].append(node)
        return [sorted(found[root]) for root in sorted(found)]
