"""Draws from a seed, counted under the names that the published marginals carry."""

from __future__ import annotations

import random
from bisect import bisect
from collections import Counter
from collections.abc import Sequence
from itertools import accumulate
from typing import Generic, TypeVar

from benchmarks.sparse.rates import RATES

T = TypeVar("T")


class Dice(random.Random):
    """A seeded source of chance; ``happens`` looks its rate up and counts what came true."""

    def __init__(self, seed: int) -> None:
        super().__init__(seed)
        self.tried: Counter[str] = Counter()
        self.came: Counter[str] = Counter()

    def happens(self, name: str) -> bool:
        self.tried[name] += 1
        if self.random() >= RATES[name]:
            return False
        self.came[name] += 1
        return True

    def chance(self, rate: float) -> bool:
        return self.random() < rate

    def pick(self, items: Sequence[T]) -> T:
        return items[int(self.random() * len(items))]

    def early(self, items: Sequence[T]) -> T:
        """An item; those that stand first come more often."""
        return items[int(self.random() ** 1.6 * len(items))]

    def below(self, limit: int) -> int:
        return int(self.random() * limit)

    def digits(self, count: int) -> str:
        return str(self.below(10**count)).zfill(count)


class Weighted(Generic[T]):
    """Items drawn by weight."""

    def __init__(self, items: Sequence[T], weights: Sequence[float]) -> None:
        self.items = items
        self._bounds = list(accumulate(weights))

    def draw(self, dice: Dice) -> T:
        return self.items[bisect(self._bounds, dice.random() * self._bounds[-1])]


def zipf(items: Sequence[T], offset: float = 3.0) -> Weighted[T]:
    """Weights that fall with the rank, as name frequencies do."""
    return Weighted(items, [1 / (rank + offset) for rank in range(len(items))])
