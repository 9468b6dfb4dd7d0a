"""Every task of every DAG is killed, tried again, cleared and run twice: the store ends the same.

The same story is told twice: in one process without Airflow and undisturbed, and under the real
scheduler with each task killed once somewhere in its work. A share of it runs here; ``make faults``
does it all, and throws the dice eight times.
"""

from __future__ import annotations

import os
import random
import re
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import orjson
import pytest

from hub.store.digest import dump
from tests.dags.server import DONE, Server, airflow_at
from tests.dags.site import WRITES, add_twins, change_phones, lay_out, write_twins
from tests.faults.harness import clone, open_site_store

pytest.importorskip("airflow", reason="runs in .venv-airflow")
pytestmark = [pytest.mark.airflow, pytest.mark.slow, pytest.mark.timeout(1_800)]

PERSON = {"responded_by_user": {"id": "admin", "name": "admin"}}
SYSTEMS = ("sfa", "erp", "twins")
FULL = os.environ.get("HUB_FAULTS") == "full"
SEEDS = range(1, 9) if FULL else range(1, 2)
DAGS = (
    *(f"hub_sync__{name}" for name in SYSTEMS),
    "hub_keys__erp",
    "hub_resolve",
    "hub_publish",
    "hub_approve",
    "hub_approve_merges",
    "hub_reconcile",
    "hub_maintain",
)
BEGUN = ("hub_keys__erp", "hub_reconcile", "hub_maintain")
"""What runs by itself on an Airflow that has just been started."""
CLOCK = re.compile(r'(?<="target_version":)"[^"]*"(?=}\]$)')
WRITTEN = re.compile(r"\d{4}-\d\d-\d\dT[\d:]{8}\.(?!000000)\d{6}Z")
"""A moment at which the hub wrote to the ERP; those of its own data are whole seconds."""
PRINTS = re.compile(r'(?<="payload_hash":)"[0-9a-f]{32}"|(?<=now\\",\\")[0-9a-f]{12}')
KEYS = 'office = "back"\nkey_scan = "0 0 1 1 *"\n'


