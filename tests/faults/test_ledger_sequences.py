"""Random lives of a ledger keep its invariants, in any order and whatever people decide.

1. A record has one active link while it lives, and none after.
2. Links lead to active customers, and every active customer has one.
3. A merged id leads to its survivor for ever, without a circle.
4. Of two customers that merge, the older id survives.
5. To take a merge back revives the losing id, with the records it had.
6. Never-links and must-links hold, in every later run.
7. A golden record is what its records give, computed anew.
8. Events are numbered without a gap; each merge has its loss, each customer one beginning.
9. As of now, every id stands for what it stands for.
10. A plan applied by its digest ends where a resolve ends.
11. The order of arrival does not matter: all at once gives the same customers.
12. A second run over everything changes nothing.
13. History only grows, and the audit trail proves it.

CI runs 200 lives, ``HUB_FAULTS=full`` 10,000. A failure names its seed and what was done.
"""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from hub.pipeline.golden import compute_golden
from hub.pipeline.proposal import apply_proposal, propose
from hub.store.database import Engine, open_store, reading
from hub.store.digest import digest
from hub.store.schema import migrate
from tests.faults import invariants
from tests.faults.harness import FULL
from tests.faults.sequences import RULES, Life
from tests.faults.tally import Tell

LIVES = 10_000 if FULL else 200
BLOCKS = 8
STEPS = 12


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty store, to be copied: migrating takes longer than a life."""
    path = tmp_path_factory.mktemp("lives") / "empty.db"
    engine = open_store(f"sqlite:///{path}")
    migrate(engine)
    engine.dispose()
    return path


@contextmanager
def _opened(path: Path) -> Iterator[Engine]:
    engine = open_store(f"sqlite:///{path}")
    sa.event.listen(engine, "connect", _without_sync)
    yield engine
    engine.dispose()
    for suffix in ("", "-wal", "-shm"):
        path.with_name(path.name + suffix).unlink(missing_ok=True)


def _without_sync(connection: Any, _record: object) -> None:
    """Nobody cuts the power here."""
    connection.execute("PRAGMA synchronous=OFF")


@pytest.mark.timeout(0)
@pytest.mark.parametrize("block", range(BLOCKS))
def test_lives_keep_the_invariants(block: int, empty: Path, tmp_path: Path, tell: Tell) -> None:
    steps = 0
    for seed in range(block, LIVES, BLOCKS):
        stores = [Path(shutil.copy(empty, tmp_path / f"{name}.db")) for name in ("one", "other")]
        with _opened(stores[0]) as engine, _opened(stores[1]) as spare:
            life = Life(engine, seed)
            try:
                _live(life)
                _end(life, Life(spare, seed), tmp_path / "twin.db")
            except Exception as error:
                error.add_note("\n".join([f"seed {seed}", *life.told]))
                raise
            steps += len(life.told)
    tell(f"ledger, block {block}: {len(range(block, LIVES, BLOCKS))} lives, {steps} steps")


@pytest.mark.parametrize("seed", range(3))
def test_lives_on_either_database(seed: int, store: Engine) -> None:
    life = Life(store, seed)
    _live(life)
    life.finish()
    invariants.the_present_is_known_now(life)
    invariants.a_second_run_changes_nothing(life)


def _live(life: Life) -> None:
    with reading(life.engine) as db:
        before = invariants.history_rows(db)
    for _ in range(STEPS):
        life.step()
        with reading(life.engine) as db:
            for holds in invariants.EVER:
                holds(db, life)
            after = invariants.history_rows(db)
        invariants.history_only_grows(before, after)
        before = after


def _end(life: Life, other: Life, twin: Path) -> None:
    _apply_to_a_twin(life, twin)
    with reading(life.engine) as db:
        invariants.decisions_hold(db, life)
    invariants.the_present_is_known_now(life)
    invariants.a_second_run_changes_nothing(life)
    invariants.order_is_irrelevant(life, other)


def _apply_to_a_twin(life: Life, path: Path) -> None:
    """The store and its copy: one resolves, the other plans and applies."""
    with life.engine.connect() as db, closing(sqlite3.connect(path)) as copied:
        source: Any = db.connection.driver_connection
        source.backup(copied)
    with _opened(path) as twin:
        life.finish()
        apply_proposal(twin, propose(twin, RULES).digest, RULES, actor="eva")
        compute_golden(twin)
        assert digest(twin) == digest(life.engine)
