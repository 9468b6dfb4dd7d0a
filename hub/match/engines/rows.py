"""Rows on their way into an engine: Arrow tables, so many rows at a time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, Final, NamedTuple

from hub.match.features import LISTS, Features

_BATCH: Final = 20_000


class Row(NamedTuple):
    """A record on its way in: its number, features and match keys."""

    id: int
    features: Features
    keys: Iterable[str]


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


def _feature_table(batch: Sequence[Row]) -> Any:
    import pyarrow as pa

    columns: list[Any] = [pa.array([row.id for row in batch], type=pa.int64())]
    for place, name in enumerate(Features._fields):
        kind = pa.list_(pa.string()) if name in LISTS else pa.string()
        columns.append(pa.array([row.features[place] for row in batch], type=kind))
    return pa.table(columns, names=["id", *Features._fields])


def _key_table(batch: Sequence[Row]) -> Any:
    import pyarrow as pa

    owned = [(row.id, key) for row in batch for key in row.keys]
    ids = pa.array([item[0] for item in owned], type=pa.int64())
    return pa.table([ids, pa.array([item[1] for item in owned], type=pa.string())], ["id", "key"])
