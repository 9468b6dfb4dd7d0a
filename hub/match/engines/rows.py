"""Rows on their way into an engine: Arrow tables, so many rows at a time."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from itertools import islice, repeat
from typing import Any, Final, NamedTuple

from hub.match.features import LISTS, Features

_BATCH: Final = 20_000


class Row(NamedTuple):
    """A record on its way in: its number, features and match keys."""

    id: int
    features: Features
    keys: Collection[str]


def arrow_batches(rows: Iterable[Row]) -> Iterator[tuple[Any, Any]]:
    """Arrow tables of the rows' features (id, features) and of their keys (id, key), in step."""
    source = iter(rows)
    while batch := list(islice(source, _BATCH)):
        yield _feature_table(batch), _key_table(batch)


def no_rows() -> tuple[Any, Any]:
    """Both tables without a row: their columns and types."""
    return _feature_table(()), _key_table(())


def shares_table(shares: Mapping[str, float]) -> Any:
    """The shares of a column's values (value, share)."""
    import pyarrow as pa

    columns = [pa.array(shares.keys(), pa.string()), pa.array(shares.values(), pa.float64())]
    return pa.table(columns, ["value", "share"])


def sizes_table(sizes: Sequence[tuple[int, int]], times: Sequence[float]) -> Any:
    """What names of so many holders and words count (holders, words, times)."""
    import pyarrow as pa

    holders, words = (pa.array([size[place] for size in sizes], pa.int64()) for place in (0, 1))
    return pa.table([holders, words, pa.array(times, pa.float64())], ["holders", "words", "times"])


def _feature_table(batch: Sequence[Row]) -> Any:
    import pyarrow as pa

    ids = pa.array([row.id for row in batch], type=pa.int64())
    held = zip(*(row.features for row in batch), strict=True) if batch else repeat(())
    columns = [
        pa.array(values, type=pa.list_(pa.string()) if name in LISTS else pa.string())
        for name, values in zip(Features._fields, held, strict=False)
    ]
    return pa.table([ids, *columns], names=["id", *Features._fields])


def _key_table(batch: Sequence[Row]) -> Any:
    import pyarrow as pa

    ids = pa.array([row.id for row in batch for _ in row.keys], type=pa.int64())
    keys = pa.array([key for row in batch for key in row.keys], type=pa.string())
    return pa.table([ids, keys], ["id", "key"])
