"""The receiver that the fault tests kill: `hub push serve`, with a pause before it answers.

    python -m tests.faults.receiver FOLDER PAUSE

It prints its port, then a line for each delivery that is stored and not yet acknowledged.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

import uvicorn

from hub.pipeline.intake import Intake, Taken, open_intake
from hub.pipeline.workplace import Workplace, open_workplace
from hub.sdk.webhooks import PushRequest
from hub.web.deadline import DeadlineProtocol
from hub.web.landing import Lander
from hub.web.receiver import build


class Pausing(Intake):
    """Waits between storing and answering, so that a kill can land there."""

    def __init__(self, work: Workplace, pause: float) -> None:
        inner = open_intake(work)
        super().__init__(inner._engine, inner._doors)
        self._pause = pause

    def take(self, name: str, request: PushRequest) -> Taken:
        taken = super().take(name, request)
        print("stored", flush=True)  # noqa: T201  # the test that kills us waits for it
        time.sleep(self._pause)
        return taken


def main(folder: str, pause: str) -> None:
    """Serve until killed."""
    work = open_workplace(Path(folder) / "hub.toml")
    lander = Lander(work, again_seconds=0.3)
    app = build(Pausing(work, float(pause)), work.config.push, lander=lander)
    config = uvicorn.Config(app, port=0, http=DeadlineProtocol, ws="none", log_level="error")
    server = _Telling(config)
    server.run()


class _Telling(uvicorn.Server):
    async def startup(self, sockets: list[object] | None = None) -> None:  # type: ignore[override]  # its own type is narrower than it takes
        await super().startup()
        print(self.servers[0].sockets[0].getsockname()[1], flush=True)  # noqa: T201  # as above


if __name__ == "__main__":
    main(*sys.argv[1:])
