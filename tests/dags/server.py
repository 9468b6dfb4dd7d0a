"""A real Airflow, started as an administrator does: by ``hub airflow run``."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import requests

DONE = {"success", "failed"}


class Server:
    """The REST API of a running Airflow, as the administrator."""

    def __init__(self, address: str, passwords: Mapping[str, str], pid: int) -> None:
        self.address = address
        self.pid = pid
        self.passwords = passwords
        self._session = requests.Session()
        self._session.headers["Authorization"] = f"Bearer {self.token('admin')}"

    def token(self, user: str) -> str:
        """What a user shows: a program in a header, a browser as the cookie `_token`."""
        login = {"username": user, "password": self.passwords[user]}
        return str(self.call("POST", "/auth/token", json=login)["access_token"])

    def clear(
        self, dag_id: str, run_id: str, task_id: str = "", *, index: int = -1, failed: bool = False
    ) -> None:
        """Have a task of a run done again; all of them, or all that failed, where none is named."""
        named = [task_id, index] if index >= 0 else task_id
        body = {
            "dry_run": False,
            "dag_run_id": run_id,
            "only_failed": failed,
            "reset_dag_runs": True,
            **({"task_ids": [named]} if task_id else {}),
        }
        self.call("POST", f"/api/v2/dags/{dag_id}/clearTaskInstances", json=body)

    def pause(self, dag_id: str, *, paused: bool) -> None:
        """Let no run of a DAG begin by itself, or let it again."""
        self.call("PATCH", f"/api/v2/dags/{dag_id}", json={"is_paused": paused})

    def wait(self, ready: Callable[[], Any], seconds: float) -> Any:
        """What `ready` gives, once it gives something."""
        deadline = time.monotonic() + seconds
        while not (found := ready()):
            assert time.monotonic() < deadline, "waited in vain"
            time.sleep(0.5)
        return found

    def question(self, dag_id: str) -> str | None:
        """The run of a DAG whose question waits for an answer, if there is one."""
        for run in self.runs(dag_id):
            tasks = self.tasks(dag_id, run["dag_run_id"])
            if any(task["state"] == "awaiting_input" for task in tasks):
                return str(run["dag_run_id"])
        return None

    def approve(self, dag_id: str, *, meanwhile: Callable[[], Any] = lambda: None) -> str:
        """Answer the question of a DAG, as a person does who has read it; returns its run's state.

        Until Airflow 3.3.2's scheduler has heard that the asking process ended, later on a busy
        machine, it takes an answer for a task that went wrong, and asks anew.
        """
        asked = ""
        while not asked or self.state(dag_id, asked) not in DONE:
            meanwhile()
            found = self.question(dag_id)
            if found:
                asked = found
                time.sleep(3)
                place = f"/api/v2/dags/{dag_id}/dagRuns/{asked}/taskInstances/ask/-1/hitlDetails"
                self.call("PATCH", place, json={"chosen_options": ["Approve"], "params_input": {}})
            time.sleep(0.5)
        return self.state(dag_id, asked)

    def state(self, dag_id: str, run_id: str) -> str:
        """The state of a run."""
        return str(self.call("GET", f"/api/v2/dags/{dag_id}/dagRuns/{run_id}")["state"])

    def call(self, method: str, path: str, **options: Any) -> Any:
        answer = self._session.request(method, self.address + path, timeout=30, **options)
        assert answer.ok, f"{method} {path}: {answer.status_code} {answer.text[:500]}"
        return answer.json()

    def await_dags(self, wanted: set[str], seconds: float = 60) -> None:
        """Wait for the dag processor's first round."""
        deadline = time.monotonic() + seconds
        while not wanted <= {dag["dag_id"] for dag in self.call("GET", "/api/v2/dags")["dags"]}:
            assert time.monotonic() < deadline, self.call("GET", "/api/v2/importErrors")
            time.sleep(0.5)

    def runs(self, dag_id: str) -> list[Any]:
        """The runs of a DAG, oldest first."""
        found = self.call("GET", f"/api/v2/dags/{dag_id}/dagRuns?order_by=id")
        return list(found["dag_runs"])

    def trigger(self, dag_id: str, **conf: Any) -> str:
        body = {"logical_date": None, "conf": conf}
        return str(self.call("POST", f"/api/v2/dags/{dag_id}/dagRuns", json=body)["dag_run_id"])

    def tasks(self, dag_id: str, run_id: str) -> list[Any]:
        path = f"/api/v2/dags/{dag_id}/dagRuns/{run_id}/taskInstances"
        return list(self.call("GET", path)["task_instances"])

    def finish(self, dag_id: str, run_id: str, seconds: float = 120) -> str:
        """The state in which a run ended."""
        deadline = time.monotonic() + seconds
        while True:
            run = self.call("GET", f"/api/v2/dags/{dag_id}/dagRuns/{run_id}")
            if run["state"] in DONE:
                return str(run["state"])
            assert time.monotonic() < deadline, f"{dag_id} is still {run['state']}"
            time.sleep(0.5)

    def followed(self, dag_id: str, run_id: str, by: str, seconds: float = 120) -> str:
        """The state in which the run of another DAG ended that was begun by an asset of this one.

        A run ends before the scheduler begins what follows, and older runs say nothing of it.
        """
        return str(self.wait(lambda: self._ended_after(dag_id, run_id, by), seconds))

    def _ended_after(self, dag_id: str, run_id: str, by: str) -> str | None:
        for run in self.runs(by):
            if run["state"] in DONE:  # of a run that waits, Airflow 3.3.2 answers with a 500
                path = f"/api/v2/dags/{by}/dagRuns/{run['dag_run_id']}/upstreamAssetEvents"
                events = self.call("GET", path)["asset_events"]
                sources = {(event["source_dag_id"], event["source_run_id"]) for event in events}
                if (dag_id, run_id) in sources:
                    return str(run["state"])
        return None

    def await_runs(self, dag_id: str, seconds: float = 120) -> list[str]:
        """The states of the runs of a DAG, once there is one and all have ended."""
        deadline = time.monotonic() + seconds
        while True:
            states = [str(run["state"]) for run in self.runs(dag_id)]
            if states and set(states) <= DONE:
                return states
            assert time.monotonic() < deadline, f"{dag_id}: {states}"
            time.sleep(0.5)