def company(folder: Path) -> Path:
    """A site with an ERP that is written to, and firms that will turn out to be the same."""
    path = lay_out(folder / "company")
    add_twins(path)
    text = path.read_text(encoding="utf-8").replace('office = "back"\n', KEYS)
    path.write_text(text + WRITES, encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a site after its first load, when its systems have changed since."""
    path = company(tmp_path_factory.mktemp("loaded"))
    with _configured(path):
        _load()
    write_twins(path, alike=True)
    change_phones(path)
    time.sleep(1.1)  # a system's clock counts seconds: a read in the same one keeps another cursor
    return path.parent


def _load() -> None:
    """Two streams must not give new records at once: whose come first found the customers."""
    from hub.airflow import publishing, tasks

    _sync(SYSTEMS)
    tasks.resolve()
    publishing.stage()
    assert publishing.deliver("erp")["held"]
    publishing.approve_publish(publishing.plan_publish()["digest"], PERSON)
    publishing.deliver("erp")


@pytest.fixture(scope="module")
def clean(loaded: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a site in which the rest of the story was told undisturbed."""
    from hub.airflow import merging, publishing, tasks

    folder = clone(loaded, tmp_path_factory.mktemp("clean") / "company")
    with _configured(folder / "hub.toml"):
        _sync(SYSTEMS, full=True)
        assert tasks.resolve() == {"held": 3}
        merging.approve_merges(merging.plan_merges()["digest"], PERSON)
        publishing.stage()
        assert publishing.deliver("erp")["held"]
        publishing.approve_publish(publishing.plan_publish()["digest"], PERSON)
        publishing.deliver("erp")
        for stream in tasks.list_key_scans("erp"):
            tasks.sync_stream("erp", stream, keys=True)
        tasks.reconcile()
    return folder


@pytest.fixture(scope="module")
def again(clean: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of that site after all was done once more: it has read what was written."""
    from hub.airflow import publishing, tasks

    folder = clone(clean, tmp_path_factory.mktemp("again") / "company")
    with _configured(folder / "hub.toml"):
        _sync(SYSTEMS, full=True)
        tasks.resolve()
        publishing.stage()
        assert publishing.deliver("erp") == {}
        tasks.reconcile()
    return folder


def differences(one: Path, other: Path) -> list[str]:
    """Lines in which two stores differ, as `hub store digest` dumps them.

    A target's own version of what was written to it is a moment of its clock: it is left out, and
    in records that were read back since, which are compared by all else that they hold.
    """
    found = []
    for folder in (one, other):
        engine = open_site_store(folder)
        found.append(sorted(_without_clock(line) for line in dump(engine)))
        engine.dispose()
    return [] if found[0] == found[1] else sorted(set(found[0]) ^ set(found[1]))


def _without_clock(line: str) -> str:
    line = CLOCK.sub("", line)
    told = WRITTEN.sub("now", line)
    return line if told == line else PRINTS.sub("print", told)


@contextmanager
def _configured(path: Path) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HUB_CONFIG", str(path))
        yield


def _sync(names: tuple[str, ...], *, full: bool = False) -> None:
    from hub.airflow import tasks

    for name in names:
        for stream in tasks.list_streams(name):
            tasks.sync_stream(name, stream, full=full)


class Torment:
    """The story under a scheduler; what was killed is cleared instead of waiting for its retry."""

    def __init__(self, server: Server, folder: Path, dice: random.Random) -> None:
        self.server = server
        self.home = folder / ".airflow"
        self.folder = folder
        names = [f"{dag}--{task}--{index}" for dag, task, index in self._tasks()]
        orders = {name: dice.uniform(0.0, 1.5) for name in names}
        (self.home / "kill.json").write_bytes(orjson.dumps({"seconds": 0.6, **orders}))

    def _tasks(self) -> Iterator[tuple[str, str, int]]:
        for dag in DAGS:
            for task in self.server.call("GET", f"/api/v2/dags/{dag}/tasks")["tasks"]:
                mapped = task["is_mapped"]
                for index in range(12) if mapped else (-1,):
                    yield dag, task["task_id"], index

    def killed(self) -> set[str]:
        """The tasks that were killed in their work, by DAG and name."""
        return {path.name.rpartition("--")[0] for path in (self.home / "killed").iterdir()}

    def run(self, *dags: str, **conf: bool) -> None:
        """Trigger DAGs one after another, each to its end."""
        for dag in dags:
            run_id = self.server.trigger(dag, **conf)
            self.end(dag)
            assert self.server.state(dag, run_id) == "success", dag

    def end(self, *dags: str) -> None:
        """Wait until no run of these DAGs is left; tasks that wait for a retry are cleared."""
        self.server.wait(lambda: not [run for dag in dags for run in self._open(dag)], 240)

    def _open(self, dag: str) -> list[str]:
        runs = [run for run in self.server.runs(dag) if run["state"] not in DONE]
        for run in runs:
            self._clear_killed(dag, run["dag_run_id"])
        return [run["dag_run_id"] for run in runs]

    def _clear_killed(self, dag: str, run_id: str) -> None:
        for task in self.server.tasks(dag, run_id):
            if task["state"] == "up_for_retry":
                self.server.clear(dag, run_id, task["task_id"], index=task["map_index"])

    def sync(self, *names: str) -> None:
        """Sync some systems, and let the rest of the chain run once, over all of them."""
        self.server.pause("hub_resolve", paused=True)  # Airflow forgets what would start it
        self.run(*(f"hub_sync__{name}" for name in names), full=True)
        self.server.pause("hub_resolve", paused=False)
        self.run("hub_resolve")

    def approve(self, dag: str) -> None:
        """Answer the question that a DAG asks; its tasks are killed too."""
        assert self.server.approve(dag, meanwhile=lambda: self._open(dag)) == "success"


@pytest.fixture
def torment(loaded: Path, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Torment]:
    """A running Airflow in which each task will be killed once."""
    folder = clone(loaded, tmp_path / "company")
    plugins = folder / ".airflow" / "plugins"
    plugins.mkdir(parents=True)
    shutil.copy(Path(__file__).with_name("killer.py"), plugins)
    with airflow_at(folder) as server:
        server.await_dags(set(DAGS))
        for dag in BEGUN:
            server.await_runs(dag)
        yield Torment(server, folder, random.Random(request.param))


@pytest.mark.parametrize("torment", SEEDS, indirect=True)
def test_killed_retried_cleared_and_run_twice(
    torment: Torment, clean: Path, request: pytest.FixtureRequest
) -> None:
    torment.sync(*SYSTEMS)
    torment.approve("hub_approve_merges")
    torment.end("hub_publish")
    torment.approve("hub_approve")
    torment.run(*(BEGUN if FULL else ("hub_reconcile",)))
    assert differences(torment.folder, clean) == []
    assert len(torment.killed()) >= 6, torment.killed()
    for dag in DAGS if FULL else ("hub_approve",):
        torment.server.clear(dag, torment.server.runs(dag)[-1]["dag_run_id"])
    torment.end(*DAGS)
    after = request.getfixturevalue("again") if FULL else clean
    assert differences(torment.folder, after) == []
