"""What is said when a task has failed or a run is late: where, which error, what to do.

It goes to the task's log and, where HUB_ALERT_URL is set, as ``{"text": …}`` to that address, which
is what the webhooks of chat systems take. It names DAG, task and the class of the error, and
nothing that the error says.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Mapping
from typing import Any, Final

from hub import errors

ADDRESS: Final = "HUB_ALERT_URL"
"""The variable in the environment of workers and scheduler."""
SECONDS: Final = 5.0
_LOG: Final = logging.getLogger("hub.alerts")

_ADVICE: Final[Mapping[type[BaseException], str]] = {
    errors.AuthenticationError: "mend the login under Admin → Connections, press Test, clear it",
    errors.SourceSchemaError: "the system answers in another form: update the connector, clear it",
    errors.PermanentSourceError: "look at the system first; the DAG's page says how to go on",
    errors.TransientSourceError: "nothing to mend here: the next run goes on where it stopped",
    errors.ConfigError: "mend hub.toml or the mapping as its log says, then clear it",
    errors.ContractError: "the plugin is wrong: install another version, then clear it",
    errors.DeliveryError: "`hub delivery list` shows what waits for a person",
    errors.StoreError: "look at the database of the hub, then clear it",
}
_OTHERWISE: Final = "its log says what happened; clear it once that is mended"
_LATE: Final = (
    "look at its run: a task that stays `scheduled` has no pool (`hub airflow pools` makes it) or "
    "no free slot, one that stays `running` reads a lot or waits for a slow system"
)


def failed(context: Mapping[str, Any]) -> None:
    """Airflow calls it when a task has failed for good."""
    task = context["task_instance"]
    error = context.get("exception")
    name = f"{task.dag_id} · {task.task_id}{_index(task)}"
    kind = type(error).__name__ if isinstance(error, BaseException) else "it was ended from outside"
    tell(f"{name} failed ({kind}): {advice(error)}")


def late(*, dag_id: str, **_: Any) -> None:
    """Airflow calls it when a run takes so much longer than usual as its DAG says."""
    tell(f"{dag_id} takes longer than usual: {_LATE}")


def advice(error: object) -> str:
    """What to do about an error, by its class alone."""
    for kind in type(error).__mro__:
        if kind in _ADVICE:
            return _ADVICE[kind]
    return _OTHERWISE


def tell(text: str) -> None:
    """Log it, and send it where somebody wants it; an alert that can't be sent fails nothing."""
    _LOG.error(text)
    address = os.environ.get(ADDRESS)
    if not address:
        return
    import requests

    try:
        requests.post(address, json={"text": text}, timeout=SECONDS).raise_for_status()
    except requests.RequestException as error:
        _LOG.warning("the alert could not be sent (%s)", type(error).__name__)


def _index(task: Any) -> str:
    index = getattr(task, "map_index", -1)
    return f"[{index}]" if isinstance(index, int) and index >= 0 else ""
