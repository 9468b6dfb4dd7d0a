"""A plugin that the tests put into Airflow's folder of plugins: it kills tasks while they work.

It is read by every process of that Airflow. Where the file ``kill.json`` lies in AIRFLOW_HOME, each
task that it does not spare is killed once, so many seconds after it began, by SIGKILL from inside:
what is left is what a power cut would leave.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
from pathlib import Path
from typing import Any

from airflow.listeners import hookimpl
from airflow.plugins_manager import AirflowPlugin

HOME = Path(os.environ["AIRFLOW_HOME"])


@hookimpl  # type: ignore[untyped-decorator]  # Any where Airflow is not installed
def on_task_instance_running(task_instance: Any) -> None:
    """Airflow calls it in the process of the task, before the task's own code."""
    orders = HOME / "kill.json"
    if not orders.exists():
        return
    wanted = json.loads(orders.read_text())
    ti = task_instance
    name = f"{ti.dag_id}--{ti.task_id}--{ti.map_index}"
    seconds = wanted.get(name, wanted["seconds"])
    mark = HOME / "killed" / name
    if not mark.exists():
        threading.Timer(seconds, _die, (mark,)).start()


def _die(mark: Path) -> None:
    mark.parent.mkdir(exist_ok=True)
    mark.touch()
    os.kill(os.getpid(), signal.SIGKILL)


class KillerPlugin(AirflowPlugin):  # type: ignore[misc]  # Any where Airflow is not installed
    """Nothing but the listener."""

    name = "killer"
    listeners = (sys.modules[__name__],)
