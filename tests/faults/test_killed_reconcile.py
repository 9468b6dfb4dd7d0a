"""A reconciliation killed in the middle: the next run finds the same three hundred breaks."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter

from hub.pipeline.reconcile import Request, reconcile
from hub.store.database import Engine, open_store, reading
from hub.store.schema import migrate
from hub.store.tables import report_break
from tests.unit.pipeline.control_breaks import plant
from tests.unit.pipeline.control_world import CUT_OFF, Books
from tests.unit.pipeline.test_reconcile import found_in

KILLS = 40 if os.environ.get("HUB_FAULTS") == "full" else 3
LONGEST = 2.5
PROGRAM = """
import sys
from hub.pipeline.reconcile import Request, reconcile
from hub.store.database import open_store
from tests.unit.pipeline.control_world import CUT_OFF
engine = open_store(sys.argv[1])
print("begun", flush=True)
while True:
    reconcile(engine, Request(company="T", cut_off=CUT_OFF))
"""


def kill_one(url: str, after: float) -> None:
    command = [sys.executable, "-c", PROGRAM, url]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as running:
        assert running.stdout is not None
        assert running.stdout.readline() == b"begun\n"
        time.sleep(after)
        running.send_signal(signal.SIGKILL)


def states(engine: Engine) -> Counter[tuple[str, str]]:
    with reading(engine) as db:
        rows = db.execute(report_break.select()).mappings()
        return Counter((row["report"], row["state"]) for row in rows)


def test_breaks_survive_kills_in_mid_run(store_url: str) -> None:
    engine = open_store(store_url)
    migrate(engine)
    books, chance = Books(), random.Random(7)
    expected = plant(books, each=8, good=20)
    books.store(engine)
    for _ in range(KILLS):
        kill_one(store_url, chance.uniform(0.05, LONGEST))
        assert {state for _, state in states(engine)} <= {"open"}
    pack = reconcile(engine, Request(company="T", cut_off=CUT_OFF))
    assert found_in(pack) == Counter(expected)
    assert sum(states(engine).values()) == len(expected) + 8  # and the old ones that R12 tells of
    engine.dispose()
