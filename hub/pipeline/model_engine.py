"""The matching model over a file: train, find candidates, weigh, cluster; the store is not touched.

Records with the same content are one row: 5,000 copies cost what one does.
"""

from __future__ import annotations

import tempfile
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from time import perf_counter

from hub.match.blocking import without_shared
from hub.match.engines.engine import BulkEngine, EngineName, open_engine
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
    with tempfile.TemporaryDirectory(prefix="hub-match-") as folder:
        run = open_engine(engine, folder)
        try:
            return _partition(records, _Contents(country), run)
        finally:
            run.close()


def _partition(records: Iterable[Record], contents: _Contents, run: BulkEngine) -> Outcome:
    found = run.run(contents.rows(records), copies=contents.copies)
    copies = contents.copies_weigh(found.model, found.shared)
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
    return Outcome(clusters, pairs, contents.stages(found.seconds))


class _Contents:
    """Distinct contents by number, with the records that have them: the first, and its copies."""

    def __init__(self, country: str) -> None:
        self._country = country
        self._numbers: dict[bytes, int] = {}
        self._firsts: list[str] = []
        self._copies: defaultdict[int, list[str]] = defaultdict(list)
        self._repeated: dict[int, Features] = {}
        self._seconds = 0.0

    def rows(self, records: Iterable[Record]) -> Iterator[Row]:
        """One row for each content, as records come."""
        begun = perf_counter()
        for record in records:
            row = self._row(record)
            if row is not None:
                self._seconds += perf_counter() - begun
                yield row
                begun = perf_counter()
        self._numbers.clear()

    def _row(self, record: Record) -> Row | None:
        """The row of a content that is new."""
        profile = build_profile(record.body, self._country)
        number = self._numbers.setdefault(bytes.fromhex(profile.digest), len(self._firsts))
        if number == len(self._firsts):
            self._firsts.append(record.record_id)
            return Row(number, build_features(profile))
        self._copies[number].append(record.record_id)
        if number not in self._repeated:
            self._repeated[number] = build_features(profile)
        return None

    def stages(self, seconds: Mapping[str, float]) -> dict[str, float]:
        """The engine's stages; reading and standardising, which it waited for, beside them."""
        return {"standardise": self._seconds, **seconds, "load": seconds["load"] - self._seconds}

    def copies(self) -> dict[int, int]:
        """How many further records have a content that more than one has."""
        return {number: len(records) for number, records in self._copies.items()}

    def first(self, number: int) -> str:
        """The record that stands for a content."""
        return self._firsts[number]

    def _members(self, number: int) -> list[str]:
        return [self._firsts[number], *self._copies.get(number, ())]

    def copies_weigh(self, model: Model, shared: frozenset[str]) -> dict[int, float]:
        """What two copies of a content weigh, by the number of each content that has copies."""
        rows = ((n, without_shared(row, shared)) for n, row in self._repeated.items())
        weights = ((n, weigh(row, row, model)) for n, row in rows)
        return {number: found.bits for number, found in weights if found is not None}

    def clusters(
        self, found: Iterable[tuple[int, ...]], copies: Mapping[int, float]
    ) -> Iterator[list[str]]:
        """Clusters of records; copies go together where their content says who it is."""
        clustered: set[int] = set()
        for numbers in found:
            clustered.update(numbers)
            yield [record for number in numbers for record in self._members(number)]
        for number in range(len(self._firsts)):
            if number in clustered:
                continue
            if copies.get(number, CERTAIN) < CERTAIN:
                yield from ([record] for record in self._members(number))
            else:
                yield self._members(number)

    def pairs_of_copies(self, copies: Mapping[int, float]) -> Iterator[ScoredPair]:
        """Copies, each with the first record of its content."""
        for number, bits in copies.items():
            first, *others = self._members(number)
            yield from (ScoredPair(first, other, bits) for other in others)
