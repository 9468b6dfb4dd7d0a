"""The matching model over a file: train, find candidates, weigh, cluster; the store is not touched.

Records with the same content are one row: 5,000 copies cost what one does.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping

from hub.match.blocking import match_keys
from hub.match.engines.engine import EngineName, open_engine
from hub.match.engines.rows import Row
from hub.match.features import Features, build_features
from hub.match.model import Model
from hub.match.profile import build_profile
from hub.match.thresholds import CERTAIN
from hub.match.weigh import weigh
from hub.pipeline.evaluation import Outcome, Record, ScoredPair


def partition_by_model(
    records: Iterable[Record], country: str = "DE", engine: EngineName = EngineName.DUCKDB
) -> Outcome:
    """Clusters named by their smallest record id; ``country`` is that of phones without prefix."""
    contents = _Contents(country)
    run = open_engine(engine)
    try:
        found = run.run(contents.rows(records))
        copies = contents.copies_weigh(found.model)
        clusters = {
            record: name
            for members in contents.clusters(found.clusters, copies)
            for name in [min(members)]
            for record in members
        }
        pairs = [
            ScoredPair(contents.first(edge.left), contents.first(edge.right), edge.bits)
            for edge in run.edges()
        ]
        pairs += contents.pairs_of_copies(copies)
    finally:
        run.close()
    return Outcome(clusters, pairs, found.seconds)


class _Contents:
    """Distinct contents by number, with the records that have them."""

    def __init__(self, country: str) -> None:
        self._country = country
        self._numbers: dict[str, int] = {}
        self._members: defaultdict[int, list[str]] = defaultdict(list)
        self._repeated: dict[int, Features] = {}

    def rows(self, records: Iterable[Record]) -> Iterator[Row]:
        """One row for each content, as records come."""
        for record in records:
            profile = build_profile(record.body, self._country)
            number = self._numbers.setdefault(profile.digest, len(self._numbers))
            self._members[number].append(record.record_id)
            if len(self._members[number]) == 1:
                features = build_features(profile)
                yield Row(number, features, match_keys(features))
            elif number not in self._repeated:
                self._repeated[number] = build_features(profile)

    def first(self, number: int) -> str:
        """The record that stands for a content."""
        return self._members[number][0]

    def copies_weigh(self, model: Model) -> dict[int, float]:
        """What two copies of a content weigh, by the number of each content that has copies."""
        weights = ((n, weigh(row, row, model)) for n, row in self._repeated.items())
        return {number: found.bits for number, found in weights if found is not None}

    def clusters(
        self, found: Iterable[tuple[int, ...]], copies: Mapping[int, float]
    ) -> Iterator[list[str]]:
        """Clusters of records; copies go together where their content says who it is."""
        clustered: set[int] = set()
        for numbers in found:
            clustered.update(numbers)
            yield [record for number in numbers for record in self._members[number]]
        for number, members in self._members.items():
            if number in clustered:
                continue
            if copies.get(number, CERTAIN) < CERTAIN:
                yield from ([record] for record in members)
            else:
                yield members

    def pairs_of_copies(self, copies: Mapping[int, float]) -> Iterator[ScoredPair]:
        """Copies, each with the first record of its content."""
        for number, bits in copies.items():
            first, *others = self._members[number]
            yield from (ScoredPair(first, other, bits) for other in others)
