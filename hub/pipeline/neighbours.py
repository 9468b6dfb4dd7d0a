"""Neighbours in bulk: for a run over much of the index, DuckDB tells what is worth comparing.

It weighs every candidate pair with the model in force and keeps the few that may be one party or
are worth a person's look. These are then compared as every other pair is, so that a first load and
single changes come to the same partition.
"""

from __future__ import annotations

import tempfile
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from importlib.util import find_spec
from typing import Final

from hub.match.packing import unpack_features
from hub.pipeline.matcher import DigestPair, Matcher
from hub.pipeline.models import model_version, named_model, shipped_model
from hub.store.database import Connection
from hub.store.match_contents import count_contents, every_content

Neighbours = Mapping[str, Sequence[str]]
"""Contents with those that are worth comparing with them."""

MANY: Final = 20_000
"""From so many pending records on, all contents are weighed at once."""
_SHARE: Final = 5
"""If they are at least one in so many of all."""


def wants_bulk(db: Connection, waiting: int) -> bool:
    """Whether so many wait that weighing everything at once is quicker; DuckDB is needed."""
    if waiting < MANY or waiting * _SHARE < count_contents(db):
        return False
    return all(find_spec(name) is not None for name in ("duckdb", "pyarrow"))


def find_neighbours(db: Connection) -> Neighbours:
    """Weigh all candidate pairs of the index; in bounded memory, what does not fit is on disk."""
    from hub.match.engines.bulk import load_rows, near_pairs, open_workspace, prepare
    from hub.match.engines.rows import Row

    digests: list[str] = []

    def rows() -> Iterator[Row]:
        for digest, text in every_content(db):
            yield Row(len(digests), unpack_features(text))
            digests.append(digest)

    model = named_model(db, model_version(db)) or shipped_model()
    near: defaultdict[str, list[str]] = defaultdict(list)
    with tempfile.TemporaryDirectory(prefix="hub-match-") as folder:
        work = open_workspace(folder)
        try:
            load_rows(work, rows())
            prepare(work, model)
            for left, right in near_pairs(work, model):
                near[digests[left]].append(digests[right])
                near[digests[right]].append(digests[left])
        finally:
            work.close()
    return dict(near)


def _nothing() -> None:
    """There is nothing to take up."""


class BulkMatcher(Matcher):
    """A matcher that is told its candidates; the rest is read only where there are any."""

    def __init__(self, db: Connection, neighbours: Neighbours) -> None:
        super().__init__(db)
        self._neighbours = neighbours
        self._asked: set[str] = set()

    def __contains__(self, digest: str) -> bool:
        """Whether the content is known."""
        return digest in self._asked or super().__contains__(digest)

    def ask_records(
        self,
        ids: Collection[int],  # noqa: ARG002  # a matcher of few is asked for them
    ) -> Callable[[], None]:
        """Most contents stand alone, and are not read."""
        return _nothing

    def candidates(self, digests: Iterable[str]) -> set[DigestPair]:
        """The pairs worth comparing, loaded."""
        asked = set(digests)
        self._asked |= asked
        near = self._neighbours
        pairs = {
            (one, other) if one < other else (other, one)
            for one in asked & near.keys()
            for other in near[one]
        }
        self.load({digest for pair in pairs for digest in pair})
        return pairs

    def set_beside(self, digests: Iterable[str]) -> None:
        """Read the keys of contents that stand together: only these are asked for their pairs."""
        missing = set(digests) - self._keys.keys()
        self.load(missing)
        self._selective_keys(missing)
