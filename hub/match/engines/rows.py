"""Rows on their way into an engine: Arrow tables, so many rows at a time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice, repeat
from types import MappingProxyType
from typing import Any, Final, NamedTuple

from hub.match.blocking import match_keys
from hub.match.features import LISTS, Features
from hub.match.texts import sound

_BATCH: Final = 20_000


class Row(NamedTuple):
    """A record on its way in: its number and its features."""

    id: int
    features: Features


def feature_tables(rows: Iterable[Row]) -> Iterator[Any]:
    """Arrow tables of the rows (id, features, sounds)."""
    return map(_feature_table, _batches(rows))


def tables_with_keys(rows: Iterable[Row]) -> Iterator[tuple[Any, Any]]:
    """The same, each with a table of its rows' match keys (id, prefix, key)."""
    return ((_feature_table(batch), _key_table(batch)) for batch in _batches(rows))


def _batches(rows: Iterable[Row]) -> Iterator[list[Row]]:
    source = iter(rows)
    while batch := list(islice(source, _BATCH)):
        yield batch


def no_rows() -> tuple[Any, Any]:
    """Both tables without a row: their columns and types."""
    return _feature_table(()), _key_table(())


def shares_table(shares: Mapping[str, float]) -> Any:
    """The shares of a column's values (value, share)."""
    import pyarrow as pa

    columns = [pa.array(shares.keys(), pa.string()), pa.array(shares.values(), pa.float64())]
    return pa.table(columns, ["value", "share"])


def numbers_table(
    whole: Mapping[str, Sequence[int]], real: Mapping[str, Sequence[float]] = MappingProxyType({})
) -> Any:
    """Columns of whole numbers and of real ones, by their names."""
    import pyarrow as pa

    columns = {name: pa.array(values, pa.int64()) for name, values in whole.items()}
    columns |= {name: pa.array(values, pa.float64()) for name, values in real.items()}
    return pa.table(columns)


def _feature_table(batch: Sequence[Row]) -> Any:
    import pyarrow as pa

    ids = pa.array([row.id for row in batch], type=pa.int64())
    held = zip(*(row.features for row in batch), strict=True) if batch else repeat(())
    columns = {
        name: pa.array(values, type=pa.list_(pa.string()) if name in LISTS else pa.string())
        for name, values in zip(Features._fields, held, strict=False)
    }
    sounds = [_family_sound(row.features.family) for row in batch]
    words = [_word_sounds(row.features.organisation_words) for row in batch]
    columns["family_sound"] = pa.array(sounds, type=pa.string())
    columns["organisation_sounds"] = pa.array(words, type=pa.list_(pa.string()))
    return pa.table([ids, *columns.values()], names=["id", *columns])


def _family_sound(family: str | None) -> str | None:
    return sound(family) if family and len(family) > 1 else None


def _word_sounds(words: Sequence[str] | None) -> list[str] | None:
    return list({sound(word) for word in words if len(word) > 2}) if words else None


def _key_table(batch: Sequence[Row]) -> Any:
    import pyarrow as pa

    held = [(row.id, key) for row in batch for key in match_keys(row.features)]
    ids = pa.array([number for number, _ in held], type=pa.int64())
    prefixes = pa.array([key[:3] for _, key in held], type=pa.string())
    keys = pa.array([key for _, key in held], type=pa.string())
    return pa.table([ids, prefixes, keys], ["id", "prefix", "key"])
