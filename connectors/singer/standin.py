"""Stand-in for a Singer tap: a program that follows the specification, over a file of records.

Seed rows: customers and people, by id: {"id": 7, "name": …, "updated_at": "2026-01-31T12:00:00Z"};
``_sdc_deleted_at`` marks a deleted customer.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import Final

from pydantic import JsonValue

from hub.errors import ConfigError
from hub.sdk import Fault, Sample, Samples, StandInState
from hub.sdk.standin import Row
from hub.sdk.sweep import format_time

TAP: Final = Path(__file__).with_name("example_tap.py")
TOKEN: Final = "stand-in-token"  # noqa: S105  # of the stand-in alone


class SingerStandIn:
    """A folder with the records; the tap runs when it is called, so there are no faults."""

    def __init__(self, state: StandInState, port: int = 0) -> None:  # noqa: ARG002  # no socket
        self._folder = tempfile.TemporaryDirectory(prefix="hub-tap-")
        self._mirror = Path(self._folder.name) / "records.json"
        self.state = _MirroredState(self._mirror, state)

    @property
    def config(self) -> dict[str, JsonValue]:
        """The tap runs with the Python that runs the hub, in isolated mode."""
        return {
            "command": [sys.executable, "-I", str(TAP)],
            "config": {"path": str(self._mirror), "token": TOKEN},
            "streams": [
                {"name": "customers", "key": ["id"], "cursor": "updated_at", "deletes": True},
                {"name": "people", "key": ["id"]},
            ],
        }

    def fail(self, fault: Fault) -> None:
        """A program has no connection that could break."""
        raise ConfigError(f"a program has no fault {fault.kind}")

    def stop(self) -> None:
        """Remove the folder."""
        self._folder.cleanup()


class _MirroredState(StandInState):
    """A state that the tap can read."""

    def __init__(self, mirror: Path, seed: StandInState) -> None:
        super().__init__(seed.records, seed.path)
        self._mirror = StandInState({}, mirror)
        self.save()

    def save(self) -> None:
        super().save()
        self._mirror.records = self.records
        self._mirror.save()


def _row(sample: Sample) -> Row:
    return {
        "id": sample.number,
        "name": f"Example {sample.number} Ltd, {sample.revision}",
        "email": f"office{sample.number}@example.com",
        "phone": f"+43 1 {5000 + sample.number}",
        "updated_at": format_time(sample.at),
    }


def _remove(samples: Samples, state: StandInState, sample: Sample) -> None:
    """Customers are marked, people vanish."""
    rows, key = state.stream(sample.stream), samples.key(sample.stream, sample.number)
    if sample.stream == "people":
        del rows[key]
    else:
        at = format_time(sample.at)
        rows[key] |= {"_sdc_deleted_at": at, "updated_at": at}


SAMPLES: Final = Samples(key=lambda _stream, number: str(number), row=_row, remove=_remove)