@contextmanager
def airflow_at(folder: Path) -> Iterator[Server]:
    """Airflow with the hub.toml of a folder; asked to end by SIGTERM, and nothing of it is left."""
    psutil = pytest.importorskip("psutil", reason="comes with Airflow")
    printed = folder / "printed.txt"
    with printed.open("wb") as out:
        program = subprocess.Popen(
            [str(Path(sys.executable).with_name("hub")), "airflow", "run"],
            cwd=folder,
            env={name: value for name, value in os.environ.items() if name != "HUB_CONFIG"},
            stdout=out,
            stderr=subprocess.STDOUT,
        )
    children: list[Any] = []
    try:
        text = _await_ready(program, printed)
        (address,) = re.findall(r"http://\S+", text)
        yield Server(
            address, dict(re.findall(r"^ *(\w+) / (\S+)$", text, re.MULTILINE)), program.pid
        )
        children = psutil.Process(program.pid).children(recursive=True)
    finally:
        program.send_signal(signal.SIGTERM)
        code = program.wait(60)
    assert code == 0
    _, alive = psutil.wait_procs(children, timeout=10)
    assert [child for child in alive if _runs_on(child)] == []


def _runs_on(process: Any) -> bool:
    psutil = pytest.importorskip("psutil", reason="comes with Airflow")
    try:
        return bool(process.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


def _await_ready(program: subprocess.Popen[bytes], printed: Path) -> str:
    deadline = time.monotonic() + 300
    while True:
        text = printed.read_text(encoding="utf-8")
        if "Ctrl-C ends it" in text:
            return text
        assert program.poll() is None, text
        assert time.monotonic() < deadline, text
        time.sleep(0.5)
