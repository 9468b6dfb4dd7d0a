"""Lands deliveries in the background of the receiver, soon after they were stored."""

from __future__ import annotations

import logging
import threading
from typing import Final

from hub.errors import HubError
from hub.pipeline.push import drain_all
from hub.pipeline.workplace import Workplace

_AGAIN_SECONDS: Final = 30.0
"""When to try again what had to wait, for a system that was away or a stream that was read."""
_log = logging.getLogger("hub.push")


class Lander:
    """One thread; told of a new delivery it lands whatever waits."""

    def __init__(self, work: Workplace, *, again_seconds: float = _AGAIN_SECONDS) -> None:
        self._work = work
        self._again = again_seconds
        self._woken = threading.Event()
        self._ending = False
        self._thread = threading.Thread(target=self._run, name="hub-push", daemon=True)

    def start(self) -> None:
        """Begin with what was left from before."""
        self._woken.set()
        self._thread.start()

    def wake(self, _connection: str) -> None:
        """Something new is stored."""
        self._woken.set()

    def stop(self) -> None:
        """End after the delivery at hand; what is left waits in the store."""
        self._ending = True
        self._woken.set()
        self._thread.join(timeout=self._again)

    def _run(self) -> None:
        while True:
            self._woken.wait(self._again)
            self._woken.clear()
            if self._ending:
                return
            self._land()

    def _land(self) -> None:
        try:
            for report in drain_all(self._work):
                for error in report.errors:
                    _log.warning("%s: %s", report.connection, error)
                if report.counts["failed"]:
                    _log.warning(
                        "%s: %d deliveries failed; see `hub push list`",
                        report.connection,
                        report.counts["failed"],
                    )
        except HubError as error:
            _log.warning("%s", error)
        except Exception as error:  # noqa: BLE001  # the thread must live; a text may quote values
            _log.warning("unexpected %s while landing", type(error).__name__)
