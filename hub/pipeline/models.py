"""Which matching model records are compared with: the adopted one, else the shipped one."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime
from functools import lru_cache
from types import MappingProxyType
from typing import Final

from hub.match.model import KindModel, Model, dump_model, load_model, prior_model
from hub.store import match_models
from hub.store.database import Connection
from hub.store.match_models import Frequency, StoredModel

USUAL_RECORDS: Final = 10_000
"""The shipped model expects so many records, however many there are: it must not change."""
SHIPPED: Final = "shipped"
"""The version of the model that nobody has trained."""
LEAST_HOLDERS: Final = 3
"""A value of fewer contents is kept by no model: it would tell of persons."""


def model_version(db: Connection) -> str:
    """The version in force."""
    stored = match_models.model_in_force(db)
    return stored.version if stored else SHIPPED


def model_in_force(db: Connection) -> tuple[str, Model]:
    """Version and model in force, without frequencies."""
    return ask_model_in_force(db)()


def ask_model_in_force(db: Connection) -> Callable[[], tuple[str, Model]]:
    """The same, called for later."""
    asked = match_models.ask_model_in_force(db)

    def model() -> tuple[str, Model]:
        stored = asked()
        if stored is None:
            return SHIPPED, shipped_model()
        return stored.version, _load(stored.body)

    return model


def named_model(db: Connection, version: str) -> Model | None:
    """A model by its version, with its frequencies; None where there is none."""
    if version == SHIPPED:
        return shipped_model()
    for stored in match_models.list_models(db):
        if stored.version == version:
            return with_frequencies(_load(stored.body), match_models.all_shares(db, version))
    return None


@lru_cache(maxsize=1)
def shipped_model() -> Model:
    """The model of :mod:`hub.match.prior`."""
    return prior_model(USUAL_RECORDS)


_load = lru_cache(maxsize=4)(load_model)


def with_frequencies(model: Model, shares: dict[str, float]) -> Model:
    """The model with the shares of terms."""
    found: defaultdict[str, dict[str, float]] = defaultdict(dict)
    for term, share in shares.items():
        column, _, value = term.partition(":")
        found[column][value] = share
    kinds = {kind: replace(item, frequencies=found) for kind, item in model.kinds.items()}
    return replace(model, kinds=MappingProxyType(kinds))


def keep_model(db: Connection, model: Model, holders: dict[str, int], now: datetime) -> str:
    """Store a trained model; ``holders`` is how many contents hold a term. Returns its version."""
    version = model.version
    bare = with_frequencies(model, {})
    body = dump_model(bare).decode()
    stored = StoredModel(version, body, model.records, now, None, in_force=False)
    match_models.add_model(db, stored, _frequencies(model, holders))
    return version


def _frequencies(model: Model, holders: dict[str, int]) -> Iterator[Frequency]:
    kind: KindModel = next(iter(model.kinds.values()))
    for column, shares in sorted(kind.frequencies.items()):
        for value, share in sorted(shares.items()):
            term = f"{column}:{value}"
            yield Frequency(term, holders[term], share)
