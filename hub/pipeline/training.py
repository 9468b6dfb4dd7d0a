"""Training the matching model on what the index holds, without labels, and adopting it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from time import perf_counter
from typing import NamedTuple

from hub.errors import ConfigError
from hub.match.engines.rows import Row
from hub.match.packing import unpack_features
from hub.pipeline.indexing import index_pending
from hub.pipeline.models import LEAST_HOLDERS, SHIPPED, keep_model, model_version
from hub.store import match_models
from hub.store.audit import Entry, add_entries, new_act
from hub.store.database import Engine, reading, writing
from hub.store.match_contents import count_copies, every_content

EXTRA = "this needs DuckDB and Splink: pip install 'customer-hub[match]'"


class Trained(NamedTuple):
    """A model that was trained: its version, on how many contents, in how many seconds."""

    version: str
    contents: int
    seconds: float


def train(engine: Engine, *, country: str) -> Trained:
    """Train a model on all contents and keep it; it is in force only once it is adopted.

    Raises ConfigError where the extra is missing.
    """
    try:
        from hub.match.engines.bulk import load_rows, open_workspace, prepare
        from hub.match.engines.frequencies import holders
        from hub.match.engines.training import train_model
    except ImportError as error:  # pragma: no cover - the tests' environment has them
        raise ConfigError(EXTRA) from error
    begun = perf_counter()
    index_pending(engine, country)
    work = open_workspace()
    try:
        with reading(engine) as db:
            held, copied = count_copies(db), dict[int, int]()
            contents = load_rows(work, _rows(every_content(db), held, copied))
        prepare(work)
        model = train_model(work, LEAST_HOLDERS, copied)
        frequent = holders(work, LEAST_HOLDERS)
    finally:
        work.close()
    with writing(engine) as db:
        version = keep_model(db, model, frequent, datetime.now(UTC))
    return Trained(version, contents, perf_counter() - begun)


def _rows(
    contents: Iterable[tuple[str, str]], held: Mapping[str, int], copied: dict[int, int]
) -> Iterator[Row]:
    """A row for each content; ``copied`` takes the number of each that other records have too."""
    for number, (profile, features) in enumerate(contents):
        if others := held.get(profile):
            copied[number] = others
        yield Row(number, unpack_features(features))


def adopt(engine: Engine, version: str, *, actor: str, reason: str) -> int:
    """Compare with a model from now on; returns how many records the next run resolves anew.

    Raises ConfigError where there is no such model.
    """
    now = datetime.now(UTC)
    with writing(engine) as db:
        known = {model.version for model in match_models.list_models(db)}
        if version != SHIPPED and version not in known:
            raise ConfigError(f"there is no model {version!r}; `hub match model --list` names them")
        before = model_version(db)
        if before == version:
            return 0
        count = match_models.adopt_model(db, None if version == SHIPPED else version, now)
        detail = {"before": before, "after": version}
        add_entries(db, new_act(actor, reason), [Entry("match_model", detail)], now)
    return count
