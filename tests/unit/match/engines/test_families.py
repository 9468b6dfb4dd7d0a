"""A list of names and houses: families live in it, and few people stand in it twice."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from random import Random

from hub.match.engines.matching import BulkMatch
from hub.match.quality import Quality, measure
from tests.unit.match.crowd import Known, person, place, rows_of, some_name

_SIZE = 3_000
_TWICE = 0.15


def _town(random: Random) -> Iterator[Known]:
    """Families of two to five; some members stand in it twice, a letter of the name left out."""
    who = 0
    while True:
        family, home = some_name(random), place(random)
        for given in ("Barbara", "Georg", "Maria", "Tomasz", "Priya")[: random.randint(2, 5)]:
            who += 1
            yield Known(who, person(given, family, **home))
            if random.random() < _TWICE:
                yield Known(who, person(given, family[:-1], **home))


def _measured(known: list[Known]) -> Quality:
    clusters = list(range(len(known)))
    with closing(BulkMatch()) as engine:
        for members in engine.run(rows_of(item.body for item in known)).clusters:
            for member in members:
                clusters[member] = members[0]
    return measure((cluster, item.entity) for cluster, item in zip(clusters, known, strict=True))


def test_families_are_no_persons() -> None:
    town = _town(Random(4))
    found = _measured([next(town) for _ in range(_SIZE)])
    assert found.pairwise.precision > 0.9
    assert found.pairwise.recall > 0.9
    assert found.largest <= 4
